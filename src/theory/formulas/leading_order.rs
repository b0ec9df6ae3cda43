//! What the formulas say of one experiment, before it is run.

use std::fmt;

use super::{FirstStep, SpikeExpansion, information_exponent, reuse_exponent};
use crate::activation::Activation;
use crate::data::{Link, Target};
use crate::error::InvalidSetting;
use crate::network::{Scaling, SecondLayerLaw};
use crate::number::Short;
use crate::training::StepSize;

/// Coefficients at or below this count as zero.
const ZERO: f64 = 1e-8;
/// Degrees and powers looked at for the exponents of a link.
const MAX_EXPONENT: usize = 12;
/// Degrees of the activation looked at for the special cases of the count; beyond it the formula
/// stands as it is.
const MAX_DEGREE: usize = 40;

/// What leading-order theory says of the settings; no simulation enters.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeadingOrder {
    /// Hermite coefficients c_0, c_1, ... of the activation.
    pub activation_coefficients: Vec<f64>,
    /// Hermite coefficients c*_0, c*_1, ... of a single-index link.
    pub link_coefficients: Option<Vec<f64>>,
    /// Information exponent of a single-index link (up to degree 12), `None` if larger.
    pub information_exponent: Option<usize>,
    /// Reuse exponent of a single-index link (up to 12), `None` if larger or infinite.
    pub reuse_exponent: Option<usize>,
    /// The symmetry that leaves a single-index link without an exponent: "even" (no reuse exponent)
    /// or "constant" (neither). `None`: a missing exponent is above 12.
    pub link_symmetry: Option<String>,
    /// The spike of W_1, for a single-index target in mean-field scaling.
    pub first_step: Option<FirstStep>,
    /// The spikes of W_2, for two or more steps in mean-field scaling on generated data.
    pub spikes: Option<SpikeExpansion>,
}

impl LeadingOrder {
    /// For one experiment; `target` is `None` for given data, where the formulas do not apply.
    pub(crate) fn new(
        activation: &dyn Activation,
        target: Option<&Target>,
        steps: &[StepSize],
        second_layer: &SecondLayerLaw,
        scaling: Scaling,
        (width, dimension, samples): (usize, usize, usize),
    ) -> Result<Self, InvalidSetting> {
        let named = |name: String| move |source| InvalidSetting::Function { name, source };
        let mean_field = target.filter(|_| scaling == Scaling::MeanField);
        let mut spikes = match (mean_field, steps) {
            (Some(_), [first, second, ..]) => Some(SpikeExpansion::new(first.alpha, second.alpha)?),
            _ => None,
        };
        let total = spikes.as_ref().map_or(0, |spikes| spikes.count().total);
        let degree = total.clamp(3, MAX_DEGREE);
        let c = activation.hermite_coefficients(degree).map_err(named(activation.name()))?;
        if let Some(expansion) = spikes.take_if(|_| total <= degree) {
            let expansion = expansion.with_hermite_coefficients(&c, ZERO)?;
            spikes = Some(match second_layer.distinct_nonzero_values() {
                Some(values) => expansion.with_distinct_second_layer_values(values),
                None => expansion,
            });
        }
        let mut result = Self {
            activation_coefficients: c,
            link_coefficients: None,
            information_exponent: None,
            reuse_exponent: None,
            link_symmetry: None,
            first_step: None,
            spikes,
        };
        let Some(link) = target.and_then(Target::link) else { return Ok(result) };
        let name = || named(link.name().to_owned());
        let c_target = link.hermite_coefficients(3).map_err(name())?;
        result.information_exponent = information_exponent(link, MAX_EXPONENT, ZERO)?;
        result.reuse_exponent = reuse_exponent(link, MAX_EXPONENT, ZERO)?;
        result.link_symmetry = symmetry(link).map(str::to_owned);
        if let Some(target) = mean_field {
            result.first_step = Some(FirstStep::new(
                steps[0].eta(width),
                result.activation_coefficients[1],
                c_target[1],
                link.root_mean_square().map_err(name())?.powi(2) + target.noise_std().powi(2),
                dimension as f64 / samples as f64,
            )?);
        }
        result.link_coefficients = Some(c_target);
        Ok(result)
    }
}

impl fmt::Display for LeadingOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.link_coefficients.is_some() {
            let exponent = |e: Option<usize>, by_symmetry: Option<&str>| match (e, by_symmetry) {
                (Some(e), _) => e.to_string(),
                (None, Some(why)) => format!("none (the link is {why})"),
                (None, None) => format!("above {MAX_EXPONENT}"),
            };
            let symmetry = self.link_symmetry.as_deref();
            writeln!(
                f,
                "link: information exponent {}, reuse exponent {}",
                exponent(self.information_exponent, symmetry.filter(|s| *s == "constant")),
                exponent(self.reuse_exponent, symmetry)
            )?;
        }
        if let Some(first) = &self.first_step {
            writeln!(
                f,
                "leading order, W_1: spike of strength {:.3}, overlap with the target {:.3}",
                Short(first.strength),
                first.target_overlap
            )?;
        }
        if let Some(spikes) = &self.spikes {
            const SHOWN: usize = 12;
            let terms = spikes.exponents();
            let mut exponents: Vec<String> =
                terms.iter().take(SHOWN).map(|exponent| format!("{exponent:.2}")).collect();
            if terms.len() > SHOWN {
                exponents.push("...".into());
            }
            let (count, cases) = (spikes.count(), spikes.special_cases());
            let left = match cases.is_empty() {
                true => String::new(),
                false => {
                    format!(" ({} after special cases: {})", count.corrected, cases.join("; "))
                }
            };
            writeln!(
                f,
                "leading order, W_2 for large N: {} new directions, {} outliers in total{left}; spikes N^{{{}}}",
                count.new_directions,
                count.total,
                exponents.join(", ")
            )?;
        }
        Ok(())
    }
}

/// The symmetry of a link, looked for at 60 places up to |z| = 6, to 1e-8 of the largest value.
fn symmetry(link: &Link) -> Option<&'static str> {
    let centre = link.value(0.0);
    let places = (1..=60).map(|i| f64::from(i) / 10.0);
    let pairs: Vec<(f64, f64)> = places.map(|z| (link.value(z), link.value(-z))).collect();
    let largest = pairs.iter().fold(centre.abs(), |m, (a, b)| m.max(a.abs()).max(b.abs()));
    let same = |a: f64, b: f64| (a - b).abs() <= ZERO * largest;
    if pairs.iter().all(|(a, b)| same(*a, centre) && same(*b, centre)) {
        Some("constant")
    } else {
        pairs.iter().all(|(a, b)| same(*a, *b)).then_some("even")
    }
}
