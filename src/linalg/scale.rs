//! Powers of two. They change the unit of numbers and none of their digits, so that a computation
//! in another unit is the same to the last bit.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::{Element, Fallible, SpectralError};

/// The e of 2^e <= |x| < 2^(e + 1), and the smallest exponent of a number for 0.
pub(crate) fn exponent(x: f64) -> i32 {
    if x == 0.0 { SMALLEST } else { libm::ilogb(x) }
}

const SMALLEST: i32 = -1074;

/// x 2^power: exact, unless the result is out of the range of ordinary numbers.
pub(crate) fn times_power(x: f64, power: i32) -> f64 {
    libm::scalbn(x, power)
}

/// [`times_power`] for many numbers and a power between -1100 and 1100.
#[derive(Clone, Copy)]
pub(crate) struct PowerOfTwo([f64; 2]);

impl PowerOfTwo {
    /// 2^power, in two factors, because the power itself may overflow or vanish.
    pub fn new(power: i32) -> Self {
        debug_assert!(power.abs() <= 1100);
        Self([times_power(1.0, power / 2), times_power(1.0, power - power / 2)])
    }

    #[inline(always)]
    pub fn times(self, x: f64) -> f64 {
        x * self.0[0] * self.0[1]
    }
}

/// The matrix divided by the power of two of its largest entry, and that exponent, when its entries
/// are so large or so small that fourth powers of its singular values (norms of W^T W v) could
/// overflow or vanish; `None` when no scaling is needed. The same for any order of entries.
pub(super) fn rescaled<T: Element>(a: ArrayView2<'_, T>) -> Fallible<Option<(Array2<T>, i32)>> {
    let largest = T::largest_entry(a)?;
    let e = exponent(largest);
    // The largest singular value is at most the largest entry times the root of their number, and a
    // remainder of W^T W v after a subtraction may be an epsilon of it.
    let safe = if is_double::<T>() { -200..=200 } else { -16..=8 };
    if largest == 0.0 || safe.contains(&e) {
        return Ok(None);
    }
    let factor = PowerOfTwo::new(-e);
    Ok(Some((a.mapv(|x| T::of(factor.times(x.as_f64()))), e)))
}

/// Values of the matrix from the values of the matrix divided by 2^e.
pub(crate) fn scaled_back<T: Element>(values: Array1<T>, e: i32) -> Fallible<Array1<T>> {
    let values = values.mapv(|x| T::of(times_power(x.as_f64(), e)));
    if values.iter().all(|x| x.is_finite()) { Ok(values) } else { Err(SpectralError::Overflow) }
}

/// Whether the numbers are `f64`.
pub(crate) fn is_double<T: Element>() -> bool {
    size_of::<T>() == size_of::<f64>()
}

/// The largest absolute value of an entry of a matrix.
pub(super) fn largest_entry<T: Element>(a: ArrayView2<'_, T>) -> Fallible<f64> {
    let (rows, columns) = a.dim();
    if rows == 0 || columns == 0 {
        return Err(SpectralError::Empty { rows, columns });
    }
    let rows = a.axis_iter(Axis(0)).into_par_iter();
    finite(rows.map(|row| row.iter().map(magnitude).max()).max().flatten())
}

/// The largest absolute value of some numbers, 0 for none.
pub(super) fn largest_of<'a, T: Element>(numbers: impl Iterator<Item = &'a T>) -> Fallible<f64> {
    finite(numbers.map(magnitude).max())
}

/// The bits of |x|, which have the order of the numbers, with NaN after infinity.
fn magnitude<T: Element>(x: &T) -> u64 {
    x.as_f64().abs().to_bits()
}

fn finite(largest: Option<u64>) -> Fallible<f64> {
    let largest = f64::from_bits(largest.unwrap_or(0));
    if largest.is_finite() { Ok(largest) } else { Err(SpectralError::NonFinite) }
}
