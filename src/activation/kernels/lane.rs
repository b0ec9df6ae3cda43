//! Constants and bits of a precision.

use super::coefficients::{double, single};
use crate::numerics::Real;

/// The constants and bit operations of `f32` and `f64` that the kernels are built on.
pub trait Lane: Real {
    /// 1.5 * 2^(mantissa bits): adding it rounds to an integer, which stands in the low bits.
    const ROUNDER: Self;
    /// 1 / ln 2.
    const LOG2_E: Self;
    /// ln 2 in two parts; k times the first is exact for the exponents that occur.
    const LN_2: [Self; 2];
    /// Below this, exp is flushed to zero.
    const EXP_MIN: Self;
    /// 2 / pi.
    const TWO_OVER_PI: Self;
    /// pi / 2 in three parts; k times the first two is exact up to [`SINE_MAX`](Self::SINE_MAX).
    const HALF_PI: [Self; 3];
    /// Largest argument of the sine kernel.
    const SINE_MAX: Self;
    /// Centre of the map x -> (x - c)/(x + c) of the complementary error function.
    const ERFC_CENTRE: Self;
    /// Largest argument of the complementary error function; beyond, it is flushed to zero.
    const ERFC_MAX: Self;
    /// 2^12 + 1 or 2^27 + 1, which splits a number into two halves.
    const SPLITTER: Self;
    const EXPM1: &'static [Self];
    const ERF: &'static [Self];
    const ERFC: &'static [Self];
    const LN: &'static [Self];
    const SIN: &'static [Self];
    const COS: &'static [Self];

    /// 2^k, given k + ROUNDER.
    fn power_of_two(rounded: Self) -> Self;
    /// Bits 0 and 1 of k, given k + ROUNDER.
    fn low_bits(rounded: Self) -> (bool, bool);
}

macro_rules! lane {
    ($t:ident, $coefficients:ident, $mantissa:literal, $bias:literal, {$($constant:tt)*}) => {
        impl Lane for $t {
            const ROUNDER: Self = 1.5 * (1_u64 << $mantissa) as $t;
            const LOG2_E: Self = std::$t::consts::LOG2_E;
            const TWO_OVER_PI: Self = std::$t::consts::FRAC_2_PI;
            const EXPM1: &'static [Self] = &$coefficients::EXPM1;
            const ERF: &'static [Self] = &$coefficients::ERF;
            const ERFC: &'static [Self] = &$coefficients::ERFC;
            const LN: &'static [Self] = &$coefficients::LN;
            const SIN: &'static [Self] = &$coefficients::SIN;
            const COS: &'static [Self] = &$coefficients::COS;
            $($constant)*

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
lane!(f64, double, 52, 1023, {
    const LN_2: [Self; 2] = double::LN_2;
    const EXP_MIN: Self = -708.0;
    const HALF_PI: [Self; 3] = double::HALF_PI;
    const SINE_MAX: Self = 1e5;
    const ERFC_CENTRE: Self = 3.75;
    const ERFC_MAX: Self = 27.0;
    const SPLITTER: Self = 134_217_729.0;
});
lane!(f32, single, 23, 127, {
    const LN_2: [Self; 2] = single::LN_2;
    const EXP_MIN: Self = -87.0;
    const HALF_PI: [Self; 3] = single::HALF_PI;
    const SINE_MAX: Self = 256.0;
    const ERFC_CENTRE: Self = 2.0;
    const ERFC_MAX: Self = 9.5;
    const SPLITTER: Self = 4097.0;
});
