//! W^T W v for a few vectors v, without W^T W.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::element::{Element, multiply};
use super::simd::{Loop, fma, vectorised};

/// The rows of W are split into at most this many parts, each of whole groups of [`ROWS`] rows, two
/// or more: the parts do not depend on the number of threads.
const PARTS: usize = 16;
/// Columns whose sums over the parts are taken at once.
const COLUMNS: usize = 256;
/// Rows of W that are used at once, twice: so many stay in the second-level cache in between.
const ROWS: usize = 24;
/// Rows, or columns, whose sums for all `VECTORS` stay in registers.
const SUMS: usize = 12;
/// The same for the rows, or columns, that fill no group of `SUMS`.
const FEW: usize = 4;

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
            vectorised(Kernel { rows, columns, v: &v, image: &mut image, sum: &mut sum });
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

/// image <- W v and sum <- sum + W^T W v for some rows of W, given row by row. `v` and `sum` hold one
/// array for each column of W, for each group of `VECTORS` vectors, and `image` one for each row.
struct Kernel<'a, T, const VECTORS: usize> {
    rows: &'a [T],
    columns: usize,
    v: &'a [[T; VECTORS]],
    image: &'a mut [[T; VECTORS]],
    sum: &'a mut [[T; VECTORS]],
}

impl<T: Element, const VECTORS: usize> Loop for Kernel<'_, T, VECTORS> {
    type Output = ();

    // no closures around the arithmetic: they would be compiled for the baseline instruction set
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let columns = self.columns;
        let count = self.rows.len() / columns;
        for (i, rows) in self.rows.chunks(ROWS * columns).enumerate() {
            let here = i * ROWS..i * ROWS + rows.len() / columns;
            let groups = self.v.chunks_exact(columns).zip(self.sum.chunks_exact_mut(columns));
            for ((v, sum), image) in groups.zip(self.image.chunks_exact_mut(count)) {
                let image = &mut image[here.clone()];
                let (rest, last) = multiply_groups::<T, VECTORS, SUMS, FMA>(rows, v, image);
                let (rest, last) = multiply_groups::<T, VECTORS, FEW, FMA>(rest, v, last);
                multiply_groups::<T, VECTORS, 1, FMA>(rest, v, last);
                let (rest, sum) = add_groups::<T, VECTORS, SUMS, FMA>(rows, columns, image, sum);
                let (rest, sum) = add_groups::<T, VECTORS, FEW, FMA>(rest, columns, image, sum);
                add_groups::<T, VECTORS, 1, FMA>(rest, columns, image, sum);
            }
        }
    }
}

/// image <- W v for whole groups of `COUNT` rows; returns the remaining rows.
#[inline(always)]
fn multiply_groups<'a, T: Element, const VECTORS: usize, const COUNT: usize, const FMA: bool>(
    rows: &'a [T],
    v: &[[T; VECTORS]],
    image: &'a mut [[T; VECTORS]],
) -> (&'a [T], &'a mut [[T; VECTORS]]) {
    let columns = v.len();
    let whole = image.len() / COUNT * COUNT;
    let (first, last) = image.split_at_mut(whole);
    for (rows, image) in rows.chunks_exact(COUNT * columns).zip(first.chunks_exact_mut(COUNT)) {
        let mut row = [rows; COUNT];
        for (r, row) in row.iter_mut().enumerate() {
            *row = &rows[r * columns..][..columns];
        }
        let mut sums = [[T::zero(); VECTORS]; COUNT];
        // by number and not by an iterator over v, so that no index is checked
        for column in 0..columns {
            for r in 0..COUNT {
                for k in 0..VECTORS {
                    sums[r][k] = fma::<T, FMA>(row[r][column], v[column][k], sums[r][k]);
                }
            }
        }
        image.copy_from_slice(&sums);
    }
    (&rows[whole * columns..], last)
}

/// sum <- sum + W^T image for whole groups of `COUNT` columns of rows that are `columns` long; returns the
/// remaining columns.
#[inline(always)]
fn add_groups<'a, T: Element, const VECTORS: usize, const COUNT: usize, const FMA: bool>(
    rows: &'a [T],
    columns: usize,
    image: &[[T; VECTORS]],
    sum: &'a mut [[T; VECTORS]],
) -> (&'a [T], &'a mut [[T; VECTORS]]) {
    let whole = sum.len() / COUNT * COUNT;
    let (first, last) = sum.split_at_mut(whole);
    for (i, sum) in first.chunks_exact_mut(COUNT).enumerate() {
        let mut sums = [[T::zero(); VECTORS]; COUNT];
        sums.copy_from_slice(sum);
        for (r, image) in image.iter().enumerate() {
            let row = &rows[r * columns + i * COUNT..][..COUNT];
            for c in 0..COUNT {
                for k in 0..VECTORS {
                    sums[c][k] = fma::<T, FMA>(row[c], image[k], sums[c][k]);
                }
            }
        }
        sum.copy_from_slice(&sums);
    }
    (&rows[whole..], last)
}
