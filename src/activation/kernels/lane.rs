//! Constants and bits of a precision.

use num_traits::FloatConst;

use crate::numerics::Real;

/// Constants written by tests/reference/kernels.py.
pub trait Coefficients: Real {
    /// ln 2 in two parts; k times the first is exact for the exponents that occur.
    const LN_2: [Self; 2];
    /// pi / 2 in three parts; k times the first two is exact up to [`Lane::SINE_MAX`].
    const HALF_PI: [Self; 3];
    const EXPM1: &'static [Self];
    const ERF: &'static [Self];
    const ERFC: &'static [Self];
    const LN: &'static [Self];
    const SIN: &'static [Self];
    const COS: &'static [Self];
}

/// What the kernels need of `f32` and `f64` beyond arithmetic.
pub trait Lane: Coefficients + FloatConst {
    /// 1.5 * 2^(mantissa bits): adding it rounds to an integer, which stands in the low bits.
    const ROUNDER: Self;
    /// Below this, exp is flushed to zero.
    const EXP_MIN: Self;
    /// Largest argument of the sine kernel.
    const SINE_MAX: Self;
    /// Centre of the map x -> (x - c)/(x + c) of the complementary error function.
    const ERFC_CENTRE: Self;
    /// Largest argument of the complementary error function; beyond, it is flushed to zero.
    const ERFC_MAX: Self;
    /// 2^12 + 1 or 2^27 + 1, which splits a number into two halves.
    const SPLITTER: Self;

    /// 2^k, given k + ROUNDER.
    fn power_of_two(rounded: Self) -> Self;
    /// Bits 0 and 1 of k, given k + ROUNDER.
    fn low_bits(rounded: Self) -> (bool, bool);
}

macro_rules! lane {
    ($t:ident, mantissa $mantissa:literal, bias $bias:literal, $($constant:ident = $value:literal),+) => {
        impl Lane for $t {
            const ROUNDER: Self = 1.5 * (1_u64 << $mantissa) as $t;
            $(const $constant: Self = $value;)+

            #[inline(always)]
            fn power_of_two(rounded: Self) -> Self {
                Self::from_bits((rounded.to_bits().wrapping_add($bias)) << $mantissa)
            }
            #[inline(always)]
            fn low_bits(rounded: Self) -> (bool, bool) {
                (rounded.to_bits() & 1 != 0, rounded.to_bits() & 2 != 0)
            }
        }
    };
}
#[rustfmt::skip]
lane!(f64, mantissa 52, bias 1023, EXP_MIN = -708.0, SINE_MAX = 1e5, ERFC_CENTRE = 3.75,
    ERFC_MAX = 27.0, SPLITTER = 134_217_729.0);
#[rustfmt::skip]
lane!(f32, mantissa 23, bias 127, EXP_MIN = -87.0, SINE_MAX = 256.0, ERFC_CENTRE = 2.0,
    ERFC_MAX = 9.5, SPLITTER = 4097.0);
