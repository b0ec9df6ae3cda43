//! Experiments on the user's own inputs and labels.

use linear_width::activation::Tanh;
use linear_width::data::{Batch, Dataset, InputLaw, Link, Target};
use linear_width::experiment::{ExperimentBuilder, NoPredictionError, Precision};
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, InvalidSetting, Scalar};
use ndarray::{Array1, Array2, Axis, Slice, array, concatenate};

fn target() -> Target {
    Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1)
}

/// Everything but the data.
fn settings() -> ExperimentBuilder {
    Experiment::builder()
        .width(60)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
        .keep_weights(true)
        .seed(9)
}

/// The samples `first..` of a batch, in `f64`, which holds an `f32` exactly.
fn stored<T: Scalar>(batch: &dyn Batch, first: usize) -> (Array2<f64>, Array1<f64>) {
    let shape = (batch.samples() - first, batch.dimension());
    if size_of::<T>() == 4 {
        let (mut x, mut y) = (Array2::<f32>::zeros(shape), Array1::<f32>::zeros(shape.0));
        batch.read_f32(first, x.view_mut(), y.view_mut()).unwrap();
        return (x.mapv(f64::from), y.mapv(f64::from));
    }
    let (mut x, mut y) = (Array2::zeros(shape), Array1::zeros(shape.0));
    batch.read(first, x.view_mut(), y.view_mut()).unwrap();
    (x, y)
}

/// What a run on generated data sees, stored and given back, gives the same weights to the last
/// bit. 1700 samples: two tiles.
fn given_back<T: Scalar>(precision: Precision) {
    let samples = 1700;
    let policies = [
        (BatchPolicy::Independent, 0),
        (BatchPolicy::PartlyReused { fraction: 0.3 }, 510),
        (BatchPolicy::Reused, samples),
    ];
    for (policy, kept) in policies {
        let settings = settings().batches(policy).precision(precision).samples(samples);
        let generated = settings.clone().dimension(25).target(target()).build().unwrap();
        let (mut x, mut y) = stored::<T>(&generated.batch(1).unwrap(), 0);
        if kept < samples {
            let (more_x, more_y) = stored::<T>(&generated.batch(2).unwrap(), kept);
            x = concatenate![Axis(0), x, more_x];
            y = concatenate![Axis(0), y, more_y];
        }
        assert_eq!(x.nrows(), 2 * samples - kept);
        let data = Dataset::new(x, y).unwrap();
        let given = settings.data(data.clone()).build().unwrap();
        let (expected, found) = (generated.run().unwrap(), given.run().unwrap());
        assert_eq!(expected.second_layer, found.second_layer);
        for (expected, found) in expected.stages.iter().zip(&found.stages) {
            assert!(expected.weights == found.weights, "{policy}, W_{}", expected.step);
            assert_eq!(expected.singular_values, found.singular_values);
        }
        assert_ne!(found.stages[0].weights, found.stages[2].weights);
        // one sample less is too few
        let short = data.rows(0..data.samples() - 1).unwrap();
        let problems = given_problems(short, policy, samples);
        let available = 2 * samples - kept - 1;
        let needed = available + 1;
        assert_eq!(problems, [InvalidSetting::TooFewSamples { available, needed }]);
    }
}

fn given_problems(data: Dataset, policy: BatchPolicy, samples: usize) -> Vec<InvalidSetting> {
    settings().data(data).batches(policy).samples(samples).build().unwrap_err().problems
}

#[test]
fn stored_batches_give_the_bits_of_generated_ones_f64() {
    given_back::<f64>(Precision::F64);
}

#[test]
fn stored_batches_give_the_bits_of_generated_ones_f32() {
    given_back::<f32>(Precision::F32);
}

/// 0, 1, ..., n - 1 has mean (n - 1)/2 and variance (n^2 - 1)/12.
#[test]
fn standardisation_matches_closed_forms() {
    let n = 41;
    let x = Array2::from_shape_fn(
        (n, 2),
        |(i, j)| if j == 0 { i as f64 } else { 7.0 - 3.0 * i as f64 },
    );
    let data = Dataset::new(x, Array1::from_iter((0..n).map(|i| 1e6 + i as f64))).unwrap();
    let done = data.clone().standardised().unwrap().with_standardised_labels().unwrap();
    assert!(done.has_standardised_inputs() && done.has_standardised_labels());
    let deviation = ((n * n - 1) as f64 / 12.0).sqrt();
    for i in 0..n {
        let expected = (i as f64 - 20.0) / deviation;
        assert!((done.inputs()[[i, 0]] - expected).abs() < 1e-14);
        assert!((done.inputs()[[i, 1]] + expected).abs() < 1e-14);
        assert!((done.labels()[i] - expected).abs() < 1e-14);
    }
    // held-out samples take the numbers of the training samples
    let (train, test) = (data.rows(0..11).unwrap(), data.rows(11..n).unwrap());
    let test = test.standardised_like(&train).unwrap();
    assert!((test.inputs()[[0, 0]] - 6.0 / 10.0_f64.sqrt()).abs() < 1e-14);
    assert_eq!(test.labels()[0], 1e6 + 11.0);
}

