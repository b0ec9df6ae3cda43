use super::*;
use crate::activation::{
    Activation, FnActivation, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Sine, Softplus, Tanh,
};

type Function = fn(Dual) -> Dual;

/// The functions of tests/golden/dual.csv, by name.
fn functions() -> Vec<(&'static str, Function)> {
    macro_rules! methods {
        ($($name:ident)+) => { vec![$((stringify!($name), Dual::$name as Function)),+] };
    }
    let mut all = methods! {
        exp exp_m1 ln ln_1p sqrt cbrt recip sin cos atan sinh cosh tanh asinh erf erfc sigmoid softplus
    };
    all.push(("powi3", |z| z.powi(3)));
    all.push(("powi-2", |z| z.powi(-2)));
    all.push(("powf2.5", |z| z.powf(2.5)));
    all.push(("self_power", |z| z.powf(z)));
    all
}

fn at(f: impl Fn(Dual) -> Dual, z: f64) -> Dual {
    f(Dual::variable(z))
}

#[test]
fn derivatives_are_exact_to_rounding() {
    // 60 arguments per function; values and derivatives from tests/reference/dual.py (mpmath)
    let table = include_str!("../../../tests/golden/dual.csv");
    for (name, function) in functions() {
        let mut largest = [0.0_f64; 2];
        let mut rows = 0;
        for line in table.lines() {
            let Some(rest) = line.strip_prefix(name).and_then(|l| l.strip_prefix(',')) else {
                continue;
            };
            let cells: Vec<f64> = rest.split(',').map(|cell| cell.parse().unwrap()).collect();
            let [z, value, derivative] = cells[..] else { panic!("{line}") };
            let found = at(function, z);
            assert!(found.value.is_finite() && found.derivative.is_finite(), "{name} at {z}");
            // the two terms of (x^x)' cancel at 1/e: the error is measured by their size there
            let terms = value * (1.0 + z.abs().ln().abs());
            let scale = if name == "self_power" { terms } else { derivative };
            largest[0] = largest[0].max((found.value / value - 1.0).abs() / f64::EPSILON);
            let error = (found.derivative - derivative) / (scale * f64::EPSILON);
            largest[1] = largest[1].max(error.abs());
            rows += 1;
        }
        println!("{name}: value {:.1}, derivative {:.1}", largest[0], largest[1]);
        assert_eq!(rows, 60, "{name}");
        assert!(largest.iter().all(|error| *error <= 3.0), "{name}: {largest:?}");
    }
}

#[test]
fn tails_are_zero_and_never_nan() {
    for z in [-1e300, -800.0, -400.0, 400.0, 800.0, 1e300, f64::INFINITY] {
        assert_eq!(at(Dual::tanh, z).derivative, 0.0);
        assert_eq!(at(Dual::erf, z).derivative, 0.0);
        let logistic = at(Dual::sigmoid, z).derivative;
        let exact = (-z.abs()).exp();
        assert!((logistic - exact).abs() <= 1e-15 * exact, "{z}: {logistic}");
    }
    // what overflows in a formula is not repaired
    let naive = at(|z| 1.0 / (1.0 + (-z).exp()), -800.0);
    assert!(naive.value == 0.0 && naive.derivative.is_nan());
    assert_eq!(at(Dual::softplus, 1e4).derivative, 1.0);
    assert_eq!(at(Dual::softplus, -1e4).value, 0.0);
}

#[test]
fn kinks_have_the_derivative_from_the_right() {
    assert_eq!(at(Dual::abs, 0.0).derivative, 1.0);
    assert_eq!(at(Dual::abs, -0.0).derivative, 1.0);
    assert_eq!(at(|z| (-z).abs(), 0.0).derivative, 1.0);
    assert_eq!(at(Dual::abs, -2.0).derivative, -1.0);
    assert_eq!(at(|z| z.max(0.0), 0.0).derivative, 1.0);
    assert_eq!(at(|z| z.min(0.0), 0.0).derivative, 0.0);
    assert_eq!(at(|z| z.max(-z), 0.0).derivative, 1.0);
    assert_eq!(at(|z| z.clamp(-1.0, 1.0), -1.0).derivative, 1.0);
    assert_eq!(at(|z| z.clamp(-1.0, 1.0), 1.0).derivative, 0.0);
}

#[test]
fn ends_of_domains_and_nan_are_not_hidden() {
    assert_eq!(at(Dual::sqrt, 0.0).derivative, f64::INFINITY);
    assert_eq!(at(Dual::ln, 0.0).derivative, f64::INFINITY);
    assert!(at(|z| (z * z).sqrt(), 0.0).derivative.is_nan());
    for f in [Dual::ln, Dual::sqrt, Dual::ln_1p] as [Function; 3] {
        let outside = at(f, -2.0);
        assert!(outside.value.is_nan() && outside.derivative.is_nan());
    }
    for (name, f) in functions() {
        let found = at(f, f64::NAN);
        assert!(found.value.is_nan() && found.derivative.is_nan(), "{name}");
    }
    for f in [
        Dual::abs,
        |z| z.max(0.0),
        |z| 0.0 - Dual::from(0.0).max(z),
        |z| z.min(0.0),
        |z| z.clamp(-1.0, 1.0),
    ] as [Function; 5]
    {
        assert!(at(f, f64::NAN).value.is_nan());
    }
}

