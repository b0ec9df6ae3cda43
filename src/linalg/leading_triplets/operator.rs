//! What the search needs of a matrix W, wherever its entries are kept.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use crate::linalg::error::Fallible;
use crate::linalg::normal_product::normal_product;
use crate::linalg::scale::rescaled;
use crate::linalg::{Element, SingularTriplets, multiply};

/// A matrix W (N x d) that is only multiplied with a few vectors at a time. Vectors are the rows of
/// matrices in the memory of the processor.
pub(crate) trait Operator<T: Element>: Sized {
    /// N and d.
    fn dim(&self) -> (usize, usize);

    /// The matrix divided by a power of two, and its exponent, when fourth powers of the singular
    /// values could overflow or vanish; `None` otherwise.
    fn rescaled(&self) -> Fallible<Option<(Self, i32)>>;

    /// V W^T and V W^T W for row vectors V.
    fn normal_product(&self, v: &Array2<T>) -> Fallible<(Array2<T>, Array2<T>)>;

    /// V W^T for row vectors V in R^d.
    fn image(&self, v: ArrayView2<'_, T>) -> Fallible<Array2<T>>;

    /// U W for row vectors U in R^N.
    fn adjoint(&self, u: ArrayView2<'_, T>) -> Fallible<Array2<T>>;

    /// The thin singular value decomposition.
    fn svd(&self) -> Fallible<SingularTriplets<T>>;
}

/// A matrix in the memory of the processor, row-major: the kernel of W^T W needs contiguous rows.
pub(super) struct HostMatrix<'a, T>(CowArray<'a, T, Ix2>);

impl<'a, T: Element> HostMatrix<'a, T> {
    pub fn new(weights: &'a ArrayView2<'a, T>) -> Self {
        Self(weights.as_standard_layout())
    }
}

impl<T: Element> Operator<T> for HostMatrix<'_, T> {
    fn dim(&self) -> (usize, usize) {
        self.0.dim()
    }

    fn rescaled(&self) -> Fallible<Option<(Self, i32)>> {
        Ok(rescaled(self.0.view())?.map(|(tame, e)| (Self(tame.into()), e)))
    }

    fn normal_product(&self, v: &Array2<T>) -> Fallible<(Array2<T>, Array2<T>)> {
        Ok(normal_product(self.0.view(), v))
    }

    fn image(&self, v: ArrayView2<'_, T>) -> Fallible<Array2<T>> {
        Ok(multiply(v, self.0.t()))
    }

    fn adjoint(&self, u: ArrayView2<'_, T>) -> Fallible<Array2<T>> {
        Ok(multiply(u, self.0.view()))
    }

    fn svd(&self) -> Fallible<SingularTriplets<T>> {
        T::svd(self.0.view(), true)
    }
}
