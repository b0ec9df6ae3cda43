//! The default backend: `faer`, pure Rust.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::{matmul, triangular};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

use super::{LinalgError, ThinSvd};
use crate::linalg::Element;
use crate::linalg::simd::{Loop, vectorised};

/// What a number must be for this backend.
pub trait FaerElement: ::faer::traits::RealField {}
impl FaerElement for f32 {}
impl FaerElement for f64 {}

pub(super) const NAME: &str = "faer";

/// Into how many parts work is split. `faer` splits by this number, not by the threads that happen
/// to run, so a constant makes the bits independent of the thread pool.
fn parts() -> Par {
    Par::rayon(8)
}

fn matrix<'a, T: Element>(a: &'a ArrayView2<'_, T>) -> Option<MatRef<'a, T>> {
    let (rows, columns) = a.dim();
    if let Some(slice) = a.as_slice() {
        return Some(MatRef::from_row_major_slice(slice, rows, columns));
    }
    a.as_slice_memory_order()
        .filter(|_| a.t().is_standard_layout())
        .map(|slice| MatRef::from_column_major_slice(slice, rows, columns))
}

/// Runs `work` on the matrix, copied first when its entries do not lie side by side.
fn with_matrix<T: Element, R>(a: ArrayView2<'_, T>, work: impl FnOnce(MatRef<'_, T>) -> R) -> R {
    match matrix(&a) {
        Some(m) => work(m),
        None => work(Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]]).as_ref()),
    }
}

fn to_array<T: Element>(m: MatRef<'_, T>) -> Array2<T> {
    Array2::from_shape_fn((m.nrows(), m.ncols()), |(i, j)| m[(i, j)])
}

fn to_vector<T: Element>(s: &Diag<T>) -> Array1<T> {
    s.column_vector().iter().copied().collect()
}

pub(super) fn product<T: Element>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    mut c: ArrayViewMut2<'_, T>,
) {
    let (rows, columns) = c.dim();
    if beta != T::zero() && beta != T::one() {
        c.mapv_inplace(|x| beta * x);
    }
    let accumulate = if beta == T::zero() { Accum::Replace } else { Accum::Add };
    with_matrix(a, |a| {
        with_matrix(b, |b| match c.as_slice_mut() {
            Some(slice) => {
                let c = MatMut::from_row_major_slice_mut(slice, rows, columns);
                matmul(c, accumulate, a, b, alpha, parts());
            }
            None => {
                let mut result = Mat::<T>::zeros(rows, columns);
                matmul(result.as_mut(), Accum::Replace, a, b, alpha, parts());
                let keep = if beta == T::zero() { T::zero() } else { T::one() };
                for ((i, j), x) in c.indexed_iter_mut() {
                    *x = keep * *x + result[(i, j)];
                }
            }
        });
    });
    clear_upper_vector_state();
}

/// Ends the penalty that `faer`'s kernels leave behind: they return with the upper halves of the
/// vector registers in use, and every scalar or SSE instruction of that thread then runs several
/// times slower, until a function compiled for AVX returns. This is such a function, run on every
/// thread of the pool.
fn clear_upper_vector_state() {
    struct WideSum;
    impl Loop for WideSum {
        type Output = ();
        #[inline(always)]
        fn run<const FMA: bool>(self) {
            let wide = std::hint::black_box([1.0_f64; 8]);
            std::hint::black_box(wide.map(|x| x + x));
        }
    }
    rayon::broadcast(|_| vectorised(WideSum));
}

/// The lower triangle of `c <- c + a^T a`, `a` row-major.
pub(super) fn add_gram<T: Element>(a: &Array2<T>, c: &mut Array2<T>) {
    let size = c.nrows();
    let a = a.view();
    with_matrix(a, |a| {
        if let Some(c) = c.as_slice_mut() {
            triangular::matmul(
                MatMut::from_row_major_slice_mut(c, size, size),
                triangular::BlockStructure::TriangularLower,
                Accum::Add,
                a.transpose(),
                triangular::BlockStructure::Rectangular,
                a,
                triangular::BlockStructure::Rectangular,
                T::one(),
                parts(),
            );
        }
    });
    clear_upper_vector_state();
}

/// Eigenvalues (increasing) and, if wanted, eigenvectors (columns) of a symmetric matrix, of which
/// only the lower triangle is read.
pub(super) fn symmetric_eigen<T: Element>(
    a: Array2<T>,
    vectors: bool,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    let size = a.nrows();
    let wanted = if vectors { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let width = if vectors { size } else { 0 };
    let mut values = Diag::<T>::zeros(size);
    let mut u = Mat::<T>::zeros(size, width);
    let scratch = self_adjoint_evd_scratch::<T>(size, wanted, parts(), Default::default());
    let mut memory = MemBuffer::new(scratch);
    with_matrix(a.view(), |a| {
        self_adjoint_evd(
            a,
            values.as_mut(),
            vectors.then(|| u.as_mut()),
            parts(),
            MemStack::new(&mut memory),
            Default::default(),
        )
    })
    .map_err(|_| LinalgError::NotConverged {
        decomposition: "symmetric eigenvalue decomposition",
        rows: size,
        columns: size,
    })?;
    clear_upper_vector_state();
    drop((a, memory));
    Ok((to_vector(&values), to_array(u.as_ref())))
}

/// Singular values, left vectors and right vectors (columns; none when only values are wanted).
type Factors<T> = (Diag<T>, Mat<T>, Mat<T>);

fn decompose<T: Element>(a: MatRef<'_, T>, vectors: bool) -> Result<Factors<T>, LinalgError> {
    let (rows, columns) = a.shape();
    let size = rows.min(columns);
    let wanted = if vectors { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
    let width = if vectors { size } else { 0 };
    let mut s = Diag::<T>::zeros(size);
    let mut u = Mat::<T>::zeros(rows, width);
    let mut v = Mat::<T>::zeros(columns, width);
    let scratch = svd_scratch::<T>(rows, columns, wanted, wanted, parts(), Default::default());
    let mut memory = MemBuffer::new(scratch);
    svd(
        a,
        s.as_mut(),
        vectors.then(|| u.as_mut()),
        vectors.then(|| v.as_mut()),
        parts(),
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| LinalgError::NotConverged {
        decomposition: "singular value decomposition",
        rows,
        columns,
    })?;
    clear_upper_vector_state();
    Ok((s, u, v))
}

pub(super) fn singular_values<T: Element>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    with_matrix(a, |a| decompose(a, false)).map(|(s, _, _)| to_vector(&s))
}

pub(super) fn thin_svd<T: Element>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    let (s, u, v) = with_matrix(a, |a| decompose(a, true))?;
    Ok((to_array(u.as_ref()), to_vector(&s), to_array(v.transpose())))
}
