//! The singular triplets of W within a span, and their residuals.

use ndarray::{Array2, Axis};

use super::operator::Operator;
use crate::linalg::error::Fallible;
use crate::linalg::{Element, SingularTriplets, multiply};

/// The singular triplets of W within the span of the orthonormal rows `vectors`, and their
/// residuals |W^T u - s v| relative to s_1. W itself is used and not W^T W, so that small values keep
/// their digits.
pub(super) fn triplets_within<T: Element>(
    weights: &impl Operator<T>,
    vectors: &Array2<T>,
    tolerance: f64,
) -> Fallible<(SingularTriplets<T>, Vec<f64>)> {
    let (image, square) = weights.normal_product(vectors)?;
    let mut triplets = T::svd(image.t(), true)?;
    let rotation = triplets.right;
    triplets.right = multiply(rotation.view(), vectors.view());

    // W^T u is a row of `rotation` W^T W divided by s: no second pass over W, unless the division
    // makes the rounding error too large
    let values = triplets.singular_values.view().insert_axis(Axis(1));
    let first = values[[0, 0]].as_f64();
    let rounding = T::epsilon().as_f64() * first / values[[values.nrows() - 1, 0]].as_f64();
    let adjoint = if rounding <= tolerance / 4.0 {
        multiply(rotation.view(), square.view()) / values
    } else {
        weights.adjoint(triplets.left.t())?
    };
    let differences = adjoint - &triplets.right * &values;
    let residuals = differences.rows().into_iter().map(|row| {
        let norm = row.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt();
        if first > 0.0 { norm / first } else { 0.0 }
    });
    Ok((triplets, residuals.collect()))
}
