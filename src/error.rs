//! One type for every setting that is out of range.

#[cfg(feature = "cuda")]
mod card;
mod checks;

use std::fmt::Display;

use thiserror::Error;

use crate::number::short;
use crate::quadrature::QuadratureError;

/// A setting that is out of range: what it was, and what is allowed.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidSetting {
    /// A size that must be positive is zero.
    #[error("{name} is 0; it must be at least 1")]
    ZeroSize {
        /// Which size.
        name: &'static str,
    },
    /// A step size C N^alpha whose C is negative or not finite, or whose alpha is outside [0, 1/2).
    #[error("{parameter} of step {step} is {}; it must {allowed}", short(.value))]
    StepSize {
        /// The step, from 1.
        step: usize,
        /// `constant` or `alpha`.
        parameter: &'static str,
        /// The value given.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
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
    #[error("a non-finite entry in {name}; every entry must be a finite number")]
    NonFinite {
        /// What holds it.
        name: &'static str,
    },
    /// An entry of known place that is an infinity or a NaN.
    #[error("{place} of {name} (from 0) is {value}; it must be a finite number")]
    NonFiniteEntry {
        /// What holds it.
        name: &'static str,
        /// Where, from 0: `entry 3`, or `row 2, column 1`.
        place: String,
        /// The entry.
        value: f64,
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
        "the features {columns:?} (from 0) are the same in every sample, to rounding; \
         a feature must vary to have variance 1: remove them first"
    )]
    ConstantFeatures {
        /// Which features, from 0.
        columns: Vec<usize>,
    },
    /// Labels that are the same in every sample and cannot be scaled to variance 1.
    #[error(
        "the given labels are the same in every sample, to rounding; they must vary to have \
         variance 1"
    )]
    ConstantLabels,
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
    /// A problem of a function, which does not know the setting that holds it.
    #[error("{setting}: {problem}")]
    In {
        /// The setting: `activation` or `target.link`.
        setting: &'static str,
        /// The problem.
        problem: Box<InvalidSetting>,
    },
    /// An activation or link that cannot be integrated against the Gaussian.
    #[error("{name}: {source}")]
    Function {
        /// Which function.
        name: String,
        /// Why.
        source: QuadratureError,
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
    /// A sampled law whose draws vary too much to estimate mean and variance, or a function that is
    /// not a quantile function.
    #[error("{problem} of the law {law} {reason}")]
    Law {
        /// The name of the law.
        law: String,
        /// What is wrong: `mean and variance` or `the quantile function`.
        problem: &'static str,
        /// Why, and what is allowed.
        reason: String,
    },
    /// A user's function that panics.
    #[error("{name} panicked when it was tried: {message}")]
    Panicked {
        /// Which function.
        name: String,
        /// What the panic said.
        message: String,
    },
    /// The batch of a step that is not taken.
    #[error("the batch of step {step} was asked for; there are steps 1 to {steps}")]
    NoSuchStep {
        /// The step asked for; the first is 1.
        step: usize,
        /// The number of steps.
        steps: usize,
    },
    /// Samples that a batch does not have.
    #[error("{count} samples from number {first} (from 0) were asked for; there are {samples}")]
    NoSuchSamples {
        /// The first sample asked for, from 0.
        first: usize,
        /// How many were asked for.
        count: usize,
        /// How many there are.
        samples: usize,
    },
    /// A setting that needs a part of the crate that was not compiled.
    #[error(
        "{name} is {value}: this build of linear-width has no such thing; compile it with the \
         feature `{feature}`"
    )]
    NotCompiled {
        /// Which setting.
        name: &'static str,
        /// The value given.
        value: String,
        /// The feature of the crate to compile with.
        feature: &'static str,
    },
    /// A device of an unknown kind.
    #[error("the device is {value:?}; it must be cpu, cuda, or cuda: and the number of a card")]
    NoSuchDevice {
        /// The text given.
        value: String,
    },
    /// The run, or the training of a readout, needs more memory than the limit allows or the
    /// allocator can supply.
    #[error("{} of memory are needed ({needed} bytes); {limit}", in_words(*.needed))]
    Memory {
        /// The estimate in bytes (saturating).
        needed: u128,
        /// The limit, in words.
        limit: String,
    },
    /// The card that was to compute failed, for a function whose errors are settings.
    #[cfg(feature = "cuda")]
    #[error("{problem}")]
    Card {
        /// What [`CudaError`](crate::cuda::CudaError) says.
        problem: String,
    },
}

