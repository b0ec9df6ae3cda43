//! Singular values with their vectors.

use ndarray::ArrayView2;

use crate::Scalar;
use crate::linalg::{SingularTriplets, SpectralError};

/// The `count` largest singular triplets of `weights` (N x d), without a full decomposition.
///
/// The residuals |W^T u - s v| are at most 1e-10 s_1 in `f64` and 1e-5 s_1 in `f32`;
/// [`SingularTriplets::leading_within`] takes another tolerance. Singular values are then accurate to
/// about the square of the tolerance over the gap to the next value, vectors to the tolerance over the
/// gap.
///
/// The method is block Krylov iteration with W^T W (Musco & Musco, NIPS 2015). Each block of four
/// vectors (`f32`: eight) costs one pass over W, the final check one more, or two when s_1 / s_count
/// is so large that rounding would hide the residual. Every copy of a repeated value is found, and so
/// are values far below the largest. The thin SVD is computed instead when `count` is more than an
/// eighth of min(N, d), or the basis would hold more than d / 2 vectors.
///
/// # Errors
/// [`SpectralError::Invalid`] when `count` is 0 or above min(N, d); otherwise as
/// [`singular_values`](super::singular_values).
///
/// ```
/// use linear_width::spectral::{SingularTriplets, leading_triplets};
/// use ndarray::Array2;
///
/// let w = Array2::from_shape_fn((60, 40), |(i, j)| if i == j { 40.0 - i as f64 } else { 0.0 });
/// let top = leading_triplets(w.view(), 3)?;
/// assert!((top.singular_values[2] - 38.0).abs() < 1e-9);
/// let rough = SingularTriplets::leading_within(w.view(), 3, 1e-3, None)?;
/// assert!((rough.singular_values[2] - 38.0).abs() < 0.04);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn leading_triplets<T: Scalar>(
    weights: ArrayView2<'_, T>,
    count: usize,
) -> Result<SingularTriplets<T>, SpectralError> {
    T::leading_triplets(weights, count, None, None)
}

impl<T: Scalar> SingularTriplets<T> {
    /// [`leading_triplets`] whose residuals |W^T u - s v| are at most `tolerance` s_1, found with a
    /// Krylov basis of at most `max_basis` vectors. With `None` the thin SVD is computed when d / 2
    /// vectors do not suffice.
    ///
    /// # Errors
    /// As [`leading_triplets`]; [`SpectralError::Invalid`] when the tolerance is not positive,
    /// [`SpectralError::NotConverged`] when `max_basis` vectors do not suffice.
    pub fn leading_within(
        weights: ArrayView2<'_, T>,
        count: usize,
        tolerance: f64,
        max_basis: Option<usize>,
    ) -> Result<Self, SpectralError> {
        T::leading_triplets(weights, count, Some(tolerance), max_basis)
    }

    /// All min(N, d) triplets of `weights` (N x d): the thin singular value decomposition.
    ///
    /// # Errors
    /// As [`singular_values`](super::singular_values).
    ///
    /// ```
    /// use linear_width::spectral::SingularTriplets;
    /// use ndarray::array;
    ///
    /// let svd = SingularTriplets::all(array![[0.0_f64, 2.0], [1.0, 0.0], [0.0, 0.0]].view())?;
    /// assert_eq!(svd.len(), 2);
    /// assert!((svd.right_vector(0)[1].abs() - 1.0).abs() < 1e-15);
    /// # Ok::<(), linear_width::spectral::SpectralError>(())
    /// ```
    pub fn all(weights: ArrayView2<'_, T>) -> Result<Self, SpectralError> {
        T::svd(weights, true)
    }
}
