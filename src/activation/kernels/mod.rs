//! Whole-slice kernels of the built-in activations: value and derivative out of one computation.
//!
//! Every kernel is a branch-free function of one number, written once for `f32` and `f64`. [`map`]
//! runs it over slices as vector code.
//! Errors against a 50-digit reference are bounded by a test, in units of the last place.
//!
//! What special arguments give: a NaN stays a NaN, infinities give the limits (the sine of one is a
//! NaN), and results below eight times the smallest normal number may be flushed to zero.

#[allow(clippy::approx_constant, clippy::excessive_precision, clippy::unreadable_literal)]
#[rustfmt::skip]
mod coefficients;
mod functions;
mod lane;
#[cfg(test)]
mod tests;

pub(super) use functions::{Erf, Gelu, Sigmoid, Silu, Sine, Softplus, Tanh};
pub use lane::Lane;

use crate::linalg::simd::{Loop, vectorised};

/// An activation at one number: value and derivative. `FMA` is that of [`Loop`].
pub(super) trait Kernel<T: Lane>: Copy {
    fn at<const FMA: bool>(self, z: T) -> (T, T);
}

/// Numbers taken at once, through buffers of a fixed size that the compiler can see through.
const BLOCK: usize = 32;

/// Applies `kernel` to every number of `z`; all three slices have the same length.
pub(super) fn map<T: Lane>(kernel: impl Kernel<T>, z: &[T], value: &mut [T], derivative: &mut [T]) {
    vectorised(Map { kernel, z, value, derivative });
}

struct Map<'a, T, K> {
    kernel: K,
    z: &'a [T],
    value: &'a mut [T],
    derivative: &'a mut [T],
}

impl<T: Lane, K: Kernel<T>> Loop for Map<'_, T, K> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let blocks = self.z.chunks(BLOCK).zip(self.value.chunks_mut(BLOCK));
        for ((z, value), derivative) in blocks.zip(self.derivative.chunks_mut(BLOCK)) {
            let (mut v, mut d) = ([T::zero(); BLOCK], [T::zero(); BLOCK]);
            let mut x = [T::zero(); BLOCK];
            x[..z.len()].copy_from_slice(z);
            for ((x, v), d) in x.iter().zip(&mut v).zip(&mut d) {
                (*v, *d) = self.kernel.at::<FMA>(*x);
            }
            value.copy_from_slice(&v[..z.len()]);
            derivative.copy_from_slice(&d[..z.len()]);
        }
    }
}
