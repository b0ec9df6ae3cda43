//! Gram matrices by cuBLAS, eigenvalues by cuSOLVER.

use std::ffi::c_void;
use std::sync::Arc;

use cudarc::cublas::CudaBlas;
use cudarc::cublas::sys::{cublasDsyrk_v2, cublasFillMode_t, cublasOperation_t};
use cudarc::cusolver::sys::{
    cublasFillMode_t as SolverFill, cudaDataType, cusolverAlgMode_t, cusolverDnFunction_t,
    cusolverDnXsyevd, cusolverDnXsyevd_bufferSize, cusolverEigMode_t,
};
use cudarc::cusolver::{CusolverError, DnHandle, DnParams};
use cudarc::driver::{CudaSlice, CudaStream, CudaView, DevicePtr, DevicePtrMut};

use super::products::blas_failed;
use super::{driver, zeros};
use crate::cuda::error::{CudaError, OnCard};

fn failed(call: &'static str) -> impl FnOnce(CusolverError) -> CudaError {
    move |CusolverError(status)| CudaError::Call {
        call,
        name: format!("{status:?}"),
        code: status as i64,
    }
}

/// Entries of a dimension of cuBLAS.
fn dimension(size: usize) -> OnCard<i32> {
    i32::try_from(size).map_err(|_| CudaError::Call {
        call: "a Gram matrix of cuBLAS",
        name: format!("a matrix of {size} rows or columns"),
        code: 0,
    })
}

/// gram (columns x columns) += a^T a for the row-major matrix `a`, or with `transposed` (rows x
/// rows) += a a^T. Only the lower triangle is computed.
pub(in crate::cuda) fn add_gram(
    blas: &CudaBlas,
    stream: &CudaStream,
    a: &CudaView<'_, f64>,
    (rows, columns): (usize, usize),
    transposed: bool,
    gram: &mut CudaSlice<f64>,
) -> OnCard<()> {
    let (size, inner) = if transposed { (rows, columns) } else { (columns, rows) };
    assert!(a.len() >= rows * columns && gram.len() >= size * size, "a Gram matrix");
    if size.min(inner) == 0 {
        return Ok(());
    }
    // cuBLAS sees the columns of a^T, and its upper triangle is our lower one
    let operation =
        if transposed { cublasOperation_t::CUBLAS_OP_T } else { cublasOperation_t::CUBLAS_OP_N };
    let (n, k, lda) = (dimension(size)?, dimension(inner)?, dimension(columns)?);
    let (a, _read) = a.device_ptr(stream);
    let (gram, _written) = gram.device_ptr_mut(stream);
    let one = 1.0_f64;
    // SAFETY: lengths and dimensions were checked; the factors are read before the call returns
    let status = unsafe {
        cublasDsyrk_v2(
            *blas.handle(),
            cublasFillMode_t::CUBLAS_FILL_MODE_UPPER,
            operation,
            n,
            k,
            &one,
            a as *const f64,
            lda,
            &one,
            gram as *mut f64,
            n,
        )
    };
    status.result().map_err(blas_failed("a Gram matrix of cuBLAS"))
}

/// Whether the iteration of a decomposition converged, once the card has done it.
fn converged(stream: &Arc<CudaStream>, info: &CudaSlice<i32>) -> OnCard<bool> {
    let info = stream.clone_dtoh(info);
    let info = info.and_then(|info| stream.synchronize().map(|()| info));
    Ok(info.map_err(driver("waiting for a decomposition"))?[0] == 0)
}

/// Room for a decomposition: on the card, on the host, and for the library's verdict.
fn room(
    stream: &Arc<CudaStream>,
    on_card: usize,
    on_host: usize,
) -> OnCard<(CudaSlice<f64>, Vec<f64>, CudaSlice<i32>)> {
    let verdict = stream.alloc_zeros::<i32>(1).map_err(driver("allocating memory on the card"))?;
    Ok((zeros(stream, on_card.div_ceil(8))?, vec![0.0; on_host.div_ceil(8).max(1)], verdict))
}

/// The parameters of the library's 64-bit functions; the one set here is the default.
fn parameters() -> OnCard<DnParams> {
    let function = cusolverDnFunction_t::CUSOLVERDN_GETRF;
    DnParams::new(function, cusolverAlgMode_t::CUSOLVER_ALG_0)
        .map_err(failed("the parameters of cuSOLVER"))
}

/// Eigenvalues (increasing) of the symmetric matrix `a`, of which only the lower triangle is read;
/// with `vectors` its rows become the eigenvectors, otherwise it is destroyed. `None` when the
/// iteration does not converge.
pub(in crate::cuda) fn symmetric_eigen(
    solver: &DnHandle,
    a: &mut CudaSlice<f64>,
    size: usize,
    vectors: bool,
) -> OnCard<Option<Vec<f64>>> {
    assert!(size > 0 && a.len() >= size * size, "a symmetric matrix");
    let (stream, parameters) = (solver.stream(), parameters()?);
    let mut values = zeros::<f64>(stream, size)?;
    let mode = if vectors {
        cusolverEigMode_t::CUSOLVER_EIG_MODE_VECTOR
    } else {
        cusolverEigMode_t::CUSOLVER_EIG_MODE_NOVECTOR
    };
    // cuSOLVER's matrices are column-major
    let (fill, double) = (SolverFill::CUBLAS_FILL_MODE_UPPER, cudaDataType::CUDA_R_64F);
    let (mut on_card, mut on_host) = (0, 0);
    let n = size as i64;
    let mut info;
    {
        let (a, _a) = a.device_ptr_mut(stream);
        let (values, _values) = values.device_ptr_mut(stream);
        let (a, values) = (a as *mut c_void, values as *mut c_void);
        // SAFETY: `a` holds size x size numbers and `values` has room for `size`; both were checked
        let status = unsafe {
            cusolverDnXsyevd_bufferSize(
                solver.cu(),
                parameters.cu(),
                mode,
                fill,
                n,
                double,
                a,
                n,
                double,
                values,
                double,
                &mut on_card,
                &mut on_host,
            )
        };
        status.result().map_err(failed("the room for eigenvalues of cuSOLVER"))?;
        let (mut work, mut host, verdict) = room(stream, on_card, on_host)?;
        info = verdict;
        let (work, _work) = work.device_ptr_mut(stream);
        let (verdict, _verdict) = info.device_ptr_mut(stream);
        // SAFETY: as before; the room is as large as the library asked for, and stays until the
        // stream has done its work, since it is freed on the same stream
        let status = unsafe {
            cusolverDnXsyevd(
                solver.cu(),
                parameters.cu(),
                mode,
                fill,
                n,
                double,
                a,
                n,
                double,
                values,
                double,
                work as *mut c_void,
                on_card,
                host.as_mut_ptr().cast(),
                on_host,
                verdict as *mut i32,
            )
        };
        // the library may use the room on the host until the end
        let done = stream.synchronize();
        status.result().map_err(failed("eigenvalues of cuSOLVER"))?;
        done.map_err(driver("waiting for eigenvalues"))?;
    }
    if !converged(stream, &info)? {
        return Ok(None);
    }
    let values = stream.clone_dtoh(&values);
    let values = values.and_then(|values| stream.synchronize().map(|()| values));
    Ok(Some(values.map_err(driver("copying from the card"))?))
}
