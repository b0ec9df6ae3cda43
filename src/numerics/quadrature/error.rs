//! Why an expectation could not be computed.

use thiserror::Error;

use crate::number::{debug_is_display, short};

/// An expectation that could not be computed to the accuracy asked for.
#[derive(Clone, Copy, Error, PartialEq)]
#[non_exhaustive]
pub enum QuadratureError {
    /// The function returned an infinity or a NaN.
    #[error("the function is not finite at z = {}; it must be finite at every real number", short(.at))]
    NonFinite {
        /// Where.
        at: f64,
    },
    /// Bisection did not reach the tolerance.
    #[error(
        "the expectation did not reach an absolute accuracy of {tolerance:e} near z = {}; \
         declare the kinks of the function, or smooth it",
        short(.near)
    )]
    NotConverged {
        /// The absolute accuracy asked for.
        tolerance: f64,
        /// Where the integrand resists.
        near: f64,
    },
    /// The function, times the normal density, has not died out where numbers end.
    #[error(
        "the function grows so fast that it still counts, against the normal density, at \
         z = {}: its expectation is infinite, or too large a part of it lies beyond what \
         double precision can hold; take a function that grows more slowly",
        short(.at)
    )]
    Growth {
        /// How far out the integral was followed.
        at: f64,
    },
}

debug_is_display!(QuadratureError);
