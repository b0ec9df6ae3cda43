use num_traits::{Float, FloatConst, FromPrimitive};

use super::*;
use crate::activation::{
    Activation, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Sine, Softplus, Tanh, hermite_coefficients,
};

type Function<T> = fn(Dual<T>) -> Dual<T>;

/// The functions of tests/golden/dual.csv, by name.
fn functions<T: Scalar>() -> Vec<(&'static str, Function<T>)> {
    macro_rules! methods {
        ($($name:ident)+) => { vec![$((stringify!($name), Dual::$name as Function<T>)),+] };
    }
    let mut all = methods! {
        exp exp2 exp_m1 ln ln_1p log2 log10 sqrt cbrt recip sin cos tan asin acos atan sinh cosh
        tanh asinh acosh atanh erf erfc sigmoid softplus
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
    for ((name, double), (_, single)) in functions::<f64>().into_iter().zip(functions::<f32>()) {
        let mut largest = [0.0_f64; 3];
        let mut rows = 0;
        for line in table.lines() {
            let Some(rest) = line.strip_prefix(name).and_then(|l| l.strip_prefix(',')) else {
                continue;
            };
            let cells: Vec<f64> = rest.split(',').map(|cell| cell.parse().unwrap()).collect();
            let [z, value, derivative] = cells[..] else { panic!("{line}") };
            let found = at(double, z);
            assert!(found.value.is_finite() && found.derivative.is_finite(), "{name} at {z}");
            // the two terms of (x^x)' cancel at 1/e: the error is measured by their size there
            let terms = value * (1.0 + z.abs().ln().abs());
            let scale = if name == "self_power" { terms } else { derivative };
            largest[0] = largest[0].max((found.value / value - 1.0).abs() / f64::EPSILON);
            let error = (found.derivative - derivative) / (scale * f64::EPSILON);
            largest[1] = largest[1].max(error.abs());
            // f32 against f64 at the same, rounded argument, where f32 can hold the result
            let rounded = z as f32;
            let (found, exact) = (single(Dual::variable(rounded)), at(double, rounded.into()));
            if (1e-37..1e37).contains(&exact.derivative.abs()) {
                let error = f64::from(found.derivative) - exact.derivative;
                let scale = scale / derivative * exact.derivative;
                largest[2] = largest[2].max((error / (scale * f64::from(f32::EPSILON))).abs());
            }
            rows += 1;
        }
        println!(
            "{name}: value {:.1}, derivative {:.1}, in f32 {:.1}",
            largest[0], largest[1], largest[2]
        );
        assert_eq!(rows, 60, "{name}");
        // values are those of the standard library; these two are inaccurate near 1 and -1 there
        let inaccurate = ["acosh", "atanh"].contains(&name);
        assert!(largest[0] <= 3.0 || inaccurate, "{name}: {largest:?}");
        assert!(largest[1..].iter().all(|error| *error <= 3.0), "{name}: {largest:?}");
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
    let single = Dual::variable(100.0_f32).tanh();
    assert_eq!((single.value, single.derivative), (1.0, 0.0));
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
    assert_eq!(at(|z| z.hypot(2.0 * z), 0.0).derivative, 5.0_f64.sqrt());
}

#[test]
fn ends_of_domains_and_nan_are_not_hidden() {
    assert_eq!(at(Dual::sqrt, 0.0).derivative, f64::INFINITY);
    assert_eq!(at(Dual::ln, 0.0).derivative, f64::INFINITY);
    assert!(at(|z| (z * z).sqrt(), 0.0).derivative.is_nan());
    for f in [Dual::ln, Dual::sqrt, Dual::asin, Dual::acosh] as [fn(Dual) -> Dual; 4] {
        let outside = at(f, -2.0);
        assert!(outside.value.is_nan() && outside.derivative.is_nan());
    }
    for (name, f) in functions::<f64>() {
        let found = at(f, f64::NAN);
        assert!(found.value.is_nan() && found.derivative.is_nan(), "{name}");
    }
    for f in [
        Dual::abs,
        |z| z.max(0.0),
        |z| 0.0 - Dual::from(0.0).max(z),
        |z| z.min(0.0),
        |z| z.clamp(-1.0, 1.0),
    ] as [fn(Dual) -> Dual; 5]
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
            assert!((found.value - value).abs() < 1e-13, "{z}: {found}");
            assert!((found.derivative - derivative).abs() < 1e-13, "{z}: {found}");
        };
        let (s, c) = (z.sin(), z.cos());
        check(2.0 + x * 3.0 - 1.0, 3.0 * z + 1.0, 3.0);
        check(1.0 / x, 1.0 / z, -1.0 / (z * z));
        check(x.sin() * x.cos(), s * c, c * c - s * s);
        check(x.sin() / x, s / z, c / z - s / (z * z));
        check((1.0 - x) / 4.0, (1.0 - z) / 4.0, -0.25);
        check(x % 1.5, z % 1.5, 1.0);
        check(7.0 % x, 7.0 % z, -(7.0 / z).trunc());
        check(x.mul_add(x, 1.0), z * z + 1.0, 2.0 * z);
        check(x.sin().atan2(x.cos()), s.atan2(c), 1.0);
        check(x.abs().log(2.0), z.abs().log2(), 1.0 / (z * 2.0_f64.ln()));
        check(x.hypot(1.0), z.hypot(1.0), z / z.hypot(1.0));
        check([x, x * x, 1.0.into()].into_iter().sum(), z + z * z + 1.0, 1.0 + 2.0 * z);
        check([x, x, x].into_iter().product(), z.powi(3), 3.0 * z * z);
        let mut y = x;
        y += 1.0;
        y *= x;
        y -= x;
        y /= 2.0;
        check(y, z * z / 2.0, z);
        assert!((x > 0.0) == (z > 0.0) && x == z && x <= x + 1.0);
    }
}

