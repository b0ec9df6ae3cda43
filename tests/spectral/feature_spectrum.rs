//! The spectrum of features: against the singular value decomposition of the features themselves.

use linear_width::activation::{Activation, Tanh};
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::network::Network;
use linear_width::readout::{Features, LinearFeatures};
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::{
    OutlierRule, SingularTriplets, SpectralError, feature_spectrum, overlap,
};
use linear_width::{InvalidSetting, Scalar};
use ndarray::{Array1, Array2, ArrayView2, array, s};

fn batch(dimension: usize, samples: usize) -> GeneratedBatch {
    let target = Target::single_index(Link::hermite([0.4, 1.0, 0.5])).noise(0.3);
    GeneratedBatch::new(&target, dimension, samples, 3).unwrap()
}

fn network<T: Scalar>(width: usize, dimension: usize) -> Network<T> {
    Network::random(width, dimension, Tanh { scale: 2.0, shift: 0.5 }.shared(), 3).unwrap()
}

/// Eigenvalues, left and right overlaps against those of F = sigma(X W^T) as a whole; several tiles,
/// more neurons than samples, and either precision.
fn compare<T: Scalar>(width: usize, samples: usize, within: f64) {
    let (network, batch) = (network::<T>(width, 12), batch(12, samples));
    let (x, y) = batch.to_arrays().unwrap();
    let x = x.mapv(T::of);
    let pre = network.first_layer().dot(&x.t()).reversed_axes();
    let f = pre.mapv(|x| network.activation().value(x.as_f64()));
    let svd = SingularTriplets::all(f.view()).unwrap();

    let spectrum = feature_spectrum(&network, &batch, 3).unwrap();
    assert_eq!(spectrum.eigenvalues().len(), width.min(samples));
    let largest = svd.singular_values[0].powi(2) / samples as f64;
    for (found, s) in spectrum.eigenvalues().iter().zip(&svd.singular_values) {
        let expected = s * s / samples as f64;
        assert!((found - expected).abs() < within * largest, "{found} {expected}");
    }
    let square = y.mapv(|y| y * y);
    let mut functions = Array2::zeros((2, samples));
    functions.row_mut(0).assign(&(&y * 1e-200));
    functions.row_mut(1).assign(&square);
    let left = spectrum.left_overlaps(functions.view()).unwrap();
    let b = Array1::from_shape_fn(width, |j| (j as f64).cos());
    for k in 0..3 {
        let u = svd.left_vector(k);
        for (found, g) in left.row(k).iter().zip([&y, &square]) {
            let expected = overlap(u, g.view()).unwrap();
            assert!((found - expected).abs() < 1000.0 * within, "{k}: {found} {expected}");
        }
        let found = overlap(spectrum.right_vectors().row(k), b.view()).unwrap();
        let expected = overlap(svd.right_vector(k), b.view()).unwrap();
        assert!((found - expected).abs() < 1000.0 * within, "{k}: {found} {expected}");
        assert!(
            (overlap(spectrum.right_vectors().row(k), svd.right_vector(k)).unwrap() - 1.0).abs()
                < 1000.0 * within
        );
    }
}

#[test]
fn the_spectrum_is_that_of_the_features() {
    for (width, samples) in [(30, 1700), (30, 30), (60, 40), (7, 8)] {
        compare::<f64>(width, samples, 1e-13);
        compare::<f32>(width, samples, 1e-6);
    }
}

