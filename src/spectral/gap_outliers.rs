//! The outliers of a matrix whose bulk has no known law.

use super::largest_gap::Spectrum;
use super::outliers::{OutlierRule, Outliers};
use crate::error::InvalidSetting;

/// The largest gap of [`OutlierRule::LargestGap`] among the first 8 singular values with a factor of 8,
/// for all singular values (decreasing, one or more) of an N x d matrix; fewer than 8 when there are
/// fewer than 25 values, the Marchenko-Pastur edge with a margin of 10 % when there are fewer than 4. A
/// rank that the gap rule refuses, because it is too low for a bulk, is no error: all values above
/// rounding error are then outliers, and the rule names that edge.
pub(crate) fn gap_outliers(
    singular_values: &[f64],
    width: usize,
    dimension: usize,
) -> Result<Outliers, InvalidSetting> {
    let mut rule = match singular_values.len().saturating_sub(1) / 3 {
        0 => OutlierRule::MarchenkoPastur { margin: 0.1 },
        few => OutlierRule::LargestGap { max_outliers: few.min(8), factor: 8.0 },
    };
    if let OutlierRule::LargestGap { max_outliers, .. } = rule {
        let spectrum = Spectrum::new(singular_values, width as f64 + dimension as f64);
        let rank = spectrum.rank();
        if rank > max_outliers && rank <= 2 * max_outliers {
            rule = OutlierRule::AboveEdge { edge: spectrum.rounding_error(), margin: 0.0 };
        }
    }
    rule.apply(singular_values, width, dimension)
}
