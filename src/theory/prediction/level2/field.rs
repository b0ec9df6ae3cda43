//! The bulk equations are analytic: one code for the real axis (edge, outliers) and the upper half
//! plane (density).

use num_complex::Complex64;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// f64 or Complex64.
pub(crate) trait Field:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Mul<f64, Output = Self>
{
    /// Embeds a real number.
    fn real(x: f64) -> Self;
    /// |x|.
    fn modulus(self) -> f64;
}

impl Field for f64 {
    fn real(x: f64) -> Self {
        x
    }
    fn modulus(self) -> f64 {
        self.abs()
    }
}

impl Field for Complex64 {
    fn real(x: f64) -> Self {
        Complex64::new(x, 0.0)
    }
    fn modulus(self) -> f64 {
        self.norm()
    }
}

/// A vector with one entry per term of l.
pub(crate) type Vector<T, const A: usize> = [T; A];
/// A square matrix.
pub(crate) type Matrix<T, const A: usize> = [[T; A]; A];

/// Sum of products.
pub(crate) fn dot<T: Field, const A: usize>(a: &Vector<T, A>, b: &Vector<T, A>) -> T {
    a.iter().zip(b).fold(T::real(0.0), |sum, (&a, &b)| sum + a * b)
}

/// Matrix times vector.
pub(crate) fn apply<T: Field, const A: usize>(m: &Matrix<T, A>, v: &Vector<T, A>) -> Vector<T, A> {
    std::array::from_fn(|i| dot(&m[i], v))
}

/// Matrix times matrix.
pub(crate) fn product<T: Field, const A: usize>(
    a: &Matrix<T, A>,
    b: &Matrix<T, A>,
) -> Matrix<T, A> {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| (0..A).fold(T::real(0.0), |sum, k| sum + a[i][k] * b[k][j]))
    })
}

/// Solves `a x = rhs` for several right-hand sides (the columns of `rhs`) by Gaussian elimination
/// with partial pivoting; `None` if a pivot vanishes.
pub(crate) fn solve<T: Field>(mut a: Vec<Vec<T>>, mut rhs: Vec<Vec<T>>) -> Option<Vec<Vec<T>>> {
    let n = a.len();
    for i in 0..n {
        let size = |row: &Vec<T>| row[i].modulus();
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
            let known = tail
                .iter()
                .zip(&a[i][i + 1..])
                .fold(T::real(0.0), |s, (row, &c)| s + c * row[column]);
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
        Some(x) => std::array::from_fn(|i| std::array::from_fn(|j| x[i][j])),
        None => [[T::real(f64::NAN); A]; A],
    }
}
