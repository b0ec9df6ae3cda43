//! Do the number of nodes and the number of spikes matter? See docs/theory.md, section 6.

use super::error::PredictionError;
use super::outlier::Outlier;
use super::setting::{MAX_SPIKES, Options, Setting};
use super::validity::{Indicator, IndicatorKind};
use super::{Prediction, evaluate, predict};

/// Share of the nodes that the comparison made with every prediction takes.
const FEWER_NODES: f64 = 0.75;
/// Changes from which on a prediction is called not converged: of singular values (relative), of
/// overlaps (absolute).
const ALLOWED: Convergence = Convergence { singular_values: 0.01, overlaps: 0.03 };

/// An outlier that fewer neurons carry depends on which ones a network happens to have.
const FEWEST_NEURONS: f64 = 30.0;

/// Largest changes of a prediction when it is evaluated otherwise. Outliers are compared in order
/// of size; one that only one of the two predictions has is compared with the edge of the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Relative change of the edge and of the singular values of outliers.
    pub singular_values: f64,
    /// Absolute change of the overlaps of outliers that both predictions have.
    pub overlaps: f64,
}

/// Predicts with `options`, and with everything that `options` limits made finer: all node counts
/// doubled, a tenth of the tolerance, and as many spikes as are allowed. Compares the two. Costs
/// ten to thirty times one prediction.
///
/// # Errors
/// Those of [`predict`].
///
/// ```
/// use linear_width::activation::{Activation, Tanh};
/// use linear_width::data::{Link, Target};
/// use linear_width::network::SecondLayerLaw;
/// use linear_width::theory::prediction::{BulkModel, Options, Setting, convergence};
/// use linear_width::training::BatchPolicy;
///
/// let setting = Setting {
///     activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
///     target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
///     width: 3000,
///     dimension: 1500,
///     samples: 4500,
///     step_sizes: [22.0, 49.0],
///     batches: BatchPolicy::Independent,
///     second_layer: SecondLayerLaw::Uniform,
/// };
/// let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
/// let change = convergence(&setting, &options)?;
/// assert!(change.singular_values < 1e-3 && change.overlaps < 1e-3);
/// # Ok::<(), linear_width::theory::prediction::PredictionError>(())
/// ```
pub fn convergence(setting: &Setting, options: &Options) -> Result<Convergence, PredictionError> {
    let plain = Options { compare_nodes: false, ..*options };
    let finer = Options {
        nodes: options.nodes.scaled(2.0),
        spikes: MAX_SPIKES,
        tolerance: 0.1 * options.tolerance,
        ..plain
    };
    Ok(compare(&predict(setting, &plain)?, &predict(setting, &finer)?))
}

/// The indicator [`IndicatorKind::Quadrature`]: how much `prediction` changes with fewer nodes.
pub(crate) fn quadrature(
    setting: &Setting,
    options: &Options,
    prediction: &Prediction,
) -> Indicator {
    let fewer = Options { nodes: options.nodes.scaled(FEWER_NODES), ..*options };
    let percent = 100.0 * FEWER_NODES;
    let (change, sentence) = match evaluate(setting, &fewer) {
        Ok(other) => {
            let change = compare(&other, prediction);
            let sentence = format!(
                "with {percent:.0} % of the quadrature nodes, singular values change by at most \
                 {:.2} % and overlaps by {:.3}",
                100.0 * change.singular_values,
                change.overlaps
            );
            (change, sentence)
        }
        Err(error) => (
            Convergence { singular_values: 1.0, overlaps: 1.0 },
            format!("with {percent:.0} % of the quadrature nodes there is no prediction: {error}"),
        ),
    };
    let trusted =
        change.singular_values <= ALLOWED.singular_values && change.overlaps <= ALLOWED.overlaps;
    let end = if trusted { "" } else { ": not converged, more `nodes` are needed" };
    Indicator {
        kind: IndicatorKind::Quadrature,
        value: change.singular_values.min(1.0),
        threshold: ALLOWED.singular_values,
        trusted,
        sentence: sentence + end,
    }
}

/// The indicator [`IndicatorKind::Truncation`]: `missing` is what the spikes left out can change
/// of a singular value, relative to it.
pub(crate) fn truncation(
    missing: f64,
    tolerance: f64,
    spikes: usize,
    outliers: usize,
) -> Indicator {
    let trusted = missing <= tolerance;
    let percent = 100.0 * missing;
    let sentence = match (trusted, outliers >= spikes) {
        (true, _) => format!(
            "the spikes beyond the {spikes} kept change the singular value of an outlier by at \
             most {percent:.2} %"
        ),
        (false, false) => format!(
            "the spikes beyond the {spikes} kept can change the singular value of an outlier by \
             {percent:.1} %: not converged, more `spikes` are needed"
        ),
        (false, true) => format!(
            "all {spikes} spikes kept are outliers, so there may be more than {spikes}: not \
             converged, more `spikes` are needed"
        ),
    };
    Indicator {
        kind: IndicatorKind::Truncation,
        value: missing,
        threshold: tolerance,
        trusted,
        sentence,
    }
}

