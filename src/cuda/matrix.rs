//! Matrices in the memory of a card.

use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaView};
use ndarray::{Array2, ArrayView2};

use super::card::Card;
use super::error::OnCard;
use super::foreign::{Block, CardNumber, driver, zeros};
use crate::memory;

/// A row-major matrix in the memory of a card.
pub(crate) struct CardMatrix<T> {
    card: Arc<Card>,
    pub(super) numbers: CudaSlice<T>,
    dim: (usize, usize),
}

impl<T: CardNumber> CardMatrix<T> {
    /// Zeros.
    pub fn zeros(card: &Arc<Card>, dim: (usize, usize)) -> OnCard<Self> {
        let numbers = zeros(card.stream(), dim.0 * dim.1)?;
        Ok(Self { card: card.clone(), numbers, dim })
    }

    /// A copy of a matrix of the host.
    pub fn upload(card: &Arc<Card>, matrix: ArrayView2<'_, T>) -> OnCard<Self> {
        let mut copy = Self::zeros(card, matrix.dim())?;
        let rows = matrix.as_standard_layout();
        let numbers = rows.as_slice().unwrap_or(&[]);
        let written = card.stream().memcpy_htod(numbers, &mut copy.numbers);
        // the host's memory may go when this returns
        let written = written.and_then(|()| card.stream().synchronize());
        written.map_err(driver("copying to the card"))?;
        Ok(copy)
    }

    /// A copy on the host.
    pub fn download(&self) -> OnCard<Array2<T>> {
        let mut copy = memory::zeros(self.dim.0, self.dim.1)?;
        let count = self.dim.0 * self.dim.1;
        let numbers = copy.as_slice_mut().unwrap_or(&mut []);
        let read = self.card.stream().memcpy_dtoh(&self.numbers.slice(..count), numbers);
        let read = read.and_then(|()| self.card.stream().synchronize());
        read.map_err(driver("copying from the card"))?;
        Ok(copy)
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        self.dim
    }

    /// The card.
    pub fn card(&self) -> &Arc<Card> {
        &self.card
    }

    /// All numbers, row by row.
    pub(super) fn view(&self) -> CudaView<'_, T> {
        self.numbers.slice(..self.dim.0 * self.dim.1)
    }

    /// The matrix as an operand of a product.
    pub(super) fn block(&self) -> Block<'_, T> {
        Block::new(self.numbers.as_view(), self.dim)
    }
}
