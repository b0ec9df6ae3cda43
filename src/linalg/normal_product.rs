//! W^T W v for a few vectors v, without W^T W.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::element::{Element, multiply};
use super::normal_product_kernel::{NormalProductKernel, ROWS};
use super::simd::vectorised;

/// The rows of W are split into at most this many parts, each of whole groups of [`ROWS`] rows, two
/// or more: the parts do not depend on the number of threads.
const PARTS: usize = 16;
/// Columns whose sums over the parts are taken at once.
const COLUMNS: usize = 256;

/// Vectors that [`normal_product`] takes at once: as many numbers as fill a 256-bit register.
pub(super) const fn vectors_at_once<T>() -> usize {
    32 / size_of::<T>()
}

/// V W^T (b x rows) and V W^T W (b x columns) for a few row vectors V (b x columns). W is read from
/// memory once, where two products would read it twice. The same bits for any number of threads.
pub(super) fn normal_product<T: Element>(
    w: ArrayView2<'_, T>,
    v: &Array2<T>,
) -> (Array2<T>, Array2<T>) {
    match (w.as_slice(), vectors_at_once::<T>()) {
        (Some(rows), 4) => in_parts::<T, 4>(rows, v),
        (Some(rows), 8) => in_parts::<T, 8>(rows, v),
        _ => {
            let image = multiply(v.view(), w.t());
            let product = multiply(image.view(), w);
            (image, product)
        }
    }
}

/// [`normal_product`] for W given row by row.
fn in_parts<T: Element, const VECTORS: usize>(w: &[T], v: &Array2<T>) -> (Array2<T>, Array2<T>) {
    let (vectors, columns) = v.dim();
    let groups = vectors.div_ceil(VECTORS);
    let v = interleaved::<T, VECTORS>(v);
    let count = w.len() / columns;
    let part = count.div_ceil(PARTS).next_multiple_of(ROWS).max(2 * ROWS);
    let zeros = |length: usize| vec![[T::zero(); VECTORS]; length];
    let (images, sums): (Vec<_>, Vec<_>) = w
        .par_chunks(part * columns)
        .map(|rows| {
            let mut image = zeros(groups * (rows.len() / columns));
            let mut sum = zeros(v.len());
            vectorised(NormalProductKernel {
                rows,
                columns,
                v: &v,
                image: &mut image,
                sum: &mut sum,
            });
            (image, sum)
        })
        .unzip();
    let image = Array2::from_shape_fn((vectors, count), |(vector, row)| {
        let rows_here = part.min(count - row / part * part);
        let group = vector / VECTORS * rows_here;
        images[row / part][group + row % part][vector % VECTORS]
    });
    let mut total = zeros(groups * columns);
    total.par_chunks_mut(COLUMNS).enumerate().for_each(|(i, total)| {
        for sum in &sums {
            for (total, sum) in total.iter_mut().zip(&sum[i * COLUMNS..]) {
                for k in 0..VECTORS {
                    total[k] += sum[k];
                }
            }
        }
    });
    let product = Array2::from_shape_fn((vectors, columns), |(vector, column)| {
        total[vector / VECTORS * columns + column][vector % VECTORS]
    });
    (image, product)
}

/// The columns of each group of `VECTORS` rows, filled up with zeros.
fn interleaved<T: Element, const VECTORS: usize>(v: &Array2<T>) -> Vec<[T; VECTORS]> {
    let columns = v.ncols();
    let mut groups = vec![[T::zero(); VECTORS]; v.nrows().div_ceil(VECTORS) * columns];
    for ((row, column), x) in v.indexed_iter() {
        groups[row / VECTORS * columns + column][row % VECTORS] = *x;
    }
    groups
}
