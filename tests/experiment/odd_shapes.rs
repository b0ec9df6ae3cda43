//! Odd shapes and settings: each runs and its numbers hold, or is refused with an error that names
//! what is wrong.

use linear_width::activation::{HermiteSeries, Relu, Tanh};
use linear_width::data::{Dataset, Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision, RunError};
use linear_width::network::{Initialisation, Scaling, SecondLayerLaw};
use linear_width::spectral::{OutlierRule, overlap};
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, InvalidSetting, Report};
use ndarray::{Array1, Array2, array};

const POLICIES: [BatchPolicy; 5] = [
    BatchPolicy::Independent,
    BatchPolicy::Reused,
    BatchPolicy::PartlyReused { fraction: 0.0 },
    BatchPolicy::PartlyReused { fraction: 0.4 },
    BatchPolicy::PartlyReused { fraction: 1.0 },
];

fn sized(width: usize, dimension: usize, samples: usize) -> ExperimentBuilder {
    Experiment::builder()
        .width(width)
        .dimension(dimension)
        .samples(samples)
        .activation(Tanh { scale: 1.5, shift: 0.4 })
        .target(Target::single_index(Link::hermite([0.0, 1.0, 0.3])).noise(0.1))
        .steps([StepSize::scaled(1.0, 0.3), StepSize::scaled(1.0, 0.4)])
        .keep_weights(true)
}

/// Runs; every number of the report is finite and in its range.
fn run(builder: ExperimentBuilder) -> Report {
    let report = builder.build().unwrap().run().unwrap();
    let available = report.settings.width.min(report.settings.dimension);
    for stage in &report.stages {
        let s = &stage.singular_values;
        assert_eq!(s.len(), available);
        assert!(s.iter().all(|s| s.is_finite() && *s >= 0.0), "{s}");
        assert!(s.windows(2).into_iter().all(|pair| pair[0] >= pair[1]), "{s}");
        assert!(stage.outliers.count <= available);
        // the Frobenius norm of the weights
        let weights = stage.weights.as_ref().unwrap();
        let (squares, norm) = (s.dot(s), weights.iter().map(|w| w * w).sum::<f64>());
        assert!((squares - norm).abs() <= 1e-5 * norm, "{squares} {norm}");
        for triplet in &stage.triplets {
            let overlaps = triplet.direction_overlaps.iter().chain(&triplet.left_overlaps);
            assert!(overlaps.chain([&triplet.target_overlap]).all(|o| (0.0..=1.0).contains(o)));
        }
    }
    assert!(!report.to_string().contains("NaN"));
    report
}

