use super::*;
use crate::golden::{Largest, SPECIAL, rows};
use std::f64::consts::PI;
use std::sync::Arc;

fn every_built_in() -> Vec<Arc<dyn Activation>> {
    vec![
        Relu.shared(),
        LeakyRelu { slope: 0.2 }.shared(),
        Tanh { scale: 2.0, shift: 0.5 }.shared(),
        Erf.shared(),
        Sigmoid.shared(),
        Softplus { beta: 2.0, scale: 2.0 }.shared(),
        Gelu.shared(),
        Silu.shared(),
        Sine { amplitude: 1.6, phase: 0.7 }.shared(),
        HermiteSeries::new([0.3, 1.0, -0.5, 0.25]).shared(),
        FnActivation::new("z^2", |z| z * z, |z| 2.0 * z).shared(),
        Gelu.centred().unwrap(),
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
    fn check<T: crate::Scalar>(activation: &dyn Activation) {
        let z: Vec<T> = (-40_000..=40_000).map(|i| T::of(1e-3 * f64::from(i))).collect();
        let (mut value, mut derivative) = (vec![T::zero(); z.len()], vec![T::zero(); z.len()]);
        T::evaluate(activation, &z, &mut value, &mut derivative);
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
        sine.evaluate_f64(&z, &mut value, &mut derivative);
        for i in 0..z.len() {
            assert!((value[i] - sine.value(z[i])).abs() < 1e-15);
            assert!((derivative[i] - sine.derivative(z[i])).abs() < 1e-15);
        }
    }
    let (z, mut value, mut derivative) = ([1e6_f32, 1e30, 0.5], [0.0; 3], [0.0; 3]);
    sine.evaluate_f32(&z, &mut value, &mut derivative);
    assert_eq!(value, z.map(|z| 1.6 * (z + 0.7).sin()));
    assert_eq!(derivative, z.map(|z| 1.6 * (z + 0.7).cos()));
}

#[test]
fn extreme_arguments_stay_finite_and_nan_stays_nan() {
    let bounded_growth = every_built_in().into_iter().filter(|a| !a.name().contains("He"));
    for activation in bounded_growth {
        for z in [-1e3, -40.0, 40.0, 1e3] {
            assert!(activation.value(z).is_finite() && activation.derivative(z).is_finite());
            let (mut value, mut derivative) = ([0.0], [0.0]);
            activation.evaluate_f32(&[z as f32], &mut value, &mut derivative);
            assert!(value[0].is_finite() && derivative[0].is_finite(), "{}", activation.name());
        }
        assert!(activation.value(f64::NAN).is_nan(), "{}", activation.name());
        if !activation.name().contains("sine") {
            for z in [f64::INFINITY, f64::NEG_INFINITY] {
                assert!(!activation.value(z).is_nan(), "{} at {z}", activation.name());
                // for z^2 it is infinite
                assert!(!activation.derivative(z).is_nan(), "{} at {z}", activation.name());
            }
        }
    }
}

fn assert_coefficients(activation: &dyn Activation, expected: &[f64]) {
    let c = activation.hermite_coefficients(expected.len() - 1).unwrap();
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
    let c = Tanh::default().hermite_coefficients(60).unwrap();
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
        let centred = activation.centred().unwrap();
        let c = centred.hermite_coefficients(0).unwrap();
        assert!(c[0].abs() < 1e-11, "{}: {}", centred.name(), c[0]);
    }
}

#[test]
fn an_activation_that_is_not_finite_is_refused() {
    let log = FnActivation::new("log", f64::ln, f64::recip);
    assert!(log.hermite_coefficients(2).is_err());
    assert!(log.centred().is_err());
}

/// The scalar functions against the 50-digit table of the kernels (tests/reference/kernels.py).
#[test]
fn scalar_values_and_derivatives_against_the_table() {
    let table = include_str!("../../tests/golden/kernels.csv");
    let functions = [
        ("tanh", Tanh::default().shared()),
        ("sigmoid", Sigmoid.shared()),
        ("softplus", Softplus::default().shared()),
        ("silu", Silu.shared()),
        ("gelu", Gelu.shared()),
        ("erf", Erf.shared()),
        ("sine", Sine::default().shared()),
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
        ("relu", Relu.shared()),
        ("leaky_relu(0.25)", LeakyRelu { slope: 0.25 }.shared()),
        ("tanh", Tanh::default().shared()),
        ("tanh(2,0.5)", Tanh { scale: 2.0, shift: 0.5 }.shared()),
        ("erf", Erf.shared()),
        ("sigmoid", Sigmoid.shared()),
        ("softplus(2,2)", Softplus { beta: 2.0, scale: 2.0 }.shared()),
        ("gelu", Gelu.shared()),
        ("silu", Silu.shared()),
        ("sine(1.5,0.5)", Sine { amplitude: 1.5, phase: 0.5 }.shared()),
    ];
    let mut error = Largest::default();
    for (name, activation) in functions {
        let c = activation.hermite_coefficients(12).unwrap();
        for [k, _, exact] in rows(SPECIAL, &format!("coefficient:{name}")) {
            // orthonormal coefficients sqrt(k!) c_k are of order one
            let norm = (1..=k as usize).map(|j| (j as f64).sqrt()).product::<f64>();
            error.see(norm * (c[k as usize] - exact).abs(), [k, exact]);
        }
    }
    error.check("Hermite coefficients, times sqrt(k!)", 1e-12);
}

