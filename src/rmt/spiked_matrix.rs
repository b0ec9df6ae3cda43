//! One spike on Marchenko-Pastur noise (docs/theory.md, (11.1) to (11.4)).

use crate::error::{InvalidSetting, in_range};

/// The rank-one deformation W + theta u v^T, W (N x d) with independent entries of variance 1/d,
/// u and v unit vectors, gamma = N/d (Benaych-Georges & Nadakuditi, arXiv:1103.2221, section 3.1).
///
/// ```
/// use linear_width::rmt::SpikedMatrix;
///
/// let model = SpikedMatrix::new(1.0)?; // square: threshold 1
/// assert!(model.spike(0.9)?.is_none());
/// let spike = model.spike(2.0)?.unwrap();
/// assert!((spike.singular_value - 2.5).abs() < 1e-15);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikedMatrix {
    gamma: f64,
}

/// The outlier of a spike, and the overlaps of its singular vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeOutlier {
    /// The outlying singular value sqrt((1 + theta^2)(gamma + theta^2)) / theta.
    pub singular_value: f64,
    /// |<left singular vector, u>|.
    pub left_overlap: f64,
    /// |<right singular vector, v>|.
    pub right_overlap: f64,
}

impl SpikedMatrix {
    /// The model at aspect ratio `gamma` = N/d.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless `gamma` is finite and positive.
    pub fn new(gamma: f64) -> Result<Self, InvalidSetting> {
        super::MarchenkoPastur::new(gamma).map(|law| Self { gamma: law.gamma() })
    }

    /// The threshold gamma^(1/4): weaker spikes leave no outlier.
    pub fn bbp_threshold(&self) -> f64 {
        self.gamma.sqrt().sqrt()
    }

    /// The outlier of a spike of strength `theta`, or `None` at or below the threshold, where both
    /// overlaps vanish. Above it the squared overlaps are 1 - gamma (1 + theta^2) / (theta^2
    /// (theta^2 + gamma)) on the left and 1 - (gamma + theta^2) / (theta^2 (theta^2 + 1)) on the right.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless `theta` is finite and not negative.
    pub fn spike(&self, theta: f64) -> Result<Option<SpikeOutlier>, InvalidSetting> {
        let allowed = "a finite number, 0 or more";
        in_range("the strength of the spike", theta, theta >= 0.0, allowed)?;
        let threshold = self.bbp_threshold();
        if theta <= threshold {
            return Ok(None);
        }
        // both squared overlaps are 1 - gamma / theta^4 over 1 + gamma / theta^2 or 1 + 1 / theta^2;
        // in ratios, so that neither overflows nor cancels
        let below = threshold / theta;
        let excess = (theta - threshold) / theta * (1.0 + below) * (1.0 + below * below);
        let (left, right) = (1.0_f64.hypot(self.gamma.sqrt() / theta), 1.0_f64.hypot(1.0 / theta));
        Ok(Some(SpikeOutlier {
            singular_value: theta.hypot(1.0) * left,
            left_overlap: excess.sqrt() / left,
            right_overlap: excess.sqrt() / right,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuous_at_the_threshold_and_transposable() {
        for gamma in [0.3, 1.0, 2.0] {
            let model = SpikedMatrix::new(gamma).unwrap();
            let just = model.spike(model.bbp_threshold() * (1.0 + 1e-9)).unwrap().unwrap();
            assert!((just.singular_value - 1.0 - gamma.sqrt()).abs() < 1e-8);
            assert!(just.left_overlap < 1e-3 && just.right_overlap < 1e-3);
            // W^T / sqrt(gamma) is the model at 1/gamma with spike theta / sqrt(gamma)
            let (theta, root) = (3.0, gamma.sqrt());
            let here = model.spike(theta).unwrap().unwrap();
            let there =
                SpikedMatrix::new(1.0 / gamma).unwrap().spike(theta / root).unwrap().unwrap();
            assert!((here.singular_value / root - there.singular_value).abs() < 1e-12);
            assert!((here.left_overlap - there.right_overlap).abs() < 1e-12);
            assert!((here.right_overlap - there.left_overlap).abs() < 1e-12);
        }
    }

    #[test]
    fn extreme_strengths() {
        let model = SpikedMatrix::new(2.0).unwrap();
        let huge = model.spike(1e200).unwrap().unwrap();
        assert!((huge.singular_value / 1e200 - 1.0).abs() < 1e-12);
        assert_eq!((huge.left_overlap, huge.right_overlap), (1.0, 1.0));
        assert_eq!(model.spike(0.0).unwrap(), None);
        for theta in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(model.spike(theta).is_err());
        }
    }
}
