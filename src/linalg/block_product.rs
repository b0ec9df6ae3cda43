//! Products by `faer`, in blocks of the result that the threads take in turn.
//!
//! One thread computes one block from its first to its last product, and the blocks depend on the
//! sizes of the matrices alone: so the bits do not depend on the number of threads, and any number of
//! threads finds work. The packed operands of a block stay in the second-level cache of its thread.

use faer::linalg::matmul::matmul;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::simd::{Loop, vectorised};

/// Rows and columns of a block of a row-major result: the fastest of those tried on Zen 5 and
/// Sapphire Rapids, from 2 to 16 threads (docs/performance.md).
const ROWS: usize = 240;
const COLUMNS: usize = 192;
/// Columns are cut at multiples of so many bytes, the height of `faer`'s innermost block.
const UNIT_BYTES: usize = 384;
/// Blocks are made smaller until there are so many, enough for 32 threads.
const BLOCKS: usize = 64;
/// Multiplications in a block that are worth a task of their own.
const TASK: usize = 1 << 18;
/// Rows and columns of a block of a^T a, whose blocks on the diagonal are computed whole.
const GRAM: usize = 120;

/// One block of a matrix, and its first row and column.
struct Block<'a, T> {
    row: usize,
    column: usize,
    entries: MatMut<'a, T>,
}

/// `c <- alpha a b`, or `c <- c + alpha a b`, with `c` row-major.
pub(super) fn product_in_blocks<T: RealField + Copy>(
    c: MatMut<'_, T>,
    accumulate: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    alpha: T,
) {
    if c.nrows() == 0 || c.ncols() == 0 {
        return;
    }
    let (rows, columns) = shape::<T>(c.nrows(), c.ncols(), a.ncols());
    let unit = UNIT_BYTES / size_of::<T>();
    let (rows, columns) = (cuts(c.nrows(), rows, 4), cuts(c.ncols(), columns, unit));
    for_each(blocks(c, &rows, &columns, |_, _| true), |block| {
        let a = a.subrows(block.row, block.entries.nrows());
        let b = b.subcols(block.column, block.entries.ncols());
        matmul(block.entries, accumulate, a, b, alpha, Par::Seq);
    });
}

/// `c <- c + a^T a`, `c` row-major, of which only the entries up to the diagonal have a meaning.
pub(super) fn gram_in_blocks(c: MatMut<'_, f64>, a: MatRef<'_, f64>) {
    let cuts = cuts(c.nrows(), GRAM, 8);
    for_each(blocks(c, &cuts, &cuts, |row, column| column <= row), |block| {
        let left = a.subcols(block.row, block.entries.nrows()).transpose();
        let right = a.subcols(block.column, block.entries.ncols());
        matmul(block.entries, Accum::Add, left, right, 1.0, Par::Seq);
    });
}

/// Rows and columns of the blocks of a product with this inner dimension.
fn shape<T>(rows: usize, columns: usize, inner: usize) -> (usize, usize) {
    let (least_rows, least_columns) = (8, UNIT_BYTES / size_of::<T>());
    let (mut r, mut c) = (ROWS.min(rows), COLUMNS.min(columns));
    while rows.div_ceil(r) * columns.div_ceil(c) < BLOCKS && r * c * inner > 2 * TASK {
        if c >= 2 * least_columns && c >= r {
            c /= 2;
        } else if r >= 2 * least_rows {
            r /= 2;
        } else {
            break;
        }
    }
    (r, c)
}

/// Where to cut `total` rows into nearly equal parts of about `size`: at multiples of `unit`, with
/// what is left over in the last part, so that no part is small.
fn cuts(total: usize, size: usize, unit: usize) -> Vec<usize> {
    let units = (total / unit).max(1);
    let parts = total.div_ceil(size).min(units);
    let mut cuts: Vec<usize> = (0..parts).map(|part| units * part / parts * unit).collect();
    cuts.push(total);
    cuts
}

/// The blocks between these cuts whose number in each direction is wanted.
fn blocks<'a, T>(
    c: MatMut<'a, T>,
    rows: &[usize],
    columns: &[usize],
    wanted: impl Fn(usize, usize) -> bool,
) -> Vec<Block<'a, T>> {
    let mut blocks = Vec::new();
    let mut below = c;
    for (i, row) in rows.windows(2).enumerate() {
        let (mut rest, next) = below.split_at_row_mut(row[1] - row[0]);
        below = next;
        for (j, column) in columns.windows(2).enumerate() {
            let (entries, next) = rest.split_at_col_mut(column[1] - column[0]);
            rest = next;
            if wanted(i, j) {
                blocks.push(Block { row: row[0], column: column[0], entries });
            }
        }
    }
    blocks
}

