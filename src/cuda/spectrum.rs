//! All singular values of a matrix on a card.

use ndarray::Array1;

use super::error::OnCard;
use super::foreign::{self, CardNumber, Part, zeros};
use super::gradient_step::CardNetwork;
use super::matrix::CardMatrix;
use crate::Scalar;
use crate::linalg::{Fallible, SpectralError, failed, nonempty, scaled_back};
use crate::memory;
use crate::numerics::{PowerOfTwo, exponent};
use crate::spectral::SpectrumMethod;

/// Rows (or columns, where they are more) that are converted to `f64` at once.
const BLOCK: usize = 4096;

impl<T: Scalar> CardNetwork<T> {
    /// All min(N, d) singular values of W, largest first, as
    /// [`SpectrumMethod::singular_values`].
    ///
    /// The Gram matrix is formed and decomposed on the card in `f64`, where the rule of
    /// [`SpectrumMethod`] allows it; otherwise, as with [`SpectrumMethod::Direct`], the processor
    /// decomposes W itself, which takes much longer.
    ///
    /// # Errors
    /// As [`singular_values`](crate::spectral::singular_values); [`SpectralError::Cuda`] when the card
    /// fails or has not enough memory.
    pub fn singular_values(&self, method: SpectrumMethod) -> Result<Array1<T>, SpectralError> {
        singular_values(self.weights(), method)
    }
}

/// All min(N, d) singular values of `weights` (N x d), largest first. The Gram matrix is formed and
/// decomposed in `f64`, where the rule of [`SpectrumMethod`] allows it; otherwise, as with
/// [`SpectrumMethod::Direct`], the processor decomposes the matrix itself.
pub(super) fn singular_values<T: Scalar>(
    weights: &CardMatrix<T>,
    method: SpectrumMethod,
) -> Fallible<Array1<T>> {
    let (rows, columns) = weights.dim();
    let largest = largest_entry(weights)?;
    if method != SpectrumMethod::Direct {
        // a unit in which no square overflows or vanishes, as on the processor
        let e = exponent(largest);
        let squares = squares(weights, PowerOfTwo::new(-e))?;
        if let Some(values) = method.roots_of::<T>(&squares, rows + columns) {
            return scaled_back(values, e);
        }
    }
    SpectrumMethod::Direct.singular_values(weights.download()?.view())
}

/// The bytes on the card that [`singular_values`] needs beside the weights, with what cuSOLVER was
/// seen to ask for.
pub(crate) fn bytes(rows: usize, columns: usize) -> u128 {
    let (smaller, larger) = (rows.min(columns) as u128, rows.max(columns) as u128);
    memory::total(8, &[(3 * smaller, smaller), (larger.min(BLOCK as u128), smaller)])
}

/// The largest absolute value of an entry.
pub(super) fn largest_entry<T: CardNumber>(weights: &CardMatrix<T>) -> Fallible<f64> {
    nonempty(weights.dim())?;
    let largest = weights.card().kernels().largest(weights.numbers.as_view())?.as_f64();
    if largest.is_finite() { Ok(largest) } else { Err(SpectralError::NonFinite) }
}

/// The eigenvalues (increasing) of the smaller Gram matrix of the weights times `factor`.
fn squares<T: CardNumber>(weights: &CardMatrix<T>, factor: PowerOfTwo) -> Fallible<Array1<f64>> {
    let (rows, columns) = weights.dim();
    let card = weights.card();
    let mut gram = gram(weights, factor)?;
    let size = rows.min(columns);
    let values = foreign::symmetric_eigen(card.solver(), &mut gram, size, false)?;
    let values = values.ok_or(failed("symmetric eigenvalue decomposition", (size, size)))?;
    Ok(values.into())
}

/// The lower triangle of W^T W or, with fewer rows than columns, of W W^T, for the weights times
/// `factor`; in blocks, so that no second copy of the weights is held.
fn gram<T: CardNumber>(
    weights: &CardMatrix<T>,
    factor: PowerOfTwo,
) -> OnCard<cudarc::driver::CudaSlice<f64>> {
    let (rows, columns) = weights.dim();
    let (card, tall) = (weights.card(), rows >= columns);
    let (size, length) = (rows.min(columns), rows.max(columns));
    let mut gram = zeros::<f64>(card.stream(), size * size)?;
    let mut wide = zeros::<f64>(card.stream(), size * length.min(BLOCK))?;
    for first in (0..length).step_by(BLOCK) {
        let count = BLOCK.min(length - first);
        let (start, dim) =
            if tall { (first * columns, (count, columns)) } else { (first, (rows, count)) };
        let part = Part { steps: (columns, 1), dim };
        card.kernels().widened(weights.numbers.slice(start..), part, factor, &mut wide)?;
        let wide = wide.as_view();
        foreign::add_gram(card.blas(), card.stream(), &wide, dim, !tall, &mut gram)?;
    }
    Ok(gram)
}
