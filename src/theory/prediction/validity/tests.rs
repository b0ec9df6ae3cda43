//! The estimates by hand.

use super::*;
use crate::activation::{Activation, Tanh};
use crate::data::{Link, Target};
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
use crate::training::BatchPolicy;
use ndarray::{Array2, array};

const WIDTH: usize = 1600;

fn problem(second_layer: SecondLayerLaw) -> Problem {
    Problem {
        activation: Tanh::default().shared(),
        target: Target::single_index(Link::hermite([0.0, 1.0])),
        width: WIDTH,
        dimension: 400,
        samples: 800,
        step_sizes: vec![1.0, 1.0],
        batches: BatchPolicy::Reused,
        second_layer,
    }
}

fn outlier(singular_value: f64, target_overlap: f64) -> Outlier {
    Outlier {
        singular_value,
        target_overlap,
        direction_overlaps: vec![target_overlap],
        left_overlaps: Vec::new(),
        neuron_share: 1.0,
        left: array![1.0],
        at: 0.0,
    }
}

/// Errors and indicators with rows of variance `d(b)`.
fn judge(
    law: SecondLayerLaw,
    bulk_model: BulkModel,
    d: impl Fn(f64) -> f64,
    edge: f64,
    outliers: &[Outlier],
) -> (ErrorEstimate, Vec<Indicator>) {
    let problem = problem(law);
    let labels = Labels::new(&problem.target, &Nodes::new(1.0)).unwrap();
    let (state, isotropic) = spread(&problem.second_layer, d);
    let inputs = ValidityInputs {
        problem: &problem,
        bulk_model,
        state: &state,
        labels: &labels,
        derivative_variance: 0.1,
        edge,
        isotropic: &isotropic,
        outliers,
    };
    inputs.judge()
}

/// Rows of variance `d(b)` and one right vector.
fn spread(law: &SecondLayerLaw, d: impl Fn(f64) -> f64) -> (State, Bulk) {
    let law = SecondLayerQuadrature::new(law, WIDTH, 8, 96, 1).unwrap();
    let state = State {
        width: WIDTH,
        dimension: WIDTH / 4,
        directions: 1,
        left: law.left(),
        right: Array2::eye(1),
        noise: law.fine.nodes.iter().map(|b| d(*b)).collect(),
        b: law.fine.nodes,
        weights: law.fine.weights,
        noise_along_targets: None,
        whole_projection: false,
    };
    let bulk = Bulk::new(4.0, state.weights.clone(), state.noise.clone());
    (state, bulk)
}

fn close(found: f64, exact: f64) {
    assert!((found / exact - 1.0).abs() < 1e-3, "{found} {exact}");
}

/// The share of Tracy and Widom for N = 1600, d = 400.
fn white() -> f64 {
    1.2 * 0.9 * (1.0f64 / 40.0 + 1.0 / 20.0).cbrt() / 60.0
}

#[test]
fn white_noise_and_no_outlier() {
    let (errors, indicators) =
        judge(SecondLayerLaw::Uniform, BulkModel::Structured, |_| 1.0, 3.0, &[]);
    close(errors.edge, white());
    assert_eq!((errors.singular_value, errors.overlap, errors.overlaps.len()), (0.0, 0.0, 0));
    assert_eq!(errors.to_string(), "0.8 % in edge");
    assert_eq!(indicators.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), [Indicator::EDGE]);
    assert!(indicators[0].trusted && indicators[0].sentence.contains("finite size"));
}

