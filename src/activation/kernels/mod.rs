//! Whole-slice kernels of the built-in activations: value and derivative out of one computation.
//!
//! Every kernel is a branch-free function of one number, written once for `f32` and `f64` beside its
//! activation ([`BuiltIn`]), and runs over slices as vector code. A NaN stays a NaN, infinities give
//! the limits (the sine of one is a NaN), and results below eight times the smallest normal number
//! may be flushed to zero.

#[allow(clippy::approx_constant, clippy::excessive_precision, clippy::unreadable_literal)]
#[rustfmt::skip]
mod coefficients;
mod elementary;
mod lane;
#[cfg(test)]
mod tests;

pub(super) use elementary::{
    at_most, exp, exp_parts, gaussian, ln_1p, logistic_pair, polynomial, scaled_erfc, square_error,
};
pub(super) use lane::Lane;

use super::each;
use crate::linalg::simd::{Loop, vectorised};
use crate::numerics::Real;

/// A built-in activation: a formula for one number and a kernel for slices.
pub(super) trait BuiltIn: Copy + Sync {
    /// Value and derivative at one number, in `f64`.
    fn both(&self, z: f64) -> (f64, f64);

    /// The kernel. `FMA` as in [`Loop`].
    fn kernel<T: Lane, const FMA: bool>(self, z: T) -> (T, T);

    /// Whether the precision holds the parameters. Otherwise slices are evaluated by the formula in
    /// `f64` and rounded.
    fn fits<T: Lane>(&self) -> bool {
        true
    }

    /// Value and derivative at every number of `z`; all three slices have the same length.
    fn slices<T: Lane>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        evaluate(*self, z, value, derivative);
    }
}

/// Runs the kernel, or the formula where the precision does not hold the parameters.
pub(super) fn evaluate<T: Lane>(
    built_in: impl BuiltIn,
    z: &[T],
    value: &mut [T],
    derivative: &mut [T],
) {
    if built_in.fits::<T>() {
        vectorised(Blocks { block: built_in, z, value, derivative });
    } else {
        each(|z| built_in.both(z), z, value, derivative);
    }
}

/// True when the precision holds all these parameters: none overflows, none vanishes.
pub(super) fn held<T: Real>(parameters: &[f64]) -> bool {
    parameters.iter().all(|p| T::of(*p).is_normal() || *p == 0.0)
}

/// Value and derivative of a block of numbers, inlined into [`Blocks`].
pub(super) trait Block<T> {
    fn at<const FMA: bool, const N: usize>(
        &self,
        z: &[T; N],
        value: &mut [T; N],
        slope: &mut [T; N],
    );
}

impl<T: Lane, K: BuiltIn> Block<T> for K {
    #[inline(always)]
    fn at<const FMA: bool, const N: usize>(
        &self,
        z: &[T; N],
        value: &mut [T; N],
        slope: &mut [T; N],
    ) {
        for i in 0..N {
            (value[i], slope[i]) = self.kernel::<T, FMA>(z[i]);
        }
    }
}

/// Numbers taken at once, through buffers of a fixed size that the compiler can see through.
const BLOCK: usize = 32;

/// Takes `z` in blocks.
pub(super) struct Blocks<'a, T, B> {
    pub block: B,
    pub z: &'a [T],
    pub value: &'a mut [T],
    pub derivative: &'a mut [T],
}

impl<T: Real, B: Block<T>> Loop for Blocks<'_, T, B> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let blocks = self.z.chunks(BLOCK).zip(self.value.chunks_mut(BLOCK));
        for ((z, value), derivative) in blocks.zip(self.derivative.chunks_mut(BLOCK)) {
            let [mut x, mut v, mut d] = [[T::zero(); BLOCK]; 3];
            x[..z.len()].copy_from_slice(z);
            self.block.at::<FMA, BLOCK>(&x, &mut v, &mut d);
            value.copy_from_slice(&v[..z.len()]);
            derivative.copy_from_slice(&d[..z.len()]);
        }
    }
}
