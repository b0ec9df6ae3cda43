//! Readouts and the spectrum of the features in a run and its report.

use std::ops::ControlFlow;

use linear_width::activation::{FnActivation, Tanh};
use linear_width::data::{Batch, Dataset, Link, Target};
use linear_width::experiment::{
    ExperimentBuilder, Precision, Progress, RunError, RunOptions, Stage,
};
use linear_width::network::{Scaling, SecondLayerLaw};
use linear_width::readout::Ridge;
use linear_width::spectral::{feature_spectrum, overlap};
use linear_width::theory::features::RidgeErrors;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, InvalidSetting, Report, Scalar};
use ndarray::{Array1, Array2};

fn plain() -> ExperimentBuilder {
    Experiment::builder()
        .width(40)
        .dimension(20)
        .samples(70)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1))
        .steps([6.0, 8.0])
        .batches(BatchPolicy::Reused)
        .with_prediction(false)
}

fn builder() -> ExperimentBuilder {
    plain()
        .readout_samples([30, 90])
        .readout_lambdas([0.01, 1.0, 100.0])
        .readout_test_samples(200)
        .feature_samples(60)
}

/// What the report says is what a user gets by hand from the networks and the documented batches.
fn compare<T: Scalar>(experiment: &Experiment) {
    let report = experiment.run().unwrap();
    let test = experiment.test_batch(1, 200).unwrap();
    let samples = experiment.test_batch(2, 60).unwrap();
    let (x, y) = samples.to_arrays().unwrap();
    let z = x.dot(&report.teacher.row(0));
    let functions = [
        y,
        z.mapv(|_| 1.0),
        z.clone(),
        z.mapv(|z| z * z - 1.0),
        z.mapv(|z| z.powi(3) - 3.0 * z),
        z.mapv(|z| z.powi(4) - 6.0 * z * z + 3.0),
    ];
    for (stage, network) in report.stages.iter().zip(experiment.networks::<T>()) {
        let network = network.unwrap();
        let mut readouts = stage.readouts.iter();
        for m in [30, 90] {
            let train = experiment.test_batch(0, m).unwrap();
            let path = Ridge::new().fit(&network, &train).unwrap();
            for lambda in [0.01, 1.0, 100.0] {
                let readout = path.readout(lambda).unwrap();
                let found = readouts.next().unwrap();
                assert_eq!((found.samples, found.lambda), (m, lambda));
                let by_hand = readout.test_error(&test).unwrap();
                // the sums of several readouts at once may differ in the last digit
                let error = found.measured.test_error.mean_square;
                assert!((error / by_hand.mean_square - 1.0).abs() < 1e-12);
                assert_eq!(found.measured.training_error, readout.training_error());
                assert_eq!(found.measured.norm_squared, readout.norm_squared());
            }
        }
        assert!(readouts.next().is_none());
        let measured = &stage.features.as_ref().unwrap().measured;
        let spectrum = feature_spectrum(&network, &samples, 6).unwrap();
        assert_eq!(&measured.eigenvalues, spectrum.eigenvalues());
        assert_eq!(measured.outliers, spectrum.outliers(None).unwrap());
        assert_eq!(measured.leading.len(), 6);
        let a = network.second_layer().mapv(|a| a.as_f64());
        for (k, vectors) in measured.leading.iter().enumerate() {
            assert_eq!(vectors.eigenvalue, measured.eigenvalues[k]);
            let expected = functions.iter().map(|g| {
                let row = g.clone().insert_axis(ndarray::Axis(0));
                spectrum.left_overlaps(row.view()).unwrap()[[k, 0]]
            });
            let found = [&[vectors.label_overlap], &vectors.hermite_overlaps[..]].concat();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
            let right = spectrum.right_vectors();
            let expected = overlap(right.row(k), a.view()).unwrap();
            assert!((vectors.second_layer_overlaps[1] - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn the_report_has_what_a_user_gets_by_hand() {
    compare::<f64>(&builder().build().unwrap());
    compare::<f32>(&builder().precision(Precision::F32).build().unwrap());
}

/// Measured and predicted side by side, for all stages of three steps, as means over four seeds. One
/// network of this size deviates by 7 %, and the labels of one training batch by as much.
#[test]
fn predictions_stand_beside_what_was_measured() {
    let experiment = Experiment::builder()
        .width(300)
        .dimension(150)
        .samples(450)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0, 0.3])).noise(0.1))
        .steps([6.0, 6.0, 6.0])
        .second_layer(SecondLayerLaw::Uniform)
        .readout_samples([600])
        .readout_lambdas([0.1, 1.0])
        .readout_test_samples(4000)
        .feature_samples(600)
        .prediction_options(Options {
            bulk_model: BulkModel::Isotropic,
            node_factor: 0.5,
            compare_nodes: false,
            ..Options::default()
        });
    let runs = experiment.build().unwrap().seeds(0..4).unwrap();
    let first = &runs.reports[0];
    assert_eq!(first.no_feature_prediction, None);
    assert_eq!(first.stages.len(), 4);
    for (step, stage) in first.stages.iter().enumerate() {
        let close = |number: &dyn Fn(&Stage) -> f64, predicted: f64, within: f64| {
            let measured = runs.mean(|report| number(&report.stages[step])).0;
            assert!((measured - predicted).abs() < within, "W_{step}: {measured} {predicted}");
        };
        for (k, readout) in stage.readouts.iter().enumerate() {
            let RidgeErrors { test_error, training_error, norm_squared, .. } =
                readout.predicted.unwrap();
            let measured = |stage: &Stage| stage.readouts[k].measured.clone();
            close(&|s| measured(s).test_error.mean_square, test_error, 0.1 * test_error);
            close(&|s| measured(s).training_error, training_error, 0.15 * training_error);
            close(&|s| measured(s).norm_squared, norm_squared, 0.15 * norm_squared);
        }
        let predicted = stage.features.as_ref().unwrap().predicted.as_ref().unwrap();
        let of = |stage: &Stage| stage.features.as_ref().unwrap().measured.leading[0].clone();
        let Some(outlier) = predicted.outliers.first() else {
            // the largest eigenvalue of W_0 is at the edge
            assert_eq!(step, 0);
            close(&|s| of(s).eigenvalue, predicted.edge, 0.1 * predicted.edge);
            continue;
        };
        assert_eq!(stage.features.as_ref().unwrap().pairing()[0], Some(0));
        close(&|s| of(s).eigenvalue, outlier.eigenvalue, 0.15 * outlier.eigenvalue);
        close(&|s| of(s).label_overlap, outlier.label_overlap, 0.05);
        close(&|s| of(s).hermite_overlaps[1], outlier.hermite_overlaps[1], 0.05);
        close(&|s| of(s).second_layer_overlaps[1], outlier.second_layer_overlaps[1], 0.05);
    }
    // no seed enters the prediction
    let predicted = |report: &Report, step: usize| report.stages[step].readouts[1].predicted;
    assert_eq!(predicted(first, 2), predicted(&runs.reports[3], 2));
    assert!(first.to_string().contains("predicted (in brackets)"));
    assert!(runs.to_string().contains("(predicted "));
}

/// Standard scaling has no prediction, and the report says so; what was measured stays.
#[test]
fn a_missing_prediction_is_said() {
    let standard = builder().with_prediction(true).scaling(Scaling::Standard);
    let report = standard.build().unwrap().run().unwrap();
    let why = report.no_feature_prediction.as_ref().unwrap();
    assert!(why.contains("mean-field scaling"), "{why}");
    assert!(report.to_string().contains("no prediction for the features: "));
    assert!(report.stages.iter().all(|stage| stage.readouts.len() == 6));
}

fn best(stage: &Stage, samples: usize) -> f64 {
    stage.best_readout(samples).unwrap().measured.test_error.mean_square
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let report = plain().build().unwrap().run().unwrap();
    for stage in &report.stages {
        assert!(stage.readouts.is_empty() && stage.features.is_none());
        assert!(stage.best_readout(30).is_none());
    }
    assert_eq!(report.no_feature_prediction, None);
    assert!(!report.to_string().contains("ridge regression"));

    // nothing else changes
    let with = builder().build().unwrap().run().unwrap();
    for (stage, with) in report.stages.iter().zip(&with.stages) {
        assert_eq!(stage.singular_values, with.singular_values);
        assert_eq!(stage.triplets, with.triplets);
        let readouts = with.readouts.iter().filter(|readout| readout.samples == 90);
        let smallest = readouts.map(|r| r.measured.test_error.mean_square);
        assert_eq!(best(with, 90), smallest.fold(f64::INFINITY, f64::min));
    }
    let text = with.to_string();
    assert_eq!(text.matches("ridge regression on the features").count(), 3);
    assert_eq!(text.matches("features of 60 samples").count(), 3);
    // one best lambda for each number of samples and stage
    assert_eq!(text.matches("  *     30").count() + text.matches("  *     90").count(), 6);
    // labels are all the same function of the sample: no trouble, no overlap
    let zero = Target::single_index(Link::hermite([0.0]));
    let report = builder().target(zero).build().unwrap().run().unwrap();
    let features = report.stages[0].features.as_ref().unwrap();
    assert_eq!(features.measured.leading[0].label_overlap, 0.0);
}

/// Least squares is asked for as lambda = 0.
#[test]
fn lambda_zero_is_least_squares() {
    let experiment = plain().readout_samples([90]).readout_lambdas([0.0]).readout_test_samples(50);
    let experiment = experiment.build().unwrap();
    let report = experiment.run().unwrap();
    let network = experiment.networks::<f64>().last().unwrap().unwrap();
    let train = experiment.test_batch(0, 90).unwrap();
    let readout = Ridge::new().fit(&network, &train).unwrap().least_squares().unwrap();
    let last = &report.last().unwrap().readouts[0];
    assert_eq!(last.measured.norm_squared, readout.norm_squared());
}

#[test]
fn bad_settings_are_named() {
    let problems = |builder: ExperimentBuilder| builder.build().unwrap_err().problems;
    let paths = |builder: ExperimentBuilder| -> Vec<String> {
        problems(builder).iter().map(|p| p.to_string()).collect()
    };
    for (builder, said) in [
        (plain().readout_samples([0]), "readout_samples is 0"),
        (plain().readout_samples([50]).readout_lambdas([]), "readout_lambdas is 0"),
        (plain().readout_samples([50]).readout_lambdas([-1.0]), "readout_lambdas is -1"),
        (plain().readout_samples([50]).readout_lambdas([f64::NAN]), "readout_lambdas is NaN"),
        (plain().readout_samples([50, 40]).readout_lambdas([0.0]), "more samples than neurons"),
        (plain().readout_test_samples(1), "readout_test_samples is 1"),
        (plain().feature_samples(0), "feature_samples is 0"),
    ] {
        let found = paths(builder);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(said), "{found:?}");
    }
    let x = Array2::from_shape_fn((80, 5), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = Array1::from_shape_fn(80, |i| x[[i, 0]] * x[[i, 1]]);
    let data = Dataset::new(x, y).unwrap();
    let given = Experiment::builder().width(6).activation(Tanh::default()).steps([2.0]).data(data);
    let found = problems(given.readout_samples([20]).feature_samples(30));
    for name in ["readout_samples", "feature_samples"] {
        assert!(found.contains(&InvalidSetting::NotWithGivenData { name }), "{found:?}");
    }
    // 40 features of rank 20
    let identity = FnActivation::new("identity", |z: f64| z, |_: f64| 1.0);
    let flat = builder().activation(identity).readout_lambdas([1e-20]);
    let error = flat.build().unwrap().run().unwrap_err();
    assert!(matches!(error, RunError::Features { step: 0, .. }), "{error}");
    assert!(error.to_string().starts_with("the features of W_0: "), "{error}");
}

#[test]
fn memory_of_readouts_is_estimated() {
    let alone = plain().build().unwrap().estimated_bytes();
    let large = || plain().readout_samples([5000]);
    let with = large().build().unwrap().estimated_bytes();
    assert!(with > alone);
    let error = large().memory_limit(alone as usize).build().unwrap_err();
    assert!(matches!(error.problems[0], InvalidSetting::Memory { .. }), "{error}");
}

#[test]
fn progress_includes_the_features() {
    let mut seen: Vec<Progress> = Vec::new();
    let watch = |p: &Progress| {
        seen.push(*p);
        ControlFlow::Continue(())
    };
    builder().build().unwrap().run_with(RunOptions::new().observe(watch)).unwrap();
    assert!(seen.windows(2).all(|w| w[0].fraction <= w[1].fraction));
    assert!((seen.last().unwrap().fraction - 1.0).abs() < 1e-12);
    // three spectra of two calls, two steps of one tile, four parts of each stage and their end
    assert_eq!(seen.len(), 2 * 3 + 2 + 3 * 5);
}

#[test]
fn seeds_have_means_of_the_test_errors() {
    let runs = builder().build().unwrap().seeds(0..2).unwrap();
    let (mean, error) = runs.mean(|report| best(&report.stages[2], 90));
    assert!(mean > 0.0 && error > 0.0);
    let text = runs.to_string();
    assert_eq!(text.matches("m = 90, lambda = 0.01: test error").count(), 3, "{text}");
}
