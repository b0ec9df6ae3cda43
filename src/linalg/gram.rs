//! W^T W without a copy of W: the matrix itself, and its product with a few vectors.

use ndarray::{Array2, ArrayView2, Axis};
use pulp::Arch;
use rayon::prelude::*;

use super::visit::{VECTORS, Visit};
use super::{backend, multiply};
use crate::Scalar;

/// The lower triangle of W^T W / scale^2 in `f64` (columns x columns); what stands above it means
/// nothing. W is visited in blocks of rows, so that no second copy of it is made.
pub(crate) fn gram<T: Scalar>(w: ArrayView2<'_, T>, scale: f64) -> Array2<f64> {
    const ROWS: usize = 1024;
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    for block in w.axis_chunks_iter(Axis(0), ROWS) {
        let mut wide = Array2::zeros(block.dim());
        ndarray::Zip::from(&mut wide).and(block).par_for_each(|wide, x| *wide = x.as_f64() / scale);
        backend::add_gram(&wide, &mut gram);
    }
    gram
}

/// Into how many groups of rows [`normal_product`] splits W, whatever the number of threads.
const GROUPS: usize = 16;

/// V W^T W for a few row vectors V (b x columns): W is read from memory once, where two products
/// would read it twice. The same bits for any number of threads.
pub(crate) fn normal_product<T: Scalar>(w: ArrayView2<'_, T>, v: &Array2<T>) -> Array2<T> {
    let (Some(flat), Some(vectors)) = (w.as_slice(), v.as_slice()) else {
        return multiply(multiply(v.view(), w.t()).view(), w);
    };
    let (count, columns) = v.dim();
    let mut padded = vectors.to_vec();
    padded.resize(count.next_multiple_of(VECTORS) * columns, T::zero());
    let group = w.nrows().div_ceil(GROUPS).max(1) * columns;
    let sums: Vec<Vec<T>> = flat
        .par_chunks(group)
        .map(|rows| {
            let mut sum = vec![T::zero(); padded.len()];
            Arch::new().dispatch(Visit { rows, v: &padded, sum: &mut sum, columns });
            sum
        })
        .collect();
    let mut result = Array2::zeros(v.dim());
    for sum in &sums {
        result.iter_mut().zip(sum).for_each(|(r, s): (&mut T, _)| *r += *s);
    }
    result
}
