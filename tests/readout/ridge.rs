//! Ridge readouts: against other programs, closed forms and optimality conditions.

use linear_width::activation::{Activation, FnActivation, Tanh};
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::network::Network;
use linear_width::readout::{Features, LinearFeatures, Readout, ReadoutError, Ridge};
use linear_width::{Experiment, InvalidSetting};
use ndarray::{Array1, Array2, Axis, array};
use std::sync::Arc;

/// By shape, primal and dual.
const FORMS: [fn(Ridge) -> Ridge; 3] = [|ridge| ridge, Ridge::primal, Ridge::dual];

/// x_ij = sin(1.3 i + 0.7 j + 0.11 i j + shift), y = cos(2 x_0) + x_1 / 2 + 0.3.
fn sines(samples: usize, shift: f64) -> Dataset {
    let x = Array2::from_shape_fn((samples, 3), |(i, j)| {
        let (i, j) = (i as f64, j as f64);
        (1.3 * i + 0.7 * j + 0.11 * i * j + shift).sin()
    });
    let y = x.rows().into_iter().map(|x| (2.0 * x[0]).cos() + 0.5 * x[1] + 0.3).collect();
    Dataset::new(x, y).unwrap()
}

/// tanh(W x) with W_kj = 0.8 cos(0.9 k + 1.7 j), 6 x 3.
fn tanh_network() -> Network<f64> {
    let w = Array2::from_shape_fn((6, 3), |(k, j)| 0.8 * (0.9 * k as f64 + 1.7 * j as f64).cos());
    let tanh = Tanh::default().shared();
    Network::new(w, Array1::zeros(6), tanh).unwrap()
}

struct Golden {
    samples: usize,
    intercept: bool,
    lambda: f64,
    /// The first three coefficients of the bare features.
    coefficients: [f64; 3],
    offset: f64,
    mean_square: f64,
    standard_error: f64,
}

fn compare(features: &dyn Features, golden: &[Golden]) {
    let root = (features.count() as f64).sqrt();
    for g in golden {
        for (form, with) in FORMS.into_iter().enumerate() {
            let ridge = with(Ridge::new().intercept(g.intercept));
            let path = ridge.fit(features, &sines(g.samples, 0.0)).unwrap();
            let readout = path.readout(g.lambda).unwrap();
            let close = |a: f64, b: f64| {
                assert!((a - b).abs() < 1e-12, "{a} {b}: n = {}, form {form}", g.samples);
            };
            for (theta, u) in readout.weights().iter().zip(g.coefficients) {
                close(theta / root, u);
            }
            close(readout.intercept(), g.offset);
            let error = readout.test_error(&sines(30, 0.4)).unwrap();
            close(error.mean_square, g.mean_square);
            close(error.standard_error, g.standard_error);
            assert_eq!(error.samples, 30);
        }
    }
}

