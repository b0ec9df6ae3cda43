//! A given first layer against the theory of ridge regression with a given covariance of the features.

use super::test_parts::{system, types};
use crate::activation::{Activation, Tanh};
use crate::data::{Link, Target};
use crate::linalg::Element;
use crate::network::Initialisation;
use crate::numerics::roots::last_where;
use crate::theory::observables::features::neuron_types::NeuronTypes;
use crate::theory::observables::features::ridge::errors;
use ndarray::{Array1, Array2, Axis};

/// Test error with features of covariance `omega`, E[y features] = `c` and E y^2 = `square` (Schröder
/// et al., arXiv:2402.13999): with tr Omega (Omega + k)^{-1} + m lambda / k = m.
fn with_covariance(omega: &Array2<f64>, c: &Array1<f64>, square: f64, m: f64, lambda: f64) -> f64 {
    let svd = f64::svd(omega.view(), true).unwrap();
    let values = svd.singular_values;
    let c = svd.left.t().dot(c);
    let freedom =
        |k: f64, power: i32| values.iter().map(|w| (w / (w + k)).powi(power)).sum::<f64>();
    let k =
        last_where(-40.0, 20.0, 0.0, |k: f64| freedom(k.exp(), 1) + m * lambda / k.exp() > m).exp();
    let each = |f: fn(f64, f64) -> f64| -> f64 {
        values.iter().zip(&c).map(|(w, c)| c * c * f(*w, k)).sum()
    };
    let bias = each(|w, k| k * k / (w * (w + k) * (w + k)));
    let noise = square - each(|w, _| 1.0 / w);
    (bias + noise) / (1.0 - freedom(k, 2) / m)
}

/// Rows on the sphere: the covariance of the features is sum_k k! c_k^2 <w_i, w_j>^k.
#[test]
fn first_layer_at_initialisation() {
    let (width, dimension, samples) = (240, 160, 400);
    let tanh = Tanh { scale: 1.5, shift: 0.3 }.centred().unwrap();
    let w = Initialisation::Sphere.draw::<f64>(width, dimension, 5).unwrap();
    let coefficients = tanh.hermite_coefficients(20).unwrap();
    let products = w.dot(&w.t());
    let covariance = products.mapv(|x| {
        let mut factorial = 1.0;
        let terms = coefficients.iter().enumerate().skip(1).map(|(k, c)| {
            factorial *= k as f64;
            factorial * c * c * x.powi(k as i32)
        });
        terms.sum::<f64>()
    });
    // y = z + noise: E[y sigma(w x)] = c_1 w_1
    let along = w.column(0).to_owned();
    let target = Target::single_index(Link::new("z", |z| z)).noise(0.4);
    let omega = along.clone().insert_axis(Axis(1));
    let known = types(omega, 1.0);
    let noise = along.iter().map(|x| 1.0 - x * x).collect();
    let features =
        system([width, dimension], NeuronTypes { whole: 1, noise, ..known }, &tanh, &target);
    for lambda in [0.03, 0.3] {
        let exact = with_covariance(
            &covariance,
            &(coefficients[1] * along.clone()),
            1.16,
            samples as f64,
            lambda,
        );
        let [test, _, _] = errors(&features, samples, &[lambda]).unwrap()[0];
        println!("{lambda}: {test} {exact}");
        assert!((test / exact - 1.0).abs() < 0.05, "{lambda}: {test} {exact}");
    }
}
