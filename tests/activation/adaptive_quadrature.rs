//! What the adaptive quadrature promises, at thousands of random places: jumps, kinks, powers,
//! windows, bumps and steep slopes that nobody declared, alone and in sums.

use linear_width::activation::{Activation, FnActivation, HermiteSeries};
use linear_width::data::Link;
use linear_width::quadrature::{QuadratureError, gaussian_expectation};

/// Uniform on (0, 1), the same in every run (the splitmix64 generator).
struct Places(u64);

impl Places {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// 10 to a uniform power.
    fn size(&mut self, low: f64, high: f64) -> f64 {
        10.0_f64.powf(self.between(low, high))
    }
}

/// A piecewise smooth function whose expectation is known.
#[derive(Clone, Copy, Debug)]
enum Part {
    Jump(f64),
    Hinge(f64),
    Sign(f64),
    Clamp(f64, f64),
    Window(f64, f64),
    /// |z - a|^p
    Power(f64, f64),
    /// exp(-(z - a)^2 / (2 w^2))
    Bump(f64, f64),
    /// erf(k (z - a))
    Slope(f64, f64),
    Sine(f64),
}

/// Of the sum for the expectation of a power.
const STEP: f64 = 0.005;

/// P(Z > a).
fn tail(a: f64) -> f64 {
    0.5 * libm::erfc(a * std::f64::consts::FRAC_1_SQRT_2)
}

