//! Square matrices of some dozen rows, real or complex.

use crate::numerics::small_matrix::Field;

/// A square matrix by rows.
pub(crate) type Square<T> = Vec<Vec<T>>;

/// Sum of products.
pub(crate) fn dot<T: Field>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::zero(), |sum, (&a, &b)| sum + a * b)
}

/// The unit matrix.
pub(crate) fn unit<T: Field>(n: usize) -> Square<T> {
    (0..n).map(|i| (0..n).map(|j| T::real(f64::from(i == j))).collect()).collect()
}

/// The transpose.
pub(crate) fn transposed<T: Field>(a: &Square<T>) -> Square<T> {
    (0..a.len()).map(|i| a.iter().map(|row| row[i]).collect()).collect()
}

/// a - b.
pub(crate) fn difference<T: Field>(a: &Square<T>, b: &Square<T>) -> Square<T> {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| a - b).collect()).collect()
}

/// a b.
pub(crate) fn product<T: Field>(a: &Square<T>, b: &Square<T>) -> Square<T> {
    let entry = |row: &Vec<T>, j: usize| {
        row.iter().zip(b).fold(T::zero(), |sum, (&x, other)| sum + x * other[j])
    };
    a.iter().map(|row| (0..b.len()).map(|j| entry(row, j)).collect()).collect()
}
