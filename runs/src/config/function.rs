//! Activations and links by name.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::error::ConfigProblem;
use linear_width::InvalidSetting;
use linear_width::activation::{
    Activation, Erf, Gelu, HermiteSeries, LeakyRelu, Relu, Sigmoid, Silu, Sine, Softplus, Tanh,
};

/// A function of one real number, by name and parameters: the built-in activations, and finite
/// Hermite series. In TOML: `"relu"`, `{ tanh = { scale = 2.0, shift = 0.5 } }`,
/// `{ hermite = [0, 1] }`.
///
/// ```
/// use linear_width::activation::Activation;
/// use linear_width_runs::config::FunctionConfig;
///
/// let tanh = FunctionConfig::Tanh { scale: 2.0, shift: 0.5 };
/// assert_eq!(tanh.activation().value(0.0_f64), 2.0 * 0.5_f64.tanh());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FunctionConfig {
    /// scale * tanh(z + shift).
    Tanh {
        /// Factor in front. Default: 1.
        #[serde(default = "one")]
        scale: f64,
        /// Added to the argument. Default: 0.
        #[serde(default)]
        shift: f64,
    },
    /// The error function.
    Erf,
    /// The logistic function 1/(1 + exp(-z)).
    Sigmoid,
    /// amplitude * sin(z + phase).
    Sine {
        /// Factor in front. Default: 1.
        #[serde(default = "one")]
        amplitude: f64,
        /// Added to the argument. Default: 0.
        #[serde(default)]
        phase: f64,
    },
    /// max(z, 0).
    Relu,
    /// z for z > 0, slope * z otherwise.
    LeakyRelu {
        /// Slope on the negative side. Default: 0.01.
        #[serde(default = "leak")]
        slope: f64,
    },
    /// (scale/beta) log(1 + exp(beta z)).
    Softplus {
        /// Sharpness of the corner; positive. Default: 1.
        #[serde(default = "one")]
        beta: f64,
        /// Factor in front. Default: 1.
        #[serde(default = "one")]
        scale: f64,
    },
    /// z Phi(z).
    Gelu,
    /// z / (1 + exp(-z)).
    Silu,
    /// sum_k c_k He_k(z) in the probabilists' Hermite polynomials: c_0, c_1, ...
    Hermite(Vec<f64>),
}

pub(super) fn one() -> f64 {
    1.0
}

fn leak() -> f64 {
    LeakyRelu::default().slope
}

impl FunctionConfig {
    /// The function as an activation.
    pub fn activation(&self) -> Arc<dyn Activation> {
        match self.clone() {
            Self::Tanh { scale, shift } => Tanh { scale, shift }.shared(),
            Self::Erf => Erf.shared(),
            Self::Sigmoid => Sigmoid.shared(),
            Self::Sine { amplitude, phase } => Sine { amplitude, phase }.shared(),
            Self::Relu => Relu.shared(),
            Self::LeakyRelu { slope } => LeakyRelu { slope }.shared(),
            Self::Softplus { beta, scale } => Softplus { beta, scale }.shared(),
            Self::Gelu => Gelu.shared(),
            Self::Silu => Silu.shared(),
            Self::Hermite(coefficients) => HermiteSeries::new(coefficients).shared(),
        }
    }

    /// The parameters that are out of range; `key` is the key of this function.
    pub(super) fn problems(&self, key: &str) -> Vec<ConfigProblem> {
        let numbers = match self {
            Self::Tanh { scale, shift } => vec![("tanh.scale", *scale), ("tanh.shift", *shift)],
            Self::Sine { amplitude, phase } => {
                vec![("sine.amplitude", *amplitude), ("sine.phase", *phase)]
            }
            Self::LeakyRelu { slope } => vec![("leaky_relu.slope", *slope)],
            Self::Softplus { beta, scale } => {
                vec![("softplus.beta", *beta), ("softplus.scale", *scale)]
            }
            Self::Hermite(coefficients) if coefficients.is_empty() => {
                let problem = InvalidSetting::ZeroSize { name: "the number of coefficients" };
                return vec![ConfigProblem::at(format!("{key}.hermite"), problem)];
            }
            Self::Hermite(coefficients) => coefficients.iter().map(|c| ("hermite", *c)).collect(),
            Self::Erf | Self::Sigmoid | Self::Relu | Self::Gelu | Self::Silu => vec![],
        };
        let problem = |(entry, (name, value)): (usize, (&'static str, f64))| {
            let allowed = match name {
                "softplus.beta" if !(value.is_finite() && value > 0.0) => "a finite number above 0",
                _ if !value.is_finite() => "a finite number",
                _ => return None,
            };
            let key = match name {
                "hermite" => format!("{key}.{name}.{}", entry + 1),
                _ => format!("{key}.{name}"),
            };
            let problem = InvalidSetting::OutOfRange { name, value, allowed };
            Some(ConfigProblem::at(key, problem))
        };
        numbers.into_iter().enumerate().filter_map(problem).collect()
    }
}
