//! Libraries, and memory of the card and of the host.

use std::sync::Arc;

use cudarc::driver::sys::{CUmemPool_attribute, CUresult};
use cudarc::driver::{CudaContext, CudaSlice, CudaStream, DriverError, PinnedHostSlice, result};

use super::number::CardNumber;
use crate::cuda::error::{CudaError, OnCard};

/// Checks that the libraries can be loaded; `cudarc` would panic later.
pub(in crate::cuda) fn check_libraries() -> OnCard<()> {
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
pub(in crate::cuda) fn driver(call: &'static str) -> impl FnOnce(DriverError) -> CudaError {
    move |DriverError(code)| CudaError::Call { call, name: format!("{code:?}"), code: code as i64 }
}

/// Bytes of freed memory that a card keeps for the next allocations, which are then almost free.
const KEPT_BYTES: u64 = 256 << 20;

/// Lets the card keep some freed memory, in place of none after each wait for it.
pub(in crate::cuda) fn keep_freed_memory(context: &CudaContext) -> OnCard<()> {
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
pub(in crate::cuda) fn zeros<T: CardNumber>(
    stream: &Arc<CudaStream>,
    count: usize,
) -> OnCard<CudaSlice<T>> {
    // the driver refuses memory of no bytes
    stream.alloc_zeros(count.max(1)).map_err(|error| {
        let needed = count as u128 * size_of::<T>() as u128;
        let full = error.0 == CUresult::CUDA_ERROR_OUT_OF_MEMORY;
        match stream.context().mem_get_info() {
            Ok((free, _)) if full => CudaError::Memory { needed, free: free as u128 },
            _ => driver("allocating memory on the card")(error),
        }
    })
}

/// Zeros in memory of the host that the card reads while the host goes on.
pub(in crate::cuda) fn pinned<T: CardNumber>(
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
