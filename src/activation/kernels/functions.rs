//! The kernels. Coefficients and reference values come from tests/reference/kernels.py.

use super::{Kernel, Lane};
use crate::linalg::simd::fma;

/// c_0 + c_1 x + c_2 x^2 + ..., by Horner's rule.
#[inline(always)]
fn polynomial<T: Lane, const FMA: bool>(coefficients: &[T], x: T) -> T {
    let mut sum = T::zero();
    for c in coefficients.iter().rev() {
        sum = fma::<T, FMA>(sum, x, *c);
    }
    sum
}

/// The smaller of `x` and `limit`; a NaN stays.
#[inline(always)]
fn at_most<T: Lane>(x: T, limit: T) -> T {
    if x > limit { limit } else { x }
}

/// exp(y) for y <= 0 as 2^k and exp(r) - 1, y = k ln 2 + r; exp(y) = 2^k + 2^k (exp(r) - 1).
#[inline(always)]
fn exp_parts<T: Lane, const FMA: bool>(y: T) -> (T, T) {
    let y = if y < T::EXP_MIN { T::EXP_MIN } else { y };
    let rounded = fma::<T, FMA>(y, T::LOG2_E, T::ROUNDER);
    let k = rounded - T::ROUNDER;
    let r = fma::<T, FMA>(-k, T::LN_2[1], fma::<T, FMA>(-k, T::LN_2[0], y));
    let tail = fma::<T, FMA>(r, polynomial::<T, FMA>(T::EXPM1, r), T::constant(0.5));
    (T::power_of_two(rounded), fma::<T, FMA>(r * r, tail, r))
}

/// exp(y) for y <= 0.
#[inline(always)]
fn exp<T: Lane, const FMA: bool>(y: T) -> T {
    let (power, part) = exp_parts::<T, FMA>(y);
    let result = fma::<T, FMA>(power, part, power);
    if y < T::EXP_MIN { T::zero() } else { result }
}

/// exp(-scale x^2) for |x| <= ERFC_MAX / sqrt(scale) and a power of two as scale. The square is
/// taken in two parts: its rounding error alone would cost x^2 units of the last place.
#[inline(always)]
fn gaussian<T: Lane, const FMA: bool>(scale: T, x: T) -> T {
    let square = x * x;
    let rest = if FMA {
        x.mul_add(x, -square)
    } else {
        let split = T::SPLITTER * x;
        let high = split - (split - x);
        let low = x - high;
        ((high * high - square) + (high * low + high * low)) + low * low
    };
    let e = exp::<T, FMA>(-scale * square);
    fma::<T, FMA>(-scale * rest, e, e)
}

/// exp(x^2) erfc(x) for 0 <= x <= ERFC_MAX.
#[inline(always)]
fn scaled_erfc<T: Lane, const FMA: bool>(x: T) -> T {
    let t = (x - T::ERFC_CENTRE) / (x + T::ERFC_CENTRE);
    polynomial::<T, FMA>(T::ERFC, t) / (T::one() + x + x)
}

/// ln(1 + e) for 0 <= e <= 1.
#[inline(always)]
fn ln_1p<T: Lane, const FMA: bool>(e: T) -> T {
    // 1 + e or (1 + e)/2, whichever is within sqrt 2 of 1
    let halve = e > T::constant(std::f64::consts::SQRT_2 - 1.0);
    let m = if halve { (e - T::one()) * T::constant(0.5) } else { e };
    let base = if halve { T::constant(std::f64::consts::LN_2) } else { T::zero() };
    let two = T::constant(2.0);
    let s = m / (two + m);
    let square = s * s;
    base + s * fma::<T, FMA>(square, polynomial::<T, FMA>(T::LN, square), two)
}

/// The logistic function of `u` and of `-u`, given exp(-|u|).
#[inline(always)]
fn logistic_pair<T: Lane>(u: T, e: T) -> (T, T) {
    let large = T::one() / (T::one() + e);
    let small = e * large;
    if u > T::zero() { (large, small) } else { (small, large) }
}

/// scale tanh(z + shift).
#[derive(Clone, Copy)]
pub struct Tanh<T> {
    pub scale: T,
    pub shift: T,
}

impl<T: Lane> Kernel<T> for Tanh<T> {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        // with e = exp(-2|u|): tanh |u| = (1 - e)/(1 + e), and its derivative is 4 e/(1 + e)^2
        let u = z + self.shift;
        let y = -(u.abs() + u.abs());
        let (power, part) = exp_parts::<T, FMA>(y);
        let e_minus_1 = fma::<T, FMA>(power, part, power - T::one());
        let e = fma::<T, FMA>(power, part, power);
        let e = if y < T::EXP_MIN { T::zero() } else { e };
        let inverse = T::one() / (T::constant(2.0) + e_minus_1);
        let tanh = (-e_minus_1 * inverse).copysign(u);
        (self.scale * tanh, self.scale * (T::constant(4.0) * e * inverse * inverse))
    }
}