fn sines(samples: usize, dimension: usize) -> Dataset {
    let x = Array2::from_shape_fn((samples, dimension), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = x.column(0).to_owned();
    Dataset::new(x, y).unwrap()
}

#[test]
fn dataset_names_bad_entries() {
    let new = Dataset::new;
    let ones = || Array1::from_elem(3, 1.0);
    let x = array![[1.0, 2.0], [3.0, 2.0], [0.5, 2.0]];
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        let mut with = x.clone();
        with[[2, 1]] = value;
        let error = new(with, ones()).unwrap_err();
        let (name, place) = ("the given inputs", "row 2, column 1".into());
        assert_eq!(error, InvalidSetting::NonFiniteEntry { name, place, value });
        let error = new(x.clone(), array![1.0, value, 0.0]).unwrap_err();
        let (name, place) = ("the given labels", "entry 1".into());
        assert_eq!(error, InvalidSetting::NonFiniteEntry { name, place, value });
    }
    let error = new(array![[0.0, f64::NAN]], array![1.0]).unwrap_err().to_string();
    let said = "row 0, column 1 of the given inputs (from 0) is NaN; it must be a finite number";
    assert_eq!(error, said);
    let labels = array![0.0, 1.0, 2.0, f64::NAN, f64::NAN];
    let error = new(Array2::zeros((5, 1)), labels).unwrap_err().to_string();
    let said = "entry 3 of the given labels (from 0) is NaN; it must be a finite number";
    assert_eq!(error, said);
    let error = new(x.clone(), Array1::zeros(2)).unwrap_err();
    assert!(matches!(error, InvalidSetting::Shape { .. }), "{error}");
    let empty = new(Array2::zeros((0, 2)), Array1::zeros(0)).unwrap_err();
    assert_eq!(empty, InvalidSetting::ZeroSize { name: "samples" });
    let flat = new(Array2::zeros((3, 0)), ones()).unwrap_err();
    assert_eq!(flat, InvalidSetting::ZeroSize { name: "dimension" });

    let data = new(x, ones()).unwrap();
    let constant = data.clone().standardised().unwrap_err();
    assert_eq!(constant, InvalidSetting::ConstantFeatures { columns: vec![1] });
    assert!(constant.to_string().contains("[1]"), "{constant}");
    let labels = data.clone().with_standardised_labels().unwrap_err();
    assert_eq!(labels, InvalidSetting::ConstantLabels);
    let reduced = data.without_constant_features().unwrap();
    assert_eq!((reduced.dimension(), reduced.removed_features()), (1, &[1][..]));
    assert!(reduced.clone().standardised().is_ok());
    assert!(reduced.standardised_like(&sines(5, 2)).is_err());
    let all = new(Array2::ones((3, 2)), ones()).unwrap().without_constant_features();
    assert!(matches!(all, Err(InvalidSetting::ZeroSize { .. })));
    let huge = new(array![[1e200], [-1e200]], array![0.0, 1.0]).unwrap();
    assert_eq!(huge.clone().standardised().unwrap().inputs(), array![[1.0], [-1.0]]);

    // too large for 32 bits
    let single = settings().data(huge).precision(Precision::F32).batches(BatchPolicy::Reused);
    let problems = single.triplets(1).build().unwrap_err().problems;
    assert_eq!(problems, [InvalidSetting::NonFinite { name: "the given data in 32 bits" }]);
}

/// `count` numbers near `mean`: each some units in the last place away, up to `most`.
fn noisy(mean: f64, most: u64, count: usize) -> Array1<f64> {
    let noise = |i: usize| (i as u64 * 7919 + 13) % (most + 1);
    Array1::from_shape_fn(count, |i| f64::from_bits(mean.to_bits() + noise(i)))
}