/// scikit-learn 1.9.1 with NumPy 2.4.6 on the same data: Ridge(alpha=n*lambda, fit_intercept=...,
/// solver="svd"), coef_[:3], intercept_, mean squared error on 30 samples with shift 0.4, and its
/// standard error std(ddof=1)/sqrt(30).
#[test]
#[rustfmt::skip]
fn ridge_agrees_with_scikit_learn() {
    let case = |samples, intercept, lambda, coefficients, offset, mean_square, standard_error| Golden {
        samples, intercept, lambda, coefficients, offset, mean_square, standard_error,
    };
    compare(&LinearFeatures::new(3).unwrap(), &[
        case(20, false, 0.05, [0.017770915614773067, 0.5257754588616181, 0.04494871207368071], 0.0, 0.5405505157506449, 0.11338699056714675),
        case(20, false, 2.0, [-0.012162663966831744, 0.1137550738944605, -0.0030262616291115256], 0.0, 0.6073024357125213, 0.12246093959948799),
        case(20, true, 0.05, [0.012033366333642138, 0.4462862249059738, 0.03825297301259853], 0.5578390495998616, 0.250841052555361, 0.0347689020366393),
        case(20, true, 2.0, [-0.010912431112730827, 0.0958151409719676, -0.002349905467094412], 0.5844777550118624, 0.3163549270650296, 0.05929607648741273),
        case(4, false, 0.05, [0.536738967141757, -0.20913822116773195, 0.6322587145968157], 0.0, 1.4124594969726882, 0.2919368867485076),
        case(4, true, 2.0, [0.006424534722000651, 0.08535965686348564, 0.09922950993618111], 0.6566114381487549, 0.35343558210041776, 0.0751693411352549),
    ]);
    compare(&tanh_network(), &[
        case(20, false, 0.05, [-0.058090508127232626, -0.14848720326271592, -0.3035512309575726], 0.0, 0.551462264965077, 0.11169947127084366),
        case(20, true, 2.0, [-0.009468092510106014, -0.050248388783319664, -0.05696733976861878], 0.5819601311720823, 0.305772257027522, 0.05589803623520449),
        case(4, false, 0.05, [-0.25974724792202847, 0.053513992350204084, -0.62188001929632], 0.0, 0.559058659920219, 0.11621072075202633),
        case(4, true, 0.05, [-0.23704137926037339, -0.13701430373199616, -0.32640854164175853], 0.6972978702206107, 0.33840419623650814, 0.07149622528421615),
        case(4, true, 2.0, [-0.05355378589996167, -0.0729272344860555, -0.03681789383027519], 0.676992961150254, 0.3275983811462701, 0.06587141938642724),
    ]);
}

/// scikit-learn's LinearRegression on the same data.
#[test]
fn least_squares_is_ordinary_least_squares() {
    let inputs = LinearFeatures::new(3).unwrap();
    let path = Ridge::new().intercept(true).fit(&inputs, &sines(20, 0.0)).unwrap();
    let readout = path.least_squares().unwrap();
    let expected = [0.02625736069296409, 0.49547641474022674, 0.05302875288873672];
    for (theta, w) in readout.weights().iter().zip(expected) {
        assert!((theta / 3.0_f64.sqrt() - w).abs() < 1e-13);
    }
    assert!((readout.intercept() - 0.5542243776992479).abs() < 1e-13);
    let error = readout.test_error(&sines(30, 0.4)).unwrap();
    assert!((error.mean_square - 0.25086390431609595).abs() < 1e-13);
    // four samples, five unknowns
    let few = Ridge::new().intercept(true).fit(&inputs, &sines(3, 0.0)).unwrap();
    let error = few.least_squares().unwrap_err();
    assert!(matches!(error, ReadoutError::IllConditioned { .. }));
    // advice that is of use without a lambda only
    let more = ", or more samples than features";
    assert!(error.to_string().ends_with(&format!("take a larger lambda{more}")), "{error}");
    assert!(!few.readout(1e-20).unwrap_err().to_string().contains(more));
}

fn batch(dimension: usize, samples: usize, seed: u64, index: u64) -> GeneratedBatch {
    let target = Target::single_index(Link::hermite([0.4, 1.0, 0.5])).noise(0.3);
    GeneratedBatch::new(&target, dimension, samples, seed).unwrap().with_index(index)
}

fn network(width: usize, dimension: usize, activation: Arc<dyn Activation>) -> Network<f64> {
    Network::random(width, dimension, activation, 3).unwrap()
}

/// The derivative of the objective, computed from `phi` (n x p) by plain products, is zero.
fn assert_optimal(readout: &Readout<'_>, phi: &Array2<f64>, y: &Array1<f64>, intercept: bool) {
    let (n, p) = (phi.nrows() as f64, phi.ncols() as f64);
    let residual = y - &phi.dot(readout.weights()) - readout.intercept();
    let gradient = phi.t().dot(&residual) / n - readout.weights() * (readout.lambda() / p);
    let size = (phi.t().dot(y) / n).iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    let worst = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    assert!(worst < 1e-11 * size, "{worst} of {size}");
    if intercept {
        assert!(residual.mean().unwrap().abs() < 1e-12);
    } else {
        assert_eq!(readout.intercept(), 0.0);
    }
}

