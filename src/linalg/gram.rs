//! W^T W without a copy of W: the matrix itself, and its product with a few vectors.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::normal_product_kernel::{ROWS, Visit};
use super::{PowerOfTwo, backend, multiply};
use crate::linalg::Element;
use crate::linalg::simd::vectorised;

/// The lower triangle of V^T V in `f64` (columns x columns) for V = 2^power W; what stands above it
/// means nothing. W is visited in blocks of rows, so that no second copy of it is made.
pub(crate) fn gram<T: Element>(w: ArrayView2<'_, T>, power: i32) -> Array2<f64> {
    const ROWS: usize = 1024;
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

/// [`normal_product`] splits the rows of W into no more than [`PARTS`] parts of whole groups of
/// [`ROWS`] rows, two or more, whatever the number of threads.
const PARTS: usize = 16;
/// Columns whose sums over the parts are taken at once.
const COLUMNS: usize = 256;

/// Vectors that [`normal_product`] takes at once: as many numbers as fill a 256-bit register.
pub(crate) const fn vectors_at_once<T>() -> usize {
    32 / size_of::<T>()
}

/// V W^T W for a few row vectors V (b x columns): W is read from memory once, where two products
/// would read it twice. The same bits for any number of threads.
pub(crate) fn normal_product<T: Element>(w: ArrayView2<'_, T>, v: &Array2<T>) -> Array2<T> {
    const {
        assert!(matches!(vectors_at_once::<T>(), 4 | 8));
    }
    match (w.as_slice(), vectors_at_once::<T>()) {
        (Some(entries), 4) => Parts::<T, 4>::new(entries, v).normal_product(v.dim()),
        (Some(entries), _) => Parts::<T, 8>::new(entries, v).normal_product(v.dim()),
        (None, _) => multiply(multiply(v.view(), w.t()).view(), w),
    }
}

/// V W^T and V W^T W, as [`normal_product`] computes them.
pub(crate) fn image_and_normal_product<T: Element>(
    w: ArrayView2<'_, T>,
    v: &Array2<T>,
) -> (Array2<T>, Array2<T>) {
    fn both<T: Element, const VECTORS: usize>(w: &[T], v: &Array2<T>) -> (Array2<T>, Array2<T>) {
        let parts = Parts::<T, VECTORS>::new(w, v);
        (parts.image((v.nrows(), w.len() / v.ncols())), parts.normal_product(v.dim()))
    }
    match (w.as_slice(), vectors_at_once::<T>()) {
        (Some(entries), 4) => both::<T, 4>(entries, v),
        (Some(entries), _) => both::<T, 8>(entries, v),
        (None, _) => {
            let image = multiply(v.view(), w.t());
            let product = multiply(image.view(), w);
            (image, product)
        }
    }
}

/// W v and W^T W v for the rows of each part of W, arranged as [`Visit`] does.
struct Parts<T, const VECTORS: usize> {
    /// Rows of W in a part; the last may have fewer.
    rows: usize,
    images: Vec<Vec<[T; VECTORS]>>,
    sums: Vec<Vec<[T; VECTORS]>>,
}

impl<T: Element, const VECTORS: usize> Parts<T, VECTORS> {
    /// For W given row by row.
    fn new(w: &[T], v: &Array2<T>) -> Self {
        let columns = v.ncols();
        let groups = v.nrows().div_ceil(VECTORS);
        let v = interleaved::<T, VECTORS>(v);
        let rows = (w.len() / columns).div_ceil(PARTS).next_multiple_of(ROWS).max(2 * ROWS);
        let (images, sums) = w
            .par_chunks(rows * columns)
            .map(|rows| {
                let mut image = vec![[T::zero(); VECTORS]; groups * (rows.len() / columns)];
                let mut sum = vec![[T::zero(); VECTORS]; v.len()];
                let (image_here, sum_here) = (&mut image, &mut sum);
                vectorised(Visit { rows, v: &v, image: image_here, sum: sum_here, columns });
                (image, sum)
            })
            .unzip();
        Self { rows, images, sums }
    }

    /// V W^T, b x rows.
    fn image(&self, shape: (usize, usize)) -> Array2<T> {
        Array2::from_shape_fn(shape, |(vector, row)| {
            let count = self.rows.min(shape.1 - row / self.rows * self.rows);
            let part = &self.images[row / self.rows];
            part[vector / VECTORS * count + row % self.rows][vector % VECTORS]
        })
    }

    /// V W^T W, b x columns.
    fn normal_product(&self, shape: (usize, usize)) -> Array2<T> {
        let columns = shape.1;
        let mut total = vec![[T::zero(); VECTORS]; shape.0.div_ceil(VECTORS) * columns];
        total.par_chunks_mut(COLUMNS).enumerate().for_each(|(i, total)| {
            for sum in &self.sums {
                for (total, sum) in total.iter_mut().zip(&sum[i * COLUMNS..]) {
                    for k in 0..VECTORS {
                        total[k] += sum[k];
                    }
                }
            }
        });
        Array2::from_shape_fn(shape, |(vector, column)| {
            total[vector / VECTORS * columns + column][vector % VECTORS]
        })
    }
}

/// The columns of each group of `VECTORS` rows, filled up with zeros.
fn interleaved<T: Element, const VECTORS: usize>(v: &Array2<T>) -> Vec<[T; VECTORS]> {
    let groups = v.axis_chunks_iter(Axis(0), VECTORS);
    groups
        .flat_map(|rows| {
            let mut columns = vec![[T::zero(); VECTORS]; v.ncols()];
            for (k, row) in rows.rows().into_iter().enumerate() {
                columns.iter_mut().zip(row).for_each(|(column, x)| column[k] = *x);
            }
            columns
        })
        .collect()
}
