//! Ridge readouts over random batches: optimal, the same in both forms, typed errors otherwise.

use crate::strategies::{activation, cases, largest, link, matrix, size, vector, wild};
use linear_width::data::{Dataset, Target};
use linear_width::network::Network;
use linear_width::readout::{Features, LinearFeatures, ReadoutError, Ridge};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

type Numbers = (Array2<f64>, Array1<f64>);

fn data() -> impl Strategy<Value = Numbers> {
    (size(30), size(8)).prop_flat_map(|(n, d)| {
        let numbers = || prop_oneof![6 => -3.0..3.0, 1 => Just(1.0)];
        (matrix((n, d), numbers()), vector(n, numbers()))
    })
}

/// Mean squared error and penalty of weights u sqrt(p) and an intercept.
fn objective(phi: &Array2<f64>, y: &Array1<f64>, theta: &Array1<f64>, b: f64, lambda: f64) -> f64 {
    let r = y - &phi.dot(theta) - b;
    r.dot(&r) / y.len() as f64 + lambda / theta.len() as f64 * theta.dot(theta)
}

fn check(
    features: &dyn Features,
    (x, y): &Numbers,
    lambda: f64,
    intercept: bool,
) -> Result<(), TestCaseError> {
    let batch = Dataset::new(x.clone(), y.clone()).unwrap();
    let phi = features.evaluate(x.view()).unwrap();
    let mut found: Vec<Array1<f64>> = Vec::new();
    let ridge = Ridge::new().intercept(intercept);
    for ridge in [ridge.primal(), ridge.dual(), ridge] {
        let path = ridge.fit(features, &batch).unwrap();
        let readout = match path.readout(lambda) {
            Ok(readout) => readout,
            Err(ReadoutError::Invalid(_)) => {
                prop_assert!(!(lambda.is_finite() && lambda > 0.0));
                return Ok(());
            }
            Err(ReadoutError::IllConditioned { condition, .. }) => {
                prop_assert!(condition > 1e13 && lambda < 1e-6);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        prop_assert!(lambda > 0.0 && readout.lambda() == lambda);
        prop_assert!(readout.weights().iter().all(|w| w.is_finite()));
        prop_assert!(readout.intercept().is_finite());
        prop_assert!(intercept || readout.intercept() == 0.0);
        let predictions = readout.predict(x.view()).unwrap();
        let expected = phi.dot(readout.weights()) + readout.intercept();
        let size = 1.0 + largest(&expected);
        prop_assert!(largest(&(&predictions - &expected)) < 1e-9 * size);
        match readout.test_error(&batch) {
            Ok(error) => {
                prop_assert!(error.mean_square.is_finite() && error.mean_square >= 0.0);
                prop_assert!(error.standard_error.is_finite() && error.standard_error >= 0.0);
                let r = y - &predictions;
                let mean = r.dot(&r) / y.len() as f64;
                prop_assert!((error.mean_square - mean).abs() < 1e-9 * (1.0 + mean));
            }
            Err(_) => prop_assert!(y.len() < 2),
        }
        if lambda > 1e-3 {
            let r = y - &predictions;
            let training = r.dot(&r) / y.len() as f64;
            prop_assert!((readout.training_error() - training).abs() < 1e-9 * (1.0 + training));
            found.push(readout.weights().clone());
            // no step in any direction makes it smaller
            let (theta, b) = (readout.weights(), readout.intercept());
            let best = objective(&phi, y, theta, b, lambda);
            for j in 0..theta.len() {
                for step in [1e-3, -1e-3] {
                    let mut other = theta.clone();
                    other[j] += step;
                    prop_assert!(
                        objective(&phi, y, &other, b, lambda) >= best - 1e-9 * (1.0 + best)
                    );
                }
            }
            if intercept {
                for step in [1e-3, -1e-3] {
                    prop_assert!(
                        objective(&phi, y, theta, b + step, lambda) >= best - 1e-9 * (1.0 + best)
                    );
                }
            }
        }
    }
    for other in found.iter().skip(1) {
        let apart = largest(&(other - &found[0]));
        prop_assert!(apart < 1e-7 * (1.0 + largest(&found[0])), "{apart}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn ridge_on_linear_features_is_optimal(
        data in data(), lambda in prop_oneof![3 => 1e-3..10.0, 1 => wild()], intercept: bool,
    ) {
        let features = LinearFeatures::new(data.0.ncols()).unwrap();
        check(&features, &data, lambda, intercept)?;
    }

    #[test]
    fn ridge_on_networks_is_optimal(
        (data, w) in (data(), size(12)).prop_flat_map(|(data, width)| {
            let d = data.0.ncols();
            (Just(data), matrix((width, d), -2.0..2.0))
        }),
        activation in activation(), lambda in 1e-3..10.0, intercept: bool,
    ) {
        let a = Array1::zeros(w.nrows());
        let network = Network::new(w, a, activation).unwrap();
        check(&network, &data, lambda, intercept)?;
    }

    #[test]
    fn ridge_selects_among_penalties_and_least_squares(data in data(), intercept: bool) {
        let (x, y) = &data;
        let batch = Dataset::new(x.clone(), y.clone()).unwrap();
        let features = LinearFeatures::new(x.ncols()).unwrap();
        let path = Ridge::new().intercept(intercept).fit(&features, &batch).unwrap();
        match path.least_squares() {
            Ok(line) => {
                prop_assert!(x.ncols() <= x.nrows());
                let r = y - &line.predict(x.view()).unwrap();
                // the residual is orthogonal to the features
                for column in x.axis_iter(Axis(1)) {
                    prop_assert!(column.dot(&r).abs() < 1e-6 * (1.0 + largest(line.weights())));
                }
            }
            Err(ReadoutError::IllConditioned { condition, .. }) => prop_assert!(condition > 1e13),
            Err(other) => prop_assert!(false, "{other}"),
        }
        prop_assert!(path.select(&[], &batch).is_err());
        let lambdas = [0.1, 1.0, 10.0];
        if let Ok(errors) = path.test_errors(&lambdas, &batch) {
            let chosen = path.select(&lambdas, &batch).unwrap().lambda();
            let best = errors.iter().map(|e| e.mean_square).fold(f64::INFINITY, f64::min);
            let at = lambdas.iter().position(|l| *l == chosen).unwrap();
            prop_assert_eq!(errors[at].mean_square, best);
        } else {
            prop_assert!(y.len() < 2);
        }
        let wrong = LinearFeatures::new(x.ncols() + 1).unwrap();
        prop_assert!(Ridge::new().fit(&wrong, &batch).is_err());
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn population_errors_are_ordered(link in link(), noise in wild(), intercept: bool) {
        let target = Target::single_index(link).noise(noise);
        match target.best_linear_error(intercept) {
            Ok(linear) => {
                let linear = linear.unwrap();
                let constant = target.best_constant_error(intercept).unwrap().unwrap();
                prop_assert!(noise * noise <= linear && linear <= constant);
                prop_assert!(constant.is_finite(), "{constant}");
            }
            Err(_) => prop_assert!(!(0.0..1e150).contains(&noise)),
        }
    }
}

/// What the properties found once: the square of the noise overflowed.
#[test]
fn population_errors_refuse_noise_that_overflows() {
    let target = Target::single_index(linear_width::data::Link::hermite([0.0, 1.0])).noise(1e165);
    assert!(target.best_linear_error(false).is_err());
}
