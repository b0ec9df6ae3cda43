//! Powers of two. They change the unit of numbers and none of their digits, so that a computation
//! in another unit is the same to the last bit.

use ndarray::{Array1, Array2, ArrayView2};

use super::{LinalgError, largest_entry};
use crate::linalg::Element;

/// The e of 2^e <= |x| < 2^(e + 1); that of the smallest number for 0.
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
    /// 2^power, in two factors: the power itself may be no number.
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
/// overflow or vanish; `None` when they are not. The same for any order of entries.
pub(crate) fn rescaled<T: Element>(
    a: ArrayView2<'_, T>,
) -> Result<Option<(Array2<T>, i32)>, LinalgError> {
    let largest = largest_entry(a)?;
    let e = exponent(largest);
    // A singular value is at most the root of the number of entries times the largest of them, and
    // what is left of W^T W v after a subtraction may be an epsilon of it. Only the epsilon of `f64`
    // is below 1e-10.
    let safe = if T::epsilon().as_f64() < 1e-10 { -200..=200 } else { -16..=8 };
    if largest == 0.0 || safe.contains(&e) {
        return Ok(None);
    }
    let factor = PowerOfTwo::new(-e);
    Ok(Some((a.mapv(|x| T::of(factor.times(x.as_f64()))), e)))
}

/// Values of the matrix from those of the tame one.
pub(crate) fn scaled_back<T: Element>(values: Array1<T>, e: i32) -> Result<Array1<T>, LinalgError> {
    let values = values.mapv(|x| T::of(times_power(x.as_f64(), e)));
    if values.iter().all(|x| x.is_finite()) { Ok(values) } else { Err(LinalgError::Overflow) }
}
