//! Batches, given data, laws, targets and networks over random shapes and numbers.

use crate::strategies::{
    activation, cases, first_layer, input_law, matrix, scaling, second_layer, size, target, vector,
    wild,
};
use linear_width::data::{Batch, CustomLaw, Dataset, GeneratedBatch, Target};
use linear_width::network::{Network, SecondLayerLaw};
use linear_width::{InvalidSetting, Scalar};
use ndarray::{Array1, Array2, Axis, Slice};
use proptest::prelude::*;

/// The samples `first..first + count` of a batch in precision `T`.
fn read<T: Scalar>(batch: &dyn Batch, first: usize, count: usize) -> (Array2<T>, Array1<T>) {
    let shape = (count, batch.dimension());
    if size_of::<T>() == 4 {
        let (mut x, mut y) = (Array2::<f32>::zeros(shape), Array1::<f32>::zeros(count));
        batch.read_f32(first, x.view_mut(), y.view_mut()).unwrap();
        return (x.mapv(|x| T::of(x.into())), y.mapv(|y| T::of(y.into())));
    }
    let (mut x, mut y) = (Array2::<f64>::zeros(shape), Array1::<f64>::zeros(count));
    batch.read(first, x.view_mut(), y.view_mut()).unwrap();
    (x.mapv(T::of), y.mapv(T::of))
}

/// Samples `first..` of all.
fn part<T: Scalar>(
    all: &(Array2<T>, Array1<T>),
    first: usize,
    count: usize,
) -> (Array2<T>, Array1<T>) {
    let range = Slice::from(first..first + count);
    (all.0.slice_axis(Axis(0), range).to_owned(), all.1.slice_axis(Axis(0), range).to_owned())
}

