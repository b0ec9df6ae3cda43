//! What can go wrong with a decomposition.

use thiserror::Error;

use crate::error::{InvalidSetting, debug_is_display};

pub(crate) type Fallible<T> = Result<T, SpectralError>;

/// A spectrum or decomposition that could not be computed.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum SpectralError {
    /// The matrix holds an infinity or a NaN.
    #[error("the matrix has a non-finite entry; every entry must be a finite number")]
    NonFinite,
    /// The matrix has no rows or no columns.
    #[error("the matrix is {rows} x {columns}; both numbers must be at least 1")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The largest singular value is beyond the range of the number type.
    #[error("the largest singular value overflows; scale the matrix down")]
    Overflow,
    /// The iteration of the backend failed.
    #[error("the {decomposition} of a {rows} x {columns} matrix did not converge")]
    Backend {
        /// Which decomposition.
        decomposition: &'static str,
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A parameter out of range.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The card failed.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Cuda(#[from] crate::cuda::CudaError),
    /// The block Krylov iteration used up its basis.
    #[error(
        "the {triplets} leading singular triplets did not reach a relative residual of \
         {tolerance:e} (reached {residual:e}) with a Krylov basis of {basis} vectors; \
         allow a larger basis or a larger tolerance"
    )]
    NotConverged {
        /// Number of triplets asked for.
        triplets: usize,
        /// The tolerance asked for.
        tolerance: f64,
        /// The largest relative residual reached.
        residual: f64,
        /// The final size of the basis.
        basis: usize,
    },
}

debug_is_display!(SpectralError);

/// Checks that a matrix of this shape has entries.
pub(crate) fn nonempty((rows, columns): (usize, usize)) -> Fallible<()> {
    if rows.min(columns) > 0 { Ok(()) } else { Err(SpectralError::Empty { rows, columns }) }
}

/// The error of a backend that did not converge, for a matrix of this shape.
pub(crate) fn failed(decomposition: &'static str, shape: (usize, usize)) -> SpectralError {
    SpectralError::Backend { decomposition, rows: shape.0, columns: shape.1 }
}
