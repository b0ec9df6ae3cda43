//! Gram matrices of features, summed and decomposed on a card.

use cudarc::driver::CudaSlice;
use ndarray::{Array1, Array2, ArrayView2};

use super::card::Card;
use super::error::OnCard;
use super::foreign::{self, driver, zeros};
use crate::linalg::{Fallible, GramSum, Workplace, failed};

impl Workplace for Card {
    fn gram_sum(&self, size: usize) -> Fallible<Box<dyn GramSum + '_>> {
        let gram = zeros(self.stream(), size * size)?;
        Ok(Box::new(Sum { card: self, size, gram }))
    }

    fn symmetric_eigen(&self, matrix: Array2<f64>) -> Fallible<(Array1<f64>, Array2<f64>)> {
        let size = matrix.nrows();
        let (mut copy, transposed) = uploaded(self, matrix.view())?;
        drop(matrix);
        debug_assert!(!transposed, "Gram matrices are row-major");
        let values = foreign::symmetric_eigen(self.solver(), &mut copy, size, true)?;
        let values = values.ok_or(failed("symmetric eigenvalue decomposition", (size, size)))?;
        // the eigenvectors are its rows
        let vectors = downloaded(self, &copy, size)?.reversed_axes();
        Ok((values.into(), vectors))
    }
}

/// Gram + Phi^T Phi on a card.
struct Sum<'a> {
    card: &'a Card,
    size: usize,
    gram: CudaSlice<f64>,
}

impl GramSum for Sum<'_> {
    fn add(&mut self, phi: ArrayView2<'_, f64>) -> Fallible<()> {
        let (copy, transposed) = uploaded(self.card, phi)?;
        let (rows, columns) = phi.dim();
        let dim = if transposed { (columns, rows) } else { (rows, columns) };
        let (blas, stream) = (self.card.blas(), self.card.stream());
        foreign::add_gram(blas, stream, &copy.as_view(), dim, transposed, &mut self.gram)?;
        Ok(())
    }

    fn scale(&mut self, factors: &Array1<f64>) -> Fallible<()> {
        let factors = uploaded(self.card, factors.view().insert_axis(ndarray::Axis(0)))?.0;
        self.card.kernels().scale_both_sides(&mut self.gram, &factors, self.size)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Fallible<Array2<f64>> {
        Ok(downloaded(self.card, &self.gram, self.size)?)
    }
}

/// A copy of a matrix on the card, in its own order where that is row-major or, then with `true`,
/// column-major.
fn uploaded(card: &Card, matrix: ArrayView2<'_, f64>) -> OnCard<(CudaSlice<f64>, bool)> {
    let transposed = !matrix.is_standard_layout() && matrix.t().is_standard_layout();
    let rows = if transposed { matrix.reversed_axes() } else { matrix };
    let rows = rows.as_standard_layout();
    let mut copy = zeros(card.stream(), rows.len())?;
    let written = card.stream().memcpy_htod(rows.as_slice().unwrap_or(&[]), &mut copy);
    // the host's memory may go when this returns
    let written = written.and_then(|()| card.stream().synchronize());
    written.map_err(driver("copying to the card"))?;
    Ok((copy, transposed))
}

/// A square matrix on the host.
fn downloaded(card: &Card, matrix: &CudaSlice<f64>, size: usize) -> OnCard<Array2<f64>> {
    let mut copy = crate::memory::zeros(size, size)?;
    let numbers = copy.as_slice_mut().unwrap_or(&mut []);
    let read = card.stream().memcpy_dtoh(&matrix.slice(..size * size), numbers);
    let read = read.and_then(|()| card.stream().synchronize());
    read.map_err(driver("copying from the card"))?;
    Ok(copy)
}