/// With a linear activation the features are projected inputs, W x / sqrt(N): the minimum is where
/// the derivative on them vanishes. Several tiles, p > n and p < n, primal and dual.
#[test]
fn ridge_on_a_linear_network_is_ridge_on_projected_inputs() {
    let identity = FnActivation::new("identity", |z: f64| z, |_: f64| 1.0);
    let network = network(40, 25, identity.shared());
    for (samples, forms) in
        [(2500, FORMS[..1].to_vec()), (60, FORMS.to_vec()), (30, FORMS.to_vec())]
    {
        let batch = batch(25, samples, 1, 0);
        let (x, y) = batch.to_arrays().unwrap();
        let phi = x.dot(&network.first_layer().t()) / 40.0_f64.sqrt();
        for form in forms {
            for intercept in [false, true] {
                let ridge = form(Ridge::new().intercept(intercept));
                let path = ridge.fit(&network, &batch).unwrap();
                for lambda in [1e-3, 0.1, 10.0] {
                    assert_optimal(&path.readout(lambda).unwrap(), &phi, &y, intercept);
                }
            }
        }
    }
}

#[test]
fn ridge_forms_agree_to_rounding() {
    let network = network(70, 30, Tanh { scale: 2.0, shift: 0.5 }.shared());
    for samples in [50, 70, 110] {
        let batch = batch(30, samples, 2, 0);
        for intercept in [false, true] {
            let ridge = Ridge::new().intercept(intercept);
            let primal = ridge.primal().fit(&network, &batch).unwrap();
            let dual = ridge.dual().fit(&network, &batch).unwrap();
            for lambda in [1e-4, 1e-2, 1.0, 1e3] {
                let (a, b) = (primal.readout(lambda).unwrap(), dual.readout(lambda).unwrap());
                let size = a.weights().dot(a.weights()).sqrt();
                let apart = (a.weights() - b.weights()).mapv(|x| x * x).sum().sqrt();
                assert!(apart < 1e-9 * size, "n = {samples}, {lambda}: {}", apart / size);
                assert!((a.intercept() - b.intercept()).abs() < 1e-9);
            }
        }
    }
}

/// Features of very different size, so that each needs a unit of its own.
struct Uneven;
impl Features for Uneven {
    fn dimension(&self) -> usize {
        3
    }
    fn count(&self) -> usize {
        3
    }
    fn evaluate(&self, x: ndarray::ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        Ok(&x * &array![1e-4, 3.0, 2e5])
    }
}

/// Training error and norm against their definitions: several tiles, either form, an interpolating
/// readout, features in units of their own, very large and very small labels.
#[test]
fn training_error_and_norm_are_what_they_say() {
    let network = network(40, 25, Tanh { scale: 2.0, shift: 0.5 }.shared());
    let check = |features: &dyn Features, batch: &dyn Batch, lambda, unit: f64, within: f64| {
        let (x, y) = batch.to_arrays().unwrap();
        let labelled = Dataset::new(x.clone(), &y * unit).unwrap();
        for form in FORMS {
            for intercept in [false, true] {
                let path = form(Ridge::new().intercept(intercept)).fit(features, &labelled);
                let path = path.unwrap();
                let readout = path.readout(lambda).unwrap();
                let residual = &y - &(readout.predict(x.view()).unwrap() / unit);
                let direct = residual.dot(&residual) / y.len() as f64;
                let found = readout.training_error() / unit / unit;
                assert!((found - direct).abs() < within, "{lambda} {unit}: {found} {direct}");
                let theta = readout.weights() / unit;
                let norm = theta.dot(&theta) / features.count() as f64;
                let found = readout.norm_squared() / unit / unit;
                assert!((found / norm - 1.0).abs() < 1e-12, "{found} {norm}");
            }
        }
    };
    for unit in [1.0, 1e-120, 1e120] {
        for lambda in [1e-5, 1e-2, 10.0, 1e200] {
            check(&network, &batch(25, 1700, 1, 0), lambda, unit, 1e-11);
            check(&network, &batch(25, 60, 1, 0), lambda, unit, 1e-10);
        }
        check(&Uneven, &sines(40, 0.0), 1e-6, unit, 1e-11);
        check(&Uneven, &sines(40, 0.0), 1e-9, unit, 1e-9);
    }
    // 30 samples and 40 features: the training error is far below the rounding error of the labels
    let few = batch(25, 30, 1, 0);
    let path = Ridge::new().fit(&network, &few).unwrap();
    let readout = path.readout(1e-9).unwrap();
    let (x, y) = few.to_arrays().unwrap();
    let residual = y - readout.predict(x.view()).unwrap();
    let direct = residual.dot(&residual) / 30.0;
    assert!(direct < 1e-12, "{direct}");
    assert!((readout.training_error() / direct - 1.0).abs() < 1e-3, "{direct}");
}

