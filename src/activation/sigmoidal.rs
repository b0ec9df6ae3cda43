//! Bounded, monotone activations.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::built_in;
use super::kernels::{
    BuiltIn, Lane, at_most, exp, exp_parts, gaussian, held, logistic_pair, polynomial, scaled_erfc,
};
use crate::linalg::simd::fma;
use crate::number::short;

/// scale * tanh(z + shift).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tanh {
    /// Factor in front.
    pub scale: f64,
    /// Added to the argument; nonzero values give even Hermite coefficients.
    pub shift: f64,
}

impl Default for Tanh {
    /// scale 1, shift 0.
    fn default() -> Self {
        Self { scale: 1.0, shift: 0.0 }
    }
}

impl BuiltIn for Tanh {
    fn both(&self, z: f64) -> (f64, f64) {
        let t = (z + self.shift).tanh();
        (self.scale * t, self.scale * (1.0 - t * t))
    }

    fn fits<T: Lane>(&self) -> bool {
        held::<T>(&[self.scale, self.shift])
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        // with e = exp(-2|u|): tanh |u| = (1 - e)/(1 + e), and its derivative is 4 e/(1 + e)^2
        let u = z + T::of(self.shift);
        let y = -(u.abs() + u.abs());
        let (power, part) = exp_parts::<T, FMA>(y);
        let e_minus_1 = fma::<T, FMA>(power, part, power - T::one());
        let e = fma::<T, FMA>(power, part, power);
        let e = if y < T::EXP_MIN { T::zero() } else { e };
        let inverse = T::one() / (T::of(2.0) + e_minus_1);
        let tanh = (-e_minus_1 * inverse).copysign(u);
        let scale = T::of(self.scale);
        (scale * tanh, scale * (T::of(4.0) * e * inverse * inverse))
    }
}

built_in!(Tanh, |Self { scale, shift }| {
    if (*scale, *shift) == (1.0, 0.0) {
        "tanh".to_owned()
    } else {
        format!("tanh(scale={},shift={})", short(scale), short(shift))
    }
});

/// The error function erf(z). c_k = 0 for even k, c_1 = 2/sqrt(3 pi).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Erf;

impl BuiltIn for Erf {
    fn both(&self, z: f64) -> (f64, f64) {
        (libm::erf(z), FRAC_2_SQRT_PI * (-z * z).exp())
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let x = at_most(z.abs(), T::ERFC_MAX);
        let e = gaussian::<T, FMA>(T::one(), x);
        let outer = T::one() - scaled_erfc::<T, FMA>(x) * e;
        let inner = x * polynomial::<T, FMA>(T::ERF, x * x);
        let erf = if x < T::of(0.75) { inner } else { outer };
        (erf.copysign(z), T::of(FRAC_2_SQRT_PI) * e)
    }
}

built_in!(Erf, |_| "erf");

/// The logistic function 1/(1 + exp(-z)).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sigmoid;

impl BuiltIn for Sigmoid {
    fn both(&self, z: f64) -> (f64, f64) {
        // the product of both tails: accurate where 1 - s would cancel
        let s = logistic(z);
        (s, s * logistic(-z))
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let (s, t) = logistic_pair(z, exp::<T, FMA>(-z.abs()));
        (s, s * t)
    }
}

built_in!(Sigmoid, |_| "sigmoid");

/// 1/(1 + exp(-u)) without overflow.
pub(super) fn logistic(u: f64) -> f64 {
    logistic_from(u, (-u.abs()).exp())
}

/// The logistic function of `u`, given `tail = exp(-|u|)`.
pub(super) fn logistic_from(u: f64, tail: f64) -> f64 {
    let small = tail / (1.0 + tail);
    if u <= 0.0 { small } else { 1.0 / (1.0 + tail) }
}
