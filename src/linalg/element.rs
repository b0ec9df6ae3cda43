//! The entries of a matrix, and what can be computed with matrices of them.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, LinalgScalar, ScalarOperand};

use super::error::Fallible;
use super::triplets::SingularTriplets;
use crate::numerics::Real;

macro_rules! declare {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty
        = $function:path;)*) => {
        /// The entry of a matrix: `f32` or `f64`, with the operations compiled for it.
        #[doc(hidden)]
        pub trait Element: Real + LinalgScalar + ScalarOperand {
            $($(#[$doc])* fn $name($($argument: $type),*) -> $result;)*
        }
    };
}
table_of_operations!(declare);

/// `a b` as a new row-major matrix.
pub(crate) fn multiply<T: Element>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    T::product(T::one(), a, b, T::zero(), c.view_mut());
    c
}
