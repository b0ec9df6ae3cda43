//! All singular values of a matrix on a card.

use ndarray::Array1;

use super::error::OnCard;
use super::foreign::{self, CardNumber, Part, Way, zeros};
use super::gradient_step::CardNetwork;
use super::matrix::CardMatrix;
use crate::Scalar;
use crate::linalg::{Fallible, SpectralError, failed, nonempty, scaled_back, unsafe_exponent};
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
    /// [`SpectrumMethod`] allows it; otherwise, as with [`SpectrumMethod::Direct`], cuSOLVER
    /// decomposes W itself (`gesvdp`, or `gesvd` where a value is near 0).
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
/// [`SpectrumMethod::Direct`], the matrix itself is decomposed.
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
    direct(weights, unsafe_exponent::<T>(largest))
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

/// The singular values by a decomposition of the weights themselves, in their own precision, divided
/// by 2^`unit` where that is needed. By cuSOLVER's `gesvdp`, which is several times as fast as its
/// `gesvd`; the latter serves where `gesvdp` says that it had to shift the values by more than
/// rounding.
fn direct<T: Scalar>(weights: &CardMatrix<T>, unit: Option<i32>) -> Fallible<Array1<T>> {
    let (rows, columns) = weights.dim();
    let card = weights.card();
    // the library decomposes matrices with at least as many columns as rows
    let part = if rows <= columns {
        Part { steps: (columns, 1), dim: (rows, columns) }
    } else {
        Part { steps: (1, columns), dim: (columns, rows) }
    };
    let mut copy = zeros::<T>(card.stream(), rows * columns)?;
    let factor = PowerOfTwo::new(-unit.unwrap_or(0));
    let mut decomposed = |way| {
        card.kernels().scaled(weights.numbers.as_view(), part, factor, &mut copy)?;
        foreign::singular_values(card.solver(), &mut copy, part.dim, way)
    };
    let mut found = decomposed(Way::Polar)?;
    let shifted = |(values, shift): &(Vec<T>, f64)| {
        *shift > 4.0 * T::epsilon().as_f64() * values[0].as_f64()
            || !values.iter().all(|s| s.is_finite())
    };
    if found.as_ref().is_none_or(shifted) {
        found = decomposed(Way::Bidiagonal)?;
    }
    let failed = failed("singular value decomposition", (rows, columns));
    let values: Array1<T> = found.ok_or(failed)?.0.into();
    match unit {
        Some(e) => scaled_back(values, e),
        None => Ok(values),
    }
}
