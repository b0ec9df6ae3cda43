//! W^T W.

use ndarray::{Array2, ArrayView2, Axis};

use super::backend;
use super::element::Element;
use crate::numerics::PowerOfTwo;

/// Rows of W that are converted to `f64` at once: no second copy of W is made.
const ROWS: usize = 1024;

/// [`gram`](super::element::gram), summed over blocks of rows.
pub(super) fn gram<T: Element>(w: ArrayView2<'_, T>, power: i32) -> Array2<f64> {
    let factor = PowerOfTwo::new(power);
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    for block in w.axis_chunks_iter(Axis(0), ROWS) {
        let mut wide = Array2::zeros(block.dim());
        ndarray::Zip::from(&mut wide)
            .and(block)
            .par_for_each(|wide, x| *wide = factor.times(x.as_f64()));
        backend::add_gram(&wide, &mut gram);
    }
    gram
}
