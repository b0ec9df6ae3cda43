//! Full decompositions.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use thiserror::Error;

use crate::Scalar;
use crate::error::{InvalidSetting, debug_is_display};
use crate::linalg::{self, LinalgError};

/// A spectrum that could not be computed.
#[derive(Clone, Error, PartialEq)]
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

debug_is_display!(SpectralError);

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

/// How all singular values are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum SpectrumMethod {
    /// [`Gram`](Self::Gram) where its error bound is below 1e-9 s_1 in `f64` and 1e-6 s_1 in
    /// `f32`, [`Direct`](Self::Direct) otherwise.
    #[default]
    Automatic,
    /// Square roots of the eigenvalues of the smaller of W^T W and W W^T, formed and solved in
    /// `f64` also for an `f32` matrix: about half the time.
    ///
    /// Squares lose small values: the error of s_k is at most
    /// min(delta / s_k, sqrt(delta)) with delta = (N + d) 2.2e-16 s_1^2 (Weyl's inequality for
    /// a symmetric perturbation of norm delta; at 2000 x 1000 a seventh of delta was seen). A
    /// square below delta / 2 may be rounding error and nothing else; its root is given as 0.
    Gram,
    /// The singular value decomposition of W itself, backward stable: the error of s_k is a small
    /// multiple of the machine epsilon times s_1.
    Direct,
}

/// All min(N, d) singular values of `weights` (N x d), largest first, by
/// [`SpectrumMethod::Automatic`].
///
/// # Errors
/// [`SpectralError::Decomposition`] when the matrix is empty or holds a non-finite entry, the
/// largest singular value overflows, or the backend does not converge.
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
    singular_values_by(weights, SpectrumMethod::Automatic)
}

/// All min(N, d) singular values of `weights` (N x d), largest first, by this method.
///
/// # Errors
/// As [`singular_values`].
///
/// ```
/// use linear_width::spectral::{SpectrumMethod, singular_values_by};
/// use ndarray::array;
///
/// // 1e-9 is lost in the square of a matrix of norm 1
/// let graded = array![[1.0, 0.0], [0.0, 1e-9]];
/// let direct = singular_values_by(graded.view(), SpectrumMethod::Direct)?;
/// assert!((direct[1] - 1e-9_f64).abs() < 1e-20);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn singular_values_by<T: Scalar>(
    weights: ArrayView2<'_, T>,
    method: SpectrumMethod,
) -> Result<Array1<T>, SpectralError> {
    if method == SpectrumMethod::Direct {
        return Ok(linalg::singular_values(weights)?);
    }
    let (values, error, e) = gram_singular_values(weights)?;
    // only the epsilon of `f64` is below 1e-10
    let allowed = if T::epsilon().as_f64() < 1e-10 { 1e-9 } else { 1e-6 };
    if method == SpectrumMethod::Gram || error <= allowed * values[0] {
        return Ok(linalg::scaled_back(values, e).and_then(|values| {
            let values = values.mapv(T::of);
            if values[0].is_finite() { Ok(values) } else { Err(LinalgError::Overflow) }
        })?);
    }
    Ok(linalg::singular_values(weights)?)
}

/// Singular values from the smaller Gram matrix, and the largest of their error bounds, in units of
/// a power of two; and its exponent.
fn gram_singular_values<T: Scalar>(
    weights: ArrayView2<'_, T>,
) -> Result<(Array1<f64>, f64, i32), SpectralError> {
    let (rows, columns) = weights.dim();
    // so that no square overflows or vanishes
    let e = linalg::exponent(linalg::largest_entry(weights)?);
    let gram =
        if rows >= columns { linalg::gram(weights, -e) } else { linalg::gram(weights.t(), -e) };
    let squares = linalg::symmetric_eigenvalues(gram)?;
    let largest = squares[squares.len() - 1].max(0.0);
    let delta = (rows + columns) as f64 * f64::EPSILON * largest;
    let root = |square: &f64| if *square <= 0.5 * delta { 0.0 } else { square.sqrt() };
    let values: Array1<f64> = squares.iter().rev().map(root).collect();
    let smallest = values[values.len() - 1];
    let error = if smallest > 0.0 { delta.sqrt().min(delta / smallest) } else { delta.sqrt() };
    Ok((values, error, e))
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
