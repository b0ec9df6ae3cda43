//! W^T W, and decompositions in a unit in which the backend is accurate, sorted.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;

use super::backend;
use super::element::Element;
use super::error::Fallible;
use super::scale::{largest_in_lower, rescaled, scaled_back};
use super::triplets::SingularTriplets;
use crate::numerics::{PowerOfTwo, exponent};

/// The thin singular value decomposition; without `vectors`, the singular values only.
pub(super) fn svd<T: backend::Entry>(
    a: ArrayView2<'_, T>,
    vectors: bool,
) -> Fallible<SingularTriplets<T>> {
    let scaled = rescaled(a)?;
    let tame = scaled.as_ref().map_or(a, |(tame, _)| tame.view());
    let mut svd = backend::svd(tame, vectors)?;
    if let Some((_, e)) = scaled {
        svd.singular_values = scaled_back(svd.singular_values, e)?;
    }
    // `faer` leaves values near rounding error unsorted
    let values = &svd.singular_values;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*j].as_f64().total_cmp(&values[*i].as_f64()));
    if !order.is_sorted() {
        svd.singular_values = values.select(Axis(0), &order);
        if vectors {
            svd.left = svd.left.select(Axis(1), &order);
            svd.right = svd.right.select(Axis(0), &order);
        }
    }
    Ok(svd)
}

/// Eigenvalues (increasing) and, if wanted, eigenvectors of a symmetric matrix. Its largest entry is
/// first brought between 1 and 2, because `faer` is accurate only near there (docs/faer-report.md).
pub(super) fn symmetric_eigen<T: backend::Entry>(
    mut a: Array2<T>,
    vectors: bool,
) -> Fallible<(Array1<T>, Array2<T>)> {
    let largest = largest_in_lower(&a)?;
    let e = if largest == 0.0 { 0 } else { exponent(largest) };
    let factor = PowerOfTwo::new(-e);
    a.par_mapv_inplace(|x| T::of(factor.times(x.as_f64())));
    let (values, vectors) = backend::symmetric_eigen(a, vectors)?;
    Ok((scaled_back(values, e)?, vectors))
}

/// Rows of W that are converted to `f64` at once: no second copy of W is made.
const ROWS: usize = 1024;
/// Columns of W that one thread converts at a time.
const COLUMNS: usize = 16;

/// V^T V in `f64` for V = 2^power W, summed over blocks of rows; the lower triangle only.
pub(super) fn gram<T: Element>(w: ArrayView2<'_, T>, power: i32) -> Array2<f64> {
    let factor = PowerOfTwo::new(power);
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    for block in w.axis_chunks_iter(Axis(0), ROWS) {
        // column after column: both factors of the product are then read along their memory
        let mut wide = Array2::zeros((block.ncols(), block.nrows()));
        let strips = wide.axis_chunks_iter_mut(Axis(0), COLUMNS).into_par_iter();
        let columns = block.axis_chunks_iter(Axis(1), COLUMNS);
        strips.zip(columns).for_each(|(strip, columns)| {
            let rows = Zip::from(strip.reversed_axes()).and(columns);
            rows.for_each(|wide, x| *wide = factor.times(x.as_f64()));
        });
        backend::add_gram(wide.t(), &mut gram);
    }
    gram
}