/// A large offset of inputs and labels costs no digits when there is an intercept.
#[test]
fn intercept_takes_an_offset_of_the_labels() {
    let (x, y) = batch(6, 1500, 4, 0).to_arrays().unwrap();
    let inputs = LinearFeatures::new(6).unwrap();
    let ridge = Ridge::new().intercept(true);
    let plain = Dataset::new(x.clone(), y.clone()).unwrap();
    let moved = Dataset::new(x + 1e6, y + 1e7).unwrap();
    let plain = ridge.primal().fit(&inputs, &plain).unwrap();
    let expected = plain.readout(0.1).unwrap();
    for ridge in [ridge.primal(), ridge.dual()] {
        let path = ridge.fit(&inputs, &moved).unwrap();
        let readout = path.readout(0.1).unwrap();
        for (a, b) in readout.weights().iter().zip(expected.weights()) {
            assert!((a - b).abs() < 1e-8, "{a} {b}");
        }
    }
}

/// For y = <w, x> + noise and Gaussian x the error of any linear predictor v is |w - v|^2 +
/// noise^2 exactly. The deviations of the measured error, in standard errors, have mean square 1
/// within five of its own standard errors: sqrt(2 / 300) each, a little more as squared errors are
/// skewed.
#[test]
fn standard_error_is_calibrated() {
    let runs = 300;
    let inputs = LinearFeatures::new(12).unwrap();
    let mut sum = 0.0;
    for seed in 0..runs {
        let target = Target::single_index(Link::hermite([0.0, 1.0])).noise(0.5);
        let batch = |samples, index| {
            GeneratedBatch::new(&target, 12, samples, seed).unwrap().with_index(index)
        };
        let path = Ridge::new().fit(&inputs, &batch(30, 0)).unwrap();
        let readout = path.readout(0.1).unwrap();
        let apart = readout.weights() / 12.0_f64.sqrt() - batch(1, 0).directions().row(0);
        let truth = apart.dot(&apart) + 0.25;
        let error = readout.test_error(&batch(1500, 1)).unwrap();
        sum += ((error.mean_square - truth) / error.standard_error).powi(2);
    }
    let mean = sum / runs as f64;
    assert!((mean - 1.0).abs() < 5.0 * (2.0 / runs as f64).sqrt(), "{mean}");
}

/// With many samples least squares reaches the population value: excess (error) d/n.
#[test]
fn least_squares_approaches_the_best_linear_predictor() {
    let target = Target::single_index(Link::hermite([0.4, 1.0, 0.5])).noise(0.3);
    let inputs = LinearFeatures::new(8).unwrap();
    let (train, test) = (batch(8, 40_000, 5, 0), batch(8, 40_000, 5, 1));
    for intercept in [false, true] {
        // E g^2 = 0.16 + 1 + 2 0.25
        let expected = 0.5 + 0.09 + if intercept { 0.0 } else { 0.16 };
        let linear = target.best_linear_error(intercept).unwrap().unwrap();
        let constant = target.best_constant_error(intercept).unwrap().unwrap();
        assert!((linear - expected).abs() < 1e-9);
        assert!((constant - linear - 1.0).abs() < 1e-9);
        let path = Ridge::new().intercept(intercept).fit(&inputs, &train).unwrap();
        let error = path.least_squares().unwrap().test_error(&test).unwrap();
        let deviation = (error.mean_square - linear) / error.standard_error;
        assert!(deviation.abs() < 4.0, "{error} {}", linear);
    }
}

