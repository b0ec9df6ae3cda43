//! Dense linear algebra for matrices of at most a dozen columns, written so that grading over many decades is respected.

use ndarray::{Array1, Array2};

/// The triangular factor of a tall matrix that arrives row by row (Givens rotations): no squaring, so columns of very different
/// size keep their relative accuracy.
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

/// Lower triangular C with C C^T = `matrix`, or `None` if it is not positive definite.
pub(crate) fn cholesky(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut c: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        let pivot = matrix[[j, j]] - (0..j).map(|k| c[[j, k]] * c[[j, k]]).sum::<f64>();
        if pivot.is_nan() || pivot <= 0.0 {
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

/// Singular values (decreasing) and left singular vectors of a tall matrix by one-sided Jacobi rotations of its columns (Hestenes).
/// High relative accuracy for graded columns. Vectors of zero singular values are zero.
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
                let cosine = pq.abs() / (pp * qq).sqrt();
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
}
