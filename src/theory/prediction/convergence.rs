//! Do the number of nodes and the number of right vectors matter? See docs/theory.md, section 6.

use super::validity::Indicator;
use crate::theory::error::PredictionError;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::outlier::Outlier;

/// Largest changes of a converged prediction: of singular values (relative), of overlaps (absolute).
const ALLOWED: [f64; 2] = [0.01, 0.03];

/// An outlier that fewer neurons carry depends on which ones a network happens to have.
const FEWEST_NEURONS: f64 = 30.0;

/// Number of right vectors that is tried first.
pub(super) const FIRST: usize = 10;
/// Each next try takes this many times as many.
const GROWTH: f64 = 1.45;
/// Eigenvalues of H below this make no outlier, nor will one more right vector lift them above 1.
const SMALLEST: f64 = 0.9;

/// The number of right vectors to try after `count`, when `most` are allowed.
pub(super) fn next(count: usize, most: usize) -> Option<usize> {
    (count < most).then(|| ((count as f64 * GROWTH).ceil() as usize).min(most))
}

/// The largest relative change of the singular value of an outlier, with isotropic noise, without the
/// last quarter of the `count` right vectors (at least three), which bounds the change by further
/// ones: half the change of the eigenvalues of H at the edge (docs/theory.md, (5.23), section 6).
pub(super) fn missing(spectrum: &IsotropicSpectrum, count: usize) -> Result<f64, PredictionError> {
    let all = spectrum.strengths_of(count)?;
    let fewer = match count - (count / 4).max(3).min(count) {
        0 => Vec::new(),
        fewer => spectrum.strengths_of(fewer)?,
    };
    let change = |(j, strength): (usize, &f64)| {
        0.5 * (1.0 - fewer.get(j).copied().unwrap_or(0.0) / strength).abs()
    };
    Ok(all.iter().enumerate().filter(|(_, x)| **x > SMALLEST).map(change).fold(0.0, f64::max))
}

/// The largest relative change of the edge and of singular values, and the largest absolute change of
/// overlaps, from `there` to `here`: each an edge and its outliers in order of size.
pub(super) fn change(here: (f64, &[Outlier]), there: (f64, &[Outlier])) -> [f64; 2] {
    let value = |(edge, outliers): (f64, &[Outlier]), k: usize| {
        outliers.get(k).map_or(edge, |outlier| outlier.singular_value)
    };
    let change = |k: usize| (value(here, k) / value(there, k) - 1.0).abs();
    let edge = (here.0 / there.0 - 1.0).abs();
    let overlaps = here.1.iter().zip(there.1).flat_map(|(a, b)| {
        let directions = a.direction_overlaps.iter().zip(&b.direction_overlaps);
        directions.chain(a.left_overlaps.iter().zip(&b.left_overlaps))
    });
    let count = here.1.len().max(there.1.len());
    [
        (0..count).map(change).fold(edge, f64::max),
        overlaps.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
    ]
}

/// The indicator [`Indicator::QUADRATURE`] from the changes with a share `fewer` of the nodes.
pub(super) fn quadrature(fewer: f64, change: Result<[f64; 2], PredictionError>) -> Indicator {
    let start = format!("with {:.0} % of the quadrature nodes ", 100.0 * fewer);
    let ([values, overlaps], finding) = match change {
        Ok([values, overlaps]) => {
            let percent = 100.0 * values;
            let finding =
                format!("singular values change by {percent:.2} %, overlaps by {overlaps:.3}");
            ([values, overlaps], finding)
        }
        Err(error) => ([1.0, 1.0], format!("there is no prediction: {error}")),
    };
    let trusted = values <= ALLOWED[0] && overlaps <= ALLOWED[1];
    let end = if trusted { "" } else { ": not converged, a larger `node_factor` is needed" };
    let sentence = start + &finding + end;
    let name = Indicator::QUADRATURE;
    Indicator { trusted, ..Indicator::up_to(ALLOWED[0], name, values.min(1.0), sentence) }
}

/// The indicator [`Indicator::TRUNCATION`]: `missing` is the largest relative change of a singular
/// value by more right vectors than the `kept` ones.
pub(super) fn truncation(missing: f64, tolerance: f64, kept: usize, outliers: usize) -> Indicator {
    let percent = 100.0 * missing;
    let change =
        format!("right vectors beyond the {kept} kept change the singular value of an outlier by");
    let advice = "not converged, more `right_vectors` are needed";
    let sentence = if missing <= tolerance {
        format!("{change} at most {percent:.2} %")
    } else if outliers < kept {
        format!("{change} {percent:.1} %: {advice}")
    } else {
        format!("all {kept} right vectors kept make an outlier, there may be more: {advice}")
    };
    Indicator::up_to(tolerance, Indicator::TRUNCATION, missing, sentence)
}

