//! The sine.

use super::{Activation, fits, kernels};
use crate::Scalar;
use crate::number::Short;

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
    /// The phase, within half a turn of 0 when it is so large that z would be lost beside it.
    fn phase(&self) -> f64 {
        if self.phase.abs() <= 100.0 {
            self.phase
        } else {
            self.phase.sin().atan2(self.phase.cos())
        }
    }

    fn both<T: Scalar>(&self, z: T, phase: f64) -> (T, T) {
        if !fits::<T>(&[self.amplitude]) {
            let (sin, cos) = (z.as_f64() + phase).sin_cos();
            return (T::of(self.amplitude * sin), T::of(self.amplitude * cos));
        }
        let (sin, cos) = (z + T::of(phase)).sin_cos();
        let amplitude = T::of(self.amplitude);
        (amplitude * sin, amplitude * cos)
    }
}

impl Activation for Sine {
    fn value<T: Scalar>(&self, z: T) -> T {
        self.both(z, self.phase()).0
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        self.both(z, self.phase()).1
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        let (exact, phase) = (self.phase(), T::of(self.phase()));
        if fits::<T>(&[self.amplitude]) && z.iter().all(|z| (*z + phase).abs() <= T::SINE_MAX) {
            let kernel = kernels::Sine { amplitude: T::of(self.amplitude), phase };
            return kernels::map(kernel, z, value, derivative);
        }
        // huge arguments need a longer reduction
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            (*value, *derivative) = self.both(*z, exact);
        }
    }
    fn name(&self) -> String {
        format!("sine(amplitude={},phase={})", Short(self.amplitude), Short(self.phase))
    }
}
