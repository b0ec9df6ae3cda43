//! Partly reused batches: the run, and the limits of the prediction. Simulated means are in
//! tests/simulation/partial_reuse.rs.

use crate::common::{distance, predicted_once};
use linear_width::activation::{Activation, HermiteSeries, Sine, Tanh};
use linear_width::data::{Batch, GeneratedBatch, Link, Target};
use linear_width::experiment::ExperimentBuilder;
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, PredictionError, Problem};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, InvalidSetting};
use ndarray::{Array1, Array2};

const MODELS: [BulkModel; 2] = [BulkModel::Isotropic, BulkModel::Structured];

fn partly(fraction: f64) -> BatchPolicy {
    BatchPolicy::PartlyReused { fraction }
}

fn small() -> ExperimentBuilder {
    Experiment::builder()
        .width(90)
        .dimension(40)
        .samples(700)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
        .steps([1.0, 2.0, 1.5])
        .with_prediction(false)
        .keep_weights(true)
        .seed(4)
}

fn weights(policy: BatchPolicy) -> Vec<Array2<f64>> {
    let report = small().batches(policy).build().unwrap().run().unwrap();
    report.stages.into_iter().map(|stage| stage.weights.unwrap()).collect()
}

#[test]
fn partial_reuse_of_none_and_all_are_the_pure_policies() {
    let (fresh, reused) = (weights(BatchPolicy::Independent), weights(BatchPolicy::Reused));
    assert_eq!(weights(partly(0.0)), fresh);
    assert_eq!(weights(partly(1.0)), reused);
    let half = weights(partly(0.5));
    assert_eq!(half[1], fresh[1]);
    for t in [2, 3] {
        assert_ne!(half[t], fresh[t]);
        assert_ne!(half[t], reused[t]);
    }
}

#[test]
fn partial_reuse_refuses_a_fraction_out_of_range() {
    for fraction in [-0.1, 1.0 + 1e-12, f64::NAN, f64::INFINITY] {
        let named = |problem: &InvalidSetting| matches!(problem, InvalidSetting::OutOfRange { name, .. } if name.contains("fraction"));
        let error = small().width(0).batches(partly(fraction)).build().unwrap_err();
        assert_eq!(error.problems.len(), 2, "{error}");
        assert!(error.problems.iter().any(named), "{error}");
        let refused = setting(partly(fraction), 1.0).predict(&Options::default());
        assert!(matches!(refused, Err(PredictionError::Invalid(problem)) if named(&problem)));
    }
}

#[test]
fn report_names_the_reused_fraction() {
    let report = small().batches(partly(0.25)).build().unwrap().run().unwrap();
    assert_eq!(report.settings.batches, partly(0.25));
    assert!(report.to_string().contains("partly reused (fraction 0.25)"));
}

