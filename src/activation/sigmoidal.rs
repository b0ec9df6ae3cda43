//! Bounded, monotone activations.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::rectified::logistic;
use super::{Activation, kernels, parametric, value_and_derivative};
use crate::Scalar;
use crate::number::Short;

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

impl Tanh {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let t = (z + T::of(self.shift)).tanh();
        let scale = T::of(self.scale);
        (scale * t, scale * (T::one() - t * t))
    }
}

impl Activation for Tanh {
    parametric!(both, |tanh| [tanh.scale, tanh.shift], |tanh, T| kernels::Tanh {
        scale: T::of(tanh.scale),
        shift: T::of(tanh.shift)
    });
    fn name(&self) -> String {
        if *self == Self::default() {
            return "tanh".into();
        }
        format!("tanh(scale={},shift={})", Short(self.scale), Short(self.shift))
    }
}

/// The error function erf(z). c_k = 0 for even k, c_1 = 2/sqrt(3 pi).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Erf;

impl Activation for Erf {
    fn value<T: Scalar>(&self, z: T) -> T {
        z.erf()
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        T::of(FRAC_2_SQRT_PI) * (-z * z).exp()
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        kernels::map(kernels::Erf, z, value, derivative);
    }
    fn name(&self) -> String {
        "erf".into()
    }
}

/// The logistic function 1/(1 + exp(-z)).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sigmoid;

impl Sigmoid {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        // the product of both tails: accurate where 1 - s would cancel
        let s = logistic(z);
        (s, s * logistic(-z))
    }
}

impl Activation for Sigmoid {
    value_and_derivative!(both);
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        kernels::map(kernels::Sigmoid, z, value, derivative);
    }
    fn name(&self) -> String {
        "sigmoid".into()
    }
}
