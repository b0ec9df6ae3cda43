//! What a linear predictor can reach with infinitely many samples.

use crate::data::Target;
use crate::error::InvalidSetting;

/// Errors E(y - prediction)^2 of a single-index target over Gaussian inputs, with the best
/// coefficients; no batch enters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PopulationErrors {
    /// Of the best constant: E y^2 without an intercept (the constant is 0), Var y with one.
    pub constant: f64,
    /// Of the best linear predictor <w, x> + b: [`constant`](Self::constant) - c*_1^2, with w =
    /// c*_1 beta_*.
    pub linear: f64,
    /// Of the best predictor of any kind, the link itself: the variance of the label noise.
    pub noise: f64,
}

/// The population errors for y = g(<beta*, x>) + eps and x ~ N(0, I).
///
/// With E y^2 = E g(z)^2 + noise^2 and the Hermite coefficients c*_k = E\[g(z) He_k(z)\] / k! of the
/// link: E\[y x\] = c*_1 beta_* by Stein's lemma, so the best linear predictor without intercept
/// has error E y^2 - c*_1^2, and with intercept b = c*_0 it has E y^2 - c*_0^2 - c*_1^2. `None` for
/// a multi-index target.
///
/// # Errors
/// [`InvalidSetting`] when the noise is out of range, the link cannot be integrated against the
/// Gaussian, or the second moment of the labels overflows.
///
/// ```
/// use linear_width::data::{Link, Target};
/// use linear_width::readout::population_errors;
///
/// // y = 1 + 2 z + He_2(z): E y^2 = 1 + 4 + 2
/// let target = Target::single_index(Link::hermite([1.0, 2.0, 1.0]));
/// let plain = population_errors(&target, false)?.unwrap();
/// assert!((plain.constant - 7.0).abs() < 1e-9 && (plain.linear - 3.0).abs() < 1e-9);
/// let with_intercept = population_errors(&target, true)?.unwrap();
/// assert!((with_intercept.linear - 2.0).abs() < 1e-9);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
pub fn population_errors(
    target: &Target,
    intercept: bool,
) -> Result<Option<PopulationErrors>, InvalidSetting> {
    let noise = target.noise_std();
    if !(noise.is_finite() && noise >= 0.0) {
        return Err(InvalidSetting::Noise { value: noise });
    }
    let Some(link) = target.link() else { return Ok(None) };
    let named = |source| InvalidSetting::Function { name: link.name().to_owned(), source };
    let c = link.hermite_coefficients(1).map_err(named)?;
    let square = link.root_mean_square().map_err(named)?.powi(2);
    let mean = if intercept { c[0] } else { 0.0 };
    // differences of equal numbers may come out below 0 by rounding
    let constant = (square - mean * mean).max(0.0);
    let linear = (constant - c[1] * c[1]).max(0.0);
    let noise = noise * noise;
    if !(constant + noise).is_finite() {
        return Err(InvalidSetting::OutOfRange {
            name: "the second moment of the labels",
            value: constant + noise,
            allowed: "a finite number",
        });
    }
    Ok(Some(PopulationErrors { constant: constant + noise, linear: linear + noise, noise }))
}
