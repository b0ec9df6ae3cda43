//! The default backend: `faer`, pure Rust.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::svd::{ComputeSvdVectors, svd as faer_svd, svd_scratch};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

use super::block_product::{clear_upper_vector_state, gram_in_blocks, product_in_blocks};
use super::element::Element;
use super::error::{Fallible, failed};
use super::triplets::SingularTriplets;

/// A matrix entry that this backend can compute with.
pub(super) trait Entry: Element + ::faer::traits::RealField {}
impl Entry for f32 {}
impl Entry for f64 {}

pub(super) const NAME: &str = "faer";

/// The number of parts that a decomposition is split into. `faer` splits by this number and not by the number
/// of threads, so a constant makes the bits independent of the thread pool.
fn parts() -> Par {
    Par::rayon(8)
}

/// Runs `work` on the matrix, copied first unless its rows or its columns are contiguous.
fn with_matrix<T: Entry, R>(a: ArrayView2<'_, T>, work: impl FnOnce(MatRef<'_, T>) -> R) -> R {
    let (rows, columns) = a.dim();
    match (a.as_slice(), a.t().as_slice()) {
        (Some(slice), _) => work(MatRef::from_row_major_slice(slice, rows, columns)),
        (_, Some(slice)) => work(MatRef::from_column_major_slice(slice, rows, columns)),
        _ => work(Mat::from_fn(rows, columns, |i, j| a[[i, j]]).as_ref()),
    }
}

fn to_array<T: Entry>(m: MatRef<'_, T>) -> Array2<T> {
    Array2::from_shape_fn((m.nrows(), m.ncols()), |(i, j)| m[(i, j)])
}

fn to_vector<T: Entry>(s: &Diag<T>) -> Array1<T> {
    s.column_vector().iter().copied().collect()
}

pub(super) fn product<T: Entry>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    mut c: ArrayViewMut2<'_, T>,
) {
    if beta != T::zero() && beta != T::one() {
        c.mapv_inplace(|x| beta * x);
    }
    let (rows, columns) = c.dim();
    let Some(slice) = c.as_slice_mut() else {
        let mut copy = c.as_standard_layout().into_owned();
        product(alpha, a, b, if beta == T::zero() { beta } else { T::one() }, copy.view_mut());
        return c.assign(&copy);
    };
    let c = MatMut::from_row_major_slice_mut(slice, rows, columns);
    let accumulate = if beta == T::zero() { Accum::Replace } else { Accum::Add };
    with_matrix(a, |a| with_matrix(b, |b| product_in_blocks(c, accumulate, a, b, alpha)));
}

/// [`clear_upper_vector_state`] on every thread of the pool.
fn clear_everywhere() {
    rayon::broadcast(|_| clear_upper_vector_state());
}

/// The lower triangle of `c <- c + a^T a`.
pub(super) fn add_gram(a: ArrayView2<'_, f64>, c: &mut Array2<f64>) {
    let size = c.nrows();
    let Some(c) = c.as_slice_mut() else { return };
    let c = MatMut::from_row_major_slice_mut(c, size, size);
    with_matrix(a, |a| gram_in_blocks(c, a));
}

/// Eigenvalues (increasing) and, if wanted, eigenvectors (columns) of a symmetric matrix, of which
/// only the lower triangle is read.
pub(super) fn symmetric_eigen<T: Entry>(
    a: Array2<T>,
    vectors: bool,
) -> Fallible<(Array1<T>, Array2<T>)> {
    let size = a.nrows();
    let (wanted, width) =
        if vectors { (ComputeEigenvectors::Yes, size) } else { (ComputeEigenvectors::No, 0) };
    let mut values = Diag::<T>::zeros(size);
    let mut u = Mat::<T>::zeros(size, width);
    let scratch = self_adjoint_evd_scratch::<T>(size, wanted, parts(), Default::default());
    let mut memory = MemBuffer::new(scratch);
    let result = with_matrix(a.view(), |a| {
        let (u, stack) = (vectors.then(|| u.as_mut()), MemStack::new(&mut memory));
        self_adjoint_evd(a, values.as_mut(), u, parts(), stack, Default::default())
    });
    result.map_err(|_| failed("symmetric eigenvalue decomposition", (size, size)))?;
    clear_everywhere();
    drop((a, memory));
    Ok((to_vector(&values), to_array(u.as_ref())))
}

/// The thin singular value decomposition; without `vectors`, the singular values only.
pub(super) fn svd<T: Entry>(a: ArrayView2<'_, T>, vectors: bool) -> Fallible<SingularTriplets<T>> {
    let (rows, columns) = a.dim();
    let size = rows.min(columns);
    let (wanted, width) =
        if vectors { (ComputeSvdVectors::Thin, size) } else { (ComputeSvdVectors::No, 0) };
    let mut s = Diag::<T>::zeros(size);
    let mut u = Mat::<T>::zeros(rows, width);
    let mut v = Mat::<T>::zeros(columns, width);
    let scratch = svd_scratch::<T>(rows, columns, wanted, wanted, parts(), Default::default());
    let mut memory = MemBuffer::new(scratch);
    let result = with_matrix(a, |a| {
        let (u, v) = (vectors.then(|| u.as_mut()), vectors.then(|| v.as_mut()));
        let stack = MemStack::new(&mut memory);
        faer_svd(a, s.as_mut(), u, v, parts(), stack, Default::default())
    });
    result.map_err(|_| failed("singular value decomposition", (rows, columns)))?;
    clear_everywhere();
    Ok(SingularTriplets {
        left: to_array(u.as_ref()),
        singular_values: to_vector(&s),
        right: to_array(v.transpose()),
    })
}