/// Rounding errors about one number are no feature, whatever the number, its unit and the rows.
#[test]
fn constant_features_up_to_rounding_are_named_and_removed() {
    let sum = |terms: usize, x: f64| (0..terms).map(|_| x).sum::<f64>();
    for count in [2, 3, 10, 200, 5000] {
        let mut columns = vec![Array1::from_shape_fn(count, |i| (i as f64).sin())];
        for mean in [14.62, -0.3, 1e-5_f64.ln(), 1.0, 1e10, -1e-10, 3e160, 7e-160, 1e300, 2e-300] {
            for most in [0, 1, 2, 4] {
                columns.push(noisy(mean, most, count));
            }
        }
        columns.push(Array1::from_shape_fn(count, |i| if i == 0 { 0.1 + 0.2 } else { 0.3 }));
        columns.push(Array1::from_shape_fn(count, |i| if i % 2 == 0 { sum(10, 0.1) } else { 1.0 }));
        // what is not: the mean may be large, the deviation small
        let kept = columns.len();
        columns.push(Array1::from_shape_fn(count, |i| 1e12 + i as f64));
        columns.push(Array1::from_shape_fn(count, |i| 14.62 * (1.0 + 1e-9 * (i % 2) as f64)));
        columns.push(Array1::from_shape_fn(count, |i| 1e-160 * (i as f64 + 1.0)));
        columns.push(Array1::from_shape_fn(count, |i| 1e160 * (i as f64 + 1.0)));
        columns.push(Array1::from_shape_fn(count, |i| [1e-17, -1e-17][i % 2]));
        columns.push(Array1::from_shape_fn(count, |i| f64::from(u8::from(i + 1 == count))));
        let views: Vec<_> = columns.iter().map(|column| column.view()).collect();
        let x = ndarray::stack(Axis(1), &views).unwrap();
        let y = columns[0].clone();
        let data = Dataset::new(x, y.clone()).unwrap();
        let expected: Vec<usize> = (1..kept).collect();
        let error = data.clone().standardised().unwrap_err();
        assert_eq!(error, InvalidSetting::ConstantFeatures { columns: expected.clone() });
        let removed = data.without_constant_features().unwrap();
        assert_eq!(removed.removed_features(), expected, "{count}");
        assert_eq!(removed.dimension(), columns.len() + 1 - kept);
        for (j, column) in columns.into_iter().enumerate() {
            let labels = Dataset::new(Array2::<f64>::zeros((count, 1)), column).unwrap();
            let refused = labels.with_standardised_labels().err();
            let constant = refused == Some(InvalidSetting::ConstantLabels);
            assert_eq!(constant, (1..kept).contains(&j), "{count}, {j}: {refused:?}");
        }
    }
}

/// Inputs of 32 bits come as 64 bits; their rounding is found, counts and years stay.
#[test]
fn constant_features_are_found_in_data_widened_from_f32() {
    let x = Array2::from_shape_fn((30, 4), |(i, j)| match j {
        0 => f64::from(f32::from_bits(14.62_f32.to_bits() + (i % 2) as u32)),
        1 => 2000.0 + (i % 2) as f64,
        2 => 1e6 + (i % 2) as f64,
        _ => f64::from((i as f32).sin()),
    });
    let data = Dataset::new(x, Array1::from_iter((0..30).map(f64::from))).unwrap();
    assert_eq!(data.without_constant_features().unwrap().removed_features(), [0]);
}

/// Rows of the data may have constant features of their own; the numbers are those of the first.
#[test]
fn removed_features_keep_their_original_indices() {
    let x = Array2::from_shape_fn((6, 5), |(i, j)| match j {
        0 | 3 => 7.0,
        4 => f64::from(u8::from(i == 5)),
        _ => (i + j) as f64,
    });
    let data = Dataset::new(x, Array1::<f64>::zeros(6)).unwrap();
    let data = data.without_constant_features().unwrap();
    assert_eq!(data.removed_features(), [0, 3]);
    let part = data.rows(0..5).unwrap().without_constant_features().unwrap();
    assert_eq!((part.removed_features(), part.dimension()), (&[0, 3, 4][..], 2));
    assert_eq!(part.without_constant_features().unwrap().removed_features(), [0, 3, 4]);
}

#[test]
fn builder_names_settings_that_exclude_a_dataset() {
    let problems = |builder: ExperimentBuilder| builder.build().unwrap_err().problems;
    let base = || settings().data(sines(50, 5)).samples(25);
    assert!(base().build().is_ok());
    assert!(base().dimension(5).build().is_ok());
    assert!(matches!(problems(base().dimension(6))[..], [InvalidSetting::Shape { .. }]));
    assert_eq!(
        problems(base().target(target()).input_law(InputLaw::Uniform)),
        [
            InvalidSetting::NotWithGivenData { name: "target" },
            InvalidSetting::NotWithGivenData { name: "input_law" }
        ]
    );
    assert_eq!(problems(base().samples(0)), [InvalidSetting::ZeroSize { name: "samples" }]);
    let too_few = InvalidSetting::TooFewSamples { available: 50, needed: 52 };
    assert_eq!(problems(base().samples(26)), [too_few]);
    assert!(base().samples(26).batches(BatchPolicy::Reused).build().is_ok());
    // without a number of samples: all, where every step sees the same
    let open = || settings().data(sines(50, 5));
    assert_eq!(problems(open()), [InvalidSetting::Missing { name: "samples" }]);
    let reused = open().batches(BatchPolicy::Reused).build().unwrap();
    assert_eq!(reused.batch(2).unwrap().samples(), 50);
    assert!(open().steps([2.0]).build().is_ok());
}

