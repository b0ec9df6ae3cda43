//! Whole experiments over random settings: what the builder accepts runs to a report that holds
//! together, or to a typed error; what it refuses it names.

use crate::strategies::{
    activation, batches, cases, first_layer, input_law, scaling, second_layer, size, step, target,
    wild,
};
use linear_width::data::Dataset;
use linear_width::experiment::{ExperimentBuilder, Precision, RunError, Settings, Stage};
use linear_width::spectral::{OutlierRule, SpectrumMethod, singular_values};
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, InvalidSetting, Report};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::sample::select;

fn precision() -> impl Strategy<Value = Precision> {
    select(vec![Precision::F32, Precision::F64])
}

/// A builder with everything but a prediction. Two teacher directions need two dimensions: one
/// dimension may be refused.
fn settings(largest: usize) -> impl Strategy<Value = ExperimentBuilder> {
    let sizes = (size(largest), size(largest), size(3 * largest));
    sizes.prop_flat_map(|(width, dimension, samples)| {
        let functions = (activation(), any::<bool>(), target(), input_law());
        let layers = (first_layer(), second_layer(width), scaling());
        let steps = (proptest::collection::vec(step(), 1..4), batches());
        let run = (precision(), any::<u64>(), any::<bool>(), 0_usize..5);
        let spectrum = select(vec![SpectrumMethod::Automatic, SpectrumMethod::Direct]);
        (functions, layers, steps, run, spectrum).prop_map(move |(f, l, s, r, spectrum)| {
            Experiment::builder()
                .width(width)
                .dimension(dimension)
                .samples(samples)
                .activation(f.0)
                .centred(f.1)
                .target(f.2)
                .input_law(f.3)
                .initialisation(l.0)
                .second_layer(l.1)
                .scaling(l.2)
                .steps(s.0)
                .batches(s.1)
                .precision(r.0)
                .seed(r.1)
                .keep_weights(r.2)
                .second_layer_powers(r.3)
                .spectrum_method(spectrum)
                .with_prediction(false)
        })
    })
}

fn unit(x: f64) -> bool {
    (0.0..=1.0).contains(&x)
}

