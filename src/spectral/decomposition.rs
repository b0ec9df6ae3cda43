//! Full decompositions.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use thiserror::Error;

use crate::Scalar;
use crate::error::InvalidSetting;
use crate::linalg::{self, LinalgError};

/// A spectrum that could not be computed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SpectralError {
    /// The matrix is empty or not finite, or the backend failed.
    #[error(transparent)]
    Decomposition(#[from] LinalgError),
    /// A parameter out of range.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The block Krylov iteration used up its basis.
    #[error(
        "the {triplets} leading singular triplets did not reach a relative residual of \
         {tolerance:e} (reached {residual:e}) with a Krylov basis of {basis} vectors; \
         allow a larger basis or a larger tolerance"
    )]
    NotConverged {
        /// How many triplets were asked for.
        triplets: usize,
        /// The tolerance asked for.
        tolerance: f64,
        /// The largest relative residual reached.
        residual: f64,
        /// The size of the basis when it gave up.
        basis: usize,
    },
}

/// Singular triplets of a matrix W (N x d), largest first: W v_k = s_k u_k, W^T u_k = s_k v_k.
#[derive(Clone, Debug, PartialEq)]
pub struct SingularTriplets<T> {
    /// Left singular vectors, one per column (N x k).
    pub left: Array2<T>,
    /// Singular values, decreasing (k).
    pub values: Array1<T>,
    /// Right singular vectors, one per row (k x d).
    pub right: Array2<T>,
}

impl<T: Scalar> SingularTriplets<T> {
    /// The number of triplets.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The k-th left singular vector, of length N.
    ///
    /// # Panics
    /// Never for `k < len()`.
    pub fn left_vector(&self, k: usize) -> ArrayView1<'_, T> {
        self.left.column(k)
    }

    /// The k-th right singular vector, of length d.
    ///
    /// # Panics
    /// Never for `k < len()`.
    pub fn right_vector(&self, k: usize) -> ArrayView1<'_, T> {
        self.right.row(k)
    }
}

/// All min(N, d) singular values of `weights` (N x d), largest first.
///
/// # Errors
/// [`SpectralError::Decomposition`] when the matrix is empty or holds a non-finite entry, or the
/// backend does not converge.
///
/// ```
/// use linear_width::spectral::singular_values;
/// use ndarray::array;
///
/// let s = singular_values(array![[3.0, 0.0], [4.0, 5.0]].view())?;
/// assert!((s[0] - 45.0_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn singular_values<T: Scalar>(weights: ArrayView2<'_, T>) -> Result<Array1<T>, SpectralError> {
    Ok(linalg::singular_values(weights)?)
}

/// The thin singular value decomposition of `weights` (N x d): all min(N, d) triplets.
///
/// # Errors
/// As [`singular_values`].
///
/// ```
/// use linear_width::spectral::thin_svd;
/// use ndarray::array;
///
/// let svd = thin_svd(array![[0.0_f64, 2.0], [1.0, 0.0], [0.0, 0.0]].view())?;
/// assert_eq!(svd.len(), 2);
/// assert!((svd.right_vector(0)[1].abs() - 1.0).abs() < 1e-15);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn thin_svd<T: Scalar>(
    weights: ArrayView2<'_, T>,
) -> Result<SingularTriplets<T>, SpectralError> {
    let (left, values, right) = linalg::thin_svd(weights)?;
    Ok(SingularTriplets { left, values, right })
}