/// The indicator [`Indicator::FEW_NEURONS`] of a network of `width` neurons; none without outliers.
pub(super) fn few_neurons(width: usize, outliers: &[Outlier]) -> Option<Indicator> {
    let neurons = outliers.iter().map(|o| o.neuron_share * width as f64);
    let (at, value) = neurons.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let start = format!("the left vector of outlier {} is carried by {value:.0} neurons", at + 1);
    let end = if value >= FEWEST_NEURONS {
        ", and by more for the others"
    } else {
        ", so it differs from network to network: predict with SecondLayerLaw::Fixed"
    };
    Some(Indicator::from(FEWEST_NEURONS, Indicator::FEW_NEURONS, value, start + end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Tanh};
    use crate::data::{Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::{BulkModel, Options, Problem};
    use crate::training::BatchPolicy;

    fn problem() -> Problem {
        Problem {
            activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
            target: Target::single_index(Link::hermite([0.0, 1.0])),
            width: 3000,
            dimension: 1500,
            samples: 4500,
            step_sizes: vec![22.0, 49.0],
            batches: BatchPolicy::Independent,
            second_layer: SecondLayerLaw::Rademacher,
        }
    }

    #[test]
    fn the_largest_change_counts() {
        let bulk_model = BulkModel::Isotropic;
        let options = Options { bulk_model, node_factor: 0.5, ..Options::default() };
        let a = problem().predict(&options).unwrap();
        assert!(a.outliers.len() >= 2);
        // so few nodes do matter
        let seen = 1e-9..1e-2;
        assert!(
            problem().convergence(&options).unwrap().iter().all(|change| seen.contains(change))
        );
        assert_eq!(a.change_from(&a), [0.0, 0.0]);
        let close = |found: [f64; 2], exact: [f64; 2]| {
            let pairs = found.into_iter().zip(exact);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {exact:?}");
        };
        let mut b = a.clone();
        b.edge = a.edge / 1.01;
        close(a.change_from(&b), [0.01, 0.0]);
        b.outliers[0].singular_value /= 0.97;
        close(a.change_from(&b), [0.03, 0.0]);
        b.outliers[0].left_overlaps[1] += 0.02;
        b.outliers[1].direction_overlaps[0] -= 0.05;
        close(a.change_from(&b), [0.03, 0.05]);
        b.outliers[1].left_overlaps[2] += 0.07;
        close(a.change_from(&b), [0.03, 0.07]);
        // an outlier less is compared with the edge, and its overlaps with nothing
        let lost = b.outliers.pop().unwrap();
        b.edge = lost.singular_value / 1.25;
        let change = (a.edge / b.edge - 1.0).abs().max(0.25);
        close(a.change_from(&b), [change, 0.02]);
    }

    /// So few nodes that the prediction moves by several per cent are named; the default is not.
    #[test]
    fn too_few_nodes_are_named() {
        let found = |node_factor: f64| {
            let bulk_model = BulkModel::Isotropic;
            let options = Options { bulk_model, node_factor, ..Options::default() };
            let prediction = problem().predict(&options).unwrap();
            let last = prediction.indicators.last().unwrap().clone();
            assert_eq!(last.name, Indicator::QUADRATURE);
            let silent = Options { compare_nodes: false, ..options };
            let silent = problem().predict(&silent).unwrap();
            assert!(silent.indicators.iter().all(|i| i.name != Indicator::QUADRATURE));
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
        let mut outliers = problem().predict(&options).unwrap().outliers;
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
        assert!(!few.trusted && few.sentence.contains("all 6 right vectors kept"), "{few:?}");
        let more = truncation(0.02, 1e-3, 6, 5);
        assert!(!more.trusted && more.sentence.contains("by 2.0 %:"), "{more:?}");
        let enough = truncation(1e-3, 1e-3, 6, 6);
        assert!(enough.trusted && enough.sentence.contains("at most 0.10 %"), "{enough:?}");
    }

    #[test]
    fn tries_end_at_the_most() {
        let list = |most| {
            std::iter::successors(Some(FIRST.min(most)), |r| next(*r, most)).collect::<Vec<_>>()
        };
        assert_eq!(list(48), [10, 15, 22, 32, 47, 48]);
        assert_eq!(list(10), [10]);
        assert_eq!(list(3), [3]);
        assert_eq!(list(64), [10, 15, 22, 32, 47, 64]);
    }
}
