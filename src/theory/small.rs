//! Dense linear algebra for matrices of a dozen columns, written so that grading over many decades
//! is respected; the backends of `linalg` are for large matrices of one scale.

use ndarray::{Array1, Array2};

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
            let norm = (old * old + row[i] * row[i]).sqrt();
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
/// rotations of its columns (Hestenes). High relative accuracy for graded columns. Vectors of zero
/// singular values are zero.
pub(crate) fn left_singular(mut a: Array2<f64>) -> (Array1<f64>, Array2<f64>) {
    let (rows, n) = a.dim();
    for _ in 0..60 {
        let mut largest = 0f64;
        for p in 0..n {
            for q in p + 1..n {
                let (mut pp, mut qq, mut pq) = (0.0, 0.0, 0.0);
                for i in 0..rows {
                    let (x, y) = (a[[i, p]], a[[i, q]]);
                    pp += x * x;
                    qq += y * y;
                    pq += x * y;
                }
                // the roots apart: their product may underflow
                let cosine = pq.abs() / (pp.sqrt() * qq.sqrt());
                if cosine.is_nan() || cosine < 1e-15 {
                    continue;
                }
                largest = largest.max(cosine);
                let angle = (qq - pp) / (2.0 * pq);
                let tangent = angle.signum() / (angle.abs() + (1.0 + angle * angle).sqrt());
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
    let norms: Vec<f64> =
        a.columns().into_iter().map(|column| column.dot(&column).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let values = order.iter().map(|&j| norms[j]).collect();
    let vectors = Array2::from_shape_fn((rows, n), |(i, k)| {
        let norm = norms[order[k]];
        if norm > 0.0 { a[[i, order[k]]] / norm } else { 0.0 }
    });
    (values, vectors)
}

/// Eigenvalues (increasing) and eigenvectors (columns) by cyclic Jacobi rotations.
pub(crate) fn symmetric_eigen(matrix: &Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = matrix.nrows();
    let mut a = matrix.clone();
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
    let values = order.iter().map(|&i| a[[i, i]]).collect();
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
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn graded_singular_values() {
        // Columns of norm 1e8, 1, 1e-6 with an exactly known Gram determinant.
        let a = array![[1e8, 0.5, 1e-6], [1e8, -0.5, 1e-6], [0.0, 1.0, 1e-6], [0.0, 0.0, 1e-6]];
        let (values, vectors) = left_singular(a);
        assert!((values[0] / (2f64.sqrt() * 1e8) - 1.0).abs() < 1e-14);
        assert!(values[1] > 1.0 && values[2] > 1e-6 && values[2] < 2e-6);
        let gram = vectors.t().dot(&vectors);
        assert!((gram - Array2::<f64>::eye(3)).iter().all(|e| e.abs() < 1e-13));
    }

    #[test]
    fn rows_and_factor_agree() {
        let a = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]];
        let mut qr = RowQr::new(2);
        for row in a.rows() {
            qr.push(&mut row.to_vec());
        }
        assert!((qr.factor.t().dot(&qr.factor) - a.t().dot(&a)).iter().all(|e| e.abs() < 1e-14));
    }

    #[test]
    fn eigen_reconstructs() {
        let a = array![[4.0, 1.0, -2.0], [1.0, -3.0, 0.5], [-2.0, 0.5, 1.0]];
        let (values, v) = symmetric_eigen(&a);
        let back = v.dot(&Array2::from_diag(&ndarray::Array1::from(values.clone()))).dot(&v.t());
        assert!((back - &a).iter().all(|e| e.abs() < 1e-13));
        assert!(values[0] < values[1] && values[1] < values[2]);
    }

    #[test]
    fn inverse_and_refusal() {
        let a = array![[4.0, 1.0], [1.0, 3.0]];
        let inverse = positive_inverse(&a).expect("positive definite");
        assert!((a.dot(&inverse) - Array2::<f64>::eye(2)).iter().all(|e| e.abs() < 1e-14));
        assert!(positive_inverse(&array![[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(positive_inverse(&array![[f64::NAN]]).is_none());
    }
}