/// 1/(1 + exp(-z)).
#[derive(Clone, Copy)]
pub struct Sigmoid;

impl<T: Lane> Kernel<T> for Sigmoid {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let (s, t) = logistic_pair(z, exp::<T, FMA>(-z.abs()));
        (s, s * t)
    }
}

/// (scale/beta) ln(1 + exp(beta z)).
#[derive(Clone, Copy)]
pub struct Softplus<T> {
    pub beta: T,
    pub scale: T,
}

impl<T: Lane> Kernel<T> for Softplus<T> {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let u = self.beta * z;
        let e = exp::<T, FMA>(-u.abs());
        // not u / beta: u may be infinite
        let positive = if u <= T::zero() { T::zero() } else { z };
        let value = self.scale * positive + self.scale / self.beta * ln_1p::<T, FMA>(e);
        (value, self.scale * logistic_pair(u, e).0)
    }
}

/// z/(1 + exp(-z)).
#[derive(Clone, Copy)]
pub struct Silu;

impl<T: Lane> Kernel<T> for Silu {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let (s, t) = logistic_pair(z, exp::<T, FMA>(-z.abs()));
        // far out, where a factor is 0, the other must be finite
        let bounded = if z < T::EXP_MIN { T::EXP_MIN } else { z };
        let slope = at_most(bounded, -T::EXP_MIN) * t;
        (bounded * s, fma::<T, FMA>(s, slope, s))
    }
}

/// z Phi(z), Phi the Gaussian distribution function.
#[derive(Clone, Copy)]
pub struct Gelu;

impl<T: Lane> Kernel<T> for Gelu {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let root_half = T::constant(std::f64::consts::FRAC_1_SQRT_2);
        let half = T::constant(0.5);
        let bounded = at_most(z.abs(), T::ERFC_MAX / root_half);
        let e = gaussian::<T, FMA>(half, bounded);
        let tail = half * scaled_erfc::<T, FMA>(at_most(bounded * root_half, T::ERFC_MAX)) * e;
        let phi = if z > T::zero() { T::one() - tail } else { tail };
        let density = T::constant(0.5 * std::f64::consts::FRAC_2_SQRT_PI) * root_half * e;
        let bounded = bounded.copysign(z);
        let factor = if z > T::zero() { z } else { bounded };
        (factor * phi, fma::<T, FMA>(bounded, density, phi))
    }
}

/// erf(z).
#[derive(Clone, Copy)]
pub struct Erf;

impl<T: Lane> Kernel<T> for Erf {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let x = at_most(z.abs(), T::ERFC_MAX);
        let e = gaussian::<T, FMA>(T::one(), x);
        let outer = T::one() - scaled_erfc::<T, FMA>(x) * e;
        let inner = x * polynomial::<T, FMA>(T::ERF, x * x);
        let erf = if x < T::constant(0.75) { inner } else { outer };
        (erf.copysign(z), T::constant(std::f64::consts::FRAC_2_SQRT_PI) * e)
    }
}

/// amplitude sin(z + phase), |z + phase| <= SINE_MAX.
#[derive(Clone, Copy)]
pub struct Sine<T> {
    pub amplitude: T,
    pub phase: T,
}

impl<T: Lane> Kernel<T> for Sine<T> {
    #[inline(always)]
    fn at<const FMA: bool>(self, z: T) -> (T, T) {
        let x = z + self.phase;
        let rounded = fma::<T, FMA>(x, T::TWO_OVER_PI, T::ROUNDER);
        let k = rounded - T::ROUNDER;
        let [first, second, third] = T::HALF_PI;
        let r = fma::<T, FMA>(-k, third, fma::<T, FMA>(-k, second, fma::<T, FMA>(-k, first, x)));
        let square = r * r;
        let sin = fma::<T, FMA>(r * square, polynomial::<T, FMA>(T::SIN, square), r);
        let cos = fma::<T, FMA>(
            square * square,
            polynomial::<T, FMA>(T::COS, square),
            fma::<T, FMA>(T::constant(-0.5), square, T::one()),
        );
        // sin(r + k pi/2): k odd swaps the two, and each changes sign once in half a turn
        let (odd, half_turn) = T::low_bits(rounded);
        let (s, c) = if odd { (cos, sin) } else { (sin, cos) };
        let s = if half_turn { -s } else { s };
        let c = if half_turn != odd { -c } else { c };
        (self.amplitude * s, self.amplitude * c)
    }
}
