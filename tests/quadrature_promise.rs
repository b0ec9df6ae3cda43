//! What the adaptive quadrature promises, at thousands of random places: jumps, kinks, powers,
//! windows, bumps and steep slopes that nobody declared, alone and in sums.

use linear_width::Scalar;
use linear_width::quadrature::{QuadratureError, gauss_legendre, gaussian_expectation};

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

/// P(Z > a).
fn tail(a: f64) -> f64 {
    0.5 * (a * std::f64::consts::FRAC_1_SQRT_2).erfc()
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
            Self::Slope(a, k) => (k * (z - a)).erf(),
            Self::Sine(k) => (k * z).sin().powi(2),
        }
    }

    fn expectation(self) -> f64 {
        match self {
            Self::Jump(a) => tail(a),
            Self::Hinge(a) => hinge(a),
            Self::Sign(a) => -(a * std::f64::consts::FRAC_1_SQRT_2).erf(),
            Self::Clamp(a, b) => a + hinge(a) - hinge(b),
            Self::Window(a, b) => tail(a) - tail(b),
            // |z - a| = t^4 makes the integrand smooth for every multiple of 1/4
            Self::Power(a, p) => gauss_legendre(300, 0.0, 2.2).integrate(|t| {
                let u = t.powi(4);
                4.0 * t.powf(4.0 * p + 3.0) * (density(a + u) + density(a - u))
            }),
            Self::Bump(a, w) => {
                let variance = 1.0 + w * w;
                w / variance.sqrt() * (-0.5 * a * a / variance).exp()
            }
            Self::Slope(a, k) => -(a / (2.0 + 1.0 / (k * k)).sqrt()).erf(),
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

/// Holds the promise for a sum of parts, of which `declared` tells the kinks that are declared.
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
fn a_jump_anywhere() {
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
fn any_single_part_at_any_accuracy() {
    let mut places = Places(1);
    for _ in 0..4000 {
        let part = Part::random(&mut places);
        let tolerance = places.size(-13.0, -5.0);
        check(&[(1.0, part)], &[], tolerance);
    }
}

#[test]
fn sums_of_several_parts_of_several_sizes() {
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
fn windows_of_the_smallest_width_promised() {
    let mut places = Places(3);
    for _ in 0..3000 {
        let a = places.between(-6.9, 6.9);
        check(&[(1.0, Part::Window(a, a + 0.001))], &[], 1e-12);
    }
}

/// Far out, where a window is as wide as a panel needs, and the function large.
#[test]
fn growth_with_jumps_far_out() {
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
fn what_grows_too_fast_is_an_error() {
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