/// Value and derivative of a slice of one number. In `f64` the functions of one number give the same.
fn both<T: crate::Scalar>(activation: &dyn Activation, z: f64) -> [f64; 2] {
    let z = T::of(z);
    let (mut value, mut derivative) = ([T::zero()], [T::zero()]);
    T::evaluate(activation, &[z], &mut value, &mut derivative);
    let slice = [value[0].as_f64(), derivative[0].as_f64()];
    if T::epsilon().as_f64() > f64::EPSILON {
        return slice;
    }
    let z = z.as_f64();
    let scalar = [activation.value(z), activation.derivative(z)];
    for (a, b) in scalar.into_iter().zip(slice) {
        let close = (a - b).abs() <= 32.0 * f64::EPSILON * a.abs() + 1e-37;
        assert!(a == b || close, "{} at {z}: {a:e} {b:e}", activation.name());
    }
    scalar
}

/// Terms that are zero, or as small as their polynomials are large, in both precisions.
#[test]
fn series_of_high_degree_do_not_overflow_inside() {
    let mut padded = vec![0.0; 401];
    padded[1] = 1.0;
    for length in [2, 101, 401] {
        let series = HermiteSeries::new(&padded[..length]);
        assert_eq!(both::<f32>(&series, 0.5), [0.5, 1.0]);
        assert_eq!(both::<f64>(&series, 0.5), [0.5, 1.0]);
        assert_eq!(series.coefficients().len(), length);
    }
    // tanh to degree 80
    let tanh = HermiteSeries::new(Tanh::default().hermite_coefficients(80).unwrap());
    let rounding = f64::from(f32::EPSILON);
    for i in -40..=40 {
        let z = 0.125 * f64::from(i);
        let ([value, slope], [single, single_slope]) =
            (both::<f64>(&tanh, z), both::<f32>(&tanh, z));
        let size = (0.25 * z * z).exp();
        assert!((single - value).abs() < 40.0 * rounding * size, "{z}: {value} {single}");
        assert!((single_slope - slope).abs() < 400.0 * rounding * size, "{z}: {slope}");
        // the forward recurrence, in f64
        let (mut sum, mut current, mut previous) = (0.0, 1.0, 0.0);
        for (k, c) in tanh.coefficients().iter().enumerate() {
            sum += c * current;
            (current, previous) = (z * current - k as f64 * previous, current);
        }
        assert!((sum - value).abs() < 1e-13 * size, "{z}: {sum} {value}");
    }
    assert!((both::<f32>(&tanh, 0.5)[0] - 0.46212).abs() < 1e-3);
    // the true value is beyond the precision: an infinity with the right sign, never a NaN
    let he = HermiteSeries::polynomial(200);
    for (z, sign) in [(0.5, 1.0), (30.0, 1.0), (-1e30, 1.0), (3e38, 1.0)] {
        assert_eq!(both::<f32>(&he, z)[0], sign * f64::INFINITY, "{z}");
    }
    assert!(both::<f64>(&he, 0.5)[0].is_finite());
    let cubic = HermiteSeries::new([0.0, 1.0, 0.0, -1e-3]);
    for (z, value) in [(1e20, -f64::INFINITY), (-1e20, f64::INFINITY)] {
        let [found, slope] = both::<f32>(&cubic, z);
        assert!(found == value && (slope / -3e37 - 1.0).abs() < 1e-6, "{found} {slope}");
    }
    assert_eq!(both::<f64>(&cubic, f64::NEG_INFINITY), [f64::INFINITY, -f64::INFINITY]);
    assert_eq!(both::<f64>(&HermiteSeries::new([0.0, 2.0]), f64::INFINITY), [f64::INFINITY, 2.0]);
    assert!(cubic.value(f64::NAN).is_nan());
    assert_eq!(both::<f64>(&HermiteSeries::default(), 3.0), [0.0, 0.0]);
    // coefficients of every size
    for c in [1e-300, 1e-60, 1e60, 1e300] {
        let scaled = HermiteSeries::new([0.0, c, 0.0, c]);
        for z in [-2.0, 0.5, 3.0] {
            let exact = [c * (z + z * z * z - 3.0 * z), c * (1.0 + 3.0 * z * z - 3.0)];
            for (found, exact) in both::<f64>(&scaled, z).into_iter().zip(exact) {
                assert!((found / exact - 1.0).abs() < 1e-14, "{c:e} {z}: {found:e}");
            }
            for (found, exact) in both::<f32>(&scaled, z).into_iter().zip(exact) {
                assert_eq!(found, f64::from(exact as f32), "{c:e} {z}");
            }
        }
    }
}

