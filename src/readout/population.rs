//! What a linear predictor can reach with infinitely many samples.

use crate::data::Target;
use crate::error::{InvalidSetting, in_range, nonnegative};

/// Errors E(y - prediction)^2 over Gaussian inputs x ~ N(0, I), with the best coefficients: no batch
/// enters. `None` for a multi-index target.
///
/// In both cases E y^2 = E g(z)^2 + noise^2, with c*_k = E\[g(z) He_k(z)\] / k! the Hermite
/// coefficients of the link. The best predictor of any kind is the link itself, with error noise^2.
impl Target {
    /// The error of the best constant: E y^2 without an intercept (the constant is 0), and with one
    /// Var y = E y^2 - c*_0^2.
    ///
    /// # Errors
    /// [`InvalidSetting`] when the noise is out of range, the link cannot be integrated against the
    /// Gaussian, or the second moment of the labels overflows.
    pub fn best_constant_error(&self, intercept: bool) -> Result<Option<f64>, InvalidSetting> {
        Ok(best_errors(self, intercept)?.map(|(constant, _)| constant))
    }

    /// The error of the best linear predictor <w, x> + b: that of the
    /// [best constant](Self::best_constant_error) minus c*_1^2, as E\[y x\] = c*_1 beta_* by Stein's
    /// lemma.
    ///
    /// # Errors
    /// As [`best_constant_error`](Self::best_constant_error).
    ///
    /// ```
    /// use linear_width::data::{Link, Target};
    ///
    /// // y = 1 + 2 z + He_2(z): E y^2 = 1 + 4 + 2
    /// let target = Target::single_index(Link::hermite([1.0, 2.0, 1.0]));
    /// let close = |error: Option<f64>, value: f64| (error.unwrap() - value).abs() < 1e-9;
    /// assert!(close(target.best_constant_error(false)?, 7.0));
    /// assert!(close(target.best_linear_error(false)?, 3.0));
    /// assert!(close(target.best_linear_error(true)?, 2.0));
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn best_linear_error(&self, intercept: bool) -> Result<Option<f64>, InvalidSetting> {
        Ok(best_errors(self, intercept)?.map(|(_, linear)| linear))
    }
}

/// The errors of the best constant and of the best linear predictor.
fn best_errors(target: &Target, intercept: bool) -> Result<Option<(f64, f64)>, InvalidSetting> {
    let noise = target.noise_std();
    nonnegative("target.noise", noise)?;
    let Some(link) = target.link() else { return Ok(None) };
    let named = |source| InvalidSetting::Function { name: link.name().to_owned(), source };
    let c = link.hermite_coefficients(1).map_err(named)?;
    let square = link.root_mean_square().map_err(named)?.powi(2);
    let mean = if intercept { c[0] } else { 0.0 };
    // differences of equal numbers may come out below 0 by rounding
    let constant = (square - mean * mean).max(0.0);
    let linear = (constant - c[1] * c[1]).max(0.0);
    let noise = noise * noise;
    in_range("the second moment of the labels", constant + noise, true, "a finite number")?;
    Ok(Some((constant + noise, linear + noise)))
}