fn density(a: f64) -> f64 {
    (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn hinge(a: f64) -> f64 {
    density(a) - a * tail(a)
}

impl Part {
    fn at(self, z: f64) -> f64 {
        let step = |on: bool| if on { 1.0 } else { 0.0 };
        match self {
            Self::Jump(a) => step(z > a),
            Self::Hinge(a) => (z - a).max(0.0),
            Self::Sign(a) => (z - a).signum(),
            Self::Clamp(a, b) => z.clamp(a, b),
            Self::Window(a, b) => step(a < z && z < b),
            Self::Power(a, p) => (z - a).abs().powf(p),
            Self::Bump(a, w) => (-0.5 * ((z - a) / w).powi(2)).exp(),
            Self::Slope(a, k) => libm::erf(k * (z - a)),
            Self::Sine(k) => (k * z).sin().powi(2),
        }
    }

    fn expectation(self) -> f64 {
        match self {
            Self::Jump(a) => tail(a),
            Self::Hinge(a) => hinge(a),
            Self::Sign(a) => -libm::erf(a * std::f64::consts::FRAC_1_SQRT_2),
            Self::Clamp(a, b) => a + hinge(a) - hinge(b),
            Self::Window(a, b) => tail(a) - tail(b),
            // by the trapezoidal rule after |z - a| = exp(s - exp(-s)) (Takahasi & Mori 1974)
            Self::Power(a, p) => (-1200..1200).map(f64::from).fold(0.0, |sum, i| {
                let s = STEP * i;
                let u = (s - (-s).exp()).exp();
                let weight = STEP * u * (1.0 + (-s).exp());
                sum + weight * u.powf(p) * (density(a + u) + density(a - u))
            }),
            Self::Bump(a, w) => {
                let variance = 1.0 + w * w;
                w / variance.sqrt() * (-0.5 * a * a / variance).exp()
            }
            Self::Slope(a, k) => -libm::erf(a / (2.0 + 1.0 / (k * k)).sqrt()),
            Self::Sine(k) => 0.5 - 0.5 * (-2.0 * k * k).exp(),
        }
    }

    fn random(places: &mut Places) -> Self {
        let a = places.between(-5.0, 5.0);
        match (9.0 * places.uniform()) as u32 {
            0 => Self::Jump(a),
            1 => Self::Hinge(a),
            2 => Self::Sign(a),
            3 => Self::Clamp(a, a + places.size(-3.0, 0.5)),
            4 => Self::Window(a, a + places.size(-3.0, 0.5)),
            5 => Self::Power(a, 0.25 * (2.0 + 10.0 * places.uniform()).floor()),
            6 => Self::Bump(a, places.size(-3.3, 0.5)),
            7 => Self::Slope(a, places.size(-1.0, 12.0)),
            _ => Self::Sine(places.size(-1.0, 2.0)),
        }
    }
}

/// Checks the promise for a sum of parts with these kinks declared.
fn check(parts: &[(f64, Part)], kinks: &[f64], tolerance: f64) {
    let f = |z: f64| parts.iter().map(|(c, part)| c * part.at(z)).sum::<f64>();
    let exact: f64 = parts.iter().map(|(c, part)| c * part.expectation()).sum();
    let found = gaussian_expectation(f, kinks, tolerance);
    let size: f64 = parts.iter().map(|(c, part)| c.abs() * part.expectation().abs()).sum();
    // the exact value has rounding errors of its own
    let promised = tolerance.max(1e-13 * size) + 1e-15 * size;
    match found {
        Ok(found) => assert!(
            (found - exact).abs() <= promised,
            "{parts:?} to {tolerance:e}: {found} is off by {:e}",
            found - exact
        ),
        Err(error) => panic!("{parts:?} to {tolerance:e}: {error}"),
    }
}

#[test]
fn expectation_of_a_jump_anywhere() {
    // the first Gauss-Legendre node of a unit panel lies beyond 0.001
    let found = gaussian_expectation(|z| f64::from(u8::from(z > 0.001)), &[], 1e-10).unwrap();
    assert!((found - 0.499_601_057_786_088_9).abs() < 1e-10, "{found}");
    for i in 0..4000 {
        let a = -2.0 + 0.001 * f64::from(i);
        check(&[(1.0, Part::Jump(a))], &[], 1e-10);
        check(&[(1.0, Part::Hinge(a))], &[], 1e-12);
    }
}

#[test]
fn expectation_of_a_single_part_at_any_accuracy() {
    let mut places = Places(1);
    for _ in 0..4000 {
        let part = Part::random(&mut places);
        let tolerance = places.size(-13.0, -5.0);
        check(&[(1.0, part)], &[], tolerance);
    }
}

#[test]
fn expectation_of_sums_of_parts_of_several_sizes() {
    let mut places = Places(2);
    for _ in 0..1500 {
        let count = 2 + (4.0 * places.uniform()) as usize;
        let parts: Vec<(f64, Part)> = (0..count)
            .map(|_| {
                let size = places.size(-4.0, 3.0) * (places.uniform() - 0.5).signum();
                (size, Part::random(&mut places))
            })
            .collect();
        // some kinks are declared, and some places that are none
        let kinks: Vec<f64> = parts
            .iter()
            .filter_map(|(_, part)| match part {
                Part::Jump(a) | Part::Clamp(a, _) | Part::Power(a, _) => Some(*a),
                Part::Sine(k) => Some(*k - 1.0),
                _ => None,
            })
            .collect();
        check(&parts, &kinks, places.size(-13.0, -5.0));
    }
}

#[test]
fn expectation_of_the_narrowest_window_promised() {
    let mut places = Places(3);
    for _ in 0..3000 {
        let a = places.between(-6.9, 6.9);
        check(&[(1.0, Part::Window(a, a + 0.001))], &[], 1e-12);
    }
}

/// Far out, where a window is as wide as a panel needs, and the function large.
#[test]
fn expectation_of_fast_growth_with_jumps_far_out() {
    let mut places = Places(4);
    for _ in 0..1000 {
        let (rate, a) = (places.between(-18.0, 18.0), places.between(-3.0, 3.0));
        // E exp(k z) 1(z > k + a) = exp(k^2 / 2) P(Z > a)
        let exact = (0.5 * rate * rate).exp() * tail(a);
        let f = |z: f64| if z > rate + a { (rate * z).exp() } else { 0.0 };
        let found = gaussian_expectation(f, &[], 1e-10).unwrap();
        // exp(rate z) has a relative rounding error of rate z units
        let promised = 1e-10_f64.max(1.5e-13 * exact);
        assert!((found - exact).abs() <= promised, "{rate} {a}: {found:e} {exact:e}");
    }
}

#[test]
fn expectation_refuses_functions_that_grow_too_fast() {
    for rate in [0.49, 0.5, 0.51, 1.0, 100.0] {
        let found = gaussian_expectation(|z| (rate * z * z).exp(), &[], 1e-10);
        assert!(
            matches!(
                found,
                Err(QuadratureError::Growth { .. } | QuadratureError::NonFinite { .. })
            ),
            "{rate}: {found:?}"
        );
    }
    for rate in [25.0, 30.0, 36.0, 50.0, 1000.0] {
        assert!(gaussian_expectation(|z| (rate * z).exp(), &[], 1e-10).is_err(), "{rate}");
    }
}

/// He_n(z), by its recurrence.
fn hermite(n: usize, z: f64) -> f64 {
    let (mut current, mut previous) = (1.0, 0.0);
    for k in 0..n {
        (current, previous) = (z * current - k as f64 * previous, current);
    }
    current
}

fn root_factorial(n: usize) -> f64 {
    (1..=n).map(|k| (k as f64).sqrt()).product()
}

/// Coefficients are promised relative to the root mean square of the function.
#[test]
fn hermite_coefficients_of_a_polynomial_closure() {
    for n in [0, 1, 2, 5, 8, 20, 30, 40, 80, 110, 150] {
        let link = Link::new("He_n", move |z| hermite(n, z));
        let c = link.hermite_coefficients(n + 4).unwrap();
        for (k, c) in c.into_iter().enumerate() {
            let error = root_factorial(k) * (c - f64::from(u8::from(k == n)));
            assert!(error.abs() < 1e-11 * root_factorial(n), "He_{n}, c_{k} = {c:e}");
        }
    }
}

#[test]
fn hermite_coefficients_of_a_hermite_series_are_its_own() {
    for n in [0, 3, 20, 30, 80, 110, 200, 400] {
        let series = HermiteSeries::polynomial(n);
        let mut expected = vec![0.0; n + 3];
        expected[n] = 1.0;
        assert_eq!(series.hermite_coefficients(n + 2).unwrap(), expected);
        let shared = series.clone().centred().unwrap();
        assert_eq!(shared.hermite_coefficients(0).unwrap(), [0.0]);
        let link = Link::from_activation(shared);
        let parts = if n == 0 { vec![0.0; 3] } else { expected.clone() };
        assert_eq!(link.hermite_coefficients(n + 2).unwrap()[..3], parts[..3]);
        let without = Link::from_activation(series).without(&[n]).unwrap();
        assert_eq!(without.hermite_coefficients(n).unwrap(), vec![0.0; n + 1]);
        assert_eq!(without.value(1.5), 0.0);
    }
    let broken = HermiteSeries::new([0.0, f64::NAN]);
    assert!(broken.hermite_coefficients(1).is_err() && broken.centred().is_err());
}

/// Of any size, and with kinks that nobody declared.
#[test]
fn hermite_coefficients_of_a_clamp_and_a_sign_anywhere() {
    let mut places = Places(5);
    let clamp = FnActivation::from_formula("clamp", |z| z.max(-1.001).min(1.001));
    let c = clamp.hermite_coefficients(1).unwrap();
    assert!((c[1] - 0.683_173_191_615_440_3).abs() < 1e-11, "{c:?}");
    for _ in 0..400 {
        let (a, b, size) =
            (places.between(-3.0, 0.0), places.between(0.0, 3.0), places.size(-250.0, 250.0));
        let activation =
            FnActivation::new("clamp", move |z: f64| size * z.clamp(a, b), |_| f64::NAN);
        let c = activation.hermite_coefficients(2).unwrap();
        // c_1 is the mean slope, 2 c_2 the mean of the second derivative, two jumps of the slope
        let exact = [a + hinge(a) - hinge(b), tail(a) - tail(b), 0.5 * (density(a) - density(b))];
        for (c, exact) in c.iter().zip(exact) {
            assert!((c / size - exact).abs() < 1e-11, "{size:e} clamp({a}, {b}): {c:e}, {exact}");
        }
        let link = Link::new("sign", move |z| size * (z - a).signum());
        let c = link.hermite_coefficients(1).unwrap();
        for (c, exact) in c.iter().zip([2.0 * tail(a) - 1.0, 2.0 * density(a)]) {
            assert!((c / size - exact).abs() < 1e-11, "{size:e} sign(z - {a}): {c:e}, {exact}");
        }
    }
}

#[test]
fn hermite_coefficients_refuse_functions_that_grow_too_fast() {
    for rate in [0.26, 0.3, 0.49] {
        // E exp(rate z^2) is finite, its square is not, and both count
        let link = Link::new("growing", move |z| (rate * z * z).exp());
        let found = link.hermite_coefficients(2);
        let exact = 1.0 / (1.0 - 2.0 * rate).sqrt();
        assert!(found.is_err() || (found.unwrap()[0] / exact - 1.0).abs() < 1e-11, "{rate}");
    }
    let link = Link::new("infinite", |z| (0.5 * z * z).exp());
    assert!(link.hermite_coefficients(0).is_err());
    let exponential = Link::new("exp(18 z)", |z| (18.0 * z).exp());
    let c = exponential.hermite_coefficients(40).unwrap();
    for (k, c) in c.iter().enumerate() {
        // c_k = exp(162) 18^k / k!
        let exact =
            162.0_f64.exp() * (18.0 / root_factorial(k).powf(2.0 / k.max(1) as f64)).powi(k as i32);
        assert!((c / exact - 1.0).abs() < 1e-11, "c_{k}: {c:e} {exact:e}");
    }
}
