//! Powers of two. They change the unit of numbers and none of their digits, so that a computation
//! in another unit is the same to the last bit.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::simd::{Loop, vectorised};
use super::{Element, SpectralError};

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
pub(super) fn rescaled<T: Element>(
    a: ArrayView2<'_, T>,
) -> Result<Option<(Array2<T>, i32)>, SpectralError> {
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
pub(crate) fn scaled_back<T: Element>(
    values: Array1<T>,
    e: i32,
) -> Result<Array1<T>, SpectralError> {
    let values = values.mapv(|x| T::of(times_power(x.as_f64(), e)));
    if values.iter().all(|x| x.is_finite()) { Ok(values) } else { Err(SpectralError::Overflow) }
}

/// Whether the numbers are `f64`.
pub(crate) fn is_double<T: Element>() -> bool {
    size_of::<T>() == size_of::<f64>()
}

/// The largest absolute value of an entry of a matrix.
pub(super) fn largest_entry<T: Element>(a: ArrayView2<'_, T>) -> Result<f64, SpectralError> {
    let (rows, columns) = a.dim();
    if rows == 0 || columns == 0 {
        return Err(SpectralError::Empty { rows, columns });
    }
    let per_row = |row: ArrayView1<'_, T>| match row.as_slice() {
        Some(row) => vectorised(Extent(row)),
        None => row.iter().fold([T::zero(); 2], |so_far, x| larger(so_far, *x)),
    };
    let rows = a.axis_iter(Axis(0)).into_par_iter();
    finite(rows.map(per_row).reduce(|| [T::zero(); 2], both))
}

/// The largest absolute value of some numbers.
pub(super) fn extent<'a, T: Element>(
    numbers: impl Iterator<Item = &'a T>,
) -> Result<f64, SpectralError> {
    finite(numbers.fold([T::zero(); 2], |so_far, x| larger(so_far, *x)))
}

fn finite<T: Element>([largest, sum]: [T; 2]) -> Result<f64, SpectralError> {
    if sum.is_finite() { Ok(largest.as_f64()) } else { Err(SpectralError::NonFinite) }
}

/// The largest absolute value so far, and a sum of zeros that is finite as long as all numbers are.
#[inline(always)]
fn larger<T: Element>(so_far: [T; 2], x: T) -> [T; 2] {
    both(so_far, [x.abs(), T::zero() * x])
}

/// [`larger`] for two sets of numbers.
#[inline(always)]
fn both<T: Element>([a, s]: [T; 2], [b, t]: [T; 2]) -> [T; 2] {
    [if b > a { b } else { a }, s + t]
}

/// [`larger`] over a slice, 32 numbers at once.
struct Extent<'a, T>(&'a [T]);

impl<T: Element> Loop for Extent<'_, T> {
    type Output = [T; 2];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> [T; 2] {
        const LANES: usize = 32;
        let mut so_far = [[T::zero(); 2]; LANES];
        let whole = self.0.chunks_exact(LANES);
        let rest = whole.remainder();
        for numbers in whole {
            for lane in 0..LANES {
                so_far[lane] = larger(so_far[lane], numbers[lane]);
            }
        }
        let mut all = [T::zero(); 2];
        for lane in so_far {
            all = both(all, lane);
        }
        for x in rest {
            all = larger(all, *x);
        }
        all
    }
}
