//! Limits with closed formulas (docs/theory.md, section 15.5).

use super::test_parts::{system, types};
use crate::activation::{Activation, FnActivation, HermiteSeries, Tanh};
use crate::data::{Link, Target};
use crate::numerics::roots::last_where;
use crate::theory::observables::features::continuation::Continuation;
use crate::theory::observables::features::fixed_point::Equations;
use crate::theory::observables::features::ridge::errors;
use ndarray::Array2;
use num_complex::Complex64;

fn close(found: f64, exact: f64, relative: f64) {
    assert!((found / exact - 1.0).abs() < relative, "{found} {exact}");
}

/// y = z + noise of deviation 0.4.
fn linear_target() -> Target {
    Target::single_index(Link::new("z", |z| z)).noise(0.4)
}

fn identity() -> impl Activation {
    FnActivation::new("identity", |z| z, |_| 1.0)
}

/// W_0 without the noise along the teacher as a type: M_1 and k of the two scalar equations by
/// bisection, and the test error as the training error over rho^2, as all samples weigh the same.
#[test]
fn random_features() {
    let tanh = Tanh { scale: 1.0, shift: 0.3 }.centred().unwrap();
    let c = tanh.hermite_coefficients(1).unwrap()[1];
    let square = crate::quadrature::gaussian_expectation(|z| tanh.value(z).powi(2), &[], 1e-12);
    let rest = square.unwrap() - c * c;
    for [width, dimension, samples] in [[900, 1200, 600], [1200, 700, 2000], [500, 800, 500]] {
        let types = types(Array2::zeros((1, 1)), 1.0);
        let features = system([width, dimension], types, &tanh, &linear_target());
        for lambda in [1e-3, 0.1, 3.0] {
            let equations = Equations { system: &features, samples: samples as f64 };
            let mut path = Continuation::new(equations, lambda).unwrap();
            let (point, _) = path.solve(lambda).unwrap();
            let per_feature = samples as f64 / width as f64;
            let psi = dimension as f64 / width as f64;
            let k = |m_1: f64| {
                // lambda M_1 + (m / N) k / (1 + k) = 1
                let share = (1.0 - lambda * m_1) / per_feature;
                share / (1.0 - share)
            };
            let too_small = |m_1: f64| {
                let k = k(m_1);
                if k < 0.0 {
                    return true;
                }
                let m_2 = m_1 / (1.0 + c * c * m_1 / (psi * (1.0 + k)));
                (c * c * m_2 + rest * m_1) / per_feature < k
            };
            let least = ((1.0 - per_feature) / lambda).max(0.0);
            let m_1 = last_where(least, 1.0 / lambda, 0.0, too_small);
            close(point.q[0], m_1, 1e-6);
            for delta in &point.delta {
                close(*delta, k(m_1), 1e-5);
            }
            let [test, training, _] = errors(&features, samples, &[lambda]).unwrap()[0];
            close(test, training * (1.0 + k(m_1)).powi(2), 1e-6);
        }
    }
}

/// Features W x with N < d and least squares: the part of beta* outside the span of W is noise, and
/// m - N degrees of freedom are left.
#[test]
fn linear_activation() {
    let (width, dimension, samples) = (600, 1000, 1500);
    let types = types(Array2::zeros((1, 1)), 1.0);
    let features = system([width, dimension], types, &identity(), &linear_target());
    let [test, training, norm] = errors(&features, samples, &[0.0]).unwrap()[0];
    let [n, d, m] = [width, dimension, samples].map(|x| x as f64);
    let rest = 1.0 - n / d + 0.16;
    close(test, rest * m / (m - n), 1e-5);
    close(training, rest * (1.0 - n / m), 1e-5);
    // |u|^2 = beta^T W^T (W W^T)^{-2} W beta + rest tr (F^T F)^{-1}, tr (W W^T)^{-1} = N d / (d - N)
    let inverse = 1.0 / (1.0 - n / d);
    close(norm, n / d * inverse + rest * n * inverse / (m - n), 1e-5);
}

/// He_2 on W_0: nothing but noise in F, so a Marchenko-Pastur law.
#[test]
fn no_linear_part() {
    let quadratic = HermiteSeries::new([0.0, 0.0, 0.5f64.sqrt()]);
    let (width, samples) = (800.0, 1000.0);
    let types = types(Array2::zeros((1, 1)), 1.0);
    let features = system([800, 900], types, &quadratic, &linear_target());
    let equations = Equations { system: &features, samples };
    let ratio: f64 = width / samples;
    // 1 / q = -z + 1 / (1 + (N / m) q)
    for lambda in [0.01, 1.0] {
        let (point, _) = Continuation::new(equations, lambda).unwrap().solve(lambda).unwrap();
        let q = point.q[0];
        close(1.0 / q, lambda + 1.0 / (1.0 + ratio * q), 1e-6);
    }
    // inside the bulk
    let z = Complex64::new(0.9, 1e-3);
    let start = equations.start(Complex64::new(0.0, 1.0));
    let start = equations.damped(-z, start, 200).unwrap();
    let q = equations.newton(-z, start).unwrap().q[0];
    assert!((1.0 / q + z - 1.0 / (1.0 + ratio * q)).norm() < 1e-6 && q.im > 0.1, "{q}");
}

/// Large lambda: nothing is fitted. Many samples: training and test error agree.
#[test]
fn extremes() {
    let tanh = Tanh { scale: 1.0, shift: 0.3 }.centred().unwrap();
    let omega = Array2::from_shape_fn((3, 2), |(i, l)| 0.3 * i as f64 * (1.0 + l as f64) - 0.2);
    let features = system([900, 600], types(omega, 1.2), &tanh, &linear_target());
    let found = errors(&features, 1200, &[1e9, 1e-2]).unwrap();
    close(found[0][0], 1.16, 1e-5);
    close(found[0][1], 1.16, 1e-5);
    assert!(found[0][2] < 1e-10 && found[1][0] < 1.0);
    let [test, training, _] = errors(&features, 1_000_000_000, &[1e-2]).unwrap()[0];
    close(test, training, 1e-4);
}

/// Test error and norm against quotients of differences of L.
#[test]
fn tangents() {
    let tanh = Tanh { scale: 1.0, shift: 0.3 }.centred().unwrap();
    let omega = Array2::from_shape_fn((4, 2), |(i, l)| 0.4 * i as f64 * (0.5 + l as f64) - 0.6);
    let link = Target::single_index(Link::new("link", |z: f64| z + 0.5 * z * z)).noise(0.3);
    let features = system([900, 600], types(omega, 1.2), &tanh, &link);
    let at = |lambda: f64| {
        let [_, training, norm] = errors(&features, 1200, &[lambda]).unwrap()[0];
        (training + lambda * norm, norm)
    };
    let step = 1e-4;
    let (above, below) = (at(0.1 + step).0, at(0.1 - step).0);
    close(at(0.1).1, (above - below) / (2.0 * step), 1e-5);
}