/// The indicator [`IndicatorKind::FewNeurons`] of a network of `width` neurons; none without
/// outliers.
pub(crate) fn few_neurons(width: usize, outliers: &[Outlier]) -> Option<Indicator> {
    let neurons = |o: &Outlier| o.neuron_share * width as f64;
    let (at, value) =
        outliers.iter().map(neurons).enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let trusted = value >= FEWEST_NEURONS;
    let start = format!("the left vector of outlier {} is carried by {value:.0} neurons", at + 1);
    let sentence = if trusted {
        format!("{start}, and by more for the others")
    } else {
        start
            + ", so its singular value differs from network to network: predict with the realised \
                 second layer (SecondLayerLaw::Fixed)"
    };
    Some(Indicator {
        kind: IndicatorKind::FewNeurons,
        value,
        threshold: FEWEST_NEURONS,
        trusted,
        sentence,
    })
}

fn compare(a: &Prediction, b: &Prediction) -> Convergence {
    let value = |p: &Prediction, k: usize| p.outliers.get(k).map_or(p.edge, |o| o.singular_value);
    let both = 0..a.outliers.len().max(b.outliers.len());
    let singular_values = both
        .map(|k| (value(a, k) / value(b, k) - 1.0).abs())
        .fold((a.edge / b.edge - 1.0).abs(), f64::max);
    let overlaps = a
        .outliers
        .iter()
        .zip(&b.outliers)
        .flat_map(|(a, b)| {
            let directions = a.direction_overlaps.iter().zip(&b.direction_overlaps);
            directions.chain(a.left_overlaps.iter().zip(&b.left_overlaps))
        })
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    Convergence { singular_values, overlaps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Tanh};
    use crate::data::{Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::{BulkModel, Nodes};
    use crate::training::BatchPolicy;

    fn setting() -> Setting {
        Setting {
            activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
            target: Target::single_index(Link::hermite([0.0, 1.0])),
            width: 3000,
            dimension: 1500,
            samples: 4500,
            step_sizes: [22.0, 49.0],
            batches: BatchPolicy::Independent,
            second_layer: SecondLayerLaw::Rademacher,
        }
    }

    #[test]
    fn the_largest_change_counts() {
        let setting = setting();
        let nodes = Nodes::default().scaled(0.5);
        let options = Options { bulk_model: BulkModel::Isotropic, nodes, ..Options::default() };
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
        // an outlier less is compared with the edge, and its overlaps with nothing
        let lost = b.outliers.pop().unwrap();
        b.edge = lost.singular_value / 1.25;
        let change = (a.edge / b.edge - 1.0).abs().max(0.25);
        close(compare(&a, &b), change, 0.02);
    }

    /// So few nodes that the prediction moves by several per cent are named; the default is not.
    #[test]
    fn too_few_nodes_are_named() {
        let found = |factor: f64| {
            let nodes = Nodes::default().scaled(factor);
            let bulk_model = BulkModel::Isotropic;
            let options = Options { bulk_model, nodes, ..Options::default() };
            let prediction = predict(&setting(), &options).unwrap();
            let last = prediction.indicators.last().unwrap().clone();
            assert_eq!(last.kind, IndicatorKind::Quadrature);
            let silent = Options { compare_nodes: false, ..options };
            let silent = predict(&setting(), &silent).unwrap();
            assert!(silent.indicators.iter().all(|i| i.kind != IndicatorKind::Quadrature));
            last
        };
        let coarse = found(0.12);
        assert!(!coarse.trusted && coarse.sentence.contains("not converged"), "{coarse:?}");
        let fine = found(1.0);
        assert!(fine.trusted && fine.value < 1e-4, "{fine:?}");
    }

    #[test]
    fn the_outlier_of_fewest_neurons() {
        let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
        let mut outliers = predict(&setting(), &options).unwrap().outliers;
        // Rademacher b: every neuron counts
        assert_eq!(few_neurons(3000, &outliers).unwrap().value, 3000.0);
        outliers[1].neuron_share = 0.005;
        let few = few_neurons(3000, &outliers).unwrap();
        assert!(!few.trusted && few.sentence.contains("outlier 2 is carried by 15"), "{few:?}");
        outliers[1].neuron_share = 0.01;
        assert!(few_neurons(3000, &outliers).unwrap().trusted);
        assert_eq!(few_neurons(3000, &[]), None);
    }

    #[test]
    fn truncation_in_words() {
        let few = truncation(0.02, 1e-3, 6, 6);
        assert!(!few.trusted && few.sentence.contains("all 6 spikes kept"), "{few:?}");
        let more = truncation(0.02, 1e-3, 6, 5);
        assert!(!more.trusted && more.sentence.contains("by 2.0 %:"), "{more:?}");
        let enough = truncation(1e-3, 1e-3, 6, 6);
        assert!(enough.trusted && enough.sentence.contains("at most 0.10 %"), "{enough:?}");
    }
}
