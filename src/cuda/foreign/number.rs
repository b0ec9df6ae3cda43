//! The numbers that a card computes with.

use cudarc::cublas::result::CublasError;
use cudarc::cublas::{CudaBlas, Gemm as _, GemmConfig};
use cudarc::driver::{CudaView, CudaViewMut, DeviceRepr, ValidAsZeroBits};

use crate::numerics::Real;

/// Numbers of either type.
#[doc(hidden)]
pub enum Numbers<'a> {
    F32(&'a mut [f32]),
    F64(&'a mut [f64]),
}

/// A number that a card computes with: `f32` or `f64`.
pub trait CardNumber: Real + DeviceRepr + ValidAsZeroBits {
    /// The ending of the kernels' names.
    #[doc(hidden)]
    const SUFFIX: &'static str;
    /// The numbers as what they are.
    #[doc(hidden)]
    fn numbers(slice: &mut [Self]) -> Numbers<'_>;
    /// `c <- alpha a b + beta c` in this precision; see `products`.
    #[doc(hidden)]
    fn gemm(call: Gemm<'_, Self>) -> Result<(), CublasError>;
}

/// One call of cuBLAS, whose dimensions were checked.
#[doc(hidden)]
pub struct Gemm<'a, T> {
    pub(super) blas: &'a CudaBlas,
    pub(super) config: GemmConfig<T>,
    pub(super) a: &'a CudaView<'a, T>,
    pub(super) b: &'a CudaView<'a, T>,
    pub(super) c: CudaViewMut<'a, T>,
}

macro_rules! number {
    ($type:ty, $suffix:literal, $numbers:ident) => {
        impl CardNumber for $type {
            const SUFFIX: &'static str = $suffix;
            fn numbers(slice: &mut [Self]) -> Numbers<'_> {
                Numbers::$numbers(slice)
            }
            fn gemm(call: Gemm<'_, Self>) -> Result<(), CublasError> {
                let Gemm { blas, config, a, b, mut c } = call;
                // SAFETY: `product`, which alone makes a `Gemm`, checked lengths and dimensions
                unsafe { blas.gemm(config, a, b, &mut c) }
            }
        }
    };
}
number!(f32, "f32", F32);
number!(f64, "f64", F64);