/// Does the work of all blocks, each on one thread.
fn for_each<T: RealField + Copy>(blocks: Vec<Block<'_, T>>, work: impl Fn(Block<'_, T>) + Sync) {
    let work = |block: Block<'_, T>| {
        work(block);
        clear_upper_vector_state();
    };
    if blocks.len() == 1 {
        blocks.into_iter().for_each(work);
    } else {
        blocks.into_par_iter().with_max_len(1).for_each(work);
    }
}

/// Runs a function compiled for AVX on this thread. `faer`'s kernels return with the upper halves of
/// the vector registers in use, and every scalar or SSE instruction of a thread then runs several
/// times slower until a function compiled for AVX returns.
pub(super) fn clear_upper_vector_state() {
    struct WideSum;
    impl Loop for WideSum {
        type Output = ();
        #[inline(always)]
        fn run<const FMA: bool>(self) {
            let wide = std::hint::black_box([1.0_f64; 8]);
            std::hint::black_box(wide.map(|x| x + x));
        }
    }
    vectorised(WideSum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;
    use ndarray::Array2;

    /// Small whole numbers: sums of products are exact in any order.
    fn entry(i: usize, j: usize) -> f64 {
        ((i * 31 + j * 17) % 13) as f64 - 6.0
    }

    fn check<T: RealField + Copy>(of: impl Fn(f64) -> T) {
        for (rows, inner, columns) in [
            (0, 3, 5),
            (5, 3, 0),
            (4, 0, 5),
            (1, 1, 1),
            (1, 700, 1300),
            (1300, 700, 1),
            (3, 2000, 900),
            (241, 97, 385),
            (480, 60, 391),
            (701, 130, 97),
            (999, 33, 1001),
        ] {
            let a = Mat::from_fn(rows, inner, |i, j| of(entry(i, j)));
            let b = Mat::from_fn(inner, columns, |i, j| of(entry(i + 5, j)));
            let mut c = Array2::from_elem((rows, columns), of(3.0));
            for accumulate in [Accum::Add, Accum::Replace] {
                let slice = c.as_slice_mut().unwrap();
                let c_matrix = MatMut::from_row_major_slice_mut(slice, rows, columns);
                product_in_blocks(c_matrix, accumulate, a.as_ref(), b.as_ref(), of(2.0));
                let before = if accumulate == Accum::Add { 3.0 } else { 0.0 };
                for ((i, j), c) in c.indexed_iter() {
                    let sum: f64 = (0..inner).map(|k| entry(i, k) * entry(k + 5, j)).sum();
                    assert!(*c == of(before + 2.0 * sum), "{rows} {inner} {columns} ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn blocks_make_up_the_product() {
        check(|x| x);
        check(|x| x as f32);
    }

    #[test]
    fn blocks_make_up_the_lower_triangle() {
        for (rows, columns) in [(1, 1), (40, 7), (30, 119), (20, 121), (50, 500)] {
            let a = Mat::from_fn(rows, columns, entry);
            let mut c = vec![1.0; columns * columns];
            gram_in_blocks(MatMut::from_row_major_slice_mut(&mut c, columns, columns), a.as_ref());
            for i in 0..columns {
                for j in 0..=i {
                    let sum: f64 = (0..rows).map(|k| entry(k, i) * entry(k, j)).sum();
                    assert_eq!(c[i * columns + j], 1.0 + sum, "{rows} {columns} ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn parts_cover_everything_and_none_is_small() {
        for (total, size, unit) in
            [(1, 240, 4), (4000, 240, 4), (97, 96, 96), (2000, 192, 48), (385, 96, 48), (5, 2, 4)]
        {
            let cuts = cuts(total, size, unit);
            assert_eq!((cuts[0], cuts[cuts.len() - 1]), (0, total));
            assert!(cuts.windows(2).all(|c| c[1] - c[0] >= unit.min(total)), "{cuts:?}");
            assert!(cuts.windows(2).all(|c| c[1] - c[0] < size + 2 * unit), "{cuts:?}");
        }
    }
}
