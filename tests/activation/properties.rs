//! Activations, Hermite coefficients and quadrature over random functions and arguments.

use crate::strategies::{activation, both, cases, finite, wild};
use linear_width::Scalar;
use linear_width::activation::{Activation, FnActivation, HermiteSeries, Sigmoid, Softplus, Tanh};
use linear_width::quadrature::{QuadratureError, gaussian_expectation};
use proptest::prelude::*;

/// Slices agree with single numbers; nothing is a NaN.
fn slices<T: Scalar>(activation: &dyn Activation, z: &[f64]) -> Result<(), TestCaseError> {
    let z: Vec<T> = z.iter().map(|z| T::of(*z)).collect();
    let (mut value, mut derivative) = (vec![T::zero(); z.len()], vec![T::zero(); z.len()]);
    T::evaluate(activation, &z, &mut value, &mut derivative);
    for ((z, v), d) in z.iter().zip(value).zip(derivative) {
        let z = z.as_f64();
        for (slice, single) in [(v, activation.value(z)), (d, activation.derivative(z))] {
            let slice = slice.as_f64();
            prop_assert!(slice.is_finite() && single.is_finite(), "{slice} {single} at {z}");
            // a sum of terms of the size of z^3 may cancel
            let size = 1.0 + z.abs().powi(3);
            let allowed = 32.0 * T::epsilon().as_f64() * size;
            prop_assert!((slice - single).abs() <= allowed, "{slice} {single} at {z}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn activations_agree_on_slices_and_single_numbers(
        activation in activation(),
        z in proptest::collection::vec(-30.0..30.0, 0..70),
    ) {
        slices::<f64>(&activation, &z)?;
        slices::<f32>(&activation, &z)?;
    }

    #[test]
    fn activations_are_never_nan_far_out(activation in activation(), z in finite()) {
        prop_assume!(!activation.name().contains("He"));
        let (mut value, mut derivative) = ([0.0], [0.0]);
        activation.evaluate_f64(&[z], &mut value, &mut derivative);
        for x in [value[0], derivative[0], activation.value(z), activation.derivative(z)] {
            prop_assert!(!x.is_nan(), "{} at {z}", activation.name());
        }
        let z = z as f32;
        if z.is_finite() {
            let (mut value, mut derivative) = ([0.0], [0.0]);
            activation.evaluate_f32(&[z], &mut value, &mut derivative);
            for x in [value[0], derivative[0]] {
                prop_assert!(!x.is_nan(), "{} at {z}", activation.name());
            }
        }
    }

    #[test]
    fn activation_derivatives_match_finite_differences(
        activation in activation(), z in -8.0..8.0_f64,
    ) {
        let h = 1e-5;
        prop_assume!(activation.kinks().iter().all(|kink| (kink - z).abs() > 2.0 * h));
        let difference = (activation.value(z + h) - activation.value(z - h)) / (2.0 * h);
        let derivative = activation.derivative(z);
        let size = 1.0 + z.powi(3).abs();
        prop_assert!((difference - derivative).abs() < 1e-6 * size, "{difference} {derivative}");
    }

    #[test]
    fn dual_activations_match_the_built_in_ones(
        scale in -3.0..3.0, shift in -2.0..2.0, beta in 0.2..4.0, z in -12.0..12.0,
    ) {
        let pairs = [
            (
                both(&Tanh { scale, shift }, z),
                both(&FnActivation::from_formula("tanh", move |z| scale * (z + shift).tanh()), z),
            ),
            (both(&Sigmoid, z), both(&FnActivation::from_formula("sigmoid", |z| 1.0 / (1.0 + (-z).exp())), z)),
            (
                both(&Softplus { beta, scale }, z),
                both(&FnActivation::from_formula("soft", move |z| scale / beta * (beta * z).softplus()), z),
            ),
        ];
        for (a, b) in pairs {
            prop_assert!((a.0 - b.0).abs() < 1e-13 * (1.0 + a.0.abs()), "{a:?} {b:?}");
            prop_assert!((a.1 - b.1).abs() < 1e-13 * (1.0 + a.1.abs()), "{a:?} {b:?}");
        }
    }

    #[test]
    fn expectation_is_finite_or_a_typed_error(
        a in wild(), b in wild(), kink in wild(), tolerance in wild(),
    ) {
        match gaussian_expectation(|z| a * (b * z).tanh(), &[kink], tolerance) {
            Ok(mean) => {
                prop_assert!(mean.is_finite());
                prop_assert!(mean.abs() <= 1e-6 + 1.001 * a.abs(), "{mean}");
            }
            Err(QuadratureError::NonFinite { .. } | QuadratureError::NotConverged { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn centred_activations_obey_parseval(activation in activation()) {
        let centred = activation.clone().centred().unwrap();
        let c = centred.hermite_coefficients(8).unwrap();
        prop_assert!(c.iter().all(|c| c.is_finite()) && c[0].abs() < 1e-11);
        let square = |z: f64| centred.value(z).powi(2);
        let variance = gaussian_expectation(square, &centred.kinks(), 1e-11).unwrap();
        let mut factorial = 1.0;
        let mut sum = 0.0;
        for (k, c) in c.iter().enumerate().skip(1) {
            factorial *= k as f64;
            sum += factorial * c * c;
        }
        prop_assert!(sum <= variance + 1e-9, "{sum} {variance}");
        let slope = gaussian_expectation(|z| centred.derivative(z), &centred.kinks(), 1e-11);
        prop_assert!((c[1] - slope.unwrap()).abs() < 1e-9);
    }

    #[test]
    fn hermite_series_have_their_own_coefficients(c in proptest::collection::vec(-2.0..2.0, 1..9)) {
        let found = HermiteSeries::new(c.clone()).hermite_coefficients(c.len() + 1).unwrap();
        for (k, found) in found.iter().enumerate() {
            let c = c.get(k).copied().unwrap_or(0.0);
            prop_assert!((found - c).abs() < 1e-10, "{k}: {found} {c}");
        }
    }
}