fn problem(builder: ExperimentBuilder) -> InvalidSetting {
    let mut problems = builder.build().expect_err("must be refused").problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn runs_with_any_order_of_width_dimension_and_samples() {
    for (width, dimension, samples) in [
        (5, 20, 40),  // N < d < n
        (20, 5, 40),  // d < N < n
        (20, 15, 4),  // n < d < N
        (4, 20, 10),  // N < n < d
        (12, 12, 12), // all equal
    ] {
        for policy in POLICIES {
            for precision in [Precision::F32, Precision::F64] {
                let report = run(sized(width, dimension, samples)
                    .batches(policy)
                    .precision(precision)
                    .with_prediction(false));
                assert_eq!(report.stages.len(), 3);
                assert_ne!(report.stages[1].weights, report.stages[2].weights);
            }
        }
    }
}

#[test]
fn runs_with_sizes_one_and_two() {
    for width in [1, 2] {
        for dimension in [1, 2] {
            for samples in [1, 2] {
                for policy in POLICIES {
                    let builder = sized(width, dimension, samples).batches(policy);
                    run(builder.clone().with_prediction(false));
                    run(builder.precision(Precision::F32).with_prediction(false));
                }
            }
        }
    }
}

#[test]
fn run_in_one_dimension_has_one_direction() {
    let report = run(sized(30, 1, 50).with_prediction(false));
    for stage in &report.stages {
        // every row is a multiple of the teacher, and the only right vector too
        assert_eq!(stage.triplets.len(), 1);
        assert!((stage.triplets[0].target_overlap - 1.0).abs() < 1e-12);
    }
    assert!((report.stages[0].singular_values[0] - 30_f64.sqrt()).abs() < 1e-12);
    let pair = Target::multi_index("z1 z2", 2, |z| z[0] * z[1]);
    assert_eq!(
        problem(sized(30, 1, 50).target(pair)),
        InvalidSetting::TooManyDirections { directions: 2, dimension: 1 }
    );
}

#[test]
fn run_of_one_neuron_has_left_vector_one() {
    for report in
        [run(sized(1, 6, 9).with_prediction(false)), run(sized(1, 6, 9).second_layer_powers(7))]
    {
        for stage in &report.stages {
            assert!(stage.triplets[0].left_overlaps.iter().all(|o| (o - 1.0).abs() < 1e-12));
        }
    }
    // the prediction wants two neurons, and says so; the run goes on
    let report = run(sized(1, 6, 9));
    assert!(report.no_prediction.unwrap().contains("the width is 1; it must be at least 2"));
    assert!(run(sized(2, 6, 9).with_prediction(false)).stages[2].singular_values.len() == 2);
}

#[test]
fn run_on_one_sample_moves_rows_along_it() {
    let report = run(sized(8, 5, 1).batches(BatchPolicy::Reused).with_prediction(false));
    let weights = |t: usize| report.stages[t].weights.clone().unwrap();
    let moved = weights(2) - weights(0);
    for row in moved.rows() {
        assert!((overlap(row, moved.row(0)).unwrap() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn prediction_of_odd_shapes_is_finite_or_has_a_reason() {
    for (width, dimension, samples) in
        [(2, 1, 1), (2, 50, 3), (60, 1, 7), (50, 40, 1), (3, 3, 3), (400, 7, 9), (7, 400, 9)]
    {
        for policy in [BatchPolicy::Independent, BatchPolicy::Reused] {
            let report = run(sized(width, dimension, samples).batches(policy));
            for stage in &report.stages[1..] {
                let Some(prediction) = &stage.prediction else {
                    assert!(report.no_prediction.is_some());
                    continue;
                };
                assert!(prediction.edge.is_finite() && prediction.edge > 0.0);
                assert!(prediction.outliers.iter().all(|o| o.singular_value >= prediction.edge));
                assert!(prediction.outliers.iter().all(|o| o.target_overlap.is_finite()));
            }
        }
    }
}

#[test]
fn run_with_constant_and_vanishing_links() {
    for value in [0.0, 1.5] {
        let target = Target::single_index(Link::new("constant", move |_| value));
        for policy in POLICIES {
            let report = run(sized(20, 10, 30).target(target.clone()).batches(policy));
            assert_eq!(report.leading_order.information_exponent, None);
            assert_eq!(report.leading_order.reuse_exponent, None);
            assert!(report.leading_order.beta_target_overlap.unwrap() < 1e-9);
            if value == 0.0 {
                // nothing to predict, but the outputs of the network are still unlearned
                assert!(report.no_prediction.unwrap().contains("labels vanish"));
                assert_ne!(report.stages[0].weights, report.stages[1].weights);
            }
        }
    }
}

#[test]
fn run_without_noise_growth_or_step() {
    let clean = Target::single_index(Link::hermite([0.0, 1.0]));
    let report = run(sized(20, 10, 30).target(clean));
    assert_eq!(report.noise, 0.0);
    // alpha = 0 in either step, and in both
    for (first, second) in [(0.0, 0.3), (0.3, 0.0), (0.0, 0.0)] {
        let steps = [StepSize::scaled(2.0, first), StepSize::scaled(2.0, second)];
        let report = run(sized(20, 10, 30).steps(steps));
        assert_eq!(report.stages[1].eta.unwrap(), 2.0 * 20_f64.powf(first));
        assert_eq!(report.leading_order.spikes.unwrap().count().new_directions, 0);
    }
    // zero steps leave the weights as they are, to the last bit
    for policy in POLICIES {
        let report = run(sized(20, 10, 30).steps([0.0, 0.0, 0.0]).batches(policy));
        for stage in &report.stages[1..] {
            assert_eq!(stage.weights, report.stages[0].weights);
            assert_eq!(stage.triplets, report.stages[0].triplets);
        }
        let report =
            run(sized(20, 10, 30).steps([0.0, 2.0]).batches(policy).with_prediction(false));
        assert_eq!(report.stages[1].weights, report.stages[0].weights);
        assert_ne!(report.stages[2].weights, report.stages[0].weights);
    }
    let none: [f64; 0] = [];
    assert_eq!(problem(sized(20, 10, 30).steps(none)), InvalidSetting::NoSteps);
}

#[test]
fn run_with_exponents_close_to_one_half() {
    let steps = [StepSize::scaled(1.0, 0.499_999_999_999_999_94), StepSize::scaled(1.0, 0.49)];
    let report = run(sized(20, 10, 30).steps(steps).with_prediction(false));
    let spikes = report.leading_order.spikes.unwrap();
    assert!(spikes.count().new_directions > 1_000_000_000);
    assert!(matches!(
        problem(sized(20, 10, 30).steps([StepSize::scaled(1.0, 0.5)])),
        InvalidSetting::StepSize { step: 1, parameter: "alpha", .. }
    ));
}

#[test]
fn run_with_second_layers_of_few_values() {
    let report = run(sized(20, 10, 30).second_layer(SecondLayerLaw::Rademacher));
    for triplet in report.stages.iter().flat_map(|stage| &stage.triplets) {
        // a^{o3} is a over N
        assert!((triplet.left_overlaps[0] - triplet.left_overlaps[2]).abs() < 1e-12);
    }
    let one = Array1::from_shape_fn(20, |j| if j == 3 { 2.0 } else { 0.0 });
    let report =
        run(sized(20, 10, 30).second_layer(SecondLayerLaw::Fixed(one)).with_prediction(false));
    let moved =
        report.stages[2].weights.clone().unwrap() - report.stages[0].weights.as_ref().unwrap();
    for (j, row) in moved.rows().into_iter().enumerate() {
        assert_eq!(row.iter().any(|x| *x != 0.0), j == 3, "only the third neuron has a weight");
    }
    // nothing is learned, and a has no direction
    let zero = SecondLayerLaw::Fixed(Array1::zeros(20));
    let report = run(sized(20, 10, 30).second_layer(zero).with_prediction(false));
    assert_eq!(report.stages[2].weights, report.stages[0].weights);
    assert!(report.stages[2].triplets.iter().all(|t| t.left_overlaps == [0.0; 3]));
}

#[test]
fn left_overlaps_with_many_second_layer_powers() {
    // a^{o100} would vanish in f64 if it were not scaled
    let report = run(sized(20, 10, 30).second_layer_powers(100).with_prediction(false));
    let last = &report.stages[2].triplets[0].left_overlaps;
    assert_eq!(last.len(), 100);
    assert!(last[99] > 0.0);
    let none = run(sized(20, 10, 30).second_layer_powers(0));
    assert!(none.stages[2].triplets.iter().all(|t| t.left_overlaps.is_empty()));
    assert!(matches!(
        problem(sized(20, 10, 30).second_layer_powers(101)),
        InvalidSetting::OutOfRange { name: "second_layer_powers", .. }
    ));
}

#[test]
fn run_with_huge_and_tiny_numbers() {
    for precision in [Precision::F32, Precision::F64] {
        // weights of 1e15 and more still have a spectrum
        let large =
            run(sized(20, 10, 30).steps([1e15]).precision(precision).with_prediction(false));
        assert!(large.stages[1].singular_values[0] > 1e10);
        let steep =
            sized(20, 10, 30).steps([1e300, 1e300]).precision(precision).with_prediction(false);
        match steep.activation(HermiteSeries::polynomial(3)).build().unwrap().run() {
            Err(RunError::Diverged { step }) => assert!(step <= 2),
            other => panic!("{other:?}"),
        }
        let faint = Array1::from_elem(20, 1e-300);
        let faint = sized(20, 10, 30).second_layer(SecondLayerLaw::Fixed(faint));
        run(faint.precision(precision).with_prediction(false));
    }
    let infinite = sized(20, 10, 30).steps([StepSize::scaled(f64::MAX, 0.4)]);
    assert!(matches!(problem(infinite), InvalidSetting::OutOfRange { .. }));
    let loud = Target::single_index(Link::hermite([0.0, 1.0])).noise(1e200);
    assert!(matches!(problem(sized(20, 10, 30).target(loud)), InvalidSetting::OutOfRange { .. }));
}

/// A huge step on few samples leaves weights of low rank beside rounding error: neither a bulk nor
/// at most `max_outliers` values.
#[test]
fn default_outlier_rule_counts_weights_of_low_rank() {
    let low_rank = |width, dimension, samples: usize| {
        sized(width, dimension, samples).steps([1e25]).with_prediction(false)
    };
    for precision in [Precision::F32, Precision::F64] {
        for (width, dimension, rank) in [(5, 4, 2), (9, 8, 3), (9, 8, 4), (60, 50, 9), (60, 50, 16)]
        {
            let report = run(low_rank(width, dimension, rank).precision(precision));
            assert_eq!(report.settings.outlier_rule, None);
            let (first, outliers) = (&report.stages[0].outliers, &report.stages[1].outliers);
            assert_eq!(first.rule, OutlierRule::TracyWidom { level: 0.05 });
            assert!(matches!(outliers.rule, OutlierRule::AboveEdge { .. }), "{outliers:?}");
            assert_eq!(outliers.count, rank, "{outliers:?}");
            // the same rule, given, is as strict as ever
            let given = low_rank(width, dimension, rank).precision(precision);
            let most = (width.min(dimension) - 1) / 3;
            let rule = OutlierRule::LargestGap { max_outliers: most.min(8), factor: 8.0 };
            let run = given.outlier_rule(rule).build().unwrap().run();
            assert!(matches!(run, Err(RunError::Invalid(InvalidSetting::Shape { .. }))), "{run:?}");
        }
        // a rank that is at most `max_outliers` is the number of outliers
        let report = run(low_rank(60, 50, 3).precision(precision));
        assert_eq!(report.stages[1].outliers.count, 3);
    }
}

#[test]
fn run_with_plain_settings_at_odd_shapes() {
    for (width, dimension, samples) in [(1, 1, 1), (1, 9, 2), (9, 1, 2), (2, 2, 1)] {
        run(sized(width, dimension, samples)
            .activation(Relu)
            .centred(false)
            .initialisation(Initialisation::Gaussian)
            .scaling(Scaling::Standard));
    }
    let gap = OutlierRule::LargestGap { max_outliers: 1, factor: 8.0 };
    run(sized(4, 9, 9).outlier_rule(gap).with_prediction(false));
    assert!(matches!(
        problem(sized(3, 9, 9).outlier_rule(gap)),
        InvalidSetting::OutOfRange { name: "outlier_rule.largest_gap.max_outliers", .. }
    ));
    assert_eq!(
        problem(sized(3, 9, 9).triplets(4)),
        InvalidSetting::TripletCount { asked: 4, available: 3 }
    );
    for builder in [sized(0, 9, 9), sized(9, 0, 9), sized(9, 9, 0)] {
        assert!(matches!(problem(builder), InvalidSetting::ZeroSize { .. }));
    }
}

#[test]
fn dataset_of_one_sample_or_one_feature() {
    let data = |x: Array2<f64>, y: Array1<f64>| Dataset::new(x, y).unwrap();
    let with = |data: Dataset| {
        Experiment::builder()
            .width(3)
            .activation(Tanh::default())
            .steps([1.0, 1.0])
            .batches(BatchPolicy::Reused)
            .keep_weights(true)
            .data(data)
    };
    let one_sample = run(with(data(array![[1.0, -2.0, 0.5]], array![1.0])));
    assert!(one_sample.no_prediction.unwrap().contains("given data"));
    run(with(data(array![[1.0], [-2.0], [0.5]], array![1.0, 0.0, -1.0])));
    let short = with(data(array![[1.0], [-2.0], [0.5]], array![1.0, 0.0, -1.0])).samples(2);
    assert_eq!(
        problem(short.batches(BatchPolicy::Independent)),
        InvalidSetting::TooFewSamples { available: 3, needed: 4 }
    );
    // a feature of one sample is constant
    let error = data(array![[1.0, 2.0]], array![1.0]).standardised().unwrap_err();
    assert_eq!(error, InvalidSetting::ConstantFeatures { columns: vec![0, 1] });
}