#[cfg(feature = "serde")]
#[test]
fn batch_policy_serialises() {
    let text = serde_json::to_string(&partly(0.25)).unwrap();
    assert_eq!(text, r#"{"partly_reused":{"fraction":0.25}}"#);
    assert_eq!(serde_json::from_str::<BatchPolicy>(&text).unwrap(), partly(0.25));
    let report = small().batches(partly(0.25)).build().unwrap().run().unwrap();
    crate::common::check_json(&report);
}

/// A link with parts in He_1, He_2 and beyond.
fn setting(batches: BatchPolicy, noise: f64) -> Problem {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    Problem {
        activation: Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared(),
        target: Target::single_index(link).noise(noise),
        width: 3000,
        dimension: 1500,
        samples: 3000,
        step_sizes: vec![22.0, 49.0],
        batches,
        second_layer: SecondLayerLaw::Uniform,
    }
}

#[test]
fn prediction_limits_of_partial_reuse() {
    for (model, terms) in [(MODELS[0], 2), (MODELS[1], 1), (MODELS[1], 2), (MODELS[1], 3)] {
        let options = Options { bulk_model: model, linear_terms: terms, ..predicted_once() };
        let at = |policy| setting(policy, 0.1).predict(&options).unwrap();
        let (fresh, reused) = (at(BatchPolicy::Independent), at(BatchPolicy::Reused));
        for (pure, fraction) in [(&fresh, 0.0), (&reused, 1.0)] {
            let (values, overlaps) = distance(&at(partly(fraction)), pure);
            assert!(values < 1e-12 && overlaps < 1e-10, "{model:?} {fraction}");
        }
        // few samples of the other kind change little
        for (pure, fraction) in [(&fresh, 0.002), (&reused, 0.998)] {
            let (values, overlaps) = distance(&at(partly(fraction)), pure);
            assert!(values < 2e-3 && overlaps < 2e-3, "{model:?} {terms} {fraction} {values}");
            assert!(values > 1e-5, "{model:?} {terms} {fraction} {values}");
        }
        let half = at(partly(0.5));
        let values = [&fresh, &half, &reused].map(|p| p.outliers[0].singular_value);
        assert!(values[0] > 1.05 * values[1] && values[1] > 1.05 * values[2], "{values:?}");
    }
}

/// The noise of a row vanishes like a power of N; then both levels are the Gram matrix in white
/// noise, by two ways of computing it.
#[test]
fn prediction_levels_agree_when_the_noise_is_small() {
    let width = 10usize.pow(12);
    for fraction in [0.2, 0.8] {
        let eta = |alpha: f64| 2.0 * (width as f64).powf(alpha);
        let setting = Problem {
            width,
            dimension: width / 2,
            samples: width / 2,
            step_sizes: vec![eta(0.25), eta(0.3)],
            ..setting(partly(fraction), 0.1)
        };
        let [one, two] = MODELS.map(|bulk_model| {
            setting.predict(&Options { bulk_model, ..predicted_once() }).unwrap()
        });
        assert_eq!(one.outliers.len(), 2);
        let (values, overlaps) = distance(&one, &two);
        assert!(values < 1e-5 && overlaps < 1e-5, "{fraction}: {values:e} {overlaps:e}");
    }
}

/// sigma = He_1 + c He_2 and b = +-1: S_k and F are polynomials, so v_k is known given the batches
/// and its Gram matrix can be read off them. Means over 24 pairs of batches.
#[test]
fn prediction_gram_matrix_is_that_of_the_data() {
    let (c, dimension, samples, width, steps) = (0.3, 800, 1600, 400, [18.0, 40.0]);
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    let target = Target::single_index(link).noise(0.3);
    let at = |fraction: f64| {
        let setting = Problem {
            activation: HermiteSeries::new([0.0, 1.0, c]).shared(),
            target: target.clone(),
            width,
            dimension,
            samples,
            step_sizes: steps.to_vec(),
            batches: partly(fraction),
            second_layer: SecondLayerLaw::Rademacher,
        };
        let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
        setting.predict(&options).unwrap()
    };
    let unit = steps[0] / (width as f64).sqrt();
    let phi = dimension as f64 / samples as f64;
    let pure = [at(0.0), at(1.0)];
    for fraction in [0.3, 0.7] {
        let predicted = at(fraction);
        let seeds = 24;
        let (mut gram, mut along) = (Array2::<f64>::zeros((2, 2)), Array1::<f64>::zeros(2));
        for seed in 0..seeds {
            let first = GeneratedBatch::new(&target, dimension, samples, seed).unwrap();
            let kept = partly(fraction).kept_samples(samples);
            let (x_1, y_1) = first.to_arrays().unwrap();
            let second = first.clone().with_index(1).reusing(kept).unwrap();
            let (x, y) = second.to_arrays().unwrap();
            let beta = x_1.t().dot(&y_1) / samples as f64;
            let projection = x.dot(&beta);
            let mut pi = Array2::zeros((samples, 2));
            for i in 0..samples {
                let own = if i < kept { phi * y[i] } else { 0.0 };
                // E h and E[z h]: s + own = <beta_1, x>, c_1 = 1, E[z sigma'(z)] = 2 c
                let (h, zh) = (projection[i], 2.0 * c * (own + predicted.label_mean));
                let r = y[i] - unit * (h + 2.0 * c * zh);
                pi[[i, 0]] = r;
                pi[[i, 1]] = r * 2.0 * c * unit * h;
            }
            let mut v = pi.t().dot(&x) * (steps[1] / samples as f64);
            v.row_mut(0).scaled_add(steps[0], &beta);
            gram += &(v.dot(&v.t()) / seeds as f64);
            along += &(v.dot(&first.directions().row(0)) / seeds as f64);
        }
        for (k, l) in [(0, 0), (0, 1), (1, 1)] {
            let scale = (gram[[k, k]] * gram[[l, l]]).sqrt();
            let off = |gram: &Array2<f64>, other: &Array2<f64>| {
                (gram[[k, l]] - other[[k, l]]).abs() / scale
            };
            assert!(off(&predicted.gram, &gram) < 0.04, "{fraction} {k} {l}: {gram} {predicted:?}");
            // the norm of v_0 has its minimum between the two
            for pure in pure.iter().filter(|_| l == 1) {
                assert!(off(&pure.gram, &gram) > 0.06, "{fraction} {k} {l}: {gram} {pure:?}");
            }
        }
        for k in 0..2 {
            let off = (predicted.target_projections[[0, k]] - along[k]).abs() / gram[[k, k]].sqrt();
            assert!(off < 0.04, "{fraction} {k}: {along} {predicted:?}");
        }
    }
}