/// Written without knowing of this crate.
fn generic<R: Float + FloatConst + FromPrimitive>(z: R) -> R {
    let half = R::from_f64(0.5).unwrap();
    let (sin, cos) = (R::PI() * z).sin_cos();
    let branch = if z > R::zero() { z.abs().sqrt() } else { z.powi(2) };
    half * sin * cos + branch.max(R::epsilon()) + z.to_radians() + R::one().atan2(z)
}

#[test]
fn functions_generic_over_num_traits_can_be_differentiated() {
    let activation = DualFn::new("generic", generic);
    for z in [-2.2, -0.6, 0.4, 3.1] {
        let h = 1e-5;
        let difference = (generic(z + h) - generic(z - h)) / (2.0 * h);
        assert_eq!(activation.value(z), generic(z));
        assert!((activation.derivative(z) - difference).abs() < 1e-8, "{z}");
    }
}

struct Formulas;
impl DualActivation for Formulas {
    fn formula<T: Scalar>(&self, z: Dual<T>) -> Dual<T> {
        0.5 * z * (1.0 + (z * std::f64::consts::FRAC_1_SQRT_2).erf())
    }
}

#[test]
fn formulas_agree_with_the_built_in_activations() {
    fn check(dual: impl Activation, built_in: impl Activation) {
        let z: Vec<f64> = (-1200..=1200).map(|i| 0.005 * f64::from(i) + 0.001).collect();
        let (mut value, mut derivative) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        dual.evaluate(&z, &mut value, &mut derivative);
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
            let single = *z as f32;
            let error = f64::from(dual.derivative(single)) - built_in.derivative(f64::from(single));
            assert!(error.abs() < 4.0 * f64::from(f32::EPSILON), "{} at {single}", dual.name());
        }
        let (c, expected) = (hermite_coefficients(&dual, 6), hermite_coefficients(&built_in, 6));
        for (c, expected) in c.unwrap().iter().zip(expected.unwrap()) {
            assert!((c - expected).abs() < 1e-11, "{}", dual.name());
        }
    }
    check(DualFn::new("tanh", |z| 2.0 * (z + 0.5).tanh()), Tanh { scale: 2.0, shift: 0.5 });
    check(Formulas, Gelu);
    check(DualFn::new("silu", |z| z * z.sigmoid()), Silu);
    check(DualFn::new("sigmoid", |z| 1.0 / (1.0 + (-z).exp())), Sigmoid);
    check(DualFn::new("softplus", |z| (2.0 * z).softplus()), Softplus { beta: 2.0, scale: 2.0 });
    check(DualFn::new("sine", |z| 1.6 * (z + 0.7).sin()), Sine { amplitude: 1.6, phase: 0.7 });
    check(DualFn::new("relu", |z| z.max(0.0)).with_kinks([0.0]), Relu);
    check(DualFn::new("leaky", |z| z.max(0.2 * z)).with_kinks([0.0]), LeakyRelu { slope: 0.2 });
    assert_eq!(Activation::name(&Formulas), "Formulas");
    assert!(Activation::kinks(&Formulas).is_empty());
}
