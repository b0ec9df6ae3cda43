//! The law of the largest value of a bulk (docs/theory.md, section 18.2).

use super::TracyWidom;
use crate::error::{InvalidSetting, in_range, nonzero};

/// The law of the largest squared singular value of a bulk: `centre` + `scale` times a
/// [`TracyWidom`] variable.
///
/// ```
/// use linear_width::rmt::EdgeLaw;
///
/// // the entries of a 200 x 100 matrix have variance 1/100
/// let law = EdgeLaw::white(200, 100, 0.01)?;
/// let s = law.threshold(0.05)?;
/// assert!((s - 2.42).abs() < 0.03);
/// assert!((law.p_value(s) - 0.05).abs() < 1e-9);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EdgeLaw {
    /// Where the Tracy-Widom variable is 0, near the edge of the bulk of squared singular values.
    pub centre: f64,
    /// The unit of the Tracy-Widom variable.
    pub scale: f64,
}

impl EdgeLaw {
    /// White noise: N x d independent entries of mean 0 and this variance. With
    /// a = sqrt(N - 1/2) and b = sqrt(d - 1/2) the centre is (a + b)^2 and the scale
    /// (a + b) (1/a + 1/b)^(1/3), both times the variance (18.5): Johnstone 2001 with the shifts of
    /// Ma 2012.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`]; [`InvalidSetting::OutOfRange`] unless the variance is finite
    /// and above 0.
    pub fn white(width: usize, dimension: usize, variance: f64) -> Result<Self, InvalidSetting> {
        nonzero("width", width)?;
        nonzero("dimension", dimension)?;
        in_range("the variance", variance, variance > 0.0, "a finite number above 0")?;
        let [a, b] = [width, dimension].map(|n| (n as f64 - 0.5).sqrt());
        let edge = a + b;
        let unit = (1.0 / a + 1.0 / b).cbrt();
        Ok(Self { centre: edge * edge * variance, scale: edge * unit * variance })
    }

    /// The probability that the largest singular value of the bulk is above `singular_value`.
    pub fn p_value(&self, singular_value: f64) -> f64 {
        TracyWidom.survival((singular_value * singular_value - self.centre) / self.scale)
    }

    /// The singular value that the largest one of the bulk exceeds with probability `level`.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless 0 < `level` < 1.
    pub fn threshold(&self, level: f64) -> Result<f64, InvalidSetting> {
        let s = TracyWidom.upper_quantile(level)?;
        Ok(self.scale.mul_add(s, self.centre).max(0.0).sqrt())
    }
}