/// Parameters beyond one or both precisions: the limits, not infinity times zero.
#[test]
fn parameters_of_any_size() {
    for beta in [1e-3_f64, 1.0, 1e10, 1e37, 1e39, 1e200, 1e307, 1e308] {
        for scale in [1e-300, 1e-39, 1.0, -2.0, 1e30] {
            let soft = Softplus { beta, scale };
            for z in [-1e30, -2.0, -1e-3, 0.0, 0.5, 2.0, 1e30] {
                let u = (beta * z).min(1e300);
                let exact = if beta * z.abs() > 800.0 {
                    [scale * z.max(0.0), if z > 0.0 { scale } else { 0.0 }]
                } else {
                    let tail = (-u.abs()).exp();
                    let small = if u > 0.0 { 1.0 } else { tail };
                    [scale * z.max(0.0) + scale / beta * tail.ln_1p(), scale * small / (1.0 + tail)]
                };
                let found = both::<f64>(&soft, z);
                let single = both::<f32>(&soft, z);
                for i in 0..2 {
                    let rounding = 1e-13 * exact[i].abs();
                    assert!((found[i] - exact[i]).abs() <= rounding, "{soft:?} {z}: {found:?}");
                    // an exponential of u has |u| times the rounding of u
                    let rounding = 1e-7 * exact[i].abs() * (8.0 + u.abs().min(110.0)) + 1e-37;
                    let rounded = f64::from(exact[i] as f32);
                    assert!(
                        single[i] == rounded || (single[i] - exact[i]).abs() <= rounding,
                        "{soft:?} {z}: {single:?}, {exact:?}"
                    );
                }
            }
        }
    }
    assert_eq!(Softplus { beta: 1e308, scale: 1.0 }.value(2.0_f64), 2.0);
    assert_eq!(both::<f32>(&Softplus { beta: 1e39, scale: 1.0 }, 0.0)[1], 0.5);
    let large: Vec<Arc<dyn Activation>> = vec![
        Tanh { scale: 1e308, shift: 1e300 }.shared(),
        Tanh { scale: 1.7e308, shift: 0.0 }.shared(),
        Tanh { scale: 1e39, shift: -1e39 }.shared(),
        Sine { amplitude: 1e300, phase: 0.0 }.shared(),
        LeakyRelu { slope: 1e39 }.shared(),
        LeakyRelu { slope: -1e308 }.shared(),
        Softplus { beta: 0.1, scale: 1e308 }.shared(),
    ];
    for activation in large {
        for z in [-1.5, -0.5, 0.0, 0.25, 1.0] {
            let [value, slope] = both::<f64>(&activation, z);
            assert!(!value.is_nan() && !slope.is_nan(), "{} at {z}", activation.name());
            // single precision rounds the same value, to an infinity if need be
            let single = both::<f32>(&activation, z);
            for (single, exact) in single.into_iter().zip([value, slope]) {
                let close = (single / exact - 1.0).abs() < 1e-5;
                let rounded = f64::from(exact as f32);
                assert!(close || single == rounded, "{} at {z}: {single}", activation.name());
            }
        }
    }
    // a phase of many turns is one within a turn
    let turns = Sine { amplitude: 1.0, phase: 1e10 };
    let exact = |z: f64| z.sin() * 1e10_f64.cos() + z.cos() * 1e10_f64.sin();
    for z in [-3.0, 0.0, 0.7] {
        assert!((both::<f64>(&turns, z)[0] - exact(z)).abs() < 1e-14);
        assert!((both::<f32>(&turns, z)[0] - exact(z)).abs() < 1e-6);
    }
    assert_eq!(Softplus { beta: 1e308, scale: 1.0 }.name(), "softplus(beta=1e308,scale=1)");
    assert_eq!(HermiteSeries::new([0.0, 1e-300]).name(), "1e-300 He1");
}