#[test]
fn readout_weights_are_a_second_layer() {
    let network = network(30, 10, Tanh::default().shared());
    let train = batch(10, 80, 6, 0);
    let path = Ridge::new().fit(&network, &train).unwrap();
    let readout = path.readout(0.01).unwrap();
    let trained = Network::new(
        network.first_layer().clone(),
        readout.weights().clone(),
        network.activation().clone(),
    )
    .unwrap();
    let (x, _) = batch(10, 1700, 6, 1).to_arrays().unwrap();
    let apart = trained.output(x.view()).unwrap() - readout.predict(x.view()).unwrap();
    assert!(apart.iter().all(|x| x.abs() < 1e-13));
}

#[test]
fn ridge_selects_the_smallest_validation_error() {
    let network = network(60, 30, Tanh::default().shared());
    let path = Ridge::new().fit(&network, &batch(30, 70, 7, 0)).unwrap();
    let validation = batch(30, 400, 7, 1);
    let lambdas = [1e-4, 1e-2, 1.0, 100.0];
    let errors = path.test_errors(&lambdas, &validation).unwrap();
    let best = path.select(&lambdas, &validation).unwrap();
    let smallest = errors.iter().map(|e| e.mean_square).fold(f64::INFINITY, f64::min);
    let alone = best.test_error(&validation).unwrap();
    assert!((alone.mean_square - smallest).abs() < 1e-12);
    assert!(smallest < errors[0].mean_square && smallest < errors[3].mean_square);
    assert!(path.select(&[], &validation).is_err());
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let network = network(90, 40, Tanh::default().shared());
    let (train, test) = (batch(40, 1900, 8, 0), batch(40, 1700, 8, 1));
    for dual in [false, true] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let train = if dual { batch(40, 80, 8, 0) } else { train.clone() };
                let ridge = Ridge::new().intercept(true);
                let ridge = if dual { ridge.dual() } else { ridge.primal() };
                let path = ridge.fit(&network, &train).unwrap();
                let readout = path.readout(0.01).unwrap();
                (readout.test_error(&test).unwrap(), readout.weights().clone())
            })
        };
        let one = run(1);
        assert!(one == run(2), "dual {dual}: 2 threads");
        assert!(one == run(5), "dual {dual}: 5 threads");
    }
}

#[test]
fn networks_of_an_experiment_are_those_of_its_run() {
    let experiment = Experiment::builder()
        .width(40)
        .dimension(20)
        .samples(70)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
        .steps([2.0, 3.0])
        .keep_weights(true)
        .build()
        .unwrap();
    let report = experiment.run().unwrap();
    let mut networks = experiment.networks::<f64>();
    for stage in &report.stages {
        let network = networks.next().unwrap().unwrap();
        assert_eq!(Some(network.first_layer()), stage.weights.as_ref());
    }
    assert!(networks.next().is_none() && networks.next().is_none());
    let single = experiment.networks::<f32>().last().unwrap().unwrap();
    let double = experiment.networks::<f64>().last().unwrap().unwrap();
    let apart = single.first_layer().mapv(f64::from) - double.first_layer();
    assert!(apart.iter().all(|x| x.abs() < 1e-4));
    // a readout in either precision, on batches that no step sees
    let fresh = |index| experiment.test_batch(index, 90).unwrap();
    let one = Ridge::new().fit(&single, &fresh(0)).unwrap();
    let two = Ridge::new().fit(&double, &fresh(0)).unwrap();
    let one = one.readout(0.1).unwrap().test_error(&fresh(1)).unwrap().mean_square;
    let two = two.readout(0.1).unwrap().test_error(&fresh(1)).unwrap().mean_square;
    assert!((one / two - 1.0).abs() < 1e-3, "{one} {two}");
    let seen = experiment.batch(1).unwrap().to_arrays().unwrap().1;
    let (a, b) = (fresh(0).to_arrays().unwrap().1, fresh(1).to_arrays().unwrap().1);
    assert!(a != b && a[0] != seen[0] && b[0] != seen[0]);
}

/// A given feature map that can fail.
#[derive(Debug)]
struct Broken(usize, f64);
impl Features for Broken {
    fn dimension(&self) -> usize {
        3
    }
    fn count(&self) -> usize {
        2
    }
    fn evaluate(&self, x: ndarray::ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        Ok(Array2::from_elem((x.nrows(), self.0), self.1))
    }
}

