//! All singular values.

use ndarray::{Array1, ArrayView2};

use crate::Scalar;
use crate::linalg::{Element, SpectralError, is_double, scaled_back};
use crate::numerics::exponent;

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
    /// square below delta / 2 may be pure rounding error, and its root is returned as 0.
    Gram,
    /// The singular value decomposition of W itself, backward stable: the error of s_k is a small
    /// multiple of the machine epsilon times s_1.
    Direct,
}

/// All min(N, d) singular values of `weights` (N x d), largest first, by
/// [`SpectrumMethod::Automatic`].
///
/// # Errors
/// [`SpectralError::Empty`] or [`SpectralError::NonFinite`] when the matrix is empty or has a
/// non-finite entry, [`SpectralError::Overflow`] when the largest singular value overflows,
/// [`SpectralError::Backend`] when the backend does not converge.
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
    SpectrumMethod::Automatic.singular_values(weights)
}

impl SpectrumMethod {
    /// All min(N, d) singular values of `weights` (N x d), largest first, by this method.
    ///
    /// # Errors
    /// As [`singular_values`].
    ///
    /// ```
    /// use linear_width::spectral::SpectrumMethod;
    /// use ndarray::array;
    ///
    /// // 1e-9 is lost in the square of a matrix of norm 1
    /// let graded = array![[1.0, 0.0], [0.0, 1e-9]];
    /// let direct = SpectrumMethod::Direct.singular_values(graded.view())?;
    /// assert!((direct[1] - 1e-9_f64).abs() < 1e-20);
    /// # Ok::<(), linear_width::spectral::SpectralError>(())
    /// ```
    pub fn singular_values<T: Scalar>(
        self,
        weights: ArrayView2<'_, T>,
    ) -> Result<Array1<T>, SpectralError> {
        let direct = || Ok(T::svd(weights, false)?.singular_values);
        if self == Self::Direct {
            return direct();
        }
        let (rows, columns) = weights.dim();
        // a unit in which no square overflows or vanishes
        let e = exponent(T::largest_entry(weights)?);
        let smaller = if rows >= columns { weights } else { weights.reversed_axes() };
        let squares = f64::symmetric_eigen(T::gram(smaller, -e), false)?.0;
        match self.roots_of::<T>(&squares, rows + columns) {
            Some(values) => scaled_back(values, e),
            None => direct(),
        }
    }

    /// The singular values from their squares (increasing) for a matrix of `T` with so many `rows +
    /// columns`; `None` where the squares are too rough for this method.
    pub(crate) fn roots_of<T: Scalar>(
        self,
        squares: &Array1<f64>,
        rows_and_columns: usize,
    ) -> Option<Array1<f64>> {
        let largest = squares[squares.len() - 1].max(0.0);
        let delta = rows_and_columns as f64 * f64::EPSILON * largest;
        let root = |square: &f64| if *square <= 0.5 * delta { 0.0 } else { square.sqrt() };
        let values: Array1<f64> = squares.iter().rev().map(root).collect();
        // the largest error bound, also where the smallest value is 0 and the second bound is none
        let error = delta.sqrt().min(delta / values[values.len() - 1]);
        let allowed = if is_double::<T>() { 1e-9 } else { 1e-6 };
        (self != Self::Automatic || error <= allowed * values[0]).then_some(values)
    }
}
