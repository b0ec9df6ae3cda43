//! Does the number of nodes matter? See docs/theory.md, section 6.

use super::error::PredictionError;
use super::setting::{Options, Setting};
use super::{Prediction, predict};

/// Largest changes when all node counts are doubled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Relative change of the edge and of the singular values of outliers; infinite when their
    /// number changes.
    pub singular_values: f64,
    /// Absolute change of all overlaps; infinite when the number of outliers changes.
    pub overlaps: f64,
}

/// Predicts with `options` and with all node counts doubled, and compares. Costs about ten times
/// one prediction.
///
/// # Errors
/// Those of [`predict`].
pub fn convergence(setting: &Setting, options: &Options) -> Result<Convergence, PredictionError> {
    let coarse = predict(setting, options)?;
    let fine = predict(setting, &Options { nodes: options.nodes.scaled(2.0), ..*options })?;
    Ok(compare(&coarse, &fine))
}

fn compare(a: &Prediction, b: &Prediction) -> Convergence {
    if a.outliers.len() != b.outliers.len() {
        return Convergence { singular_values: f64::INFINITY, overlaps: f64::INFINITY };
    }
    let mut change = Convergence { singular_values: (a.edge / b.edge - 1.0).abs(), overlaps: 0.0 };
    for (a, b) in a.outliers.iter().zip(&b.outliers) {
        change.singular_values =
            change.singular_values.max((a.singular_value / b.singular_value - 1.0).abs());
        let pairs = a
            .direction_overlaps
            .iter()
            .zip(&b.direction_overlaps)
            .chain(a.left_overlaps.iter().zip(&b.left_overlaps));
        for (a, b) in pairs {
            change.overlaps = change.overlaps.max((a - b).abs());
        }
    }
    change
}
