//! What can go wrong.

use thiserror::Error;

use crate::error::{InvalidSetting, debug_is_display};
use crate::linalg::SpectralError;
use crate::number::short;

/// A readout that could not be trained or tested.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum ReadoutError {
    /// A lambda that is not a positive number, a batch that does not fit the features, a feature or
    /// label that is not finite.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The normal equations are too close to singular for `f64`.
    #[error(
        "with lambda = {} the normal equations have condition number {condition:.1e}; \
         it must be at most 1e13: standardise the features, or take a larger lambda{}",
        short(.lambda), if *.lambda == 0.0 { ", or more samples than features" } else { "" }
    )]
    IllConditioned {
        /// The ridge parameter, 0 for least squares.
        lambda: f64,
        /// Largest over smallest eigenvalue, lambda / p added to both; of the matrix scaled to a
        /// diagonal near 1 when the features differ in size.
        condition: f64,
    },
    /// The eigenvalue decomposition failed.
    #[error(transparent)]
    Linalg(SpectralError),
}

impl From<SpectralError> for ReadoutError {
    fn from(error: SpectralError) -> Self {
        match error {
            SpectralError::Invalid(problem) => Self::Invalid(problem),
            error => Self::Linalg(error),
        }
    }
}

debug_is_display!(ReadoutError);
