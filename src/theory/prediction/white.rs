//! The law of the largest value of W_0.

use crate::rmt::EdgeLaw;
use crate::theory::observables::Sample;
use crate::theory::observables::isotropic::Bulk;

/// The law of the largest squared singular value of an N x d first layer before the first step (18.11),
/// whose rows have norm 1, or are Gaussian with that norm on average, beside so many outliers.
pub(crate) fn white_edge_law(
    width: usize,
    dimension: usize,
    outliers: usize,
    unit_rows: bool,
) -> EdgeLaw {
    let bulk = Bulk::new(width as f64 / dimension as f64, vec![1.0], vec![1.0]);
    bulk.edge_shape().law(&Sample { outliers, unit_rows, ..Sample::of_dimension(dimension) })
}