fn check_stage(
    report: &Report,
    stage: &Stage,
    second_layer_powers: usize,
) -> Result<(), TestCaseError> {
    let s = &report.settings;
    let values = &stage.singular_values;
    prop_assert_eq!(values.len(), s.width.min(s.dimension));
    prop_assert!(values.iter().all(|x| x.is_finite() && *x >= 0.0));
    prop_assert!(values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
    let threshold = stage.outliers.threshold;
    prop_assert!(threshold.is_finite());
    prop_assert_eq!(stage.outliers.count, values.iter().filter(|x| **x > threshold).count());
    prop_assert!(stage.gradient_seconds >= 0.0 && stage.spectrum_seconds >= 0.0);
    prop_assert!(stage.feature_seconds >= 0.0);
    prop_assert_eq!(stage.triplets.len(), values.len().min(6));
    for (triplet, value) in stage.triplets.iter().zip(values) {
        prop_assert_eq!(triplet.singular_value, *value);
        prop_assert!(unit(triplet.target_overlap));
        prop_assert_eq!(triplet.direction_overlaps.len(), report.teacher.nrows());
        prop_assert_eq!(triplet.left_overlaps.len(), second_layer_powers);
        let all = triplet.direction_overlaps.iter().chain(&triplet.left_overlaps);
        prop_assert!(all.clone().all(|o| unit(*o)), "{triplet:?}");
        let span = triplet.direction_overlaps.iter().map(|o| o * o).sum::<f64>().sqrt();
        prop_assert!((span.min(1.0) - triplet.target_overlap).abs() < 1e-12);
    }
    // the right vectors are orthonormal, so that one direction has overlaps of squares at most 1
    for direction in 0..report.teacher.nrows() {
        let squares: f64 =
            stage.triplets.iter().map(|t| t.direction_overlaps[direction].powi(2)).sum();
        prop_assert!(squares <= 1.0 + 1e-3, "{squares}");
    }
    Ok(())
}

/// The singular values and overlaps of the report against those of the weights it keeps.
fn check_weights(report: &Report) -> Result<(), TestCaseError> {
    let f32 = report.settings.precision == Precision::F32;
    let accuracy = if f32 { 1e-5 } else { 1e-9 };
    for stage in &report.stages {
        let Some(weights) = &stage.weights else { return Ok(()) };
        prop_assert_eq!(weights.dim(), (report.settings.width, report.settings.dimension));
        let expected = singular_values(weights.view()).unwrap();
        for (a, b) in stage.singular_values.iter().zip(&expected) {
            prop_assert!((a - b).abs() <= accuracy * expected[0], "{a} {b}");
        }
        // the first right vector, where it is alone, is that of the weights
        let gap = expected.get(1).map_or(1.0, |second| 1.0 - second / expected[0]);
        if expected[0] > 0.0 && gap > 0.1 {
            let image = power_iteration(weights);
            for (beta, found) in
                report.teacher.rows().into_iter().zip(&stage.triplets[0].direction_overlaps)
            {
                let expected = beta.dot(&image).abs();
                prop_assert!((expected - found).abs() < 1e-3, "{expected} {found}");
            }
        }
    }
    Ok(())
}

/// The leading right singular vector.
fn power_iteration(weights: &Array2<f64>) -> Array1<f64> {
    let scaled = weights / weights.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let mut gram = scaled.t().dot(&scaled);
    for _ in 0..12 {
        gram /= gram.diag().sum();
        gram = gram.dot(&gram);
    }
    let largest = gram.diag().iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    let column = gram.column(largest).to_owned();
    let norm = column.dot(&column).sqrt();
    column / norm
}

fn check_report(experiment: &Experiment, report: &Report) -> Result<(), TestCaseError> {
    let s = &report.settings;
    prop_assert_eq!(report.stages.len(), s.steps.len() + 1);
    prop_assert_eq!(report.second_layer.len(), s.width);
    prop_assert!(report.second_layer.iter().all(|a| a.is_finite()));
    let directions = experiment.target().map_or(0, |target| target.direction_count());
    prop_assert_eq!(report.teacher.nrows(), directions);
    let frame = report.teacher.dot(&report.teacher.t()) - Array2::<f64>::eye(directions);
    prop_assert!(frame.iter().all(|x| x.abs() < 1e-12));
    let second_layer_powers = report.stages[0].triplets[0].left_overlaps.len();
    for (t, stage) in report.stages.iter().enumerate() {
        prop_assert_eq!(stage.step, t);
        prop_assert_eq!(stage.eta, t.checked_sub(1).map(|t| s.steps[t].eta(s.width)));
        check_stage(report, stage, second_layer_powers)?;
        let stands_still = t > 0 && stage.eta == Some(0.0);
        if stands_still {
            let before = &report.stages[t - 1];
            prop_assert_eq!(&stage.singular_values, &before.singular_values);
            prop_assert_eq!(&stage.weights, &before.weights);
        }
    }
    check_weights(report)?;
    let leading = &report.leading_order;
    prop_assert!(leading.activation_coefficients.iter().all(|c| c.is_finite()));
    prop_assert!(leading.beta_target_overlap.is_none_or(unit));
    prop_assert!(leading.first_spike_strength.is_none_or(f64::is_finite));
    if let Some(spikes) = &leading.spikes {
        prop_assert!(spikes.count().corrected <= spikes.count().total);
    }
    let text = report.to_string();
    prop_assert!(!text.contains("NaN"), "{text}");
    // the same weights without spectra, and the same numbers again
    if let (Some(kept), Precision::F64) = (&report.stages.last().unwrap().weights, s.precision) {
        let last = experiment.networks::<f64>().last().unwrap().unwrap();
        prop_assert_eq!(last.first_layer(), kept);
        let again = experiment.run().unwrap();
        for (a, b) in again.stages.iter().zip(&report.stages) {
            prop_assert_eq!(&a.singular_values, &b.singular_values);
            prop_assert_eq!(&a.triplets, &b.triplets);
        }
    }
    Ok(())
}

fn check_run(experiment: &Experiment) -> Result<(), TestCaseError> {
    match experiment.run() {
        Ok(report) => check_report(experiment, &report),
        // huge labels or weights; the sizes here do not lead there
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn report_of_valid_settings_holds_together(builder in settings(12)) {
        match builder.build() {
            Ok(experiment) => check_run(&experiment)?,
            Err(error) => {
                // the only thing that may be wrong: two directions in one dimension
                prop_assert_eq!(
                    error.problems,
                    [InvalidSetting::TooManyDirections { directions: 2, dimension: 1 }]
                );
            }
        }
    }

    #[test]
    fn report_on_a_dataset_holds_together(
        (n, d) in (size(30), size(8)), width in size(10), seed: u64,
        (policy, samples) in (batches(), size(30)),
        steps in proptest::collection::vec(step(), 1..4), precision in precision(),
        activation in activation(), dimension in proptest::option::of(size(8)),
    ) {
        let x = Array2::from_shape_fn((n, d), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
        let y = Array1::from_shape_fn(n, |i| x[[i, 0]] + 0.3 * (i as f64).cos());
        let mut builder = Experiment::builder()
            .width(width).activation(activation).steps(steps.clone()).batches(policy)
            .data(Dataset::new(x, y).unwrap()).samples(samples).seed(seed)
            .precision(precision).keep_weights(true);
        if let Some(dimension) = dimension {
            builder = builder.dimension(dimension);
        }
        match builder.build() {
            Ok(experiment) => {
                let report = experiment.run().unwrap();
                check_report(&experiment, &report)?;
                prop_assert!(report.no_prediction.is_some());
                prop_assert!(report.last().unwrap().triplets.iter().all(|t| t.target_overlap == 0.0));
            }
            Err(error) => {
                let fresh = samples - policy.kept_samples(samples);
                let needed = samples + fresh * (steps.len() - 1);
                for problem in error.problems {
                    match problem {
                        InvalidSetting::TooFewSamples { available, needed: found } => {
                            prop_assert_eq!((available, found), (n, needed));
                            prop_assert!(needed > n);
                        }
                        InvalidSetting::Shape { .. } => prop_assert!(dimension != Some(d)),
                        other => prop_assert!(false, "{other}"),
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(400))]

    /// Any numbers at all: an error that names what is wrong, or an experiment that runs or
    /// diverges.
    #[test]
    fn builder_refuses_or_runs_any_numbers(
        (width, dimension, samples) in (0_usize..7, 0_usize..7, 0_usize..12),
        steps in proptest::collection::vec((wild(), prop_oneof![0.0..0.5, wild()]), 0..4),
        // boxed: the trees of many nested strategies overflow the stack of a debug build
        noise in wild(), fraction in wild(), base in settings(2).boxed(),
        (triplets, second_layer_powers) in (0_usize..9, 0_usize..6),
        (rule, rule_number) in (0_usize..4, wild()),
        limit in proptest::option::of(0_usize..200_000),
    ) {
        let rule = [
            OutlierRule::AboveEdge { edge: rule_number, margin: 0.1 },
            OutlierRule::MarchenkoPastur { margin: rule_number },
            OutlierRule::LargestGap { max_outliers: 1, factor: rule_number },
            OutlierRule::default_for(width.min(dimension)),
        ][rule];
        let link = linear_width::data::Link::hermite([0.0, 1.0, 0.3]);
        let target = linear_width::data::Target::single_index(link).noise(noise);
        let policy = BatchPolicy::PartlyReused { fraction };
        let sizes: Vec<StepSize> =
            steps.iter().map(|(constant, alpha)| StepSize::scaled(*constant, *alpha)).collect();
        let mut builder = base
            .width(width).dimension(dimension).samples(samples).steps(sizes.clone())
            .second_layer(linear_width::network::SecondLayerLaw::Uniform)
            .target(target).batches(policy).outlier_rule(rule)
            .triplets(triplets).second_layer_powers(second_layer_powers).keep_weights(true);
        if let Some(limit) = limit {
            builder = builder.memory_limit(limit);
        }
        let available = width.min(dimension);
        let bad = width == 0 || dimension == 0 || samples == 0 || sizes.is_empty()
            || sizes.iter().any(|size| size.check(1).is_err())
            || !(noise.is_finite() && noise >= 0.0)
            || policy.check().is_err()
            || triplets == 0 || triplets > available
            || rule.check_for(available).is_err();
        match builder.build() {
            Ok(experiment) => {
                prop_assert!(!bad);
                match experiment.run() {
                    Ok(report) => {
                        for stage in &report.stages {
                            prop_assert!(stage.singular_values.iter().all(|s| s.is_finite()));
                            for t in &stage.triplets {
                                prop_assert!(unit(t.target_overlap));
                                prop_assert!(t.left_overlaps.iter().all(|o| unit(*o)));
                            }
                        }
                        check_weights(&report)?;
                    }
                    Err(RunError::Diverged { .. } | RunError::Invalid(_)) => {
                        // only huge numbers do this
                        let huge = |x: f64| x > 1e6;
                        prop_assert!(huge(noise) || steps.iter().any(|(c, _)| huge(*c)));
                    }
                    Err(other) => prop_assert!(false, "{other}"),
                }
            }
            Err(error) => {
                prop_assert!(!error.problems.is_empty());
                // several stand under a heading
                let heading = usize::from(error.problems.len() > 1);
                let lines = error.to_string().lines().count();
                prop_assert_eq!(lines, error.problems.len() + heading);
                let large = |x: f64| x > 1e100;
                let other = limit.is_some() || large(noise) || steps.iter().any(|s| large(s.0));
                prop_assert!(bad || other, "{error}");
            }
        }
    }

    #[test]
    fn memory_estimate_grows_with_the_sizes(
        width: usize, dimension: usize, precision in precision(),
        steps in 0_usize..20, vectors: usize,
    ) {
        let steps = vec![1.0.into(); steps];
        let keep_weights = true;
        let settings =
            Settings { width, dimension, precision, steps, keep_weights, vectors, ..Settings::default() };
        let larger = Settings { width: width.saturating_add(1), ..settings.clone() };
        prop_assert!(larger.estimated_bytes() >= settings.estimated_bytes());
        let smaller = Settings { keep_weights: false, vectors: 0, ..settings.clone() };
        prop_assert!(smaller.estimated_bytes() <= settings.estimated_bytes());
    }
}

proptest! {
    #![proptest_config(cases(6))]

    /// The prediction beside the run, at sizes where it means something and far below.
    #[test]
    fn prediction_in_the_report_holds_together(builder in settings(60), isotropic: bool) {
        let options = Options {
            bulk_model: if isotropic { BulkModel::Isotropic } else { BulkModel::Structured },
            ..Options::default()
        };
        let Ok(experiment) = builder.with_prediction(true).prediction_options(options).build() else {
            return Ok(());
        };
        let report = match experiment.run() {
            Ok(report) => report,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        check_report(&experiment, &report)?;
        for stage in &report.stages[1..] {
            prop_assert!(stage.prediction.is_some() || report.no_prediction.is_some());
            let Some(prediction) = &stage.prediction else { continue };
            prop_assert!(prediction.edge.is_finite() && prediction.edge >= 0.0);
            let mut above = f64::INFINITY;
            for outlier in &prediction.outliers {
                prop_assert!(outlier.singular_value <= above, "not sorted");
                above = outlier.singular_value;
                prop_assert!(above.is_finite() && above >= prediction.edge);
                prop_assert!(unit(outlier.target_overlap), "{outlier:?}");
                let all = outlier.direction_overlaps.iter().chain(&outlier.left_overlaps);
                prop_assert!(all.clone().all(|o| unit(*o)), "{outlier:?}");
            }
        }
    }
}