#[test]
fn independent_steps_read_disjoint_rows_in_order() {
    let data = sines(10, 2);
    let experiment = settings().data(data.clone()).samples(3).steps([1.0; 3]).build().unwrap();
    for step in 1..=3 {
        let (x, y) = stored::<f64>(&experiment.batch(step).unwrap(), 0);
        let range = Slice::from(3 * (step - 1)..3 * step);
        assert_eq!(x, data.inputs().slice_axis(Axis(0), range));
        assert_eq!(y, data.labels().slice_axis(Axis(0), range));
    }
    assert!(experiment.batch(0).is_err() && experiment.batch(4).is_err());
    assert!(experiment.batch(usize::MAX).is_err());
}

#[test]
fn report_on_a_dataset_has_no_teacher_and_no_prediction() {
    let data = sines(50, 5).named("sines").standardised().unwrap();
    let experiment = settings().data(data).batches(BatchPolicy::Reused).build().unwrap();
    let report = experiment.run().unwrap();
    assert_eq!(report.teacher.dim(), (0, 5));
    assert!(report.leading_order.spikes.is_none());
    assert!(report.leading_order.first_spike_strength.is_none());
    assert!(report.leading_order.link_coefficients.is_none());
    for stage in &report.stages {
        assert!(stage.prediction.is_none());
        for triplet in &stage.triplets {
            assert!(triplet.direction_overlaps.is_empty() && triplet.target_overlap == 0.0);
            assert_eq!(triplet.left_overlaps.len(), 3);
        }
    }
    let why = NoPredictionError::Dataset.to_string();
    assert_eq!(report.no_prediction, Some(why.clone()));
    let text = report.to_string();
    let head = "N = 60, d = 5, n = 50; centred tanh";
    assert!(text.starts_with(head), "{text}");
    assert!(text.contains("; sines (50 samples, inputs standardised); reused batches"), "{text}");
    assert!(text.contains(&format!("no prediction: {why}")), "{text}");
    assert!(!text.contains("target") && !text.contains("leading order"), "{text}");

    assert!(experiment.target().is_none() && experiment.dataset().is_some());
    assert_eq!(experiment.predict(1, &Options::default()).unwrap_err(), NoPredictionError::Dataset);
    let none = |error| assert!(matches!(error, InvalidSetting::NotWithGivenData { .. }));
    assert!(experiment.teacher().is_none());
    none(experiment.test_batch(0, 5).unwrap_err());
}

/// With known directions a run on a data set reports overlaps, those of the same run on generated
/// data.
#[test]
fn known_directions_are_reported() {
    let settings = settings().batches(BatchPolicy::Reused).samples(200);
    let generated = settings.clone().dimension(25).target(target()).build().unwrap();
    let (x, y) = generated.batch(1).unwrap().to_arrays().unwrap();
    let beta = generated.teacher().unwrap().to_owned();
    let data = Dataset::new(x, y).unwrap().with_directions(beta.clone()).unwrap();
    let given = settings.data(data).build().unwrap();
    assert_eq!(given.teacher().unwrap(), beta);
    let (expected, found) = (generated.run().unwrap(), given.run().unwrap());
    assert_eq!(found.teacher, beta);
    for (expected, found) in expected.stages.iter().zip(&found.stages) {
        for (expected, found) in expected.triplets.iter().zip(&found.triplets) {
            assert_eq!(expected.direction_overlaps, found.direction_overlaps);
        }
    }
    assert!(found.last().unwrap().triplets[0].target_overlap > 0.5);
}

/// Two features vary, up to two do not.
#[test]
fn report_names_the_preparation_of_the_dataset() {
    for (inputs, labels, constant, said) in [
        (false, false, 0, ""),
        (true, false, 0, ", inputs standardised"),
        (false, true, 0, ", labels standardised"),
        (true, true, 1, ", inputs and labels standardised, 1 constant feature removed"),
        (false, false, 2, ", 2 constant features removed"),
    ] {
        let varied = sines(40, 2);
        let x = concatenate![Axis(1), varied.inputs().view(), Array2::ones((40, constant))];
        let mut data = Dataset::new(x, varied.labels().to_owned()).unwrap().named("sines");
        data = data.without_constant_features().unwrap();
        if inputs {
            data = data.standardised().unwrap();
        }
        if labels {
            data = data.with_standardised_labels().unwrap();
        }
        let text = settings().data(data).samples(20).build().unwrap().run().unwrap().to_string();
        assert!(text.contains(&format!("; sines (40 samples{said}); ")), "{said}: {text}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn report_on_a_dataset_survives_serialisation() {
    let experiment = settings().data(sines(50, 5)).samples(20).build().unwrap();
    let report = experiment.run().unwrap();
    crate::common::check_json(&report);
}
