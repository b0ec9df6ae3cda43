//! The only unsafe code of the crate: calls of CUDA's libraries.
//!
//! The argument. `cudarc` owns handles, streams and memory, and frees them; this module adds three
//! kinds of calls. (1) Memory that is new is filled with zeros before anyone can read it. (2) A
//! product or decomposition gets pointers of slices whose lengths were compared, in the safe function around the
//! call, with all that the library reads and writes for these dimensions. (3) A kernel is launched
//! by the one safe function that has its name, which passes the arguments of its signature in
//! kernels.cu, in order and of the same sizes, after it has checked the lengths of the slices; a
//! slice that a kernel writes is borrowed mutably. Slices carry events, by which `cudarc` lets
//! each stream wait for the other's use of the same memory; a copy of host memory that
//! goes on in the background is one of pinned memory, which waits for it in the same way.
#![allow(unsafe_code)]

mod copies;
mod decompositions;
mod kernels;
mod products;

use std::sync::Arc;

use cudarc::driver::sys::CUmemPool_attribute;
use cudarc::driver::{
    CudaContext, CudaSlice, CudaStream, DeviceRepr, DriverError, PinnedHostSlice, ValidAsZeroBits,
    result,
};

pub(super) use self::copies::Part;
pub(super) use self::decompositions::{Way, add_gram, singular_values, symmetric_eigen};
pub(super) use self::kernels::{Kernels, TableOnCard, groups};
pub(super) use self::products::{Block, blas, product};
use super::error::{CudaError, OnCard};
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
    fn gemm(call: products::Gemm<'_, Self>) -> Result<(), cudarc::cublas::result::CublasError>;
}

/// Checks that the libraries can be loaded; `cudarc` would panic later.
pub(super) fn check_libraries() -> OnCard<()> {
    let missing = |library, package| Err(CudaError::NoLibrary { library, package });
    // SAFETY: loading runs the initialisers of the libraries, which are those of the CUDA toolkit
    let (driver, blas, solver, compiler) = unsafe {
        (
            cudarc::driver::sys::is_culib_present(),
            cudarc::cublas::sys::is_culib_present(),
            cudarc::cusolver::sys::is_culib_present(),
            cudarc::nvrtc::sys::is_culib_present(),
        )
    };
    match (driver, blas, solver, compiler) {
        (false, ..) => Err(CudaError::NoDriver),
        (_, false, ..) => missing("libcublas.so", "nvidia-cublas"),
        (_, _, false, _) => missing("libcusolver.so", "nvidia-cusolver"),
        (_, _, _, false) => missing("libnvrtc.so", "nvidia-cuda-nvrtc"),
        _ => Ok(()),
    }
}

/// The error of a call of the driver.
pub(super) fn driver(call: &'static str) -> impl FnOnce(DriverError) -> CudaError {
    move |DriverError(code)| CudaError::Call { call, name: format!("{code:?}"), code: code as i64 }
}

/// Bytes of freed memory that a card keeps for the next allocations, which are then almost free.
const KEPT_BYTES: u64 = 256 << 20;

/// Lets the card keep some freed memory, in place of none after each wait for it.
pub(super) fn keep_freed_memory(context: &CudaContext) -> OnCard<()> {
    if !context.has_async_alloc() {
        return Ok(());
    }
    let mut bytes = KEPT_BYTES;
    // SAFETY: the pool is that of a card that is open, and the attribute a number of 64 bits
    let set = unsafe {
        result::device::get_mem_pool(context.cu_device()).and_then(|pool| {
            let attribute = CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
            result::mem_pool::set_attribute(pool, attribute, (&raw mut bytes).cast())
        })
    };
    set.map_err(driver("setting up the card's memory"))
}

/// Zeros on the card.
pub(super) fn zeros<T: CardNumber>(stream: &Arc<CudaStream>, count: usize) -> OnCard<CudaSlice<T>> {
    // the driver refuses memory of no bytes
    stream.alloc_zeros(count.max(1)).map_err(|error| {
        let needed = count as u128 * size_of::<T>() as u128;
        let full = error.0 == cudarc::driver::sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY;
        match stream.context().mem_get_info() {
            Ok((free, _)) if full => CudaError::Memory { needed, free: free as u128 },
            _ => driver("allocating memory on the card")(error),
        }
    })
}

/// Zeros in memory of the host that the card reads while the host goes on.
pub(super) fn pinned<T: CardNumber>(
    context: &Arc<CudaContext>,
    count: usize,
) -> OnCard<PinnedHostSlice<T>> {
    let failed = driver("allocating pinned memory of the host");
    // SAFETY: the memory is filled with zeros, which are numbers, before it is handed out
    let allocated = unsafe {
        context.alloc_pinned_with_flags::<T>(count.max(1), 0).and_then(|mut memory| {
            let length = memory.len();
            memory.as_mut_ptr()?.write_bytes(0, length);
            Ok(memory)
        })
    };
    allocated.map_err(failed)
}
