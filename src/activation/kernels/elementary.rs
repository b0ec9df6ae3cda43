//! Elementary functions the kernels are made of. Their coefficients come from
//! tests/reference/kernels.py.

use super::lane::{Coefficients, Lane};
use crate::linalg::simd::fma;

/// c_0 + c_1 x + c_2 x^2 + ..., by Horner's rule.
#[inline(always)]
pub fn polynomial<T: Lane, const FMA: bool>(coefficients: &[T], x: T) -> T {
    coefficients.iter().rev().fold(T::zero(), |sum, c| fma::<T, FMA>(sum, x, *c))
}

/// The smaller of `x` and `limit`; a NaN stays.
#[inline(always)]
pub fn at_most<T: Lane>(x: T, limit: T) -> T {
    if x > limit { limit } else { x }
}

/// exp(y) for y <= 0 as 2^k and exp(r) - 1, y = k ln 2 + r; exp(y) = 2^k + 2^k (exp(r) - 1).
#[inline(always)]
pub fn exp_parts<T: Lane, const FMA: bool>(y: T) -> (T, T) {
    let y = if y < T::EXP_MIN { T::EXP_MIN } else { y };
    let rounded = fma::<T, FMA>(y, T::LOG2_E(), T::ROUNDER);
    let k = rounded - T::ROUNDER;
    let [high, low] = <T as Coefficients>::LN_2;
    let r = fma::<T, FMA>(-k, low, fma::<T, FMA>(-k, high, y));
    let tail = fma::<T, FMA>(r, polynomial::<T, FMA>(T::EXPM1, r), T::of(0.5));
    (T::power_of_two(rounded), fma::<T, FMA>(r * r, tail, r))
}

/// exp(y) for y <= 0.
#[inline(always)]
pub fn exp<T: Lane, const FMA: bool>(y: T) -> T {
    let (power, part) = exp_parts::<T, FMA>(y);
    let result = fma::<T, FMA>(power, part, power);
    if y < T::EXP_MIN { T::zero() } else { result }
}

/// The rounding error of `square`, the square of `x` (Dekker 1971).
#[inline(always)]
pub fn square_error<T: Lane, const FMA: bool>(x: T, square: T) -> T {
    if FMA {
        return x.mul_add(x, -square);
    }
    let split = T::SPLITTER * x;
    let high = split - (split - x);
    let low = x - high;
    ((high * high - square) + (high * low + high * low)) + low * low
}

/// exp(-scale x^2) for |x| <= ERFC_MAX / sqrt(scale) and a power of two as scale. The square is
/// taken in two parts: its rounding error alone would cost x^2 units of the last place.
#[inline(always)]
pub fn gaussian<T: Lane, const FMA: bool>(scale: T, x: T) -> T {
    let square = x * x;
    let e = exp::<T, FMA>(-scale * square);
    fma::<T, FMA>(-scale * square_error::<T, FMA>(x, square), e, e)
}

/// exp(x^2) erfc(x) for 0 <= x <= ERFC_MAX.
#[inline(always)]
pub fn scaled_erfc<T: Lane, const FMA: bool>(x: T) -> T {
    let t = (x - T::ERFC_CENTRE) / (x + T::ERFC_CENTRE);
    polynomial::<T, FMA>(T::ERFC, t) / (T::one() + x + x)
}

/// ln(1 + e) for 0 <= e <= 1.
#[inline(always)]
pub fn ln_1p<T: Lane, const FMA: bool>(e: T) -> T {
    // 1 + e or (1 + e)/2, whichever is within sqrt 2 of 1
    let halve = e > T::of(std::f64::consts::SQRT_2 - 1.0);
    let m = if halve { (e - T::one()) * T::of(0.5) } else { e };
    let base = if halve { T::of(std::f64::consts::LN_2) } else { T::zero() };
    let two = T::of(2.0);
    let s = m / (two + m);
    let square = s * s;
    base + s * fma::<T, FMA>(square, polynomial::<T, FMA>(T::LN, square), two)
}

/// The logistic function of `u` and of `-u`, given exp(-|u|).
#[inline(always)]
pub fn logistic_pair<T: Lane>(u: T, e: T) -> (T, T) {
    let large = T::one() / (T::one() + e);
    let small = e * large;
    if u > T::zero() { (large, small) } else { (small, large) }
}
