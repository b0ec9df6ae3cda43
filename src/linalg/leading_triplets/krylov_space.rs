//! The Krylov space of W^T W, W^T W within it, and when to look at convergence.

use ndarray::{Array2, Axis, Slice};

use super::orthonormal::{inner_products, subtract};
use crate::linalg::error::Fallible;
use crate::linalg::{Element, multiply};

/// Size of the basis at the first look at convergence.
const FIRST_LOOK: usize = 64;

/// When to look at convergence next.
pub(super) struct Schedule {
    /// Size of the basis at the next look.
    pub next: usize,
    /// Size of the basis and estimate at the last look.
    last: Option<(usize, f64)>,
}

impl Schedule {
    pub fn new(wanted: usize) -> Self {
        Self { next: FIRST_LOOK.max(2 * wanted), last: None }
    }

    /// Plans the next look where the residual meets the tolerance if it falls at the same rate, but
    /// at most a quarter of the size later: it falls faster and faster, and a look costs no more
    /// than one or two blocks.
    pub fn plan(&mut self, size: usize, block: usize, estimate: f64, tolerance: f64) {
        let quarter = block.max(size / 4);
        let rate = self.last.map(|(then, before)| (before / estimate).ln() / (size - then) as f64);
        let falling = rate.filter(|rate| *rate > 0.0);
        let way = falling.map_or(quarter as f64, |rate| (estimate / tolerance).ln() / rate);
        self.next = size + (way as usize).clamp(block, quarter);
        self.last = Some((size, estimate));
    }
}

/// Orthonormal rows Q, and Q W^T W Q^T, which is block tridiagonal.
pub(super) struct KrylovSpace<T> {
    pub basis: Array2<T>,
    /// The blocks of the lower triangle of Q W^T W Q^T, each with its first row and column.
    blocks: Vec<(usize, usize, Array2<T>)>,
    /// The part of the last block's image outside the space; before the first block, the start.
    pub outside: Array2<T>,
}

impl<T: Element> KrylovSpace<T> {
    pub fn new(start: Array2<T>) -> Self {
        let basis = Array2::zeros((0, start.ncols()));
        Self { basis, blocks: Vec::new(), outside: start }
    }

    pub fn size(&self) -> usize {
        self.basis.nrows()
    }

    /// Adds a block of rows with its image under W^T W. The image lies in the span of the last two
    /// blocks and of the next one.
    pub fn extend(&mut self, rows: &Array2<T>, mut image: Array2<T>) {
        let diagonal = inner_products(rows, &image);
        subtract(&diagonal, rows.view(), &mut image);
        let size = self.size();
        self.blocks.push((size, size, diagonal));
        if size > 0 {
            let below = inner_products(rows, &self.outside);
            let first = size - below.ncols();
            subtract(&below, self.basis.slice_axis(Axis(0), Slice::from(first..)), &mut image);
            self.blocks.push((size, first, below));
        }
        self.outside = image;
        // both are row-major with the same number of columns, so this cannot fail
        let appended = self.basis.append(Axis(0), rows.view());
        debug_assert!(appended.is_ok());
    }

    /// The lower triangle of Q W^T W Q^T.
    fn projected(&self) -> Array2<T> {
        let mut projected = Array2::zeros((self.size(), self.size()));
        for (row, column, block) in &self.blocks {
            let rows = Slice::from(*row..row + block.nrows());
            let columns = Slice::from(*column..column + block.ncols());
            let mut target = projected.slice_axis_mut(Axis(0), rows);
            target.slice_axis_mut(Axis(1), columns).assign(block);
        }
        projected
    }

    /// The `count` leading Ritz vectors (columns, in terms of the basis), and an estimate of their
    /// largest residual as singular vectors, relative to the largest singular value. In exact
    /// arithmetic only `outside` is not in the span of Q.
    pub fn leading(&self, count: usize) -> Fallible<(Array2<T>, f64)> {
        let (values, vectors) = T::symmetric_eigen(self.projected(), true)?;
        let leading = Slice::from(self.size() - count.min(self.size())..);
        let mut vectors = vectors.slice_axis(Axis(1), leading);
        vectors.invert_axis(Axis(1));
        let last = Slice::from(self.size() - self.outside.nrows()..);
        let residuals = multiply(vectors.slice_axis(Axis(0), last).t(), self.outside.view());
        let values = values.iter().rev().map(|x| x.as_f64().max(0.0).sqrt());
        let estimates = residuals.rows().into_iter().zip(values.clone()).map(|(row, value)| {
            let norm = row.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt();
            // the residual of a value that vanishes is the root
            if value > norm.sqrt() { norm / value } else { norm.sqrt() }
        });
        let estimate = estimates.fold(0.0, f64::max);
        let largest = values.fold(0.0, f64::max);
        Ok((vectors.to_owned(), if largest > 0.0 { estimate / largest } else { 0.0 }))
    }
}
