//! The target: link, directions, noise.

use std::sync::Arc;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::FunctionConfig;
use super::error::ConfigProblem;
use super::function::one;
use linear_width::InvalidSetting;
use linear_width::activation::Activation;
use linear_width::data::{Link, Target};

/// Largest degree that can be taken out of a link.
const MAX_DEGREE: usize = 40;

/// A single-index target y = g(<beta*, x>) + eps with g(z) = link(argument_scale * z), less its
/// Hermite parts of the degrees `without`.
///
/// ```
/// use linear_width_runs::config::{FunctionConfig, TargetConfig};
///
/// // cos(1.5 z + 0.6), neither constant nor linear part: information exponent 2
/// let cosine = FunctionConfig::Sine { amplitude: 1.0, phase: 0.6 + std::f64::consts::FRAC_PI_2 };
/// let mut target = TargetConfig::new(cosine);
/// target.argument_scale = 1.5;
/// target.without = vec![0, 1];
/// # let link = target.link()?;
/// # assert!(link.hermite_coefficients(1)?.iter().all(|c| c.abs() < 1e-12));
/// # assert!((link.hermite_coefficients(2)?[2] + 0.3014).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// The link before anything is taken out of it.
    pub link: FunctionConfig,
    /// Factor of the argument of the link; finite and not 0. Default: 1.
    #[serde(default = "one")]
    pub argument_scale: f64,
    /// Degrees (at most 40) of the Hermite parts that are taken out; `[0]` centres the link.
    /// Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<usize>,
    /// Rows of B* (1 x d), of unit norm. Default: uniform on the sphere, from the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directions: Option<Vec<Vec<f64>>>,
    /// Standard deviation of the label noise. Default: 0.
    #[serde(default)]
    pub noise: f64,
}

impl TargetConfig {
    /// This link, with nothing taken out, a random direction and no noise.
    pub fn new(link: FunctionConfig) -> Self {
        Self { link, argument_scale: 1.0, without: Vec::new(), directions: None, noise: 0.0 }
    }

    /// The link, with its argument scaled and its parts taken out.
    ///
    /// # Errors
    /// [`InvalidSetting::Function`] when the parts cannot be computed.
    pub fn link(&self) -> Result<Link, InvalidSetting> {
        self.link_of(self.link.activation())
    }

    fn link_of(&self, activation: Arc<dyn Activation>) -> Result<Link, InvalidSetting> {
        let scale = self.argument_scale;
        let link = if scale == 1.0 {
            Link::from_activation(activation)
        } else {
            let name = format!("{} at {scale} z", activation.name());
            let kinks: Vec<f64> = activation.kinks().iter().map(|kink| kink / scale).collect();
            Link::new(name, move |z| activation.value(scale * z)).with_kinks(kinks)
        };
        if self.without.is_empty() {
            return Ok(link);
        }
        let name = link.name().to_owned();
        link.without(&self.without).map_err(|source| InvalidSetting::Function { name, source })
    }

    /// The values out of range that the builder does not look at.
    pub(super) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = self.link.problems("target.link");
        let value = self.argument_scale;
        if !(value.is_finite() && value != 0.0) {
            let (name, allowed) = ("argument_scale", "a finite number other than 0");
            let problem = InvalidSetting::OutOfRange { name, value, allowed };
            problems.push(ConfigProblem::at("target.argument_scale", problem));
        }
        for (entry, degree) in self.without.iter().enumerate() {
            if *degree > MAX_DEGREE {
                let (name, value) = ("without", *degree as f64);
                let problem = InvalidSetting::OutOfRange { name, value, allowed: "at most 40" };
                problems.push(ConfigProblem::at(format!("target.without.{}", entry + 1), problem));
            }
        }
        let rows = self.directions.as_deref().unwrap_or_default();
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().find(|row| row.len() != columns) {
            let problem = InvalidSetting::Shape {
                name: "a row of target.directions",
                found: row.len().to_string(),
                expected: format!("{columns}, as the first"),
            };
            problems.push(ConfigProblem::at("target.directions", problem));
        }
        problems
    }

    /// The target; [`problems`](Self::problems) must be empty.
    pub(super) fn target(&self) -> Result<Target, InvalidSetting> {
        self.target_with(self.link.activation())
    }

    /// The target with a function that has no name in TOML in place of [`link`](Self::link): its
    /// argument is scaled and its Hermite parts are taken out in the same way.
    ///
    /// # Errors
    /// [`InvalidSetting::Function`] when the parts cannot be computed.
    pub fn target_with(&self, function: Arc<dyn Activation>) -> Result<Target, InvalidSetting> {
        Ok(self.placed(Target::single_index(self.link_of(function)?)))
    }

    /// Another target, for example with a link of several numbers, with the [`noise`](Self::noise) and
    /// the [`directions`](Self::directions) of this one.
    pub fn placed(&self, target: Target) -> Target {
        let target = target.noise(self.noise);
        match &self.directions {
            Some(rows) => {
                let shape = (rows.len(), rows.first().map_or(0, Vec::len));
                target.directions(Array2::from_shape_fn(shape, |(i, j)| rows[i][j]))
            }
            None => target,
        }
    }
}
