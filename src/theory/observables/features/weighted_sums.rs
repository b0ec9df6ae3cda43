//! Sums over nodes of products of real functions with real or complex values.

use super::square_matrix::Square;
use crate::numerics::small_matrix::Field;
use ndarray::Array2;

/// sum_k weights_k values_k functions_k: one number for each column of `functions`.
pub(crate) fn sums<T: Field>(functions: &Array2<f64>, weights: &[f64], values: &[T]) -> Vec<T> {
    let mut sums = vec![T::zero(); functions.ncols()];
    for ((row, w), &value) in functions.rows().into_iter().zip(weights).zip(values) {
        let value = value * *w;
        sums.iter_mut().zip(row).for_each(|(sum, &f)| *sum += value * f);
    }
    sums
}

/// The combination of the columns of `functions` with these coefficients, at every node.
pub(crate) fn times<T: Field>(functions: &Array2<f64>, coefficients: &[T]) -> Vec<T> {
    let at = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().zip(coefficients).fold(T::zero(), |sum, (&f, &c)| sum + c * f)
    };
    functions.rows().into_iter().map(at).collect()
}

/// sum_k weights_k values_k functions_k functions_k^T.
pub(crate) fn gram<T: Field>(functions: &Array2<f64>, weights: &[f64], values: &[T]) -> Square<T> {
    let n = functions.ncols();
    let mut gram = vec![vec![T::zero(); n]; n];
    for ((row, w), &value) in functions.rows().into_iter().zip(weights).zip(values) {
        let value = value * *w;
        for (i, line) in gram.iter_mut().enumerate() {
            let value = value * row[i];
            line[..=i].iter_mut().zip(row).for_each(|(sum, &f)| *sum += value * f);
        }
    }
    for i in 0..n {
        for j in i + 1..n {
            gram[i][j] = gram[j][i];
        }
    }
    gram
}
