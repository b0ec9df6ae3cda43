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

/// Rows and columns of a block, and bytes of a row of it: the part of a row-major result that
/// `faer` was found to compute fastest.
const ROWS: usize = 240;
const ROW_BYTES: usize = 1536;
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
    let (mut r, mut c) = (ROWS.min(rows), (ROW_BYTES / size_of::<T>()).min(columns));
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
