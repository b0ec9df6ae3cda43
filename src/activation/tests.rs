use super::*;
use crate::golden::{Largest, SPECIAL, rows};
use std::f64::consts::PI;

fn every_built_in() -> Vec<SharedActivation> {
    vec![
        SharedActivation::new(Relu),
        SharedActivation::new(LeakyRelu { slope: 0.2 }),
        SharedActivation::new(Tanh { scale: 2.0, shift: 0.5 }),
        SharedActivation::new(Erf),
        SharedActivation::new(Sigmoid),
        SharedActivation::new(Softplus { beta: 2.0, scale: 2.0 }),
        SharedActivation::new(Gelu),
        SharedActivation::new(Silu),
        SharedActivation::new(Sine { amplitude: 1.6, phase: 0.7 }),
        SharedActivation::new(HermiteSeries::new([0.3, 1.0, -0.5, 0.25])),
        SharedActivation::new(FnActivation::new("z^2", |z| z * z, |z| 2.0 * z)),
        SharedActivation::new(Centred::new(Gelu).unwrap()),
    ]
}

#[test]
fn derivatives_match_finite_differences() {
    for activation in every_built_in() {
        for i in -60..=60 {
            let z = 0.1 * f64::from(i) + 0.013; // never on a kink
            let h = 1e-5;
            let difference = (activation.value(z + h) - activation.value(z - h)) / (2.0 * h);
            let derivative = activation.derivative(z);
            assert!(
                (difference - derivative).abs() < 1e-8 * (1.0 + derivative.abs()),
                "{} at {z}: {difference} against {derivative}",
                activation.name()
            );
        }
    }
}

#[test]
fn slices_agree_with_scalars_in_both_precisions() {
    // 80 001 arguments; the scalar functions in f64 serve as reference for both precisions
    fn check<T: Scalar>(activation: &SharedActivation) {
        let z: Vec<T> = (-40_000..=40_000).map(|i| T::of(1e-3 * f64::from(i))).collect();
        let (mut value, mut derivative) = (vec![T::zero(); z.len()], vec![T::zero(); z.len()]);
        activation.evaluate(&z, &mut value, &mut derivative);
        let tolerance = 8.0 * T::epsilon().as_f64();
        for (i, z) in z.iter().enumerate() {
            // the scalar derivatives of SiLU and GELU lose |z| units to cancellation
            let polynomial = ["He", "z^2"].iter().any(|p| activation.name().contains(p));
            let scale = 1.0 + z.as_f64().abs().powi(if polynomial { 3 } else { 1 });
            for (found, expected) in [
                (value[i], activation.value(z.as_f64())),
                (derivative[i], activation.derivative(z.as_f64())),
            ] {
                let error = (found.as_f64() - expected).abs();
                assert!(error <= tolerance * scale, "{} at {z}: {error}", activation.name());
            }
        }
    }
    for activation in every_built_in() {
        check::<f32>(&activation);
        check::<f64>(&activation);
    }
}

#[test]
fn slices_of_any_length_and_huge_arguments_of_the_sine() {
    let sine = Sine { amplitude: 1.6, phase: 0.7 };
    for length in [0, 1, 31, 32, 33, 100] {
        let z: Vec<f64> = (0..length).map(|i| 0.1 * f64::from(i)).collect();
        let (mut value, mut derivative) = (vec![9.0; z.len()], vec![9.0; z.len()]);
        sine.evaluate(&z, &mut value, &mut derivative);
        for i in 0..z.len() {
            assert!((value[i] - sine.value(z[i])).abs() < 1e-15);
            assert!((derivative[i] - sine.derivative(z[i])).abs() < 1e-15);
        }
    }
    let (z, mut value, mut derivative) = ([1e6_f32, 1e30, 0.5], [0.0; 3], [0.0; 3]);
    sine.evaluate(&z, &mut value, &mut derivative);
    assert_eq!(value, z.map(|z| sine.value(z)));
}

