//! Where large Gram matrices are summed and decomposed.

use ndarray::{Array1, Array2, ArrayView2};

use super::element::Element;
use super::error::Fallible;

/// A Gram matrix to which rows are added.
pub(crate) trait GramSum {
    /// Adds Phi^T Phi.
    fn add(&mut self, phi: ArrayView2<'_, f64>) -> Fallible<()>;

    /// Multiplies entry (i, j) by `factors[i]` and `factors[j]`.
    fn scale(&mut self, factors: &Array1<f64>) -> Fallible<()>;

    /// The sum; only the lower triangle is set.
    fn finish(self: Box<Self>) -> Fallible<Array2<f64>>;
}

/// A machine that sums and decomposes Gram matrices, whose other steps are computed on the processor.
pub(crate) trait Workplace: Sync {
    /// A sum of `size` x `size` to which nothing has been added.
    fn gram_sum(&self, size: usize) -> Fallible<Box<dyn GramSum + '_>>;

    /// Eigenvalues (increasing) and eigenvectors (columns) of a symmetric matrix; only the lower
    /// triangle is read.
    fn symmetric_eigen(&self, matrix: Array2<f64>) -> Fallible<(Array1<f64>, Array2<f64>)>;
}

/// The processor.
pub(crate) struct Processor;

impl Workplace for Processor {
    fn gram_sum(&self, size: usize) -> Fallible<Box<dyn GramSum + '_>> {
        Ok(Box::new(Sum { size, gram: None }))
    }

    fn symmetric_eigen(&self, matrix: Array2<f64>) -> Fallible<(Array1<f64>, Array2<f64>)> {
        f64::symmetric_eigen(matrix, true)
    }
}

struct Sum {
    size: usize,
    /// `None` for zero: one matrix less is held where everything is added at once.
    gram: Option<Array2<f64>>,
}

impl GramSum for Sum {
    fn add(&mut self, phi: ArrayView2<'_, f64>) -> Fallible<()> {
        let more = f64::gram(phi, 0);
        match &mut self.gram {
            Some(gram) => *gram += &more,
            None => self.gram = Some(more),
        }
        Ok(())
    }

    fn scale(&mut self, factors: &Array1<f64>) -> Fallible<()> {
        if let Some(gram) = &mut self.gram {
            scale_both_sides(gram, factors);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Fallible<Array2<f64>> {
        Ok(self.gram.unwrap_or_else(|| Array2::zeros((self.size, self.size))))
    }
}

/// Multiplies entry (i, j) by `factors[i]` and `factors[j]`.
pub(crate) fn scale_both_sides(matrix: &mut Array2<f64>, factors: &Array1<f64>) {
    for (mut row, factor) in matrix.rows_mut().into_iter().zip(factors) {
        row *= *factor;
        row *= factors;
    }
}
