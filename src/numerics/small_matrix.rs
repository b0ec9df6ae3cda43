//! Vectors and square matrices of a few entries, real or complex.

use num_complex::ComplexFloat;
use std::array::from_fn;
use std::ops::{AddAssign, Mul};

/// `f64` or `Complex64`: one code serves the real axis and the complex plane.
pub(crate) trait Field:
    ComplexFloat<Real = f64> + Mul<f64, Output = Self> + AddAssign
{
    /// Embeds a real number.
    fn real(x: f64) -> Self {
        Self::one() * x
    }
}

impl<T: ComplexFloat<Real = f64> + Mul<f64, Output = T> + AddAssign> Field for T {}

pub(crate) type Vector<T, const A: usize> = [T; A];
pub(crate) type Matrix<T, const A: usize> = [[T; A]; A];

/// Sum of products.
pub(crate) fn dot<T: Field, const A: usize>(a: &Vector<T, A>, b: &Vector<T, A>) -> T {
    a.iter().zip(b).fold(T::zero(), |sum, (&a, &b)| sum + a * b)
}

/// Matrix times vector.
pub(crate) fn apply<T: Field, const A: usize>(m: &Matrix<T, A>, v: &Vector<T, A>) -> Vector<T, A> {
    from_fn(|i| dot(&m[i], v))
}

/// Matrix times matrix.
pub(crate) fn product<T: Field, const A: usize>(
    a: &Matrix<T, A>,
    b: &Matrix<T, A>,
) -> Matrix<T, A> {
    let entry = |i: usize, j: usize| (0..A).fold(T::zero(), |sum, k| sum + a[i][k] * b[k][j]);
    from_fn(|i| from_fn(|j| entry(i, j)))
}

/// Solves `a x = rhs` for several right-hand sides (the columns of `rhs`) by Gaussian elimination
/// with partial pivoting; `None` if a pivot vanishes.
pub(crate) fn solve<T: Field>(mut a: Vec<Vec<T>>, mut rhs: Vec<Vec<T>>) -> Option<Vec<Vec<T>>> {
    let n = a.len();
    for i in 0..n {
        let size = |row: &Vec<T>| row[i].abs();
        let pivot = (i..n).max_by(|&p, &q| size(&a[p]).total_cmp(&size(&a[q])))?;
        if !(size(&a[pivot]).is_finite() && size(&a[pivot]) > 0.0) {
            return None;
        }
        a.swap(i, pivot);
        rhs.swap(i, pivot);
        let (above, right) = (a[i].clone(), rhs[i].clone());
        for row in i + 1..n {
            let factor = a[row][i] / above[i];
            a[row].iter_mut().zip(&above).for_each(|(x, &up)| *x = *x - factor * up);
            rhs[row].iter_mut().zip(&right).for_each(|(x, &up)| *x = *x - factor * up);
        }
    }
    for i in (0..n).rev() {
        let (head, tail) = rhs.split_at_mut(i + 1);
        for (column, x) in head[i].iter_mut().enumerate() {
            let known = tail.iter().zip(&a[i][i + 1..]);
            let known = known.fold(T::zero(), |sum, (row, &c)| sum + c * row[column]);
            *x = (*x - known) / a[i][i];
        }
    }
    Some(rhs)
}

/// Inverse of a small matrix; NaN entries if it has none.
pub(crate) fn inverse<T: Field, const A: usize>(m: &Matrix<T, A>) -> Matrix<T, A> {
    let left = m.iter().map(|row| row.to_vec()).collect();
    let unit = |i: usize| (0..A).map(|j| T::real(f64::from(i == j))).collect();
    match solve(left, (0..A).map(unit).collect()) {
        Some(x) => from_fn(|i| from_fn(|j| x[i][j])),
        None => [[T::real(f64::NAN); A]; A],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    /// Matrix and solutions by hand; the first pivot is not on the diagonal.
    #[test]
    fn elimination() {
        let a = vec![vec![0.0, 2.0, 1.0], vec![1.0, 1.0, 1.0], vec![-4.0, 1.0, 3.0]];
        // a (1, 2, 3) and a (0, -1, 5)
        let rhs = vec![vec![7.0, 3.0], vec![6.0, 4.0], vec![7.0, 14.0]];
        let found = solve(a, rhs).unwrap();
        for (row, exact) in found.iter().zip([[1.0, 0.0], [2.0, -1.0], [3.0, 5.0]]) {
            assert!(row.iter().zip(exact).all(|(x, e)| (x - e).abs() < 1e-14), "{found:?}");
        }
        for singular in [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]], [[f64::NAN; 2]; 2]] {
            let rows = singular.map(|row| row.to_vec()).to_vec();
            assert!(solve(rows, vec![vec![1.0], vec![1.0]]).is_none());
            assert!(inverse(&singular).iter().flatten().all(|x| x.is_nan()));
        }
    }

    /// The largest pivot is taken: with the small one x_1 would come out as 0.
    #[test]
    fn pivoting() {
        let found =
            solve(vec![vec![1e-20, 1.0], vec![1.0, 1.0]], vec![vec![1.0], vec![2.0]]).unwrap();
        assert!(found.iter().all(|x| (x[0] - 1.0).abs() < 1e-15), "{found:?}");
    }

    /// (1 + i)(3 - 2i) = 5 + i and so on.
    #[test]
    fn complex_matrices() {
        let c = Complex64::new;
        let m = [[c(1.0, 1.0), c(0.0, 2.0)], [c(3.0, 0.0), c(-1.0, 0.5)]];
        let v = [c(3.0, -2.0), c(0.0, 1.0)];
        assert_eq!(dot(&m[0], &v), c(3.0, 1.0));
        assert_eq!(apply(&m, &v), [c(3.0, 1.0), c(8.5, -7.0)]);
        let unit = product(&m, &inverse(&m));
        let back = product(&inverse(&m), &m);
        for (i, k) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let exact = c(f64::from(i == k), 0.0);
            assert!((unit[i][k] - exact).norm() < 1e-15, "{unit:?}");
            assert!((back[i][k] - exact).norm() < 1e-15, "{back:?}");
        }
        assert_eq!((Complex64::real(2.0), f64::real(2.0)), (c(2.0, 0.0), 2.0));
    }
}
