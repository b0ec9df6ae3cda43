//! The sine.

use super::{Activation, kernels, value_and_derivative};
use crate::Scalar;

/// amplitude * sin(z + phase). c_k = amplitude e^(-1/2) sin(phase + k pi/2) / k!.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sine {
    /// Factor in front.
    pub amplitude: f64,
    /// Added to the argument; a phase that is no multiple of pi/2 keeps every Hermite coefficient.
    pub phase: f64,
}

impl Default for Sine {
    /// amplitude 1, phase 0.
    fn default() -> Self {
        Self { amplitude: 1.0, phase: 0.0 }
    }
}

impl Sine {
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let (sin, cos) = (z + T::of(self.phase)).sin_cos();
        let amplitude = T::of(self.amplitude);
        (amplitude * sin, amplitude * cos)
    }
}

impl Activation for Sine {
    value_and_derivative!(both);
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        let phase = T::of(self.phase);
        if z.iter().all(|z| (*z + phase).abs() <= T::SINE_MAX) {
            let kernel = kernels::Sine { amplitude: T::of(self.amplitude), phase };
            return kernels::map(kernel, z, value, derivative);
        }
        // huge arguments need a longer reduction
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            (*value, *derivative) = self.both(*z);
        }
    }
    fn name(&self) -> String {
        format!("sine(amplitude={},phase={})", self.amplitude, self.phase)
    }
}
