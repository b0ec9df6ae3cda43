//! Matrix products.

use std::sync::Arc;

use cudarc::cublas::result::CublasError;
use cudarc::cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
use cudarc::cublas::sys::{cublasMath_t, cublasSetMathMode};
use cudarc::cublas::{CudaBlas, GemmConfig};
use cudarc::driver::{CudaStream, CudaView, CudaViewMut};

use super::number::{CardNumber, Gemm};
use crate::cuda::error::{CudaError, OnCard};

/// A row-major matrix on the card, or the transpose of one, to read.
pub(in crate::cuda) struct Block<'a, T> {
    numbers: CudaView<'a, T>,
    /// As they are in memory.
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T: CardNumber> Block<'a, T> {
    /// The first `rows` x `columns` numbers of the view, row by row.
    pub fn new(numbers: CudaView<'a, T>, (rows, columns): (usize, usize)) -> Self {
        assert!(numbers.len() >= rows * columns, "a view shorter than its matrix");
        Self { numbers, rows, columns, transposed: false }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Rows and columns of the matrix that is meant.
    pub fn dim(&self) -> (usize, usize) {
        if self.transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }
}

/// c <- alpha a b + beta c for row-major matrices, in the precision of the numbers.
///
/// cuBLAS has column-major matrices: it sees c^T = b^T a^T.
pub(in crate::cuda) fn product<T: CardNumber>(
    blas: &CudaBlas,
    alpha: T,
    a: &Block<'_, T>,
    b: &Block<'_, T>,
    beta: T,
    c: CudaViewMut<'_, T>,
) -> OnCard<()> {
    let ((rows, inner), (other, columns)) = (a.dim(), b.dim());
    assert!(inner == other && c.len() >= rows * columns, "matrices that cannot be multiplied");
    let size = |size: usize| {
        let fits = i32::try_from(size.max(1)).ok();
        fits.ok_or_else(|| CudaError::Call {
            call: "a matrix product",
            name: format!("a matrix of {size} rows or columns"),
            code: 0,
        })
    };
    if rows.min(columns) == 0 {
        return Ok(());
    }
    let operation = |block: &Block<'_, T>| if block.transposed { CUBLAS_OP_T } else { CUBLAS_OP_N };
    let config = GemmConfig {
        transa: operation(b),
        transb: operation(a),
        m: size(columns)?,
        n: size(rows)?,
        k: size(inner)?,
        alpha,
        lda: size(b.columns)?,
        ldb: size(a.columns)?,
        beta,
        ldc: size(columns)?,
    };
    T::gemm(Gemm { blas, config, a: &b.numbers, b: &a.numbers, c })
        .map_err(blas_failed("a matrix product of cuBLAS"))
}

/// The error of a call of cuBLAS.
pub(super) fn blas_failed(call: &'static str) -> impl FnOnce(CublasError) -> CudaError {
    move |CublasError(status)| CudaError::Call {
        call,
        name: format!("{status:?}"),
        code: status as i64,
    }
}

/// A handle of cuBLAS that never rounds to shorter numbers on the way.
pub(in crate::cuda) fn blas(stream: Arc<CudaStream>) -> OnCard<CudaBlas> {
    let handle = CudaBlas::new(stream).map_err(blas_failed("opening cuBLAS"))?;
    // SAFETY: the handle is open
    let status = unsafe { cublasSetMathMode(*handle.handle(), cublasMath_t::CUBLAS_DEFAULT_MATH) };
    status.result().map_err(blas_failed("setting the mode of cuBLAS"))?;
    Ok(handle)
}
