//! Dense linear algebra for matrices of a dozen columns, written so that grading over many decades
//! is respected; the backends of `linalg` are for large matrices of one scale.

use ndarray::{Array1, Array2};

use crate::numerics::{PowerOfTwo, exponent, times_power};

/// The triangular factor of a tall matrix that arrives row by row (Givens rotations): no squaring,
/// so columns of very different size keep their relative accuracy.
#[derive(Clone, Debug)]
pub(crate) struct RowQr {
    /// Upper triangular, `R^T R` = sum of the outer products of all rows.
    pub factor: Array2<f64>,
}

impl RowQr {
    pub fn new(columns: usize) -> Self {
        Self { factor: Array2::zeros((columns, columns)) }
    }

    /// Appends one row, which is destroyed.
    pub fn push(&mut self, row: &mut [f64]) {
        let n = row.len();
        for i in 0..n {
            if row[i] == 0.0 {
                continue;
            }
            let old = self.factor[[i, i]];
            let norm = length(old, row[i]);
            if norm == 0.0 {
                continue;
            }
            let (cosine, sine) = (old / norm, row[i] / norm);
            for (j, entry) in row.iter_mut().enumerate().skip(i) {
                let upper = self.factor[[i, j]];
                self.factor[[i, j]] = cosine * upper + sine * *entry;
                *entry = cosine * *entry - sine * upper;
            }
        }
    }

    /// Appends all rows behind another factor.
    pub fn merge(&mut self, other: &Self) {
        for row in other.factor.rows() {
            self.push(&mut row.to_vec());
        }
    }
}

/// sqrt(x^2 + y^2), in another unit where the squares would overflow or lose digits.
fn length(x: f64, y: f64) -> f64 {
    let e = exponent(x.abs().max(y.abs()));
    if (-400..=400).contains(&e) {
        return (x * x + y * y).sqrt();
    }
    let (x, y) = (times_power(x, -e), times_power(y, -e));
    times_power((x * x + y * y).sqrt(), e)
}

/// The unit in which the largest of `numbers` is between 1 and 2.
fn unit<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> i32 {
    let largest = numbers.into_iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest.is_finite() { exponent(largest) } else { 0 }
}

/// Lower triangular C with C C^T = `matrix`, or `None` if a pivot is at most `smallest` times the
/// diagonal entry it came from: 0 asks for a positive definite matrix, more for one that is so to
/// working precision.
pub(crate) fn cholesky(matrix: &Array2<f64>, smallest: f64) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut c: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        let pivot = matrix[[j, j]] - (0..j).map(|k| c[[j, k]] * c[[j, k]]).sum::<f64>();
        if pivot.is_nan() || pivot <= smallest * matrix[[j, j]] {
            return None;
        }
        c[[j, j]] = pivot.sqrt();
        for i in j + 1..n {
            let rest = matrix[[i, j]] - (0..j).map(|k| c[[i, k]] * c[[j, k]]).sum::<f64>();
            c[[i, j]] = rest / c[[j, j]];
        }
    }
    Some(c)
}

/// Inverse of a symmetric positive definite matrix through its Cholesky factor; `None` if it has
/// none to working precision.
pub(crate) fn positive_inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let c = cholesky(matrix, 1e-14)?;
    let n = c.nrows();
    // the inverse of the triangle, then its square
    let mut t: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        t[[j, j]] = 1.0 / c[[j, j]];
        for i in j + 1..n {
            t[[i, j]] = -(j..i).map(|k| c[[i, k]] * t[[k, j]]).sum::<f64>() / c[[i, i]];
        }
    }
    Some(t.t().dot(&t))
}

