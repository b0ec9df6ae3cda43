//! The rectifier and its smooth relatives.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{Activation, kernels, parametric, value_and_derivative};
use crate::Scalar;
use crate::number::Short;

/// max(z, 0). The derivative at 0 is 0. c_1 = 1/2, c_2 = 1/(2 sqrt(2 pi)), c_3 = 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Relu;

impl Activation for Relu {
    fn value<T: Scalar>(&self, z: T) -> T {
        // not `max`: a NaN must come out again
        if z <= T::zero() { T::zero() } else { z }
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        if z <= T::zero() { T::zero() } else { T::one() }
    }
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
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let slope = T::of(self.slope);
        if z <= T::zero() { (slope * z, slope) } else { (z, T::one()) }
    }
}

impl Activation for LeakyRelu {
    parametric!(both, |leaky| [leaky.slope]);
    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }
    fn name(&self) -> String {
        format!("leaky_relu(slope={})", Short(self.slope))
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

impl Softplus {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let (beta, scale) = (T::of(self.beta), T::of(self.scale));
        let u = beta * z;
        let tail = (-u.abs()).exp();
        // not u / beta: u may be infinite
        let positive = if u <= T::zero() { T::zero() } else { z };
        (scale * positive + scale * tail.ln_1p() / beta, scale * logistic_from(u, tail))
    }
}

impl Activation for Softplus {
    parametric!(both, |soft| [soft.beta, soft.scale, soft.scale / soft.beta], |soft, T| {
        kernels::Softplus { beta: T::of(soft.beta), scale: T::of(soft.scale) }
    });
    fn name(&self) -> String {
        format!("softplus(beta={},scale={})", Short(self.beta), Short(self.scale))
    }
}

/// z Phi(z) with the exact Gaussian distribution function Phi, not an approximation by tanh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gelu;

impl Gelu {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        // the density is 0 beyond, and an infinity must not meet it
        let bounded = within(z, T::of(1e3));
        let phi = T::of(0.5) * (-z * T::of(FRAC_1_SQRT_2)).erfc();
        let density = (T::of(-0.5) * z * z).exp() * T::of(1.0 / (2.0 * PI).sqrt());
        let factor = if z > T::zero() { z } else { bounded };
        (factor * phi, phi + bounded * density)
    }
}

impl Activation for Gelu {
    value_and_derivative!(both);
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        kernels::map(kernels::Gelu, z, value, derivative);
    }
    fn name(&self) -> String {
        "gelu".into()
    }
}

/// z / (1 + exp(-z)), also called swish.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Silu;

impl Silu {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let gate = logistic(z);
        // the gate is 0 or 1 beyond, and an infinity must not meet a 0
        let bounded = within(z, T::of(1e3));
        let factor = if z > T::zero() { z } else { bounded };
        (factor * gate, gate * (T::one() + bounded * (T::one() - gate)))
    }
}

impl Activation for Silu {
    value_and_derivative!(both);
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        kernels::map(kernels::Silu, z, value, derivative);
    }
    fn name(&self) -> String {
        "silu".into()
    }
}

/// `z`, or the nearest number within `limit` of 0; a NaN stays.
fn within<T: Scalar>(z: T, limit: T) -> T {
    if z > limit {
        limit
    } else if z < -limit {
        -limit
    } else {
        z
    }
}

/// 1/(1 + exp(-u)) without overflow.
pub(super) fn logistic<T: Scalar>(u: T) -> T {
    logistic_from(u, (-u.abs()).exp())
}

/// The logistic function of `u`, given `tail = exp(-|u|)`.
fn logistic_from<T: Scalar>(u: T, tail: T) -> T {
    let small = tail / (T::one() + tail);
    if u <= T::zero() { small } else { T::one() / (T::one() + tail) }
}
