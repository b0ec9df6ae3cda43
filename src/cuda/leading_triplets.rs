//! Products of a matrix on a card with a few vectors of the host, for its leading triplets.

use ndarray::{Array2, ArrayView2};

use super::error::OnCard;
use super::foreign::{CardNumber, Part, product};
use super::gradient_step::CardNetwork;
use super::matrix::CardMatrix;
use super::spectrum::largest_entry;
use crate::Scalar;
use crate::linalg::{
    Fallible, Operator, SingularTriplets, SpectralError, leading_triplets_of, unsafe_exponent,
};
use crate::numerics::PowerOfTwo;

impl<T: Scalar> CardNetwork<T> {
    /// The `count` leading singular triplets of W, as
    /// [`leading_triplets`](crate::spectral::leading_triplets).
    ///
    /// Products with W are computed on the card, the small rest on the processor. The processor also
    /// computes the thin singular value decomposition where the method needs one: when `count` is
    /// more than an eighth of min(N, d), or the iteration does not converge.
    ///
    /// # Errors
    /// As [`leading_triplets`](crate::spectral::leading_triplets);
    /// [`SpectralError::Cuda`] when the card fails.
    pub fn leading_triplets(&self, count: usize) -> Result<SingularTriplets<T>, SpectralError> {
        leading_triplets(self.weights(), count)
    }
}

/// The `count` leading singular triplets of a matrix.
pub(super) fn leading_triplets<T: Scalar>(
    weights: &CardMatrix<T>,
    count: usize,
) -> Fallible<SingularTriplets<T>> {
    leading_triplets_of(&Weights::Given(weights), count, None, None)
}

/// The matrix, or one in another unit.
enum Weights<'a, T> {
    Given(&'a CardMatrix<T>),
    Rescaled(CardMatrix<T>),
}

impl<T: CardNumber> Weights<'_, T> {
    fn matrix(&self) -> &CardMatrix<T> {
        match self {
            Self::Given(matrix) => matrix,
            Self::Rescaled(matrix) => matrix,
        }
    }

    /// V W^T.
    fn image_of(&self, v: &CardMatrix<T>) -> OnCard<CardMatrix<T>> {
        let weights = self.matrix();
        let mut image = CardMatrix::zeros(weights.card(), (v.dim().0, weights.dim().0))?;
        let (v, w, out) = (v.block(), weights.block().t(), image.numbers.as_view_mut());
        product(weights.card().blas(), T::one(), &v, &w, T::zero(), out)?;
        Ok(image)
    }

    /// U W.
    fn adjoint_of(&self, u: &CardMatrix<T>) -> OnCard<CardMatrix<T>> {
        let weights = self.matrix();
        let mut adjoint = CardMatrix::zeros(weights.card(), (u.dim().0, weights.dim().1))?;
        let (u, w, out) = (u.block(), weights.block(), adjoint.numbers.as_view_mut());
        product(weights.card().blas(), T::one(), &u, &w, T::zero(), out)?;
        Ok(adjoint)
    }

    fn upload(&self, vectors: ArrayView2<'_, T>) -> OnCard<CardMatrix<T>> {
        CardMatrix::upload(self.matrix().card(), vectors)
    }
}

impl<T: Scalar> Operator<T> for Weights<'_, T> {
    fn dim(&self) -> (usize, usize) {
        self.matrix().dim()
    }

    fn rescaled(&self) -> Fallible<Option<(Self, i32)>> {
        let weights = self.matrix();
        let Some(e) = unsafe_exponent::<T>(largest_entry(weights)?) else { return Ok(None) };
        let mut tame = CardMatrix::zeros(weights.card(), weights.dim())?;
        let part = Part { steps: (weights.dim().1, 1), dim: weights.dim() };
        let (kernels, from) = (weights.card().kernels(), weights.numbers.as_view());
        kernels.scaled(from, part, PowerOfTwo::new(-e), &mut tame.numbers)?;
        Ok(Some((Self::Rescaled(tame), e)))
    }

    fn normal_product(&self, v: &Array2<T>) -> Fallible<(Array2<T>, Array2<T>)> {
        let image = self.image_of(&self.upload(v.view())?)?;
        let product = self.adjoint_of(&image)?;
        Ok((image.download()?, product.download()?))
    }

    fn image(&self, v: ArrayView2<'_, T>) -> Fallible<Array2<T>> {
        Ok(self.image_of(&self.upload(v)?)?.download()?)
    }

    fn adjoint(&self, u: ArrayView2<'_, T>) -> Fallible<Array2<T>> {
        Ok(self.adjoint_of(&self.upload(u)?)?.download()?)
    }

    fn svd(&self) -> Fallible<SingularTriplets<T>> {
        T::svd(self.matrix().download()?.view(), true)
    }
}
