//! Loops compiled for the vector instructions of the machine they run on.
//!
//! The loops are plain Rust; `pulp` chooses at run time for which instruction set they were
//! compiled, and the compiler turns them into vector code. No unsafe code is needed for that.

use num_traits::Float;
use pulp::{Arch, Simd, WithSimd};

/// A loop. `FMA` says whether a fused multiply-add is one instruction; where it is not, it would be
/// a library call. Implementations must be `#[inline(always)]`, and so must what they call.
pub(crate) trait Loop {
    type Output;
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// The instruction set that dense kernels and loops are compiled for on this machine: `"AVX-512"`,
/// `"AVX2 and FMA"`, `"NEON"`, or `"baseline"` for none of them. Chosen at run time. The last digits
/// of a run depend on it.
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if matches!(Arch::new(), Arch::V3(_)) {
            // the matrix product of `faer` has kernels of its own for it
            let wide = std::arch::is_x86_feature_detected!("avx512f");
            return if wide { "AVX-512" } else { "AVX2 and FMA" };
        }
    }
    if cfg!(target_arch = "aarch64") { "NEON" } else { "baseline" }
}

/// Runs `work` with the best instruction set there is.
pub(crate) fn vectorised<L: Loop>(work: L) -> L::Output {
    Arch::new().dispatch(Vectorised(work))
}

struct Vectorised<L>(L);

impl<L: Loop> WithSimd for Vectorised<L> {
    type Output = L::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> L::Output {
        if !S::IS_SCALAR && cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            self.0.run::<true>()
        } else {
            self.0.run::<false>()
        }
    }
}

/// `a b + c`, fused where that is one instruction.
#[inline(always)]
pub(crate) fn fma<T: Float, const FMA: bool>(a: T, b: T, c: T) -> T {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}