/// Shapes that mostly fit, entries that are mostly finite.
fn given() -> impl Strategy<Value = (Array2<f64>, Array1<f64>)> {
    let ordinary = || prop_oneof![3 => -3.0..3.0, 1 => Just(0.5)];
    (0_usize..9, 0_usize..6, prop_oneof![9 => Just(0_usize), 1 => 1_usize..3]).prop_flat_map(
        move |(n, d, more)| {
            prop_oneof![
                3 => (matrix((n, d), ordinary()), vector(n + more, ordinary())),
                1 => (matrix((n, d), wild()), vector(n + more, wild())),
            ]
        },
    )
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn generated_batches_are_the_same_in_parts(
        law in input_law(), target in target(), (n, d) in (size(200), 2_usize..12),
        (seed, index) in (any::<u64>(), 0_u64..5), (at, length) in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let batch = GeneratedBatch::new(&target, d, n, seed).unwrap();
        let batch = batch.with_input_law(law).with_index(index);
        let directions = batch.directions();
        prop_assert_eq!(directions, target.realised_directions(d, seed).unwrap());
        let frame = directions.dot(&directions.t());
        for ((i, j), x) in frame.indexed_iter() {
            prop_assert!((x - f64::from(u8::from(i == j))).abs() < 1e-12);
        }
        let all = read::<f64>(&batch, 0, n);
        prop_assert!(all.0.iter().chain(&all.1).all(|x| x.is_finite()));
        let first = (at * n as f64) as usize;
        let count = (length * (n - first) as f64) as usize;
        prop_assert_eq!(read::<f64>(&batch, first, count), part(&all, first, count));
        let single = read::<f32>(&batch, 0, n);
        prop_assert_eq!(single.0, all.0.mapv(|x| x as f32));
        if target.noise_std() == 0.0 {
            for (x, y) in all.0.rows().into_iter().zip(&all.1) {
                let z = directions.dot(&x);
                // a jump of the link may lie between two roundings
                let label = target.noiseless_label(z.as_slice().unwrap());
                let near = z.iter().any(|z| z.abs() < 1e-9);
                prop_assert!(near || (label - y).abs() < 1e-8 * (1.0 + label.abs()));
            }
        }
    }

    #[test]
    fn mixed_batches_join_two_batches(
        target in target(), n in size(80), kept in 0_usize..90, seed: u64,
    ) {
        let first = GeneratedBatch::new(&target, 3, n, seed).unwrap();
        let own = first.clone().with_index(1);
        let mixed = own.clone().reusing(kept);
        prop_assert_eq!(mixed.is_ok(), kept <= n);
        if let Ok(mixed) = mixed {
            let all = read::<f32>(&mixed, 0, n);
            prop_assert_eq!(part(&all, 0, kept), read::<f32>(&first, 0, kept));
            prop_assert_eq!(part(&all, kept, n - kept), read::<f32>(&own, kept, n - kept));
        }
    }

    #[test]
    fn network_output_is_the_formula(
        (width, dimension, n) in (size(100), size(20), 0_usize..9),
        (law, second) in (first_layer(), second_layer(7)), activation in activation(),
        scaling in scaling(), seed: u64,
    ) {
        let a = second.draw(width, seed);
        if let SecondLayerLaw::Fixed(b) = &second {
            prop_assert_eq!(a.is_ok(), b.len() == width);
        }
        let Ok(a) = a else { return Ok(()) };
        let w = law.draw::<f64>(width, dimension, seed).unwrap();
        let network = Network::new(w, a, activation).unwrap().with_scaling(scaling);
        prop_assert_eq!((network.width(), network.dimension()), (width, dimension));
        let x = Array2::from_shape_fn((n, dimension), |(i, j)| ((3 * i + j) as f64).sin());
        let output = network.output(x.view()).unwrap();
        let factor = scaling.output_factor(width);
        use linear_width::activation::Activation;
        for (x, f) in x.rows().into_iter().zip(&output) {
            let z = network.first_layer().dot(&x);
            let terms: Vec<f64> = z.iter().zip(network.second_layer())
                .map(|(z, a)| a * network.activation().value(*z)).collect();
            let size: f64 = 1.0 + terms.iter().map(|t| t.abs()).sum::<f64>();
            let expected = factor * terms.iter().sum::<f64>();
            prop_assert!((f - expected).abs() < 1e-12 * size, "{f} {expected}");
        }
        let wrong = Array2::zeros((2, dimension + 1));
        let refused = matches!(network.output(wrong.view()), Err(InvalidSetting::Shape { .. }));
        prop_assert!(refused);
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn dataset_standardises_or_names_what_is_wrong(
        (x, y) in given(), (from, to) in (0_usize..10, 0_usize..10),
    ) {
        let finite = x.iter().chain(&y).all(|v| v.is_finite());
        let fits = x.nrows() > 0 && x.ncols() > 0 && y.len() == x.nrows();
        let (n, d) = x.dim();
        let data = Dataset::new(x, y);
        prop_assert_eq!(data.is_ok(), finite && fits);
        let Ok(data) = data else { return Ok(()) };
        prop_assert_eq!((data.samples(), data.dimension()), (n, d));
        prop_assert_eq!(data.rows(from..to).is_ok(), from < to && to <= n);
        match data.clone().standardised() {
            Ok(scaled) => {
                prop_assert!(scaled.inputs().iter().all(|x| x.is_finite()));
                for column in scaled.inputs().columns() {
                    let mean = column.sum() / n as f64;
                    let square = column.iter().map(|x| x * x).sum::<f64>() / n as f64;
                    prop_assert!(mean.abs() < 1e-7, "{mean}");
                    prop_assert!((square - 1.0).abs() < 1e-7, "{square}");
                }
            }
            Err(InvalidSetting::ConstantFeatures { columns }) => {
                for column in columns {
                    let x = data.inputs();
                    let x = x.column(column);
                    let largest = x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                    prop_assert!(x.iter().all(|v| (v - x[0]).abs() <= 1e-6 * largest));
                }
            }
            Err(InvalidSetting::NonFinite { .. } | InvalidSetting::OutOfRange { .. }) => {
                let x = data.inputs();
                let extreme = |v: &f64| v.abs() > 1e300 || (*v != 0.0 && v.abs() < 1e-300);
                prop_assert!(x.iter().any(extreme), "{x}");
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
        if let Ok(kept) = data.clone().without_constant_features() {
            prop_assert_eq!(kept.dimension() + kept.removed_features().len(), d);
        }
        if let Ok(labels) = data.with_standardised_labels() {
            prop_assert!(labels.labels().iter().all(|y| y.is_finite()));
        }
    }

    #[test]
    fn discrete_laws_are_centred_or_refused(
        values in proptest::collection::vec((wild(), wild()), 0..5),
    ) {
        let law = CustomLaw::discrete("wild", values.clone());
        if law.is_ok() {
            let mean: f64 = values.iter().map(|(b, p)| b * p).sum();
            prop_assert!(mean.abs() < 1e-3);
        }
    }

    #[test]
    fn two_point_laws_are_standardised_or_refused(
        p in 0.01..0.99_f64, scale in prop_oneof![2 => Just(1.0), 1 => 0.5..2.0],
    ) {
        // mean 0 and variance scale^2
        let (low, high) = (-scale * ((1.0 - p) / p).sqrt(), scale * (p / (1.0 - p)).sqrt());
        let law = CustomLaw::discrete("two points", [(low, p), (high, 1.0 - p)]);
        prop_assert_eq!(law.is_ok(), (scale * scale - 1.0_f64).abs() <= 1e-4);
        let Ok(law) = law else { return Ok(()) };
        let second = SecondLayerLaw::Custom(law);
        prop_assert_eq!(second.distinct_nonzero_values(), Some(2));
        for b in second.draw::<f64>(9, 3).unwrap() * 3.0 {
            prop_assert!((b - low).abs() < 1e-12 || (b - high).abs() < 1e-12);
        }
    }

    #[test]
    fn teacher_directions_are_orthonormal_or_refused(
        (p, d) in (1_usize..4, 0_usize..5),
        rows in (0_usize..4, 0_usize..5).prop_flat_map(|shape| matrix(shape, wild())),
        seed: u64,
    ) {
        let target = Target::multi_index("sum", p, |z| z.iter().sum());
        prop_assert_eq!(target.realised_directions(d, seed).is_ok(), p <= d);
        if let Ok(directions) = target.directions(rows.clone()).realised_directions(d, seed) {
            prop_assert_eq!(rows.dim(), (p, d));
            let gram = directions.dot(&directions.t());
            for ((i, j), x) in gram.indexed_iter() {
                prop_assert!((x - f64::from(u8::from(i == j))).abs() < 1e-5);
            }
        }
    }
}

/// What the properties found once: squares that vanish or overflow.
#[test]
fn standardisation_survives_squares_that_overflow() {
    for size in [1e-300, 1e-160, 1e160, 1e300] {
        let data = Dataset::new(ndarray::array![[size], [0.0]], Array1::<f64>::zeros(2)).unwrap();
        let scaled = data.standardised().unwrap();
        assert!((scaled.inputs()[[0, 0]] - 1.0).abs() < 1e-15, "{}", scaled.inputs());
        assert!((scaled.inputs()[[1, 0]] + 1.0).abs() < 1e-15, "{}", scaled.inputs());
    }
    // a deviation that has lost its digits, and a difference that is no number
    let error = |x: f64, y: f64| {
        Dataset::new(ndarray::array![[x], [y]], Array1::<f64>::zeros(2))
            .unwrap()
            .standardised()
            .unwrap_err()
    };
    assert!(matches!(error(1e-310, 0.0), InvalidSetting::OutOfRange { .. }));
    assert!(matches!(error(f64::MAX, f64::MIN), InvalidSetting::OutOfRange { .. }));
}
