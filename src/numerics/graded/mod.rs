//! Dense linear algebra for matrices of a dozen columns whose sizes differ by many decades; the
//! backends of `linalg` are for large matrices of one scale.

use ndarray::{Array1, Array2, ArrayViewMut2};

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
        for i in 0..row.len() {
            let (old, new) = (self.factor[[i, i]], row[i]);
            if new != 0.0 {
                let norm = length(old, new);
                let (cosine, sine) = (old / norm, new / norm);
                let upper = self.factor.row_mut(i).into_iter().skip(i);
                for (upper, entry) in upper.zip(&mut row[i..]) {
                    let old = *upper;
                    *upper = cosine * old + sine * *entry;
                    *entry = cosine * *entry - sine * old;
                }
            }
        }
    }

    /// Appends all rows of another factor.
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

/// Turns the columns p and q by an angle of cosine c and sine s.
fn turn(mut a: ArrayViewMut2<'_, f64>, (p, q): (usize, usize), (c, s): (f64, f64)) {
    for mut row in a.rows_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
}

/// Cosine and sine of the smaller angle of twice the cotangent, from which Jacobi's rotation comes.
fn jacobi_angle(cotangent: f64) -> (f64, f64) {
    let tangent = cotangent.signum() / (cotangent.abs() + length(1.0, cotangent));
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    (cosine, cosine * tangent)
}

/// The numbers 0 to `n` - 1 in increasing order of `key`.
fn sorted_by(n: usize, key: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| key(i).total_cmp(&key(j)));
    order
}

/// Lower triangular C with C C^T = `matrix`, or `None` if a pivot is at most `smallest` times the
/// diagonal entry it came from: 0 asks for a positive definite matrix, more for one that is so to
/// working precision.
pub(crate) fn cholesky(matrix: &Array2<f64>, smallest: f64) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut c: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        for i in j..n {
            let rest = matrix[[i, j]] - (0..j).map(|k| c[[i, k]] * c[[j, k]]).sum::<f64>();
            if i > j {
                c[[i, j]] = rest / c[[j, j]];
            } else if rest.is_nan() || rest <= smallest * matrix[[j, j]] {
                return None;
            } else {
                c[[j, j]] = rest.sqrt();
            }
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
                for (x, y) in a.column(p).iter().zip(a.column(q)) {
                    let (x, y) = (of_p.times(*x), of_q.times(*y));
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
                turn(a.view_mut(), (p, q), jacobi_angle(difference / (2.0 * pq)));
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
    let order = sorted_by(n, |j| -norms[j]);
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
        let (mut off, mut all) = (0.0, 0.0);
        for ((i, j), x) in a.indexed_iter() {
            all += x * x;
            off += if i == j { 0.0 } else { x * x };
        }
        if off <= 1e-32 * all || !all.is_finite() {
            break;
        }
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let apq = a[[p, q]];
            if apq != 0.0 {
                let by = jacobi_angle((a[[q, q]] - a[[p, p]]) / (2.0 * apq));
                turn(a.view_mut(), (p, q), by);
                turn(a.view_mut().reversed_axes(), (p, q), by);
                turn(v.view_mut(), (p, q), by);
            }
        }
    }
    let order = sorted_by(n, |i| a[[i, i]]);
    let values = order.iter().map(|&i| times_power(a[[i, i]], e)).collect();
    (values, Array2::from_shape_fn((n, n), |(i, k)| v[[i, order[k]]]))
}

#[cfg(test)]
mod tests;
