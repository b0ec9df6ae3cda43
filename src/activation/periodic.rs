//! The sine.

use super::kernels::{BuiltIn, Lane, evaluate, held, polynomial};
use super::{built_in, each};
use crate::linalg::simd::fma;
use crate::number::short;

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
    /// The same function, its phase within half a turn of 0 when the phase is so large that z would
    /// be lost beside it.
    fn reduced(&self) -> Self {
        if self.phase.abs() <= 100.0 {
            return *self;
        }
        Self { phase: self.phase.sin().atan2(self.phase.cos()), ..*self }
    }
}

impl BuiltIn for Sine {
    fn both(&self, z: f64) -> (f64, f64) {
        let (sin, cos) = (z + self.reduced().phase).sin_cos();
        (self.amplitude * sin, self.amplitude * cos)
    }

    fn slices<T: Lane>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        let reduced = self.reduced();
        let (amplitude, phase) = (T::of(reduced.amplitude), T::of(reduced.phase));
        if !self.fits::<T>() || z.iter().all(|z| (*z + phase).abs() <= T::SINE_MAX) {
            return evaluate(reduced, z, value, derivative);
        }
        // the kernel cannot reduce larger arguments to the first quarter turn
        let both = |z: T| {
            let (sin, cos) = (z + phase).sin_cos();
            (amplitude * sin, amplitude * cos)
        };
        each(both, z, value, derivative);
    }

    fn fits<T: Lane>(&self) -> bool {
        held::<T>(&[self.amplitude])
    }

    /// For |z + phase| <= SINE_MAX.
    #[inline(always)]
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T) {
        let x = z + T::of(self.phase);
        let rounded = fma::<T, FMA>(x, T::FRAC_2_PI(), T::ROUNDER);
        let k = rounded - T::ROUNDER;
        let [first, second, third] = T::HALF_PI;
        let r = fma::<T, FMA>(-k, third, fma::<T, FMA>(-k, second, fma::<T, FMA>(-k, first, x)));
        let square = r * r;
        let sin = fma::<T, FMA>(r * square, polynomial::<T, FMA>(T::SIN, square), r);
        let cos = fma::<T, FMA>(
            square * square,
            polynomial::<T, FMA>(T::COS, square),
            fma::<T, FMA>(T::of(-0.5), square, T::one()),
        );
        // sin(r + k pi/2): k odd swaps the two, and each changes sign once in half a turn
        let (odd, half_turn) = T::low_bits(rounded);
        let (s, c) = if odd { (cos, sin) } else { (sin, cos) };
        let s = if half_turn { -s } else { s };
        let c = if half_turn != odd { -c } else { c };
        let amplitude = T::of(self.amplitude);
        (amplitude * s, amplitude * c)
    }
}

built_in!(Sine, |Self { amplitude, phase }| {
    format!("sine(amplitude={},phase={})", short(amplitude), short(phase))
});