#[test]
fn extreme_arguments_stay_finite_and_nan_stays_nan() {
    let bounded_growth = every_built_in().into_iter().filter(|a| !a.name().contains("He"));
    for activation in bounded_growth {
        for z in [-1e3_f64, -40.0, 40.0, 1e3] {
            assert!(activation.value(z).is_finite() && activation.derivative(z).is_finite());
            let single = z as f32;
            assert!(activation.value(single).is_finite(), "{}", activation.name());
            assert!(activation.derivative(single).is_finite(), "{}", activation.name());
        }
        assert!(activation.value(f64::NAN).is_nan(), "{}", activation.name());
    }
}

fn assert_coefficients(activation: &impl Activation, expected: &[f64]) {
    let c = hermite_coefficients(activation, expected.len() - 1).unwrap();
    for (k, (c, e)) in c.iter().zip(expected).enumerate() {
        assert!((c - e).abs() < 1e-10, "{}: c_{k} = {c}, not {e}", activation.name());
    }
}

#[test]
fn hermite_coefficients_match_closed_forms() {
    // ReLU: c_0 = 1/sqrt(2 pi), c_1 = 1/2, k! c_k = He_{k-2}(0)/sqrt(2 pi) beyond
    let root = (2.0 * PI).sqrt();
    let relu = [1.0 / root, 0.5, 0.5 / root, 0.0, -1.0 / (24.0 * root), 0.0, 3.0 / (720.0 * root)];
    assert_coefficients(&Relu, &relu);
    let slope = 0.2;
    let mut leaky: Vec<f64> = relu.iter().map(|c| (1.0 - slope) * c).collect();
    leaky[1] += slope;
    assert_coefficients(&LeakyRelu { slope }, &leaky);
    // erf: k! c_k = E erf^(k), and E phi(sqrt(2) z) gives c_1 = 2/sqrt(3 pi); then
    // c_3 = -c_1/9 and c_5 = c_1/90 from the generating function in 2/3
    let c1 = 2.0 / (3.0 * PI).sqrt();
    assert_coefficients(&Erf, &[0.0, c1, 0.0, -c1 / 9.0, 0.0, c1 / 90.0]);
    // sine: E sin(z + p) He_k(z) = e^(-1/2) sin(p + k pi/2)
    let (a, p) = (1.3, 0.7_f64);
    let mut factorial = 1.0;
    let sine: Vec<f64> = (0..9)
        .map(|k| {
            factorial *= f64::from(k.max(1));
            a * (-0.5_f64).exp() * (p + f64::from(k) * PI / 2.0).sin() / factorial
        })
        .collect();
    assert_coefficients(&Sine { amplitude: a, phase: p }, &sine);
    let series = [0.3, -1.0, 0.0, 0.7, 0.02, 0.0, 1e-3];
    assert_coefficients(&HermiteSeries::new(series), &series);
    for degree in 0..12 {
        let mut unit = vec![0.0; 15];
        unit[degree] = 1.0;
        assert_coefficients(&HermiteSeries::polynomial(degree), &unit);
    }
}

#[test]
fn parseval_closes() {
    // sum_k k! c_k^2 = E sigma^2; the tail of tanh beyond degree 60 is below 1e-6
    let c = hermite_coefficients(&Tanh::default(), 60).unwrap();
    let mut factorial = 1.0;
    let mut sum = 0.0;
    for (k, c) in c.iter().enumerate() {
        factorial *= (k as f64).max(1.0);
        sum += factorial * c * c;
    }
    // E tanh(z)^2 by the trapezoidal rule on 200 000 points (Python)
    assert!((sum - 0.394_294_490_4).abs() < 1e-6, "{sum}");
}

#[test]
fn centring_removes_the_mean() {
    for activation in every_built_in() {
        let centred = Centred::new(activation).unwrap();
        let c = hermite_coefficients(&centred, 0).unwrap();
        assert!(c[0].abs() < 1e-11, "{}: {}", centred.name(), c[0]);
    }
}

#[test]
fn an_activation_that_is_not_finite_is_refused() {
    let log = FnActivation::new("log", f64::ln, f64::recip);
    assert!(hermite_coefficients(&log, 2).is_err());
    assert!(Centred::new(log).is_err());
}

