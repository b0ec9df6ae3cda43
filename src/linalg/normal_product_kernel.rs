//! The inner loops of W^T W v: W v and its share of W^T W v, row by row.

use super::element::Element;
use super::simd::{Loop, fma};

/// Rows of W that are used at once, twice: so many stay in the second-level cache in between.
pub(super) const ROWS: usize = 24;
/// Rows, or columns, whose sums for all `VECTORS` stay in registers.
const SUMS: usize = 12;
/// The same for the rows, or columns, that fill no group of `SUMS`.
const FEW: usize = 4;

/// image <- W v and sum <- sum + W^T W v for some rows of W, given row by row. `v` and `sum` hold one
/// array for each column of W, for each group of `VECTORS` vectors, and `image` one for each row.
pub(super) struct NormalProductKernel<'a, T, const VECTORS: usize> {
    pub rows: &'a [T],
    pub columns: usize,
    pub v: &'a [[T; VECTORS]],
    pub image: &'a mut [[T; VECTORS]],
    pub sum: &'a mut [[T; VECTORS]],
}

impl<T: Element, const VECTORS: usize> Loop for NormalProductKernel<'_, T, VECTORS> {
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
