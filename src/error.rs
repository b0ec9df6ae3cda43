//! One type for every setting that is out of range.

use thiserror::Error;

use crate::number::short;

/// A setting that is out of range: what it was, and what is allowed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidSetting {
    /// A size that must be positive is zero.
    #[error("{name} is 0; it must be at least 1")]
    ZeroSize {
        /// Which size.
        name: &'static str,
    },
    /// A step-size exponent outside [0, 1/2).
    #[error("alpha of step {step} is {}; it must lie in [0, 0.5)", short(.alpha))]
    Exponent {
        /// The step, from 1.
        step: usize,
        /// The exponent given.
        alpha: f64,
    },
    /// A step-size constant that is negative or not finite.
    #[error("C of step {step} is {}; it must be a finite number, 0 or more", short(.constant))]
    StepConstant {
        /// The step, from 1.
        step: usize,
        /// The constant given.
        constant: f64,
    },
    /// No gradient step at all.
    #[error("there are no gradient steps; give at least one step size")]
    NoSteps,
    /// A required setting was not given.
    #[error("{name} was not given; it has no default")]
    Missing {
        /// Which setting.
        name: &'static str,
    },
    /// A noise standard deviation that is negative or not finite.
    #[error("the noise standard deviation is {}; it must be a finite number, 0 or more", short(.value))]
    Noise {
        /// The value given.
        value: f64,
    },
    /// A vector or matrix of the wrong shape.
    #[error("{name} has shape {found}; it must be {expected}")]
    Shape {
        /// What has the wrong shape.
        name: &'static str,
        /// Its shape.
        found: String,
        /// The shape it must have.
        expected: String,
    },
    /// An entry that is an infinity or a NaN.
    #[error("{name} has a non-finite entry; every entry must be a finite number")]
    NonFinite {
        /// What holds it.
        name: &'static str,
    },
    /// A teacher direction that is not of unit length.
    #[error("teacher direction {index} has norm {}; it must be 1 to within 1e-6", short(.norm))]
    NotNormalised {
        /// Which direction, from 0.
        index: usize,
        /// Its norm.
        norm: f64,
    },
    /// Teacher directions that are not orthogonal.
    #[error(
        "teacher directions {first} and {second} have inner product {}; \
         it must be 0 to within 1e-6",
        short(.product)
    )]
    NotOrthogonal {
        /// One direction, from 0.
        first: usize,
        /// The other.
        second: usize,
        /// Their inner product.
        product: f64,
    },
    /// More directions than the space has.
    #[error(
        "{directions} orthonormal directions do not fit in dimension {dimension}; at most {dimension} do"
    )]
    TooManyDirections {
        /// How many were asked for.
        directions: usize,
        /// The dimension of the input.
        dimension: usize,
    },
    /// More singular triplets than there are.
    #[error("{asked} singular triplets were asked for; 1 to min(N, d) = {available} can be had")]
    TripletCount {
        /// How many were asked for.
        asked: usize,
        /// min(N, d).
        available: usize,
    },
    /// A real parameter outside its range.
    #[error("{name} is {}; it must be {allowed}", short(.value))]
    OutOfRange {
        /// Which parameter.
        name: &'static str,
        /// The value given.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
    /// Features that are the same in every sample and cannot be scaled to variance 1.
    #[error(
        "the features {columns:?} (from 0) are the same in every sample; \
         a feature must vary to have variance 1: remove them first"
    )]
    ConstantFeatures {
        /// Which features, from 0.
        columns: Vec<usize>,
    },
    /// More samples than the given data have.
    #[error(
        "{needed} different samples are needed and the given data have {available}; \
         take fewer samples a step, fewer steps, or reuse the batch"
    )]
    TooFewSamples {
        /// How many there are.
        available: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A setting of generated data beside given data.
    #[error("{name} does not go with given data, which have inputs and labels of their own")]
    NotWithGivenData {
        /// Which setting.
        name: &'static str,
    },
    /// An activation or link that cannot be integrated against the Gaussian.
    #[error("{name}: {source}")]
    Function {
        /// Which function.
        name: String,
        /// Why.
        source: crate::quadrature::QuadratureError,
    },
    /// A law whose mean is not 0 or whose variance is not 1, or probabilities that do not sum to 1.
    #[error(
        "the {moment} of the law {law} is {}; it must be {} to within {}",
        short(.found), short(.expected), short(.tolerance)
    )]
    Moment {
        /// The name of the law.
        law: String,
        /// What is wrong: mean, variance or sum of probabilities.
        moment: &'static str,
        /// Its value, or the estimate of it.
        found: f64,
        /// What it must be.
        expected: f64,
        /// The difference that is allowed: an accuracy, or six standard errors of the estimate.
        tolerance: f64,
    },
    /// A sampled law whose mean and variance cannot be told from draws.
    #[error(
        "mean and variance of the law {law} cannot be checked: their six-standard-error band from \
         131072 draws is {}, and at most 0.25 is allowed; \
         give the quantile function, or lighter tails",
        short(.uncertainty)
    )]
    Unverified {
        /// The name of the law.
        law: String,
        /// Half the width of the wider band.
        uncertainty: f64,
    },
    /// A function that is not a quantile function.
    #[error(
        "the quantile function of the law {law} is {} at {}; it must not decrease, \
         and be finite between 0 and 1",
        short(.value), short(.at)
    )]
    Quantile {
        /// The name of the law.
        law: String,
        /// The probability.
        at: f64,
        /// The value there.
        value: f64,
    },
    /// The run, or the training of a readout, would need more memory than it may have or than the machine gives.
    #[error("about {needed} bytes of memory are needed; {limit}")]
    Memory {
        /// The estimate in bytes (saturating).
        needed: u128,
        /// The limit, or the machine's answer, in words.
        limit: String,
    },
}

/// Checks that a size is not zero.
pub(crate) fn nonzero(name: &'static str, size: usize) -> Result<(), InvalidSetting> {
    if size == 0 { Err(InvalidSetting::ZeroSize { name }) } else { Ok(()) }
}
