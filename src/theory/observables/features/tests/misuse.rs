//! What is refused, what is found at the ends of the range, and that threads change nothing.

use crate::activation::{Activation, FnActivation, Tanh};
use crate::data::{Link, Target};
use crate::error::InvalidSetting;
use crate::network::SecondLayerLaw;
use crate::theory::error::PredictionError;
use crate::theory::observables::features::{FeaturePrediction, RidgeErrors};
use crate::theory::prediction::Options;
use crate::theory::problem::Problem;
use crate::theory::state::State;
use crate::training::BatchPolicy;
use std::sync::Arc;

fn tanh() -> Arc<dyn Activation> {
    Tanh { scale: 1.0, shift: 0.3 }.centred().unwrap()
}

fn target(link: fn(f64) -> f64) -> Target {
    Target::single_index(Link::new("link", link)).noise(0.3)
}

fn states() -> Vec<State> {
    let problem = Problem {
        activation: tanh(),
        target: target(|z| z + 0.5 * (z * z - 1.0)),
        width: 600,
        dimension: 400,
        samples: 900,
        step_sizes: vec![12.0],
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Uniform,
    };
    problem.states(&Options::default()).unwrap()
}

fn features(state: &State, target: &Target) -> Result<FeaturePrediction, PredictionError> {
    let options = Options { node_factor: 0.5, ..Options::default() };
    FeaturePrediction::new(state, &tanh(), target, &options)
}

#[test]
fn refused() {
    let state = &states()[1];
    let prediction = features(state, &target(|z| z)).unwrap();
    let invalid = |samples, lambda| match prediction.ridge(samples, lambda) {
        Err(PredictionError::Invalid(error)) => error,
        other => panic!("{samples} {lambda}: {other:?}"),
    };
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(invalid(900, lambda), InvalidSetting::OutOfRange { name: "lambda", .. }));
    }
    for samples in [599, 600] {
        assert!(matches!(invalid(samples, 0.0), InvalidSetting::OutOfRange { name: "lambda", .. }));
        assert!(prediction.ridge(samples, 1e-3).is_ok());
    }
    assert!(prediction.ridge(700, 0.0).is_ok());
    assert!(matches!(invalid(0, 1.0), InvalidSetting::ZeroSize { name: "samples" }));
    assert!(prediction.best_lambda(0).is_err());
    assert!(prediction.ridge_curve(&[0], &[]).is_err());
    assert!(prediction.ridge_curve(&[], &[1.0]).unwrap().is_empty());

    let without_moment = [target(|z| (0.3 * z * z).exp()), target(|z| 1.0 / (z - z))];
    for target in &without_moment {
        assert!(features(state, target).is_err(), "{target:?}");
    }
    let two = Target::multi_index("two", 2, |z| z[0] * z[1]);
    assert!(matches!(features(state, &two), Err(PredictionError::Invalid(_))));
    let explosive = FnActivation::new("exp", |z: f64| (400.0 * z).exp(), |z| (400.0 * z).exp());
    let found =
        FeaturePrediction::new(state, &explosive.shared(), &target(|z| z), &Options::default());
    assert!(matches!(found, Err(PredictionError::NotFinite { .. })));
    let growing = Target::multi_index("growing", 2, |z| (z[0] * z[1]).exp());
    let problem = Problem {
        target: Target::multi_index("sum", 2, |z| z[0] + z[1] * z[0]),
        activation: tanh(),
        width: 60,
        dimension: 40,
        samples: 90,
        step_sizes: vec![1.0],
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Rademacher,
    };
    let state = &problem.states(&Options::default()).unwrap()[1];
    assert!(features(state, &problem.target).is_ok());
    assert!(features(state, &growing).is_err());

    let states = |problem: Problem| match problem.states(&Options::default()) {
        Err(PredictionError::Invalid(error)) => error,
        other => panic!("{other:?}"),
    };
    let still = states(Problem { step_sizes: Vec::new(), ..problem.clone() });
    assert!(matches!(still, InvalidSetting::ZeroSize { .. }));
    let many = states(Problem { dimension: 1, ..problem });
    assert!(matches!(many, InvalidSetting::TooManyDirections { directions: 2, dimension: 1 }));
}

#[test]
fn best_lambdas() {
    let states = states();
    let of = |target: &Target| features(&states[1], target).unwrap();
    let prediction = of(&target(|z| z + 0.5 * (z * z - 1.0)));
    for samples in [300, 900] {
        let (lambda, best) = prediction.best_lambda(samples).unwrap();
        for factor in [0.9, 1.1] {
            let other = prediction.ridge(samples, factor * lambda).unwrap();
            assert!(other.test_error > best.test_error, "{samples} {lambda} {factor}");
        }
        // symmetric about the minimum: ln lambda is right to a few thousandths
        let [above, below] =
            [1.1, 1.0 / 1.1].map(|f| prediction.ridge(samples, f * lambda).unwrap());
        let difference = (above.test_error - below.test_error).abs();
        assert!(difference < 0.1 * (above.test_error - best.test_error), "{samples}");
    }
    // labels without anything to learn
    let (lambda, best) = of(&target(|_| 0.0)).best_lambda(900).unwrap();
    assert!(lambda == f64::INFINITY && best.norm_squared == 0.0);
    assert!((best.test_error - 0.09).abs() < 1e-9);
    // linear features of a linear label without noise, all directions spanned
    let options = Options { node_factor: 0.5, ..Options::default() };
    let identity = FnActivation::new("identity", |z| z, |_| 1.0).shared();
    let linear = Target::single_index(Link::new("z", |z| z));
    let prediction = FeaturePrediction::new(&states[0], &identity, &linear, &options).unwrap();
    let (lambda, best) = prediction.best_lambda(500).unwrap();
    assert!(lambda == 0.0 && best.test_error < 1e-3, "{lambda} {best:?}");
}

#[test]
fn threads_change_nothing() {
    let state = &states()[1];
    let with = |threads: usize| -> Vec<RidgeErrors> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let prediction = features(state, &target(|z| z + 0.5 * z * z)).unwrap();
            prediction.ridge_curve(&[300, 900], &[1e-3, 1.0]).unwrap().into_iter().collect()
        })
    };
    let one = with(1);
    assert_eq!(one, with(3));
    // a curve is what its points are, up to the path that led there
    let prediction = features(state, &target(|z| z + 0.5 * z * z)).unwrap();
    let alone = prediction.ridge(900, 1e-3).unwrap();
    assert!((alone.test_error / one[2].test_error - 1.0).abs() < 1e-8);
}
