//! The best threshold for singular values (Gavish & Donoho, "The optimal hard threshold for singular
//! values is 4/sqrt(3)", IEEE Transactions on Information Theory 2014).

use crate::error::{InvalidSetting, has_length, in_range};
use crate::rmt::MarchenkoPastur;
use crate::spectral::noise_scale::quantile;

/// Below which singular values of a low-rank matrix under white noise are best set to 0: the mean
/// squared error of what is kept is then least, for large sizes and whatever the low-rank part is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HardThreshold {
    /// lambda(beta) sqrt(max(N, d)) sigma for the fitted scale sigma
    /// ([`BulkFit::scale`](super::BulkFit::scale)), beta = min(N, d) / max(N, d); lambda(1) = 4/sqrt(3).
    pub by_scale: f64,
    /// How many singular values are above it.
    pub rank_by_scale: usize,
    /// omega(beta) times the median of all singular values; omega(1) = 2.858.
    pub by_median: f64,
    /// How many singular values are above it.
    pub rank_by_median: usize,
}

impl HardThreshold {
    pub(super) fn new(
        s: &[f64],
        rows: usize,
        columns: usize,
        scale: f64,
    ) -> Result<Self, InvalidSetting> {
        has_length("the list of singular values", s.len(), rows.min(columns))?;
        let (long, short) = (rows.max(columns) as f64, rows.min(columns) as f64);
        let beta = short / long;
        let by_scale = known_noise(beta) * long.sqrt() * scale;
        let last = s.len() - 1;
        let median = 0.5 * s[last / 2] + 0.5 * s[last.div_ceil(2)];
        in_range("the median of the singular values", median, median > 0.0, "above 0")?;
        let by_median = unknown_noise(beta)? * median;
        let above = |threshold: f64| s.iter().take_while(|s| **s > threshold).count();
        Ok(Self {
            by_scale,
            rank_by_scale: above(by_scale),
            by_median,
            rank_by_median: above(by_median),
        })
    }
}

/// lambda(beta), their equation (11).
fn known_noise(beta: f64) -> f64 {
    let b = beta + 1.0;
    (2.0 * b + 8.0 * beta / (b + (beta * beta + 14.0 * beta + 1.0).sqrt())).sqrt()
}

/// omega(beta) = lambda(beta) / sqrt(mu), their section III E; sqrt(mu) is the median of the singular
/// values of white noise of variance 1/max(N, d).
fn unknown_noise(beta: f64) -> Result<f64, InvalidSetting> {
    Ok(known_noise(beta) / quantile(&MarchenkoPastur::new(beta.recip())?, 0.5)
        * beta.sqrt().recip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of their Table IV and of their abstract.
    #[test]
    fn published_coefficients() {
        assert!((known_noise(1.0) - 4.0 / 3f64.sqrt()).abs() < 1e-14);
        for (beta, omega) in
            [(0.05, 1.5194), (0.1, 1.6089), (0.2, 1.7650), (0.5, 2.1711), (1.0, 2.8582)]
        {
            let found = unknown_noise(beta).unwrap();
            assert!((found - omega).abs() < 6e-5, "{beta}: {found}");
        }
    }
}
