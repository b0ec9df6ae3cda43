//! Dense linear algebra for matrices of a dozen columns, written so that grading over many decades
//! is respected; the backends of `linalg` are for large matrices of one scale.

use ndarray::{Array1, Array2};

use crate::linalg::{PowerOfTwo, exponent, times_power};

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
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn graded_singular_values() {
        // Columns of norm 1e8, 1, 1e-6 with an exactly known Gram determinant.
        let a = array![[1e8, 0.5, 1e-6], [1e8, -0.5, 1e-6], [0.0, 1.0, 1e-6], [0.0, 0.0, 1e-6]];
        let (values, vectors) = left_singular(a);
        // mpmath 1.3, 60 digits
        for (found, exact) in values.iter().zip([
            141421356.237_309_5,
            1.224_744_871_391_861_2,
            1.154_700_538_378_995e-6,
        ]) {
            assert!((found / exact - 1.0).abs() < 1e-14, "{found} {exact}");
        }
        let (root, twelfth) = (0.5_f64.sqrt(), 0.288_675_134_594_812_9);
        let exact = [
            [root, root, 0.0, 0.0],
            [0.408_248_290_463_683, -0.408_248_290_463_683, 0.816_496_580_927_907_4, 5.4e-13],
            [twelfth, -twelfth, -twelfth, -3.0 * twelfth],
        ];
        for (vector, exact) in vectors.columns().into_iter().zip(exact) {
            let overlap = vector.iter().zip(exact).map(|(x, y)| x * y).sum::<f64>();
            assert!((overlap.abs() - 1.0).abs() < 1e-11, "{overlap}");
        }
        let gram = vectors.t().dot(&vectors);
        assert!((gram - Array2::<f64>::eye(3)).iter().all(|e| e.abs() < 1e-13));
    }

    #[test]
    fn singular_vectors_diagonalise() {
        // the third column depends on the first two, the last one is zero
        let a = Array2::from_shape_fn((6, 5), |(i, j)| match j {
            2 => (i as f64).sin() - 2.0 * (0.3 * i as f64 + 1.0).cos(),
            4 => 0.0,
            3 => 1.0 / (1 + i) as f64,
            0 => (i as f64).sin(),
            _ => (0.3 * i as f64 + 1.0).cos(),
        });
        let (values, vectors) = left_singular(a.clone());
        assert!(values.iter().zip(values.iter().skip(1)).all(|(s, t)| s >= t), "{values}");
        assert!(values[2] > 0.1 && values[3] < 1e-14 && values[4] == 0.0, "{values}");
        assert!(vectors.column(4).iter().all(|x| *x == 0.0));
        let (kept, _) = vectors.view().split_at(ndarray::Axis(1), 3);
        // U^T A has orthogonal rows of length s, and U U^T A = A
        let rows = kept.t().dot(&a);
        let squares: Array1<f64> = values.iter().take(3).map(|s| s * s).collect();
        let expected = Array2::from_diag(&squares);
        assert!((rows.dot(&rows.t()) - expected).iter().all(|e| e.abs() < 1e-13));
        assert!((kept.dot(&rows) - a).iter().all(|e| e.abs() < 1e-13));
    }

    #[test]
    fn rotations_of_any_scale_and_of_equal_columns() {
        let a = array![[2.0, 1.0], [1.0, 2.0]];
        for scale in [1e-300, 1e-170, 1e-100, 1e-20, 1.0, 1e20, 1e100, 1e170, 1e300] {
            let (values, _) = left_singular(&a * scale);
            let (eigenvalues, _) = symmetric_eigen(&(&a * scale));
            for (k, exact) in [3.0 * scale, scale].into_iter().enumerate() {
                assert!((values[k] / exact - 1.0).abs() < 1e-15, "{values}");
                assert!((eigenvalues[1 - k] / exact - 1.0).abs() < 1e-15, "{eigenvalues:?}");
            }
        }
        // a short column that is not orthogonal to a long one
        let far = array![[1.0, 1e-200], [1.0, 0.0]];
        let (values, vectors) = left_singular(far);
        let root = 0.5_f64.sqrt();
        assert!((values[1] / 1e-200 - root).abs() < 1e-15, "{values}");
        assert!((vectors[[0, 1]].abs() - root).abs() < 1e-15, "{vectors}");
        // columns without an angle: orthogonal of equal length, or zero
        assert_eq!(left_singular(Array2::eye(3)).0, array![1.0, 1.0, 1.0]);
        let (values, vectors) = left_singular(array![[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]);
        assert_eq!((values, vectors.column(0).to_vec()), (array![2.0, 0.0, 0.0], vec![1.0, 0.0]));
        let (values, _) = symmetric_eigen(&array![[0.0, 1.0], [1.0, 0.0]]);
        assert!((values[0] + 1.0).abs() < 1e-15 && (values[1] - 1.0).abs() < 1e-15, "{values:?}");
    }

    #[test]
    fn rows_and_factor_agree() {
        let a = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]];
        let mut qr = RowQr::new(2);
        for row in a.rows() {
            qr.push(&mut row.to_vec());
        }
        assert!((qr.factor.t().dot(&qr.factor) - a.t().dot(&a)).iter().all(|e| e.abs() < 1e-14));
        assert_eq!(qr.factor[[1, 0]], 0.0);
    }

    #[test]
    fn factors_of_tiny_and_huge_rows() {
        for scale in [1e-300, 1e-170, 1e170, 1e300] {
            let mut qr = RowQr::new(1);
            qr.push(&mut [3.0 * scale]);
            qr.push(&mut [4.0 * scale]);
            assert!((qr.factor[[0, 0]] / scale - 5.0).abs() < 1e-14, "{}", qr.factor);
        }
    }

    #[test]
    fn factors_merge_and_respect_grading() {
        // columns of size 1e-12, 1, 1e12; sums of squares would lose the first
        let row =
            |i: usize| [1e-12 * (1 + i) as f64, (i * i) as f64 - 2.0, 1e12 * (i as f64).cos()];
        let (mut all, mut one, mut two) = (RowQr::new(3), RowQr::new(3), RowQr::new(3));
        for i in 0..6 {
            all.push(&mut row(i));
            if i < 2 { one.push(&mut row(i)) } else { two.push(&mut row(i)) }
        }
        one.merge(&two);
        for (j, size) in [1e-12, 1.0, 1e12].into_iter().enumerate() {
            for i in 0..3 {
                let (here, there) = (all.factor[[i, j]], one.factor[[i, j]]);
                assert!((here.abs() - there.abs()).abs() <= 1e-13 * size * 10.0, "{i} {j}");
            }
            let exact = (0..6).map(|i| (row(i)[j] / size).powi(2)).sum::<f64>().sqrt() * size;
            let found = all.factor.column(j).dot(&all.factor.column(j)).sqrt();
            assert!((found / exact - 1.0).abs() < 1e-14, "{found} {exact}");
        }
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
    fn eigenvalues_of_the_second_difference() {
        let n = 7;
        let a = Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let (values, v) = symmetric_eigen(&a);
        let step = std::f64::consts::PI / (n + 1) as f64;
        for (k, value) in values.iter().enumerate() {
            let exact = 2.0 - 2.0 * (step * (k + 1) as f64).cos();
            assert!((value - exact).abs() < 1e-14, "{value} {exact}");
            let mode = Array1::from_shape_fn(n, |i| (step * ((k + 1) * (i + 1)) as f64).sin());
            let overlap = v.column(k).dot(&mode) / mode.dot(&mode).sqrt();
            assert!((overlap.abs() - 1.0).abs() < 1e-14, "{overlap}");
        }
        let (values, v) = symmetric_eigen(&Array2::from_diag(&ndarray::array![3.0, -1.0]));
        assert_eq!((values, v), (vec![-1.0, 3.0], array![[0.0, 1.0], [1.0, 0.0]]));
    }

    #[test]
    fn factor_and_inverse_of_integers() {
        let a = array![[4.0, 12.0, -16.0], [12.0, 37.0, -43.0], [-16.0, -43.0, 98.0]];
        let c = array![[2.0, 0.0, 0.0], [6.0, 1.0, 0.0], [-8.0, 5.0, 3.0]];
        assert_eq!(cholesky(&a, 0.0), Some(c));
        let ninths = array![[444.25, -122.0, 19.0], [-122.0, 34.0, -5.0], [19.0, -5.0, 1.0]];
        let inverse = positive_inverse(&a).expect("positive definite");
        assert!((inverse * 9.0 - ninths).iter().all(|e| e.abs() < 1e-11));
    }

    #[test]
    fn the_smallest_pivot_is_relative() {
        // pivots 4 and 1e-6, the second from an entry 1
        let a = array![[4.0, 2.0], [2.0, 1.0 + 1e-6]];
        assert!(cholesky(&a, 0.9e-6).is_some() && cholesky(&a, 1.1e-6).is_none());
        let singular = array![[4.0, 2.0], [2.0, 1.0]];
        assert!(cholesky(&singular, 0.0).is_none());
        // of size 100, so that a bound on the pivot itself would let 1e-5 pass
        assert!(cholesky(&(a * 100.0), 1.1e-6).is_none());
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
