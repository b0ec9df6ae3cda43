//! Runs: progress, cancellation, the report. (The same bits: determinism.rs.)

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use linear_width::activation::{HermiteSeries, Relu};
use linear_width::data::{InputLaw, Link, Target};
use linear_width::experiment::{
    ExperimentBuilder, Precision, Progress, RunError, RunOptions, Stage,
};
use linear_width::network::{Initialisation, Scaling, SecondLayerLaw};
use linear_width::rmt::SpikedMatrix;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};

fn builder() -> ExperimentBuilder {
    let target = Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1);
    crate::common::small_experiment().target(target)
}

#[test]
fn run_in_f32_agrees_with_f64() {
    let run = |p| builder().precision(p).build().unwrap().run().unwrap();
    let (single, double) = (run(Precision::F32), run(Precision::F64));
    for (a, b) in single.stages.iter().zip(&double.stages) {
        for (a, b) in a.triplets.iter().zip(&b.triplets).take(2) {
            assert!((a.singular_value / b.singular_value - 1.0).abs() < 1e-4);
            assert!((a.target_overlap - b.target_overlap).abs() < 1e-3);
        }
    }
}

#[test]
fn run_of_one_step_has_one_outlier_along_the_target() {
    let report = builder().steps([StepSize::scaled(2.0, 0.3)]).build().unwrap().run().unwrap();
    assert_eq!(report.stages.len(), 2);
    assert!(report.leading_order.spikes.is_none());
    let stage = report.last().unwrap();
    assert_eq!(stage.outliers.count, 1);
    assert_eq!(report.stages[0].outliers.count, 0);
    // leading order within its own accuracy at this size
    let leading = &report.leading_order;
    let strength = leading.first_spike_strength.unwrap();
    let expected = SpikedMatrix::new(2.0).unwrap().spike(strength).unwrap().unwrap();
    let found = &stage.triplets[0];
    assert!((found.singular_value / expected.singular_value - 1.0).abs() < 0.15);
    let overlap = leading.beta_target_overlap.unwrap() * expected.right_overlap;
    assert!((found.target_overlap - overlap).abs() < 0.1, "{} {overlap}", found.target_overlap);
    assert!(found.left_overlaps[0] > 0.95);
}

#[test]
fn report_has_the_prediction_beside_the_measurement() {
    let report = builder().build().unwrap().run().unwrap();
    assert_eq!(report.no_prediction, None);
    assert!(report.stages[0].prediction.is_none());
    for stage in &report.stages[1..] {
        let prediction = stage.prediction.as_ref().unwrap();
        let (measured, predicted) = (&stage.triplets[0], &prediction.outliers[0]);
        // one seed at N = 160: fluctuations of several percent
        assert!((measured.singular_value / predicted.singular_value - 1.0).abs() < 0.15);
        assert!((measured.target_overlap - predicted.target_overlap).abs() < 0.06);
    }
    let plain = builder().with_prediction(false).build().unwrap();
    let without = plain.run().unwrap();
    assert!(without.stages.iter().all(|s| s.prediction.is_none()));
    assert_eq!(without.no_prediction, None);
    assert!(plain.predict(3, &Options::default()).is_err());
    assert!(plain.predict(0, &Options::default()).is_err());
    let uncentred = builder().activation(Relu).centred(false).build().unwrap().run().unwrap();
    assert!(uncentred.no_prediction.unwrap().contains("centred"));
}

#[test]
fn run_shares_the_first_step_among_batch_policies() {
    let run = |policy| builder().batches(policy).build().unwrap().run().unwrap();
    let (fresh, reused) = (run(BatchPolicy::Independent), run(BatchPolicy::Reused));
    assert_eq!(fresh.stages[1].singular_values, reused.stages[1].singular_values);
    assert_ne!(fresh.stages[2].singular_values, reused.stages[2].singular_values);
}

#[test]
fn run_with_a_zero_step_leaves_the_weights() {
    let report = builder().steps([3.0, 0.0]).keep_weights(true).build().unwrap().run().unwrap();
    assert_eq!(report.stages[1].weights, report.stages[2].weights);
    assert_ne!(report.stages[0].weights, report.stages[1].weights);
}