#[test]
fn powers_at_zero_and_of_negative_numbers() {
    assert_eq!(at(|z| z.powi(0), 0.0).derivative, 0.0);
    assert_eq!(at(|z| z.powi(1), 0.0).derivative, 1.0);
    assert_eq!(at(|z| z.powi(2), -3.0).derivative, -6.0);
    assert_eq!(at(|z| z.powi(i32::MIN), 2.0).derivative, 0.0);
    assert_eq!(at(|z| z.powf(2.0), -3.0).derivative, -6.0);
    assert_eq!(at(|z| z.powf(0.0), 0.0).derivative, 0.0);
    assert_eq!(at(|z| z.powf(0.5), 0.0).derivative, f64::INFINITY);
    assert!(at(|z| z.powf(0.5), -1.0).derivative.is_nan());
    // 2^z and 0^z
    let power = at(|z| Dual::from(2.0).powf(z), 3.0);
    assert!((power.derivative - 8.0 * 2.0_f64.ln()).abs() < 1e-14);
    assert_eq!(at(|z| Dual::from(0.0).powf(z), 3.0).derivative, 0.0);
}

#[test]
fn operators_follow_the_rules_of_differentiation() {
    for z in [-2.5, -0.3, 0.7, 4.0] {
        let x = Dual::variable(z);
        let check = |found: Dual, value: f64, derivative: f64| {
            assert!((found.value - value).abs() < 1e-13, "{z}: {found:?}");
            assert!((found.derivative - derivative).abs() < 1e-13, "{z}: {found:?}");
        };
        let (s, c) = (z.sin(), z.cos());
        check(2.0 + x * 3.0 - 1.0, 3.0 * z + 1.0, 3.0);
        check(1.0 / x, 1.0 / z, -1.0 / (z * z));
        check(x.sin() * x.cos(), s * c, c * c - s * s);
        check(x.sin() / x, s / z, c / z - s / (z * z));
        check((1.0 - x) / 4.0, (1.0 - z) / 4.0, -0.25);
        check([x, x * x, 1.0.into()].into_iter().sum(), z + z * z + 1.0, 1.0 + 2.0 * z);
        let mut y = x;
        y += 1.0;
        y *= x;
        y -= x;
        y /= 2.0;
        check(y, z * z / 2.0, z);
        assert!((x > 0.0) == (z > 0.0) && x == z && x <= x + 1.0);
    }
}

#[test]
fn formulas_agree_with_the_built_in_activations() {
    fn check(dual: impl Activation, built_in: impl Activation) {
        let z: Vec<f64> = (-1200..=1200).map(|i| 0.005 * f64::from(i) + 0.001).collect();
        let (mut value, mut derivative) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        dual.evaluate_f64(&z, &mut value, &mut derivative);
        let single: Vec<f32> = z.iter().map(|z| *z as f32).collect();
        let (mut single_value, mut single_derivative) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        dual.evaluate_f32(&single, &mut single_value, &mut single_derivative);
        for (i, z) in z.iter().enumerate() {
            for (found, expected) in [
                (value[i], built_in.value(*z)),
                (derivative[i], built_in.derivative(*z)),
                (dual.value(*z), value[i]),
                (dual.derivative(*z), derivative[i]),
            ] {
                assert!(
                    (found - expected).abs() <= 1e-14,
                    "{} at {z}: {found} against {expected}",
                    dual.name()
                );
            }
            let rounded = f64::from(single[i]);
            assert_eq!(single_value[i], dual.value(rounded) as f32);
            assert_eq!(single_derivative[i], dual.derivative(rounded) as f32);
        }
        let (c, expected) = (dual.hermite_coefficients(6), built_in.hermite_coefficients(6));
        for (c, expected) in c.unwrap().iter().zip(expected.unwrap()) {
            assert!((c - expected).abs() < 1e-11, "{}", dual.name());
        }
    }
    check(
        FnActivation::from_formula("tanh", |z| 2.0 * (z + 0.5).tanh()),
        Tanh { scale: 2.0, shift: 0.5 },
    );
    let gelu = |z: Dual| 0.5 * z * (1.0 + (z * std::f64::consts::FRAC_1_SQRT_2).erf());
    check(FnActivation::from_formula("gelu", gelu), Gelu);
    check(FnActivation::from_formula("silu", |z| z * z.sigmoid()), Silu);
    check(FnActivation::from_formula("sigmoid", |z| 1.0 / (1.0 + (-z).exp())), Sigmoid);
    check(
        FnActivation::from_formula("softplus", |z| (2.0 * z).softplus()),
        Softplus { beta: 2.0, scale: 2.0 },
    );
    check(
        FnActivation::from_formula("sine", |z| 1.6 * (z + 0.7).sin()),
        Sine { amplitude: 1.6, phase: 0.7 },
    );
    check(FnActivation::from_formula("relu", |z| z.max(0.0)).with_kinks([0.0]), Relu);
    check(
        FnActivation::from_formula("leaky", |z| z.max(0.2 * z)).with_kinks([0.0]),
        LeakyRelu { slope: 0.2 },
    );
}
