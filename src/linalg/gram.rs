//! W^T W without a copy of W: the matrix itself, and its product with a few vectors.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::{backend, multiply};
use crate::Scalar;
use crate::simd::{Loop, fma, vectorised};

/// The lower triangle of W^T W in `f64` (columns x columns); what stands above it means nothing.
/// W is visited in blocks of rows, so that no second copy of it is made.
pub(crate) fn gram<T: Scalar>(w: ArrayView2<'_, T>) -> Array2<f64> {
    const ROWS: usize = 1024;
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    for block in w.axis_chunks_iter(Axis(0), ROWS) {
        let mut wide = Array2::zeros(block.dim());
        ndarray::Zip::from(&mut wide).and(block).par_for_each(|wide, x| *wide = x.as_f64());
        backend::add_gram(&wide, &mut gram);
    }
    gram
}

/// Into how many groups of rows [`normal_product`] splits W, whatever the number of threads.
const GROUPS: usize = 16;
/// Vectors that are taken at once.
const VECTORS: usize = 4;
/// Rows of W that are taken at once.
const ROWS: usize = 4;
/// Numbers of a row that are taken at once.
const LANES: usize = 8;

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
            vectorised(Visit { rows, v: &padded, sum: &mut sum, columns });
            sum
        })
        .collect();
    let mut result = Array2::zeros(v.dim());
    for sum in &sums {
        result.iter_mut().zip(sum).for_each(|(r, s): (&mut T, _)| *r += *s);
    }
    result
}

/// sum <- sum + (v w^T) w for rows w and vectors v, whose number is a multiple of [`VECTORS`].
struct Visit<'a, T> {
    rows: &'a [T],
    v: &'a [T],
    sum: &'a mut [T],
    columns: usize,
}

impl<T: Scalar> Loop for Visit<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let size = VECTORS * self.columns;
        let blocks = self.rows.chunks_exact(ROWS * self.columns);
        let rest = blocks.remainder();
        // a block of rows stays in the cache while all vectors pass
        for rows in blocks {
            for (v, sum) in self.v.chunks_exact(size).zip(self.sum.chunks_exact_mut(size)) {
                visit::<T, ROWS, FMA>(rows, v, sum, self.columns);
            }
        }
        for row in rest.chunks_exact(self.columns) {
            for (v, sum) in self.v.chunks_exact(size).zip(self.sum.chunks_exact_mut(size)) {
                visit::<T, 1, FMA>(row, v, sum, self.columns);
            }
        }
    }
}

/// `R` rows and [`VECTORS`] vectors.
#[inline(always)]
fn visit<T: Scalar, const R: usize, const FMA: bool>(
    rows: &[T],
    v: &[T],
    sum: &mut [T],
    columns: usize,
) {
    let rows: [&[T]; R] = std::array::from_fn(|i| &rows[i * columns..][..columns]);
    let v: [&[T]; VECTORS] = std::array::from_fn(|i| &v[i * columns..][..columns]);
    let overlaps = rows.map(|row| dots::<T, FMA>(row, v));
    for (k, sum) in sum.chunks_exact_mut(columns).enumerate() {
        for (i, sum) in sum.iter_mut().enumerate() {
            for (row, overlaps) in rows.iter().zip(&overlaps) {
                *sum = fma::<T, FMA>(overlaps[k], row[i], *sum);
            }
        }
    }
}

/// <x, y> for every y, in [`LANES`] interleaved sums each.
#[inline(always)]
fn dots<T: Scalar, const FMA: bool>(x: &[T], y: [&[T]; VECTORS]) -> [T; VECTORS] {
    let mut sums = [[T::zero(); LANES]; VECTORS];
    let whole = x.len() / LANES * LANES;
    for first in (0..whole).step_by(LANES) {
        let x = &x[first..][..LANES];
        for (sums, y) in sums.iter_mut().zip(y) {
            let y = &y[first..][..LANES];
            for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
                *sum = fma::<T, FMA>(*x, *y, *sum);
            }
        }
    }
    for (sums, y) in sums.iter_mut().zip(y) {
        for ((sum, x), y) in sums.iter_mut().zip(&x[whole..]).zip(&y[whole..]) {
            *sum = fma::<T, FMA>(*x, *y, *sum);
        }
    }
    sums.map(|sums| sums.into_iter().fold(T::zero(), |a, b| a + b))
}
