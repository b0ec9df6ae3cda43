//! Powers of two. They change the unit of numbers and none of their digits, so that a computation
//! in another unit is the same to the last bit.

/// The e of 2^e <= |x| < 2^(e + 1), and the smallest exponent of a number for 0.
pub(crate) fn exponent(x: f64) -> i32 {
    if x == 0.0 { -1074 } else { libm::ilogb(x) }
}

/// The largest [`exponent`] of `numbers`.
pub(crate) fn largest_exponent<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> i32 {
    exponent(numbers.into_iter().fold(0.0_f64, |m, x| m.max(x.abs())))
}

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

    /// The two factors.
    #[cfg(feature = "cuda")]
    pub fn factors(self) -> [f64; 2] {
        self.0
    }

    #[inline(always)]
    pub fn times(self, x: f64) -> f64 {
        x * self.0[0] * self.0[1]
    }
}
