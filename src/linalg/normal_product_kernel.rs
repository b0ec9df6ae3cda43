//! The kernel of W^T W: rows of W pass once.

use crate::linalg::Element;
use crate::linalg::simd::{Loop, fma};

/// Rows of W that are taken at once: so many stay in the second-level cache between the two uses.
pub(super) const ROWS: usize = 24;
/// Rows, or columns, whose sums for all `VECTORS` stay in registers.
const SUMS: usize = 12;
/// The same for what is left of them.
const FEW: usize = 4;

/// image <- W v and sum <- sum + W^T W v for some rows of W, given row by row. `v` and `sum` hold one
/// array for each column of W, for each group of `VECTORS` vectors, and `image` one for each row.
pub(super) struct Visit<'a, T, const VECTORS: usize> {
    pub rows: &'a [T],
    pub v: &'a [[T; VECTORS]],
    pub image: &'a mut [[T; VECTORS]],
    pub sum: &'a mut [[T; VECTORS]],
    pub columns: usize,
}

impl<T: Element, const VECTORS: usize> Loop for Visit<'_, T, VECTORS> {
    type Output = ();

    // No closures around the arithmetic: they would be compiled for the baseline instruction set.
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let columns = self.columns;
        let count = self.rows.len() / columns;
        for (i, rows) in self.rows.chunks(ROWS * columns).enumerate() {
            let here = i * ROWS..i * ROWS + rows.len() / columns;
            let groups = self.v.chunks_exact(columns).zip(self.sum.chunks_exact_mut(columns));
            for ((v, sum), image) in groups.zip(self.image.chunks_exact_mut(count)) {
                let image = &mut image[here.clone()];
                multiply_rows::<T, VECTORS, FMA>(rows, v, image);
                add_multiples::<T, VECTORS, FMA>(rows, image, sum);
            }
        }
    }
}

/// image <- W v.
#[inline(always)]
fn multiply_rows<T: Element, const VECTORS: usize, const FMA: bool>(
    rows: &[T],
    v: &[[T; VECTORS]],
    image: &mut [[T; VECTORS]],
) {
    let (rows, image) = multiply_groups::<T, VECTORS, SUMS, FMA>(rows, v, image);
    let (rows, image) = multiply_groups::<T, VECTORS, FEW, FMA>(rows, v, image);
    multiply_groups::<T, VECTORS, 1, FMA>(rows, v, image);
}

/// [`multiply_rows`], `COUNT` rows at once as long as there are so many; returns the rest.
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
        multiply_some::<T, VECTORS, COUNT, FMA>(rows, v, image);
    }
    (&rows[whole * columns..], last)
}

/// [`multiply_rows`] for `COUNT` rows.
#[inline(always)]
fn multiply_some<T: Element, const VECTORS: usize, const COUNT: usize, const FMA: bool>(
    rows: &[T],
    v: &[[T; VECTORS]],
    image: &mut [[T; VECTORS]],
) {
    let columns = v.len();
    let mut row = [rows; COUNT];
    for (r, row) in row.iter_mut().enumerate() {
        *row = &rows[r * columns..][..columns];
    }
    let mut sums = [[T::zero(); VECTORS]; COUNT];
    // by number, not by an iterator over v: no index is checked then
    for column in 0..columns {
        for r in 0..COUNT {
            for k in 0..VECTORS {
                sums[r][k] = fma::<T, FMA>(row[r][column], v[column][k], sums[r][k]);
            }
        }
    }
    image.copy_from_slice(&sums);
}

/// sum <- sum + W^T image.
#[inline(always)]
fn add_multiples<T: Element, const VECTORS: usize, const FMA: bool>(
    rows: &[T],
    image: &[[T; VECTORS]],
    sum: &mut [[T; VECTORS]],
) {
    let columns = sum.len();
    let (rows, sum) = add_groups::<T, VECTORS, SUMS, FMA>(rows, columns, image, sum);
    let (rows, sum) = add_groups::<T, VECTORS, FEW, FMA>(rows, columns, image, sum);
    add_groups::<T, VECTORS, 1, FMA>(rows, columns, image, sum);
}

/// [`add_multiples`], `COUNT` columns of rows that are `columns` long at once as long as there are
/// so many; returns the rest.
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
        add_some::<T, VECTORS, COUNT, FMA>(&rows[i * COUNT..], columns, image, sum);
    }
    (&rows[whole..], last)
}

/// [`add_multiples`] for the first `COUNT` columns of rows that are `columns` long.
#[inline(always)]
fn add_some<T: Element, const VECTORS: usize, const COUNT: usize, const FMA: bool>(
    rows: &[T],
    columns: usize,
    image: &[[T; VECTORS]],
    sum: &mut [[T; VECTORS]],
) {
    let mut sums = [[T::zero(); VECTORS]; COUNT];
    sums.copy_from_slice(sum);
    for (r, image) in image.iter().enumerate() {
        let row = &rows[r * columns..][..COUNT];
        for c in 0..COUNT {
            for k in 0..VECTORS {
                sums[c][k] = fma::<T, FMA>(row[c], image[k], sums[c][k]);
            }
        }
    }
    sum.copy_from_slice(&sums);
}
