//! The traits of `num-traits`, so that functions generic over them take dual numbers.
//!
//! Predicates look at the value. `epsilon`, `max_value` and the like are constants.

use std::num::FpCategory;

use num_traits::{Float, FloatConst, FromPrimitive, Num, NumCast, One, ToPrimitive, Zero};

use super::Dual;
use crate::Scalar;

impl<T: Scalar> Zero for Dual<T> {
    fn zero() -> Self {
        Self::constant(T::zero())
    }
    fn is_zero(&self) -> bool {
        self.value.is_zero()
    }
}

impl<T: Scalar> One for Dual<T> {
    fn one() -> Self {
        Self::constant(T::one())
    }
}

impl<T: Scalar> Num for Dual<T> {
    type FromStrRadixErr = T::FromStrRadixErr;
    fn from_str_radix(digits: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        T::from_str_radix(digits, radix).map(Self::constant)
    }
}

impl<T: Scalar> ToPrimitive for Dual<T> {
    fn to_i64(&self) -> Option<i64> {
        self.value.to_i64()
    }
    fn to_u64(&self) -> Option<u64> {
        self.value.to_u64()
    }
    fn to_f64(&self) -> Option<f64> {
        self.value.to_f64()
    }
}

impl<T: Scalar> NumCast for Dual<T> {
    /// A constant.
    fn from<N: ToPrimitive>(number: N) -> Option<Self> {
        <T as NumCast>::from(number).map(Self::constant)
    }
}

impl<T: Scalar> FromPrimitive for Dual<T> {
    fn from_i64(number: i64) -> Option<Self> {
        <Self as NumCast>::from(number)
    }
    fn from_u64(number: u64) -> Option<Self> {
        <Self as NumCast>::from(number)
    }
    fn from_f64(number: f64) -> Option<Self> {
        <Self as NumCast>::from(number)
    }
}

macro_rules! constants {
    ($($name:ident)+) => {
        #[allow(non_snake_case)]
        impl<T: Scalar> FloatConst for Dual<T> {$(
            fn $name() -> Self {
                Self::constant(T::of(std::f64::consts::$name))
            }
        )+}
    };
}
constants! {
    E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6
    FRAC_PI_8 LN_10 LN_2 LOG10_E LOG2_E PI SQRT_2
}

/// Methods that exist on `Dual` itself, or on its value.
macro_rules! float {
    (constants: $($constant:ident)+; predicates: $($predicate:ident)+; unary: $($unary:ident)+;
     binary: $($binary:ident)+;) => {
        impl<T: Scalar> Float for Dual<T> {
            $(fn $constant() -> Self { Self::constant(T::$constant()) })+
            $(#[inline] fn $predicate(self) -> bool { self.value.$predicate() })+
            $(#[inline] fn $unary(self) -> Self { Dual::$unary(self) })+
            $(#[inline] fn $binary(self, other: Self) -> Self { Dual::$binary(self, other) })+
            #[inline]
            fn is_nan(self) -> bool { Dual::is_nan(self) }
            fn classify(self) -> FpCategory { self.value.classify() }
            fn integer_decode(self) -> (u64, i16, i8) { self.value.integer_decode() }
            #[inline]
            fn mul_add(self, a: Self, b: Self) -> Self { Dual::mul_add(self, a, b) }
            #[inline]
            fn powi(self, n: i32) -> Self { Dual::powi(self, n) }
            #[inline]
            fn sin_cos(self) -> (Self, Self) { Dual::sin_cos(self) }
            #[inline]
            fn abs_sub(self, other: Self) -> Self { (self - other).max(0.0) }
            #[inline]
            fn clamp(self, low: Self, high: Self) -> Self { Dual::clamp(self, low, high) }
            /// The factor is rounded once, not through single precision.
            #[inline]
            fn to_degrees(self) -> Self { self * (180.0 / std::f64::consts::PI) }
            #[inline]
            fn to_radians(self) -> Self { self * (std::f64::consts::PI / 180.0) }
        }
    };
}
float! {
    constants: nan infinity neg_infinity neg_zero min_value min_positive_value epsilon max_value;
    predicates: is_infinite is_finite is_normal is_subnormal is_sign_positive is_sign_negative;
    unary: floor ceil round trunc fract abs signum recip sqrt exp exp2 ln log2 log10 cbrt sin cos tan
        asin acos atan exp_m1 ln_1p sinh cosh tanh asinh acosh atanh;
    binary: powf log max min hypot atan2;
}