impl InvalidSetting {
    /// The setting that is wrong, as a configuration spells it: `width`, `steps.2.alpha` (steps
    /// count from 1), `outlier_rule.largest_gap.factor`. `None` for arguments of functions, which
    /// are no settings of an experiment.
    ///
    /// ```
    /// use linear_width::training::StepSize;
    ///
    /// let problem = StepSize::scaled(1.0, 0.7).check(2).unwrap_err();
    /// assert_eq!(problem.path().as_deref(), Some("steps.2.alpha"));
    /// ```
    pub fn path(&self) -> Option<String> {
        let path = match self {
            Self::StepSize { step, parameter, .. } => {
                return Some(format!("steps.{step}.{parameter}"));
            }
            Self::NoSteps => "steps",
            Self::NotNormalised { .. }
            | Self::NotOrthogonal { .. }
            | Self::TooManyDirections { .. } => "target.directions",
            Self::TripletCount { .. } => "triplets",
            Self::NoSuchDevice { .. } => "device",
            Self::Memory { .. } => "memory_limit",
            Self::ConstantFeatures { .. } | Self::ConstantLabels | Self::TooFewSamples { .. } => {
                "data"
            }
            Self::In { setting, .. } => setting,
            Self::ZeroSize { name }
            | Self::Missing { name }
            | Self::Shape { name, .. }
            | Self::NonFinite { name }
            | Self::NonFiniteEntry { name, .. }
            | Self::OutOfRange { name, .. }
            | Self::NotCompiled { name, .. }
            | Self::NotWithGivenData { name } => name,
            _ => return None,
        };
        // settings are named by their paths, arguments of functions by words
        (!path.contains(' ')).then(|| path.to_owned())
    }

    /// For `map_err`: the activation or link `name` cannot be integrated against the Gaussian.
    pub(crate) fn function(name: impl Into<String>) -> impl FnOnce(QuadratureError) -> Self {
        |source| Self::Function { name: name.into(), source }
    }

    /// A problem of a function, with the setting that holds the function; others as they are.
    pub(crate) fn of(self, setting: &'static str) -> Self {
        match self {
            Self::Function { .. } | Self::Panicked { .. } => {
                Self::In { setting, problem: Box::new(self) }
            }
            other => other,
        }
    }
}

/// A number of bytes in the largest binary unit that it fills.
pub(crate) fn in_words(bytes: u128) -> String {
    const UNITS: [&str; 4] = ["GiB", "MiB", "KiB", "bytes"];
    let unit = (0..3).find(|u| bytes >> (10 * (3 - u)) > 0).unwrap_or(3);
    let amount = bytes as f64 / 2_f64.powi(10 * (3 - unit as i32));
    let digits = usize::from(unit < 3 && amount < 99.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// The problems of one error as text: the only one by itself, several under a heading, one a line.
pub(crate) fn listed(problems: &[impl Display]) -> String {
    if let [only] = problems {
        return only.to_string();
    }
    let mut text = format!("{} settings are wrong:", problems.len());
    for problem in problems {
        text += &format!("\n- {problem}");
    }
    text
}

#[cfg(feature = "cuda")]
pub use self::card::CudaError;
#[cfg(feature = "cuda")]
pub(crate) use self::card::OnCard;
pub(crate) use self::checks::{
    finite, finite_list, finite_matrix, has_columns, has_length, has_shape, in_range, nonnegative,
    nonzero,
};
pub(crate) use crate::number::debug_is_display;

debug_is_display!(InvalidSetting);

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn bytes_are_given_in_the_largest_unit() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (150 << 20, "150 MiB"),
            (3 << 29, "1.5 GiB"),
            (24_000_000_000_000, "22352 GiB"),
        ] {
            assert_eq!(in_words(bytes), text);
        }
    }
}