/// Inputs x in N(0, I): X^T X / m has the law of Marchenko and Pastur and no outlier, and with a
/// common shift one.
#[test]
fn inputs_have_the_marchenko_pastur_spectrum() {
    let inputs = LinearFeatures::new(120).unwrap();
    let plain = batch(120, 480);
    let spectrum = feature_spectrum(&inputs, &plain, 0).unwrap();
    let law = MarchenkoPastur::for_shape(120, 480).unwrap();
    let (low, high) = law.singular_value_edges();
    let values = spectrum.eigenvalues();
    assert!((values[0] / high.powi(2) - 1.0).abs() < 0.1, "{} {}", values[0], high.powi(2));
    assert!((values[119] / low.powi(2) - 1.0).abs() < 0.2, "{} {}", values[119], low.powi(2));
    assert_eq!(spectrum.outliers(None).unwrap().count, 0);
    let rule = OutlierRule::MarchenkoPastur { margin: 0.1 };
    assert_eq!(spectrum.outliers(Some(rule)).unwrap().count, 0);
    assert_eq!(spectrum.right_vectors().nrows(), 0);

    let (x, y) = plain.to_arrays().unwrap();
    let moved = Dataset::new(x + 0.5, y).unwrap();
    let spectrum = feature_spectrum(&inputs, &moved, 1).unwrap();
    assert_eq!(spectrum.outliers(None).unwrap().count, 1);
    // |shift|^2 = 120 / 4, and the noise adds (1 + phi / 30) (1 + 1 / 30 ...)
    assert!((spectrum.eigenvalues()[0] / 31.25 - 1.0).abs() < 0.05);
    let left = spectrum.left_overlaps(Array2::ones((1, 480)).view()).unwrap();
    assert!(left[[0, 0]] > 0.95, "{left}");
}

/// Vectors are given up to the rank; zeros are zeros.
#[test]
fn a_low_rank_gives_fewer_vectors() {
    struct Copies;
    impl Features for Copies {
        fn dimension(&self) -> usize {
            2
        }
        fn count(&self) -> usize {
            5
        }
        fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
            Ok(Array2::from_shape_fn((x.nrows(), 5), |(i, j)| x[[i, j % 2]]))
        }
    }
    for samples in [40, 4] {
        let batch = batch(2, samples);
        let spectrum = feature_spectrum(&Copies, &batch, 4).unwrap();
        assert_eq!(spectrum.right_vectors().dim(), (2, 5));
        assert_eq!(spectrum.eigenvalues().slice(s![2..]).sum(), 0.0);
        // the trace of F^T F / m
        let (x, _) = batch.to_arrays().unwrap();
        let squares = x.map_axis(ndarray::Axis(0), |column| column.dot(&column));
        let trace = 5.0 * (3.0 * squares[0] + 2.0 * squares[1]) / samples as f64;
        assert!((spectrum.eigenvalues().sum() / trace - 1.0).abs() < 1e-13);
        // a zero function has no direction
        let zero = Array2::zeros((1, samples));
        assert_eq!(spectrum.left_overlaps(zero.view()).unwrap(), Array2::<f64>::zeros((2, 1)));
    }
}

#[test]
fn bad_input_is_named() {
    let inputs = LinearFeatures::new(3).unwrap();
    let invalid = |error: SpectralError| matches!(error, SpectralError::Invalid(_));
    assert!(invalid(feature_spectrum(&inputs, &batch(4, 10), 1).unwrap_err()));
    let huge = Dataset::new(Array2::from_elem((4, 3), 1e200), array![1, 2, 3, 4]).unwrap();
    assert_eq!(feature_spectrum(&inputs, &huge, 1).unwrap_err(), SpectralError::Overflow);
    let tiny = Dataset::new(Array2::from_elem((4, 3), 1e-200), array![1, 2, 3, 4]).unwrap();
    let tiny = feature_spectrum(&inputs, &tiny, 1).unwrap();
    let ones = tiny.left_overlaps(Array2::ones((1, 4)).view()).unwrap();
    assert!((ones[[0, 0]] - 1.0).abs() < 1e-14);
    let good = batch(3, 10);
    let spectrum = feature_spectrum(&inputs, &good, 1).unwrap();
    assert!(spectrum.left_overlaps(Array2::ones((1, 9)).view()).is_err());
    assert!(spectrum.left_overlaps(Array2::from_elem((1, 10), f64::NAN).view()).is_err());
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let network = network::<f32>(50, 20);
    for samples in [1700, 45] {
        let batch = batch(20, samples);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let spectrum = feature_spectrum(&network, &batch, 2).unwrap();
                let y = batch.to_arrays().unwrap().1.insert_axis(ndarray::Axis(0));
                let left = spectrum.left_overlaps(y.view()).unwrap();
                (spectrum.eigenvalues().clone(), left, spectrum.right_vectors().to_owned())
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(5), "{samples}");
    }
}
