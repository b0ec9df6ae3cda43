//! Arrays that cross the border.

use ndarray::{Array1, Array2};
use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2};

/// A copy in row-major order. Without it a Python thread could write into an array that is being read
/// while the interpreter lock is released; and the same numbers in another order of storage would be
/// summed in another order.
pub fn owned2<T: Element + Copy>(array: &PyReadonlyArray2<'_, T>) -> Array2<T> {
    let view = array.as_array();
    Array2::from_shape_vec(view.dim(), view.iter().copied().collect())
        .unwrap_or_else(|_| unreachable!("as many numbers as the shape says"))
}

/// A copy, as that of [`owned2`].
pub fn owned1<T: Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> Array1<T> {
    array.as_array().iter().copied().collect()
}
