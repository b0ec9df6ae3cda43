//! Why a prediction could not be made.

use thiserror::Error;

use crate::error::{InvalidSetting, debug_is_display};
use crate::linalg::SpectralError;

/// Why a prediction could not be made.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum PredictionError {
    /// A number of the problem or of the options lies outside its range.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The law of the second layer is known by draws only.
    #[error(
        "the second-layer law {law} is given by a sampler, which cannot be integrated over; \
         give its quantile function or its values"
    )]
    LawWithoutQuantile {
        /// The name of the law.
        law: String,
    },
    /// The labels vanish: E y^2 = 0, so no step moves the network.
    #[error("the labels vanish identically (E y^2 = 0), so there is nothing to predict")]
    LabelsVanish,
    /// A quantity came out infinite or NaN, usually because the activation or the link grows too
    /// fast.
    #[error(
        "{quantity} is not finite: the activation or the link grows too fast, or is undefined somewhere"
    )]
    NotFinite {
        /// The quantity.
        quantity: &'static str,
    },
    /// The equations of a resolvent were not solved: those of the bulk or of an outlier of W, or those
    /// of the features.
    #[error(
        "the equations of the resolvent were not solved near {near:e} \
         (for the spectrum of the first layer, the other BulkModel may do)"
    )]
    NotConverged {
        /// Where on the curve: a value of the resolvent of W, or the lambda of the features.
        near: f64,
    },
    /// No right edge of the bulk was found.
    #[error("no right edge of the bulk was found; BulkModel::Isotropic does not need the search")]
    NoEdge,
    /// The singular vectors of a given first layer were not found.
    #[error("the first layer: {0}")]
    Decomposition(#[from] SpectralError),
    /// A small matrix that has an inverse in theory has none in floating point.
    #[error("the {name} matrix is singular to working precision")]
    Singular {
        /// Which matrix.
        name: &'static str,
    },
}

debug_is_display!(PredictionError);

/// What the parts of a prediction return.
pub(crate) type Fallible<T> = Result<T, PredictionError>;

/// `Ok` when `value` is finite and `holds`.
pub(crate) fn require(
    name: &'static str,
    value: f64,
    holds: bool,
    allowed: &'static str,
) -> Result<(), PredictionError> {
    let error = InvalidSetting::OutOfRange { name, value, allowed };
    if value.is_finite() && holds { Ok(()) } else { Err(error.into()) }
}

/// `Ok` when every value is finite.
pub(crate) fn finite<'a>(
    quantity: &'static str,
    values: impl IntoIterator<Item = &'a f64>,
) -> Result<(), PredictionError> {
    let finite = values.into_iter().all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(PredictionError::NotFinite { quantity }) }
}
