//! The sine.

use super::{Activation, evaluate_together};
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
    evaluate_together!(both);
    fn name(&self) -> String {
        format!("sine(amplitude={},phase={})", self.amplitude, self.phase)
    }
}
