//! Step sizes that grow with the width.

use crate::error::InvalidSetting;
use crate::number::Short;

/// eta = C N^alpha. A plain number is alpha = 0, and converts: `StepSize::from(3.0)`.
///
/// ```
/// use linear_width::training::StepSize;
///
/// assert_eq!(StepSize::scaled(2.0, 0.25).eta(10_000), 20.0);
/// assert_eq!(StepSize::from(3.0).eta(10_000), 3.0);
/// assert!(StepSize::scaled(2.0, 0.5).check(1).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StepSize {
    /// The constant C.
    pub constant: f64,
    /// The exponent alpha, in [0, 1/2).
    pub alpha: f64,
}

impl StepSize {
    /// C N^alpha.
    pub fn scaled(constant: f64, alpha: f64) -> Self {
        Self { constant, alpha }
    }

    /// eta at this width.
    pub fn eta(&self, width: usize) -> f64 {
        self.constant * (width as f64).powf(self.alpha)
    }

    /// Checks 0 <= C < infinity and 0 <= alpha < 1/2; `step` (from 1) is named in the error.
    ///
    /// # Errors
    /// [`InvalidSetting::StepSize`].
    pub fn check(&self, step: usize) -> Result<(), InvalidSetting> {
        let Self { constant, alpha } = *self;
        let (parameter, value, allowed) = if !(constant.is_finite() && constant >= 0.0) {
            ("constant", constant, "be a finite number, 0 or more")
        } else if !(0.0..0.5).contains(&alpha) {
            ("alpha", alpha, "lie in [0, 0.5)")
        } else {
            return Ok(());
        };
        Err(InvalidSetting::StepSize { step, parameter, value, allowed })
    }
}

impl From<f64> for StepSize {
    fn from(eta: f64) -> Self {
        Self { constant: eta, alpha: 0.0 }
    }
}

impl std::fmt::Display for StepSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.alpha == 0.0 {
            write!(f, "{}", Short(self.constant))
        } else {
            write!(f, "{} N^{}", Short(self.constant), Short(self.alpha))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_their_names() {
        let step = StepSize::scaled(2.0, 0.25);
        assert_eq!((step.constant, step.alpha, step.eta(16)), (2.0, 0.25, 4.0));
        assert_eq!(StepSize::from(3.0).eta(1000), 3.0);
        assert_eq!(
            (step.to_string(), StepSize::from(3.0).to_string()),
            ("2 N^0.25".into(), "3".into())
        );
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert!(StepSize::scaled(0.0, 0.0).check(1).is_ok());
        assert!(StepSize::scaled(2.0, 0.499).check(1).is_ok());
        for constant in [-1e-9, f64::NAN, f64::INFINITY] {
            let problem = StepSize::from(constant).check(2).unwrap_err();
            assert!(matches!(
                problem,
                InvalidSetting::StepSize { step: 2, parameter: "constant", .. }
            ));
        }
        for alpha in [-1e-9, 0.5, f64::NAN] {
            let problem = StepSize::scaled(1.0, alpha).check(1).unwrap_err();
            assert!(matches!(
                problem,
                InvalidSetting::StepSize { step: 1, parameter: "alpha", .. }
            ));
        }
    }
}