/// Far from the edge labels and second layer add up; at the edge only the edge counts.
#[test]
fn outliers_far_and_near() {
    let list = [outlier(300.0, 0.8), outlier(3.0 + 1e-9, 0.0)];
    let (errors, indicators) =
        judge(SecondLayerLaw::Uniform, BulkModel::Structured, |_| 1.0, 3.0, &list);
    // E b^4 - 1 = 4/5 over 4 N; labels y = z, phi = 1/2: |beta_1|^2 = 3/2, Var(2.5 z^2) = 12.5
    let second = 0.8 / 6400.0;
    let labels: f64 = (12.5 / 800.0 + 0.5 / 400.0) / 9.0;
    close(errors.singular_values[0], 0.9 * (second + labels).sqrt());
    close(errors.singular_values[1], errors.edge);
    // Var(y z) = 2 over n |beta_1|^2; (E y^4 - 1) / n and 2/d over 4
    let (overlap, across): (f64, f64) = (2.0 / 1200.0, (2.0 / 800.0 + 2.0 / 400.0) / 4.0);
    close(errors.overlaps[0], 0.8 * 0.36 * (overlap + 0.64 * across).sqrt());
    close(errors.overlaps[1], 0.8 * overlap.sqrt());
    let mean = |a: f64, b: f64| (0.5 * (a * a + b * b)).sqrt();
    close(errors.singular_value, mean(errors.singular_values[0], errors.singular_values[1]));
    close(errors.overlap, mean(errors.overlaps[0], errors.overlaps[1]));
    let found: Vec<_> = indicators.iter().map(|i| (i.name.as_str(), i.trusted)).collect();
    let expected = [
        (Indicator::SINGULAR_VALUES, true),
        (Indicator::OVERLAPS, true),
        (Indicator::NEAR_EDGE, false),
        (Indicator::EDGE, true),
    ];
    assert_eq!(found, expected);
    assert!(indicators[0].sentence.contains("draw of the samples"), "{indicators:?}");
    let text = errors.to_string();
    assert!(text.contains("% in singular value, 0.0") && text.ends_with("0.8 % in edge"), "{text}");
    // a given second layer is not drawn
    let given = SecondLayerLaw::Fixed((0..WIDTH).map(|j| [1.5, -0.5][j % 2]).collect());
    let (errors, _) = judge(given, BulkModel::Structured, |_| 1.0, 3.0, &list[..1]);
    close(errors.singular_values[0], 0.9 * labels.sqrt());
}

/// A gap between the levels, and extreme rows, count at the edge; with isotropic noise the gap to
/// the edge of W_0.
#[test]
fn what_moves_the_edge() {
    let with = |law, model, d: fn(f64) -> f64, edge| judge(law, model, d, edge, &[]);
    let uniform = || SecondLayerLaw::Uniform;
    let (errors, indicators) = with(uniform(), BulkModel::Structured, |_| 1.0, 3.0 * 0.5f64.exp());
    close(errors.edge, white().hypot(0.1));
    assert!(!indicators[0].trusted && indicators[0].sentence.contains("structure of the data"));
    let (errors, _) = with(uniform(), BulkModel::Isotropic, |_| 1.44, 3.6);
    // E y^4 - 1 = 2 in 800 samples that both steps see, and an edge that is the root of D
    let deviation = (2.0f64 / 800.0).sqrt();
    let labels = 0.5 * (1.0 + 0.44 / 1.44 * deviation).ln();
    close(errors.edge, white().hypot(0.5 * 1.2f64.ln()).hypot(labels));
    // the largest of 1600 Gaussian entries make the edge
    let large: fn(f64) -> f64 = |b| 1.0 + 2.0 * b.powi(4);
    let (_, level_1) = spread(&SecondLayerLaw::Gaussian, large);
    let (errors, indicators) =
        with(SecondLayerLaw::Gaussian, BulkModel::Structured, large, level_1.edge);
    let cut = level_1.without_extremes(10.0 / WIDTH as f64);
    assert!(cut.edge < 0.9 * level_1.edge);
    let labels = (level_1.with_noise(1.0 + deviation).edge / level_1.edge).ln();
    close(errors.edge, white().hypot(0.8 * (level_1.edge / cut.edge).ln()).hypot(labels));
    assert!(indicators[0].sentence.contains("largest entries"), "{indicators:?}");
}