/// A batch whose labels are not finite.
struct Unlabelled;
impl Batch for Unlabelled {
    fn samples(&self) -> usize {
        3
    }
    fn dimension(&self) -> usize {
        3
    }
    fn read(
        &self,
        _: usize,
        mut x: ndarray::ArrayViewMut2<'_, f64>,
        mut y: ndarray::ArrayViewMut1<'_, f64>,
    ) -> Result<(), InvalidSetting> {
        x.fill(1.0);
        y.fill(f64::NAN);
        Ok(())
    }
}

#[test]
fn ridge_names_bad_input() {
    let inputs = LinearFeatures::new(3).unwrap();
    let train = sines(20, 0.0);
    let path = Ridge::new().fit(&inputs, &train).unwrap();
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = path.readout(lambda).unwrap_err();
        assert!(matches!(error, ReadoutError::Invalid(InvalidSetting::OutOfRange { .. })));
        assert!(error.to_string().contains("lambda"), "{error}");
    }
    let shape = |error: ReadoutError| {
        assert!(matches!(error, ReadoutError::Invalid(InvalidSetting::Shape { .. })), "{error}");
    };
    let wide = batch(4, 10, 1, 0);
    shape(Ridge::new().fit(&inputs, &wide).unwrap_err());
    shape(Ridge::new().dual().fit(&inputs, &wide).unwrap_err());
    let readout = path.readout(0.1).unwrap();
    shape(readout.test_error(&wide).unwrap_err());
    shape(readout.predict(Array2::zeros((2, 4)).view()).unwrap_err());
    shape(Ridge::new().fit(&Broken(3, 1.0), &train).unwrap_err());
    let not_finite = |error: ReadoutError| {
        let expected = matches!(error, ReadoutError::Invalid(InvalidSetting::NonFinite { .. }));
        assert!(expected, "{error}");
    };
    for form in FORMS {
        let ridge = form(Ridge::new());
        not_finite(ridge.fit(&Broken(2, f64::NAN), &train).unwrap_err());
        // features whose squares overflow are features like others
        assert!(ridge.fit(&Broken(2, 1e200), &train).is_ok());
        not_finite(ridge.fit(&inputs, &Unlabelled).unwrap_err());
    }
    not_finite(readout.test_error(&Unlabelled).unwrap_err());
    let one = Dataset::new(array![[1.0, 2.0, 3.0]], array![1.0]).unwrap();
    assert!(readout.test_error(&one).unwrap_err().to_string().contains("at least 2"));
    // two equal features: no least squares, no lambda below rounding
    let twins = Broken(2, 1.0);
    let path = Ridge::new().fit(&twins, &train).unwrap();
    let condition = |error: ReadoutError| {
        assert!(matches!(error, ReadoutError::IllConditioned { .. }), "{error}");
    };
    condition(path.least_squares().unwrap_err());
    condition(path.readout(1e-20).unwrap_err());
    assert!(path.readout(1e-6).is_ok());
    assert!(LinearFeatures::new(0).is_err());
}

/// One sample, one feature: the smallest cases by hand.
#[test]
fn ridge_on_one_sample_by_hand() {
    let inputs = LinearFeatures::new(1).unwrap();
    let one = Dataset::new(array![[2.0]], array![3.0]).unwrap();
    for form in FORMS {
        // (3 - 2 w)^2 + lambda w^2: w = 6 / (4 + lambda)
        let path = form(Ridge::new()).fit(&inputs, &one).unwrap();
        let readout = path.readout(0.5).unwrap();
        assert!((readout.weights()[0] - 6.0 / 4.5).abs() < 1e-15);
        // with an intercept the mean explains everything
        let path = form(Ridge::new().intercept(true)).fit(&inputs, &one).unwrap();
        let readout = path.readout(0.5).unwrap();
        assert_eq!((readout.weights()[0], readout.intercept()), (0.0, 3.0));
        let predictions = readout.predict(array![[5.0]].view()).unwrap();
        assert_eq!(predictions.index_axis(Axis(0), 0).into_scalar(), &3.0);
    }
}
