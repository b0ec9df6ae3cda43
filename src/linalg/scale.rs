//! Matrices in another unit: divided by a power of two, so that no digit changes.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::element::Element;
use super::error::{Fallible, SpectralError, nonempty};
use crate::numerics::{PowerOfTwo, exponent, times_power};

/// The matrix divided by the power of two of its largest entry, and that exponent, when fourth powers
/// of its singular values (norms of W^T W v) could overflow or vanish; `None` otherwise. The same for
/// any order of entries.
pub(super) fn rescaled<T: Element>(a: ArrayView2<'_, T>) -> Fallible<Option<(Array2<T>, i32)>> {
    let Some(e) = unsafe_exponent::<T>(T::largest_entry(a)?) else { return Ok(None) };
    let factor = PowerOfTwo::new(-e);
    Ok(Some((a.mapv(|x| T::of(factor.times(x.as_f64()))), e)))
}

/// The exponent of the `largest` entry of a matrix of `T` for which [`rescaled`] is needed.
pub(crate) fn unsafe_exponent<T: Element>(largest: f64) -> Option<i32> {
    let e = exponent(largest);
    // The largest singular value is at most the largest entry times the root of their number, and a
    // remainder of W^T W v after a subtraction may be an epsilon of it.
    let safe = if is_double::<T>() { -200..=200 } else { -16..=8 };
    (largest != 0.0 && !safe.contains(&e)).then_some(e)
}

/// Values of the matrix from the values of the matrix divided by 2^e.
pub(crate) fn scaled_back<S: Element, T: Element>(
    values: Array1<S>,
    e: i32,
) -> Fallible<Array1<T>> {
    let values = values.mapv(|x| T::of(times_power(x.as_f64(), e)));
    if values.iter().all(|x| x.is_finite()) { Ok(values) } else { Err(SpectralError::Overflow) }
}

/// Whether the numbers are `f64`.
pub(crate) fn is_double<T: Element>() -> bool {
    size_of::<T>() == size_of::<f64>()
}

/// The largest absolute value of an entry of a matrix.
pub(super) fn largest_entry<T: Element>(a: ArrayView2<'_, T>) -> Fallible<f64> {
    nonempty(a.dim())?;
    let rows = a.axis_iter(Axis(0)).into_par_iter();
    finite(rows.map(|row| row.iter().map(magnitude).max()).max().flatten())
}

/// The largest absolute value of an entry up to the diagonal.
pub(super) fn largest_in_lower<T: Element>(a: &Array2<T>) -> Fallible<f64> {
    nonempty(a.dim())?;
    let rows = a.axis_iter(Axis(0)).into_par_iter().enumerate();
    finite(rows.map(|(i, row)| row.iter().take(i + 1).map(magnitude).max()).max().flatten())
}

/// The bits of |x|, which have the order of the numbers, with NaN after infinity.
fn magnitude<T: Element>(x: &T) -> u64 {
    x.as_f64().abs().to_bits()
}

fn finite(largest: Option<u64>) -> Fallible<f64> {
    let largest = f64::from_bits(largest.unwrap_or(0));
    if largest.is_finite() { Ok(largest) } else { Err(SpectralError::NonFinite) }
}
