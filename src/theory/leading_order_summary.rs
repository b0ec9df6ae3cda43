//! What leading-order theory says of an experiment, in one record.

use std::fmt;

use crate::activation::{Activation, hermite_coefficients};
use crate::data::{Link, Target};
use crate::error::InvalidSetting;
use crate::network::{Scaling, SecondLayerLaw};
use crate::number::Short;
use crate::theory::{FirstStep, SpikeExpansion, TheoryError, information_exponent, reuse_exponent};
use crate::training::StepSize;

/// Coefficients at or below this count as zero.
const ZERO: f64 = 1e-8;
/// Degrees and powers that are searched for the exponents of a link.
const MAX_EXPONENT: usize = 12;
/// Degrees of the activation that are searched for special cases of the count; larger counts are
/// left as the formula gives them.
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
    /// Whether the single-index link is constant: neither exponent exists then.
    pub link_is_constant: bool,
    /// Whether the single-index link is even: there is no reuse exponent then.
    pub link_is_even: bool,
    /// The spike of W_1, for a single-index target in mean-field scaling.
    pub first_step: Option<FirstStep>,
    /// The spikes of W_2, for two or more steps in mean-field scaling on generated data.
    pub spikes: Option<SpikeExpansion>,
}

impl LeadingOrder {
    /// For a network of `width` neurons and phi = d/n; without a target only the activation is
    /// described.
    pub(crate) fn new(
        activation: &dyn Activation,
        target: Option<&Target>,
        steps: &[StepSize],
        second_layer: &SecondLayerLaw,
        scaling: Scaling,
        width: usize,
        phi: f64,
    ) -> Result<Self, InvalidSetting> {
        let spikes = match steps {
            // the theory is for Gaussian inputs labelled by a link
            [first, second, ..] if target.is_some() => {
                match SpikeExpansion::new(first.alpha, second.alpha, scaling) {
                    Ok(spikes) => Some(spikes),
                    Err(TheoryError::StandardScaling) => None,
                    Err(TheoryError::Invalid(problem)) => return Err(problem),
                }
            }
            _ => None,
        };
        let total = spikes.as_ref().map_or(0, SpikeExpansion::total_outliers);
        let degree = total.clamp(3, MAX_DEGREE);
        let c = hermite_coefficients(activation, degree).map_err(|source| {
            InvalidSetting::Function { name: activation.name(), source }.of("activation")
        })?;
        let spikes = match spikes {
            Some(spikes) if total <= degree => {
                let spikes = spikes.with_hermite_coefficients(&c, ZERO)?;
                Some(match second_layer.distinct_nonzero_values() {
                    Some(values) => spikes.with_distinct_second_layer_values(values),
                    None => spikes,
                })
            }
            other => other,
        };
        let mut result = Self {
            activation_coefficients: c,
            link_coefficients: None,
            information_exponent: None,
            reuse_exponent: None,
            link_is_constant: false,
            link_is_even: false,
            first_step: None,
            spikes,
        };
        let Some((target, link)) = target.and_then(|target| Some((target, target.link()?))) else {
            return Ok(result);
        };
        let failed = |source| {
            InvalidSetting::Function { name: link.name().to_owned(), source }.of("target.link")
        };
        let of_link = |problem: InvalidSetting| problem.of("target.link");
        let c_target = link.hermite_coefficients(3).map_err(failed)?;
        result.information_exponent =
            information_exponent(link, MAX_EXPONENT, ZERO).map_err(of_link)?;
        result.reuse_exponent = reuse_exponent(link, MAX_EXPONENT, ZERO).map_err(of_link)?;
        (result.link_is_constant, result.link_is_even) = symmetries(link);
        if scaling == Scaling::MeanField {
            let noiseless = link.root_mean_square().map_err(failed)?.powi(2);
            result.first_step = Some(FirstStep::new(
                steps[0].eta(width),
                result.activation_coefficients[1],
                c_target[1],
                noiseless + target.noise_std().powi(2),
                phi,
            )?);
        }
        result.link_coefficients = Some(c_target);
        Ok(result)
    }
}

/// Whether the link is constant, and whether it is even, at 60 places up to |z| = 6 and to 1e-8 of
/// its largest value.
fn symmetries(link: &Link) -> (bool, bool) {
    let centre = link.value(0.0);
    let places = (1..=60).map(|i| f64::from(i) / 10.0);
    let pairs: Vec<(f64, f64)> = places.map(|z| (link.value(z), link.value(-z))).collect();
    let largest = pairs.iter().fold(centre.abs(), |m, (a, b)| m.max(a.abs()).max(b.abs()));
    let same = |a: f64, b: f64| (a - b).abs() <= ZERO * largest;
    let constant = pairs.iter().all(|(a, b)| same(*a, centre) && same(*b, centre));
    (constant, pairs.iter().all(|(a, b)| same(*a, *b)))
}

impl fmt::Display for LeadingOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.link_coefficients.is_some() {
            let exponent = |e: Option<usize>, by_symmetry: Option<&str>| match (e, by_symmetry) {
                (Some(e), _) => e.to_string(),
                (None, Some(why)) => format!("none (the link is {why})"),
                (None, None) => format!("above {MAX_EXPONENT}"),
            };
            let constant = self.link_is_constant.then_some("constant");
            let even = self.link_is_even.then_some("even");
            writeln!(
                f,
                "link: information exponent {}, reuse exponent {}",
                exponent(self.information_exponent, constant),
                exponent(self.reuse_exponent, constant.or(even))
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
            let terms = spikes.terms();
            let mut exponents: Vec<String> =
                terms.iter().take(SHOWN).map(|t| format!("{:.2}", t.exponent)).collect();
            if terms.len() > SHOWN {
                exponents.push("...".into());
            }
            let cases = spikes.special_cases();
            let left = match cases.is_empty() {
                true => String::new(),
                false => format!(
                    " ({} after special cases: {})",
                    spikes.expected_outliers(),
                    cases.join("; ")
                ),
            };
            writeln!(
                f,
                "leading order, W_2 for large N: {} new directions, {} outliers in total{left}; spikes N^{{{}}}",
                spikes.new_directions(),
                spikes.total_outliers(),
                exponents.join(", ")
            )?;
        }
        Ok(())
    }
}