#[test]
fn run_with_every_law_and_option() {
    for law in [InputLaw::Rademacher, InputLaw::Uniform] {
        assert!(builder().input_law(law).build().unwrap().run().is_ok());
    }
    for law in [SecondLayerLaw::Uniform, SecondLayerLaw::Rademacher] {
        assert!(builder().second_layer(law).build().unwrap().run().is_ok());
    }
    let b = ndarray::Array1::from_shape_fn(160, |j| if j % 2 == 0 { 1.0 } else { -1.0 });
    let given = builder().second_layer(SecondLayerLaw::Fixed(b.clone())).build().unwrap();
    let report = given.run().unwrap();
    assert!((&report.second_layer * 160.0_f64.sqrt() - &b).iter().all(|x| x.abs() < 1e-12));
    let plain = builder()
        .initialisation(Initialisation::Gaussian)
        .centred(false)
        .activation(Relu)
        .second_layer_powers(0)
        .triplets(1);
    assert!(plain.build().unwrap().run().is_ok());
    let standard = builder().scaling(Scaling::Standard).build().unwrap().run().unwrap();
    assert!(standard.leading_order.spikes.is_none());
    assert!(standard.leading_order.first_spike_strength.is_none());
    assert!(standard.no_prediction.unwrap().contains("mean-field"));
    let three = builder().batches(BatchPolicy::Independent).steps([1.0, 1.0, 1.0]);
    let three = three.build().unwrap().run().unwrap();
    assert_eq!((three.stages.len(), &three.no_prediction), (4, &None));
    let model = |stage: &Stage| stage.prediction.as_ref().map(|p| p.bulk_model);
    let models: Vec<_> = three.stages.iter().map(model).collect();
    let structured = Some(BulkModel::Structured);
    assert_eq!(models, [None, structured, structured, structured]);
    let pair = Target::multi_index("z1 + z2/2", 2, |z| z[0] + 0.5 * z[1]);
    let multi = builder().target(pair).build().unwrap().run().unwrap();
    let top = &multi.last().unwrap().triplets[0];
    assert_eq!(top.direction_overlaps.len(), 2);
    assert!(top.target_overlap > 0.8 && top.direction_overlaps[0] > top.direction_overlaps[1]);
    // the default for any number of directions
    let prediction = multi.last().unwrap().prediction.as_ref().unwrap();
    assert_eq!(prediction.bulk_model, BulkModel::Structured);
    // smallest possible: one neuron, one dimension, one sample
    let tiny = builder().width(1).dimension(1).samples(1).build().unwrap().run().unwrap();
    assert_eq!(tiny.last().unwrap().singular_values.len(), 1);
}

#[test]
fn progress_rises_to_one_and_names_the_place() {
    let mut seen: Vec<Progress> = Vec::new();
    let watch = |p: &Progress| {
        seen.push(*p);
        ControlFlow::Continue(())
    };
    builder().build().unwrap().run_with(RunOptions::new().observe(watch)).unwrap();
    assert!(seen.windows(2).all(|w| w[0].fraction <= w[1].fraction));
    assert!(seen.first().unwrap().in_spectrum);
    assert!((seen.last().unwrap().fraction - 1.0).abs() < 1e-12);
    // three spectra of two calls, two steps of two tiles
    assert_eq!(seen.len(), 2 * 3 + 2 * 2);
    assert!(seen.iter().any(|p| !p.in_spectrum && (p.step, p.tile, p.tiles) == (2, 1, 2)));
}

