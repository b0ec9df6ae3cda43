//! The rectifier and its smooth relatives.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use super::kernels::{
    BuiltIn, Lane, at_most, exp, gaussian, held, ln_1p, logistic_pair, scaled_erfc,
};
use super::sigmoidal::{logistic, logistic_from};
use super::{Activation, built_in, each, evaluations};
use crate::linalg::simd::fma;
use crate::number::short;
use crate::numerics::Real;

/// max(z, 0). The derivative at 0 is 0. c_1 = 1/2, c_2 = 1/(2 sqrt(2 pi)), c_3 = 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Relu;

impl Relu {
    fn at<T: Real>(&self, z: T) -> (T, T) {
        // not `max`: a NaN must come out again
        if z <= T::zero() { (T::zero(), T::zero()) } else { (z, T::one()) }
    }

    fn slices<T: Real>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        each(|z: T| self.at(z), z, value, derivative);
    }
}

impl Activation for Relu {
    evaluations!(Self::at, Self::slices);
    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }
    fn name(&self) -> String {
        "relu".into()
    }
}

/// z for z > 0, slope * z otherwise. The derivative at 0 is the slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyRelu {
    /// Slope on the negative side.
    pub slope: f64,
}

impl Default for LeakyRelu {
    /// Slope 0.01.
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

impl LeakyRelu {
    fn at<T: Real>(&self, z: T) -> (T, T) {
        let slope = T::of(self.slope);
        if z <= T::zero() { (slope * z, slope) } else { (z, T::one()) }
    }

    fn slices<T: Real>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        if held::<T>(&[self.slope]) {
            each(|z: T| self.at(z), z, value, derivative);
        } else {
            each(|z: f64| self.at(z), z, value, derivative);
        }
    }
}

impl Activation for LeakyRelu {
    evaluations!(Self::at, Self::slices);
    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }
    fn name(&self) -> String {
        format!("leaky_relu(slope={})", short(&self.slope))
    }
}

/// (scale/beta) log(1 + exp(beta z)), evaluated without overflow for every beta and scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softplus {
    /// Sharpness of the corner; positive.
    pub beta: f64,
    /// Factor in front; the slope at +infinity.
    pub scale: f64,
}

impl Default for Softplus {
    /// beta 1, scale 1.
    fn default() -> Self {
        Self { beta: 1.0, scale: 1.0 }
    }
}

impl BuiltIn for Softplus {
    fn both(&self, z: f64) -> (f64, f64) {
        let Self { beta, scale } = *self;
        let u = beta * z;
        let tail = (-u.abs()).exp();
        // not u / beta: u may be infinite
        let positive = if u <= 0.0 { 0.0 } else { z };
        (scale * positive + scale * tail.ln_1p() / beta, scale * logistic_from(u, tail))
    }

    fn fits<T: Lane>(&self) -> bool {
        held::<T>(&[self.beta, self.scale, self.scale / self.beta])
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let (beta, scale) = (T::of(self.beta), T::of(self.scale));
        let u = beta * z;
        let e = exp::<T, FMA>(-u.abs());
        // not u / beta: u may be infinite
        let positive = if u <= T::zero() { T::zero() } else { z };
        let value = scale * positive + scale / beta * ln_1p::<T, FMA>(e);
        (value, scale * logistic_pair(u, e).0)
    }
}

built_in!(Softplus, |Self { beta, scale }| {
    format!("softplus(beta={},scale={})", short(beta), short(scale))
});

/// z Phi(z) with the exact Gaussian distribution function Phi, not an approximation by tanh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gelu;

impl BuiltIn for Gelu {
    fn both(&self, z: f64) -> (f64, f64) {
        // the density is 0 beyond, and an infinity must not meet it
        let bounded = z.clamp(-1e3, 1e3);
        let phi = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        let density = (-0.5 * z * z).exp() * (1.0 / (2.0 * PI).sqrt());
        let factor = if z > 0.0 { z } else { bounded };
        (factor * phi, phi + bounded * density)
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let root_half = T::of(FRAC_1_SQRT_2);
        let half = T::of(0.5);
        let bounded = at_most(z.abs(), T::ERFC_MAX / root_half);
        let e = gaussian::<T, FMA>(half, bounded);
        let tail = half * scaled_erfc::<T, FMA>(at_most(bounded * root_half, T::ERFC_MAX)) * e;
        let phi = if z > T::zero() { T::one() - tail } else { tail };
        let density = T::of(0.5 * FRAC_2_SQRT_PI) * root_half * e;
        let bounded = bounded.copysign(z);
        let factor = if z > T::zero() { z } else { bounded };
        (factor * phi, fma::<T, FMA>(bounded, density, phi))
    }
}

built_in!(Gelu, |_| "gelu");

/// z / (1 + exp(-z)), also called swish.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Silu;

impl BuiltIn for Silu {
    fn both(&self, z: f64) -> (f64, f64) {
        let gate = logistic(z);
        // the gate is 0 or 1 beyond, and an infinity must not meet a 0
        let bounded = z.clamp(-1e3, 1e3);
        let factor = if z > 0.0 { z } else { bounded };
        (factor * gate, gate * (1.0 + bounded * (1.0 - gate)))
    }

    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let (s, t) = logistic_pair(z, exp::<T, FMA>(-z.abs()));
        // far out, where a factor is 0, the other must be finite
        let bounded = if z < T::EXP_MIN { T::EXP_MIN } else { z };
        let slope = at_most(bounded, -T::EXP_MIN) * t;
        (bounded * s, fma::<T, FMA>(s, slope, s))
    }
}

built_in!(Silu, |_| "silu");
