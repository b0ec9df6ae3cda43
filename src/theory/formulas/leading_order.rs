//! What the formulas say of one experiment, before it is run.

use std::fmt;

use super::SpikeExpansion;
use crate::activation::Activation;
use crate::data::{Link, Target};
use crate::error::{InvalidSetting, in_range, nonnegative};
use crate::network::{Scaling, SecondLayerLaw};
use crate::number::Short;
use crate::training::StepSize;

/// Coefficients at or below this count as zero.
const ZERO: f64 = 1e-8;
/// Degrees and powers looked at for the exponents of a link.
const MAX_EXPONENT: usize = 12;
/// Degrees of the activation looked at for the special cases of the count.
const MAX_DEGREE: usize = 40;

/// What leading-order theory says of the settings; no simulation enters.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// |beta_1|^2 = |c*_1|^2 + (d/n) E y^2 with beta_1 = X_1^T y_1 / n (2.3). This and the next two
    /// are known for a single-index target in mean-field scaling.
    pub beta_norm_squared: Option<f64>,
    /// Overlap of beta_1 with the teacher direction, |c*_1| / |beta_1|.
    pub beta_target_overlap: Option<f64>,
    /// Strength eta_1 |c_1| |beta_1| of the spike in W_1 = W_0 + eta_1 c_1 a beta_1^T + o(1) (2.2);
    /// its outlier is that of a [`SpikedMatrix`](crate::rmt::SpikedMatrix).
    pub first_spike_strength: Option<f64>,
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
        let mean_field = target.filter(|_| scaling == Scaling::MeanField);
        let mut spikes = match (mean_field, steps) {
            (Some(_), [first, second, ..]) => Some(SpikeExpansion::new(first.alpha, second.alpha)?),
            _ => None,
        };
        let total = spikes.as_ref().map_or(0, |spikes| spikes.count().total);
        let degree = total.clamp(3, MAX_DEGREE);
        let c = activation
            .hermite_coefficients(degree)
            .map_err(InvalidSetting::function(activation.name()))?;
        if let Some(expansion) = spikes.take_if(|_| total <= degree) {
            let expansion = expansion.with_hermite_coefficients(&c, ZERO)?;
            spikes = Some(match second_layer.distinct_nonzero_values() {
                Some(values) => expansion.with_distinct_second_layer_values(values),
                None => expansion,
            });
        }
        let mut result = Self { activation_coefficients: c, spikes, ..Self::default() };
        let Some(link) = target.and_then(Target::link) else { return Ok(result) };
        let c_target =
            link.hermite_coefficients(3).map_err(InvalidSetting::function(link.name()))?;
        result.information_exponent = link.information_exponent(MAX_EXPONENT, ZERO)?;
        result.reuse_exponent = link.reuse_exponent(MAX_EXPONENT, ZERO)?;
        result.link_symmetry = symmetry(link).map(str::to_owned);
        if let Some(target) = mean_field {
            let (norm_squared, overlap, strength) = first_spike(
                steps[0].eta(width),
                result.activation_coefficients[1],
                c_target[1],
                link.root_mean_square().map_err(InvalidSetting::function(link.name()))?.powi(2)
                    + target.noise_std().powi(2),
                dimension as f64 / samples as f64,
            )?;
            result.beta_norm_squared = Some(norm_squared);
            result.beta_target_overlap = Some(overlap);
            result.first_spike_strength = Some(strength);
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
        if let (Some(strength), Some(overlap)) =
            (self.first_spike_strength, self.beta_target_overlap)
        {
            writeln!(
                f,
                "leading order, W_1: spike of strength {:.3}, overlap with the target {overlap:.3}",
                Short(strength)
            )?;
        }
        if let Some(spikes) = &self.spikes {
            const SHOWN: usize = 12;
            let terms = spikes.exponents();
            let shown = terms.iter().take(SHOWN).map(|exponent| format!("{exponent:.2}"));
            let more = (terms.len() > SHOWN).then(|| "...".to_owned());
            let exponents: Vec<String> = shown.chain(more).collect();
            let count = spikes.count();
            let left = match spikes.special_cases().join("; ") {
                none if none.is_empty() => none,
                cases => format!(" ({} after special cases: {cases})", count.corrected),
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

/// |beta_1|^2, its overlap with the teacher direction and the strength of the first spike (Ba et al.,
/// arXiv:2205.01445), from the Hermite coefficients of activation and link, E y^2 and phi = d/n.
fn first_spike(
    eta: f64,
    c_1: f64,
    c_1_target: f64,
    second_moment: f64,
    phi: f64,
) -> Result<(f64, f64, f64), InvalidSetting> {
    nonnegative("the step size eta", eta)?;
    in_range("the Hermite coefficient c_1", c_1, true, "a finite number")?;
    in_range("the Hermite coefficient c*_1", c_1_target, true, "a finite number")?;
    nonnegative("the second moment of the labels", second_moment)?;
    nonnegative("the ratio d/n", phi)?;
    let norm_squared = c_1_target * c_1_target + phi * second_moment;
    let norm = norm_squared.sqrt();
    let strength = eta * c_1.abs() * norm;
    // huge arguments, or the product of a huge and a vanishing one
    nonnegative("|beta_1|^2", norm_squared)?;
    nonnegative("the strength of the first spike", strength)?;
    let overlap = if norm > 0.0 { (c_1_target.abs() / norm).min(1.0) } else { 0.0 };
    Ok((norm_squared, overlap, strength))
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

#[cfg(test)]
mod tests {
    use super::first_spike;
    use crate::rmt::SpikedMatrix;

    #[test]
    fn first_spike_makes_an_outlier() {
        let (norm_squared, _, strength) = first_spike(20.0, 0.6, 0.5, 0.25, 1.0).unwrap();
        assert_eq!(norm_squared, 0.5);
        let outlier = SpikedMatrix::new(2.0).unwrap().spike(strength).unwrap().unwrap();
        assert!(outlier.singular_value > strength);
    }

    /// All arguments at once take all values that are special.
    #[test]
    fn first_step_is_finite_or_refused() {
        let special = [0.0, 1.0, -1.0, 0.5, 1e-12, -1e-160, 1e-308, 5e-324, 3e150, -1e200, 1e308];
        let special = [&special[..], &[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]].concat();
        let count = special.len();
        let unit = |x: f64| (0.0..=1.0).contains(&x);
        for case in 0..count.pow(5) {
            let at = |place: u32| special[case / count.pow(place) % count];
            let arguments = [at(0), at(1), at(2), at(3), at(4)];
            let [eta, c_1, c_1_target, second_moment, phi] = arguments;
            match first_spike(eta, c_1, c_1_target, second_moment, phi) {
                Ok((norm_squared, overlap, strength)) => {
                    assert!(unit(overlap), "{arguments:?}");
                    assert!(norm_squared.is_finite() && strength.is_finite(), "{arguments:?}");
                    assert!(norm_squared >= 0.0 && strength >= 0.0, "{arguments:?}");
                    let outlier = SpikedMatrix::new(2.0).unwrap().spike(strength).unwrap();
                    assert!(outlier.is_none_or(|outlier| unit(outlier.right_overlap)));
                }
                Err(_) => {
                    let ordinary = |x: f64| x.is_finite() && x.abs() <= 1e30;
                    let bad = eta < 0.0 || second_moment < 0.0 || phi < 0.0;
                    assert!(bad || !arguments.into_iter().all(ordinary), "{arguments:?}");
                }
            }
        }
    }

    /// A norm that overflows, times a step that is zero.
    #[test]
    fn first_step_refuses_norms_that_overflow() {
        assert!(first_spike(0.0, 1.0, 1e200, 1.0, 1.0).is_err());
        assert!(first_spike(1e200, 1e200, 1.0, 1.0, 1.0).is_err());
    }
}