/// Singular values (decreasing) and left singular vectors of a tall matrix by one-sided Jacobi
/// rotations of its columns (Hestenes). High relative accuracy for graded columns, in any unit.
/// Vectors of zero singular values are zero.
pub(crate) fn left_singular(mut a: Array2<f64>) -> (Array1<f64>, Array2<f64>) {
    let (rows, n) = a.dim();
    let e = unit(&a);
    let factor = PowerOfTwo::new(-e);
    a.mapv_inplace(|x| factor.times(x));
    for _ in 0..60 {
        let mut largest = 0f64;
        for p in 0..n {
            for q in p + 1..n {
                // each column in a unit of its own: squares of a short one may vanish
                let (e_p, e_q) = (unit(a.column(p)), unit(a.column(q)));
                let (of_p, of_q) = (PowerOfTwo::new(-e_p), PowerOfTwo::new(-e_q));
                let (mut pp, mut qq, mut pq) = (0.0, 0.0, 0.0);
                for i in 0..rows {
                    let (x, y) = (of_p.times(a[[i, p]]), of_q.times(a[[i, q]]));
                    pp += x * x;
                    qq += y * y;
                    pq += x * y;
                }
                let cosine = pq.abs() / (pp.sqrt() * qq.sqrt());
                if cosine.is_nan() || cosine < 1e-15 {
                    continue;
                }
                largest = largest.max(cosine);
                let difference = times_power(qq, e_q - e_p) - times_power(pp, e_p - e_q);
                let angle = difference / (2.0 * pq);
                let tangent = angle.signum() / (angle.abs() + length(1.0, angle));
                let c = 1.0 / (1.0 + tangent * tangent).sqrt();
                let s = c * tangent;
                for i in 0..rows {
                    let (x, y) = (a[[i, p]], a[[i, q]]);
                    a[[i, p]] = c * x - s * y;
                    a[[i, q]] = s * x + c * y;
                }
            }
        }
        if largest < 1e-14 {
            break;
        }
    }
    let norms: Vec<f64> = (a.columns().into_iter())
        .map(|column| {
            let e = unit(column);
            let column = column.mapv(|x| times_power(x, -e));
            times_power(column.dot(&column).sqrt(), e)
        })
        .collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let values = order.iter().map(|&j| times_power(norms[j], e)).collect();
    let vectors = Array2::from_shape_fn((rows, n), |(i, k)| {
        let norm = norms[order[k]];
        if norm > 0.0 { a[[i, order[k]]] / norm } else { 0.0 }
    });
    (values, vectors)
}

/// Eigenvalues (increasing) and eigenvectors (columns) by cyclic Jacobi rotations.
pub(crate) fn symmetric_eigen(matrix: &Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = matrix.nrows();
    let e = unit(matrix);
    let factor = PowerOfTwo::new(-e);
    let mut a = matrix.mapv(|x| factor.times(x));
    let mut v = Array2::eye(n);
    for _ in 0..60 {
        let mut off = 0.0;
        let mut all = 0.0;
        for i in 0..n {
            for j in 0..n {
                let square = a[[i, j]] * a[[i, j]];
                all += square;
                if i != j {
                    off += square;
                }
            }
        }
        if off <= 1e-32 * all || !all.is_finite() {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[[i, i]].total_cmp(&a[[j, j]]));
    let values = order.iter().map(|&i| times_power(a[[i, i]], e)).collect();
    (values, Array2::from_shape_fn((n, n), |(i, k)| v[[i, order[k]]]))
}

/// Annihilates a[p][q].
fn rotate(a: &mut Array2<f64>, v: &mut Array2<f64>, p: usize, q: usize) {
    let apq = a[[p, q]];
    if apq == 0.0 {
        return;
    }
    let n = a.nrows();
    let angle = (a[[q, q]] - a[[p, p]]) / (2.0 * apq);
    let t = angle.signum() / (angle.abs() + (1.0 + angle * angle).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = c * t;
    for i in 0..n {
        let (x, y) = (a[[i, p]], a[[i, q]]);
        a[[i, p]] = c * x - s * y;
        a[[i, q]] = s * x + c * y;
    }
    for i in 0..n {
        let (x, y) = (a[[p, i]], a[[q, i]]);
        a[[p, i]] = c * x - s * y;
        a[[q, i]] = s * x + c * y;
    }
    for i in 0..n {
        let (x, y) = (v[[i, p]], v[[i, q]]);
        v[[i, p]] = c * x - s * y;
        v[[i, q]] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests;