#[test]
fn run_stops_after_observer_breaks() {
    for stop_at in 0..10 {
        let mut calls = 0;
        let watch = |_: &Progress| {
            calls += 1;
            if calls > stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = builder().build().unwrap().run_with(RunOptions::new().observe(watch));
        let step = [0, 0, 1, 1, 1, 1, 2, 2, 2, 2][stop_at];
        assert_eq!(outcome.unwrap_err(), RunError::Cancelled { step });
        assert_eq!(calls, stop_at + 1);
    }
}

#[test]
fn run_that_diverges_names_the_step() {
    let steep = builder()
        .activation(HermiteSeries::polynomial(8))
        .scaling(Scaling::Standard)
        .precision(Precision::F32)
        .steps([1e4; 6]);
    let steep = steep.build().unwrap();
    let RunError::Diverged { step } = steep.run().unwrap_err() else { panic!("another error") };
    assert!((1..=6).contains(&step));
    // the networks up to that step, the error, and no more
    let networks: Vec<_> = steep.networks::<f32>().collect();
    assert_eq!(networks.len(), step + 1);
    assert!(networks[..step].iter().all(Result::is_ok) && networks[step].is_err());
}

#[test]
fn report_prints_sizes_exponents_and_outliers() {
    let text = builder().build().unwrap().run().unwrap().to_string();
    for part in [
        "N = 160, d = 80, n = 1600",
        "independent batches",
        "information exponent 1",
        "2 new directions, 3 outliers in total",
        "rule: Tracy-Widom, p < 1e-12; next value p = ",
        "W_2 (eta = 15.",
        "<u, a^3>",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn report_survives_serialisation() {
    let report = builder().keep_weights(true).build().unwrap().run().unwrap();
    crate::common::check_json(&report);
}

/// A run ends soon after its observer breaks: at the next tile, or after one decomposition.
#[test]
fn cancellation_takes_a_tile_or_a_decomposition() {
    let experiment =
        builder().with_prediction(false).width(600).dimension(400).samples(40_000).build().unwrap();
    for delay in [0, 50, 150, 300, 500] {
        let begin = Instant::now();
        let stop = begin + Duration::from_millis(delay);
        let mut calls_after = 0;
        let observer = |_: &Progress| {
            if Instant::now() < stop {
                return ControlFlow::Continue(());
            }
            calls_after += 1;
            ControlFlow::Break(())
        };
        let error = experiment.run_with(RunOptions::new().observe(observer)).unwrap_err();
        let waited = Instant::now().saturating_duration_since(stop);
        assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
        assert_eq!(calls_after, 1);
        println!("stopped after {delay} ms, ended {:.0} ms later", 1e3 * waited.as_secs_f64());
        // a tenth of a second on an idle machine; a busy one is given time
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    }
}

#[test]
fn vectors_are_those_of_the_kept_weights() {
    let pair = Target::multi_index("z1 + z2^2", 2, |z| z[0] + z[1] * z[1]);
    let settings = builder().target(pair).keep_weights(true);
    for precision in [Precision::F32, Precision::F64] {
        let settings = settings.clone().precision(precision).triplets(3).vectors(2);
        let report = settings.with_prediction(false).build().unwrap().run().unwrap();
        for stage in &report.stages {
            let weights = stage.weights.as_ref().unwrap();
            for (k, triplet) in stage.triplets.iter().enumerate() {
                let (left, right) = (triplet.left_vector.as_ref(), triplet.right_vector.as_ref());
                assert_eq!((left.is_some(), right.is_some()), (k < 2, k < 2));
                let (Some(u), Some(v)) = (left, right) else { continue };
                assert_eq!((u.len(), v.len()), (160, 80));
                let rest = weights.dot(v) - triplet.singular_value * u;
                let accuracy = if precision == Precision::F32 { 1e-4 } else { 1e-6 };
                assert!(rest.dot(&rest).sqrt() < accuracy * triplet.singular_value);
                let overlaps = report.teacher.dot(v).mapv(f64::abs);
                for (a, b) in overlaps.iter().zip(&triplet.direction_overlaps) {
                    assert!((a - b).abs() < accuracy, "{a} {b}");
                }
            }
        }
    }
    let plain = builder().build().unwrap().run().unwrap();
    assert!(plain.stages.iter().flat_map(|s| &s.triplets).all(|t| t.left_vector.is_none()));
}

/// The overlap of spans against the projector on the outliers' right vectors.
#[test]
fn span_overlaps_and_histograms_are_of_the_stage() {
    let pair = Target::multi_index("z1 + z2^2", 2, |z| z[0] + z[1] * z[1]);
    let settings = builder().target(pair).vectors(6);
    let report = settings.with_prediction(false).build().unwrap().run().unwrap();
    for stage in &report.stages {
        let outliers = stage.triplets.iter().take(stage.outliers.count);
        let square: f64 = outliers
            .map(|t| report.teacher.dot(t.right_vector.as_ref().unwrap()))
            .map(|overlaps| overlaps.dot(&overlaps))
            .sum();
        assert!((stage.span_overlap() - (square / 2.0).sqrt()).abs() < 1e-9);
        let histogram = stage.histogram(20).unwrap();
        let width = histogram.edges[1] - histogram.edges[0];
        assert!((histogram.density.sum() * width - 1.0).abs() < 1e-12);
        assert!(stage.histogram(0).is_err());
    }
    let last = report.last().unwrap();
    assert!(last.span_overlap() > 0.5 && report.stages[0].span_overlap() == 0.0);
}

#[test]
fn seeds_have_a_mean_and_a_standard_error() {
    let experiment = builder().samples(400).build().unwrap();
    let runs = experiment.seeds([4, 5, 6]).unwrap();
    for (report, seed) in runs.reports.iter().zip([4, 5, 6]) {
        let alone = builder().samples(400).seed(seed).build().unwrap().run().unwrap();
        assert!(
            crate::common::numbers_of(report.clone()) == crate::common::numbers_of(alone),
            "seed {seed}"
        );
    }
    let value = |k: usize| runs.reports[k].stages[2].triplets[0].singular_value;
    let (mean, error) = runs.mean(|report| report.stages[2].triplets[0].singular_value);
    let expected = (value(0) + value(1) + value(2)) / 3.0;
    assert!((mean - expected).abs() < 1e-12);
    let square = (0..3).map(|k| (value(k) - expected).powi(2)).sum::<f64>();
    assert!((error - (square / 6.0).sqrt()).abs() < 1e-12);
    let text = runs.to_string();
    for part in ["means over 3 seeds", "W_2: ", "±", "<u, a>"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(experiment.seeds([]).unwrap().reports.is_empty());
}
