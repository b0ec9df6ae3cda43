//! Small dense symmetric matrices.

use ndarray::Array2;

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

/// Inverse of a symmetric positive definite matrix through its Cholesky factor; `None` if it has none.
pub(crate) fn positive_inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut c: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        for i in j..n {
            let rest = matrix[[i, j]] - (0..j).map(|k| c[[i, k]] * c[[j, k]]).sum::<f64>();
            if i > j {
                c[[i, j]] = rest / c[[j, j]];
            } else if rest > 1e-14 * matrix[[j, j]] {
                c[[j, j]] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    // Inverse of the triangle, then its square.
    let mut t: Array2<f64> = Array2::zeros((n, n));
    for j in 0..n {
        t[[j, j]] = 1.0 / c[[j, j]];
        for i in j + 1..n {
            t[[i, j]] = -(j..i).map(|k| c[[i, k]] * t[[k, j]]).sum::<f64>() / c[[i, i]];
        }
    }
    Some(t.t().dot(&t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

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
