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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{SharedActivation, Tanh};
    use crate::data::{Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::{Nodes, NoiseModel};
    use crate::training::BatchPolicy;

    #[test]
    fn the_largest_change_counts() {
        let setting = Setting {
            activation: SharedActivation::new(Tanh { scale: 2.0, shift: 0.5 }),
            target: Target::single_index(Link::hermite([0.0, 1.0])),
            width: 3000,
            dimension: 1500,
            samples: 4500,
            step_sizes: [22.0, 49.0],
            batches: BatchPolicy::Independent,
            second_layer: SecondLayerLaw::Rademacher,
        };
        let nodes = Nodes::default().scaled(0.5);
        let options = Options { noise_model: NoiseModel::Isotropic, nodes, ..Options::default() };
        let a = predict(&setting, &options).unwrap();
        assert!(a.outliers.len() >= 2);
        // so few nodes do matter
        let change = convergence(&setting, &options).unwrap();
        let seen = 1e-9..1e-2;
        assert!(seen.contains(&change.singular_values) && seen.contains(&change.overlaps));
        let still = Convergence { singular_values: 0.0, overlaps: 0.0 };
        assert_eq!(compare(&a, &a), still);
        let close = |change: Convergence, singular_values: f64, overlaps: f64| {
            assert!((change.singular_values - singular_values).abs() < 1e-12, "{change:?}");
            assert!((change.overlaps - overlaps).abs() < 1e-12, "{change:?}");
        };
        let mut b = a.clone();
        b.edge = a.edge / 1.01;
        close(compare(&a, &b), 0.01, 0.0);
        b.outliers[0].singular_value /= 0.97;
        close(compare(&a, &b), 0.03, 0.0);
        b.outliers[0].left_overlaps[1] += 0.02;
        b.outliers[1].direction_overlaps[0] -= 0.05;
        close(compare(&a, &b), 0.03, 0.05);
        b.outliers[1].left_overlaps[2] += 0.07;
        close(compare(&a, &b), 0.03, 0.07);
        b.outliers.pop();
        assert_eq!(compare(&b, &a).singular_values, f64::INFINITY);
    }
}