/// The scalar functions against the 50-digit table of the kernels (tests/reference/kernels.py).
#[test]
fn scalar_values_and_derivatives_against_the_table() {
    let table = include_str!("../../tests/golden/kernels.csv");
    let functions = [
        ("tanh", SharedActivation::new(Tanh::default())),
        ("sigmoid", SharedActivation::new(Sigmoid)),
        ("softplus", SharedActivation::new(Softplus::default())),
        ("silu", SharedActivation::new(Silu)),
        ("gelu", SharedActivation::new(Gelu)),
        ("erf", SharedActivation::new(Erf)),
        ("sine", SharedActivation::new(Sine::default())),
    ];
    for (name, activation) in functions {
        let mut errors: [Largest; 2] = Default::default();
        for [z, value, _, derivative, _, scale] in rows(table, name) {
            // below the normal numbers only the absolute error counts
            let error = |found: f64, exact: f64, scale: f64| {
                ((found - exact).abs() - f64::MIN_POSITIVE).max(0.0)
                    / scale.abs().max(f64::MIN_POSITIVE)
            };
            // an exponential of z^2 or z has |z| times the rounding of its argument
            let conditioned = f64::EPSILON * (1.0 + z.abs().min(40.0).powi(2));
            let value = error(activation.value(z), value, value) / conditioned;
            errors[0].see(value, [z, 0.0]);
            // 1 - tanh^2 has an absolute error
            let scale = if name == "tanh" { 1.0 } else { scale };
            let derivative = error(activation.derivative(z), derivative, scale) / conditioned;
            errors[1].see(derivative, [z, 0.0]);
        }
        errors[0].check(&format!("{name}, value, units (1 + z^2)"), 4.0);
        errors[1].check(&format!("{name}, derivative, units (1 + z^2)"), 4.0);
    }
}

#[test]
fn hermite_polynomials_against_the_table() {
    let mut errors: [Largest; 2] = Default::default();
    for (i, quantity) in ["hermite_value", "hermite_derivative"].into_iter().enumerate() {
        // sizes of the terms that cancel, in the same order
        let sizes = rows::<3>(SPECIAL, &format!("{quantity}_size"));
        for ([k, x, exact], [_, _, size]) in rows(SPECIAL, quantity).into_iter().zip(sizes) {
            let he = HermiteSeries::polynomial(k as usize);
            let found = if i == 0 { he.value(x) } else { he.derivative(x) };
            errors[i].see((found - exact).abs() / (f64::EPSILON * size.max(1.0)), [k, x]);
        }
    }
    errors[0].check("He_k, units of the size of its terms", 4.0);
    errors[1].check("He_k', units of the size of its terms", 4.0);
}

#[test]
fn hermite_coefficients_against_the_table() {
    let functions = [
        ("relu", SharedActivation::new(Relu)),
        ("leaky_relu(0.25)", SharedActivation::new(LeakyRelu { slope: 0.25 })),
        ("tanh", SharedActivation::new(Tanh::default())),
        ("tanh(2,0.5)", SharedActivation::new(Tanh { scale: 2.0, shift: 0.5 })),
        ("erf", SharedActivation::new(Erf)),
        ("sigmoid", SharedActivation::new(Sigmoid)),
        ("softplus(2,2)", SharedActivation::new(Softplus { beta: 2.0, scale: 2.0 })),
        ("gelu", SharedActivation::new(Gelu)),
        ("silu", SharedActivation::new(Silu)),
        ("sine(1.5,0.5)", SharedActivation::new(Sine { amplitude: 1.5, phase: 0.5 })),
    ];
    let mut error = Largest::default();
    for (name, activation) in functions {
        let c = hermite_coefficients(&activation, 12).unwrap();
        for [k, _, exact] in rows(SPECIAL, &format!("coefficient:{name}")) {
            // orthonormal coefficients sqrt(k!) c_k are of order one
            let norm = (1..=k as usize).map(|j| (j as f64).sqrt()).product::<f64>();
            error.see(norm * (c[k as usize] - exact).abs(), [k, exact]);
        }
    }
    error.check("Hermite coefficients, times sqrt(k!)", 1e-12);
}
