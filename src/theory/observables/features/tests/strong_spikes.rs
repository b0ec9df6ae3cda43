//! Features with spikes of infinite strength, and with one spike and equal neurons.

use super::test_parts::{system, types};
use crate::activation::{Activation, Tanh};
use crate::data::{Link, Target};
use crate::theory::observables::features::continuation::Continuation;
use crate::theory::observables::features::fixed_point::Equations;
use crate::theory::observables::features::ridge::errors;
use ndarray::{Array2, Axis, concatenate};

/// One step with functions g^k, k = 1, ..., l, of the projection g on beta_1 that cost nothing: known
/// theory for l <= 2 (Moniri et al., arXiv:2310.07891).
#[test]
fn functions_that_cost_nothing() {
    let tanh = Tanh { scale: 1.0, shift: 0.3 }.centred().unwrap();
    let link = Link::new("z + He_2 / 2", |z| z + 0.5 * (z * z - 1.0));
    let target = Target::single_index(link).noise(0.3);
    // d / m = 5 / 8, d / N = 5 / 6
    let (dimension, samples, width) = (10_000, 16_000, 12_000);
    let second_moment = 1.0 + 0.5 + 0.09;
    let cosine = 1.0 / (1.0f64 + 0.625 * second_moment).sqrt();
    let sine = (1.0 - cosine * cosine).sqrt();
    let lambda = 0.05;
    for (count, exact) in [1.2942797, 1.0982558, 0.9698476].into_iter().enumerate() {
        // three equal types, so that three functions of b exist; an axis of no strength but of a name
        let mut features =
            system([width, dimension], types(Array2::zeros((3, 2)), 1.0), &tanh, &target);
        let g = features.samples.kappa.dot(&ndarray::array![cosine, sine]);
        let powers = Array2::from_shape_fn((g.len(), count), |(k, s)| g[k].powi(s as i32 + 1));
        let known = features.mean.len();
        assert_eq!(known, 0);
        features.mean.left = powers.clone();
        features.mean.right =
            Array2::from_shape_fn((3, count), |(i, s)| if i == s { 1e3 } else { 0.0 });
        features.psi = concatenate![Axis(1), powers, features.psi];
        let equations = Equations { system: &features, samples: samples as f64 };
        let (point, _) = Continuation::new(equations, lambda).unwrap().solve(lambda).unwrap();
        // M_1 = tr (F F^T / m + lambda)^{-1} / m = rho / lambda
        let m_1 = point.rho[0] / lambda;
        assert!((m_1 / 10.517909 - 1.0).abs() < 1e-5, "{m_1}");
        let test = errors(&features, samples, &[lambda]).unwrap()[0][0];
        println!("{count} {test} {exact}");
        assert!((test / exact - 1.0).abs() < 1e-5, "{count}: {test} {exact}");
    }
}

/// alpha = 1/2 with all b equal (Cui et al., arXiv:2402.04980): N = d, spike .9, D = 1.44, cosine .6.
#[test]
fn equal_second_layer() {
    let tanh = Tanh { scale: 1.0, shift: 0.0 };
    let target = Target::single_index(Link::new("sin", f64::sin));
    let omega = ndarray::array![[0.9 * 0.6, 0.9 * 0.8]];
    let size = 100_000_000;
    let features = system([size, size], types(omega, 1.44), &tanh, &target);
    for (ratio, exact) in [(0.5, 0.2750), (1.5, 0.2122)] {
        let samples = ratio * size as f64;
        let test = errors(&features, samples as usize, &[0.1 / ratio]).unwrap()[0][0];
        println!("{ratio}: {test} {exact}");
        assert!((test - exact).abs() < 1e-4, "{ratio}: {test} {exact}");
    }
}
