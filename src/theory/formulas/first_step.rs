//! The outlier of the first step.
//!
//! Equations: docs/theory.md, (2.2), (2.3).

use crate::error::{InvalidSetting, in_range};
use crate::rmt::{SpikeOutlier, SpikedMatrix};

/// The spike of the first step at leading order: W_1 = W_0 + eta_1 c_1 a beta_1^T + o(1) with
/// beta_1 = X_1^T y_1 / n (Ba et al., arXiv:2205.01445).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FirstStep {
    /// |beta_1|^2 = |c*_1|^2 + (d/n) E y^2.
    pub beta_norm_squared: f64,
    /// |<beta_1/|beta_1|, beta*>| = |c*_1| / |beta_1|.
    pub target_overlap: f64,
    /// Strength eta_1 |c_1| |beta_1| of the spike.
    pub strength: f64,
}

impl FirstStep {
    /// From the step size `eta`, the coefficients c_1 of the activation and c*_1 of the link, E y^2
    /// (noise included) and phi = d/n.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when an argument or the strength is not finite, or `eta`,
    /// E y^2 or phi negative.
    ///
    /// ```
    /// use linear_width::theory::FirstStep;
    ///
    /// let step = FirstStep::new(20.0, 0.6, 0.5, 0.25, 1.0)?;
    /// assert_eq!(step.beta_norm_squared, 0.5);
    /// let outlier = step.outlier(2.0)?.unwrap();
    /// assert!(outlier.singular_value > step.strength);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn new(
        eta: f64,
        c_1: f64,
        c_1_target: f64,
        second_moment: f64,
        phi: f64,
    ) -> Result<Self, InvalidSetting> {
        let positive =
            |name, value| in_range(name, value, value >= 0.0, "a finite number, 0 or more");
        positive("the step size eta", eta)?;
        in_range("the Hermite coefficient c_1", c_1, true, "a finite number")?;
        in_range("the Hermite coefficient c*_1", c_1_target, true, "a finite number")?;
        positive("the second moment of the labels", second_moment)?;
        positive("the ratio d/n", phi)?;
        let beta_norm_squared = c_1_target * c_1_target + phi * second_moment;
        let norm = beta_norm_squared.sqrt();
        let strength = eta * c_1.abs() * norm;
        // huge arguments, or the product of a huge and a vanishing one
        positive("|beta_1|^2", beta_norm_squared)?;
        positive("the strength of the first spike", strength)?;
        let target_overlap = if norm > 0.0 { (c_1_target.abs() / norm).min(1.0) } else { 0.0 };
        Ok(Self { beta_norm_squared, target_overlap, strength })
    }

    /// The outlier this spike makes on the Marchenko-Pastur bulk of W_0 at gamma = N/d, or `None`
    /// below the threshold. Multiply `right_overlap` by `target_overlap` for the overlap with
    /// beta*.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless `gamma` is finite and positive.
    pub fn outlier(&self, gamma: f64) -> Result<Option<SpikeOutlier>, InvalidSetting> {
        SpikedMatrix::new(gamma)?.spike(self.strength)
    }
}
