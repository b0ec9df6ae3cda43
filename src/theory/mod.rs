//! Theory: what the large steps do to the spectrum, without a simulation.
//!
//! Nothing here reads a simulation. The mathematics, with its sources, is in docs/theory.md of the
//! repository.

mod conditional_spikes;
mod hermite_exponents;
mod leading_order;
mod leading_order_summary;
pub mod prediction;

use thiserror::Error;

pub use conditional_spikes::ConditionalSpikes;
pub use hermite_exponents::{information_exponent, reuse_exponent};
pub use leading_order::{FirstStep, SpikeExpansion, SpikeTerm, SpikeTermStatus, outlier_count};
pub use leading_order_summary::LeadingOrder;

use crate::error::{InvalidSetting, debug_is_display};

/// A theory question that has no answer as asked.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum TheoryError {
    /// A parameter out of range.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The count and the exponents hold in mean-field scaling only.
    #[error(
        "the theory is for mean-field scaling, where the output is O(N^(-1/2)); in standard scaling \
         the residual is dominated by the output after a large step, and this count does not apply"
    )]
    StandardScaling,
}

debug_is_display!(TheoryError);
