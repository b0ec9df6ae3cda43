//! Elementary functions of dual numbers.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10};

use super::Dual;
use crate::Scalar;

/// Functions of one variable: the value is that of the precision, the slope a formula in the
/// argument `x` and the value `f`.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident: |$x:ident, $f:ident| $slope:expr;)+) => {
        impl<T: Scalar> Dual<T> {$(
            $(#[$doc])*
            #[inline]
            pub fn $name(self) -> Self {
                let ($x, $f) = (self.value, self.value.$name());
                let _ = ($x, $f);
                self.chain($f, $slope)
            }
        )+}
    };
}

functions! {
    /// e^self.
    exp: |x, f| f;
    /// 2^self.
    exp2: |x, f| T::of(LN_2) * f;
    /// e^self - 1.
    exp_m1: |x, f| x.exp();
    /// The natural logarithm.
    ln: |x, f| x.recip();
    /// ln(1 + self).
    ln_1p: |x, f| (T::one() + x).recip();
    /// The logarithm to base 2.
    log2: |x, f| (x * T::of(LN_2)).recip();
    /// The logarithm to base 10.
    log10: |x, f| (x * T::of(LN_10)).recip();
    /// The square root.
    sqrt: |x, f| T::of(0.5) / f;
    /// The cube root.
    cbrt: |x, f| (T::of(3.0) * f * f).recip();
    /// 1/self.
    recip: |x, f| -f * f;
    /// The sine.
    sin: |x, f| x.cos();
    /// The cosine.
    cos: |x, f| -x.sin();
    /// The tangent.
    tan: |x, f| T::one() + f * f;
    /// The inverse sine.
    asin: |x, f| one_minus_square(x).sqrt().recip();
    /// The inverse cosine.
    acos: |x, f| -one_minus_square(x).sqrt().recip();
    /// The inverse tangent.
    atan: |x, f| (T::one() + x * x).recip();
    /// The hyperbolic sine.
    sinh: |x, f| x.cosh();
    /// The hyperbolic cosine.
    cosh: |x, f| x.sinh();
    /// The hyperbolic tangent.
    tanh: |x, f| {
        // 1/cosh^2 from the exponential that cannot overflow
        let e = (T::of(-2.0) * x.abs()).exp();
        T::of(4.0) * e / (T::one() + e).powi(2)
    };
    /// The inverse hyperbolic sine.
    asinh: |x, f| T::one().hypot(x).recip();
    /// The inverse hyperbolic cosine.
    acosh: |x, f| ((x - T::one()).sqrt() * (x + T::one()).sqrt()).recip();
    /// The inverse hyperbolic tangent.
    atanh: |x, f| one_minus_square(x).recip();
    /// The error function.
    erf: |x, f| T::of(FRAC_2_SQRT_PI) * gaussian(x);
    /// The complementary error function, 1 - erf.
    erfc: |x, f| -T::of(FRAC_2_SQRT_PI) * gaussian(x);
    /// The largest integer that is not greater.
    floor: |x, f| T::zero();
    /// The smallest integer that is not smaller.
    ceil: |x, f| T::zero();
    /// The nearest integer.
    round: |x, f| T::zero();
    /// The integer part.
    trunc: |x, f| T::zero();
    /// The fractional part.
    fract: |x, f| T::one();
    /// The sign, 1 or -1.
    signum: |x, f| T::zero();
}

/// 1 - x^2 without cancellation.
#[inline]
fn one_minus_square<T: Scalar>(x: T) -> T {
    (T::one() - x) * (T::one() + x)
}

/// exp(-x^2), the rounding error of x^2 made good.
#[inline]
fn gaussian<T: Scalar>(x: T) -> T {
    let (high, low) = square(x);
    let main = (-high).exp();
    // beyond that the exponential is zero, and the split may have overflowed
    if high > T::of(1000.0) { main } else { main - main * low }
}

/// x^2 as the rounded square and what is missing (Dekker 1971).
#[inline]
fn square<T: Scalar>(x: T) -> (T, T) {
    // splits the digits in two halves: 2^27 + 1 in f64, 2^12 + 1 in f32
    let half = if T::epsilon() < T::of(1e-10) { 134_217_729.0 } else { 4097.0 };
    let scaled = T::of(half) * x;
    let head = scaled - (scaled - x);
    let tail = x - head;
    let high = x * x;
    (high, ((head * head - high) + T::of(2.0) * head * tail) + tail * tail)
}

impl<T: Scalar> Dual<T> {
    /// Whether the value or the derivative is NaN.
    #[inline]
    pub fn is_nan(self) -> bool {
        self.value.is_nan() || self.derivative.is_nan()
    }

    /// The absolute value.
    #[inline]
    pub fn abs(self) -> Self {
        let Self { value, derivative } = self;
        if value < T::zero() {
            -self
        } else if value == T::zero() {
            Self { value: value.abs(), derivative: derivative.abs() }
        } else {
            self
        }
    }

    /// The larger one; NaN if either is.
    #[inline]
    pub fn max(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        let tie = self.value == other.value && self.derivative > other.derivative;
        if self.value > other.value || tie || self.value.is_nan() { self } else { other }
    }

    /// The smaller one; NaN if either is.
    #[inline]
    pub fn min(self, other: impl Into<Self>) -> Self {
        -(-self).max(-other.into())
    }

    /// Kept between `low` and `high`.
    #[inline]
    pub fn clamp(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        self.max(low).min(high)
    }

    /// The power with an integer exponent.
    #[inline]
    pub fn powi(self, n: i32) -> Self {
        if n == 0 {
            return self.chain(self.value.powi(0), T::zero());
        }
        let lower = n.checked_sub(1).map_or(T::zero(), |m| self.value.powi(m));
        self.chain(self.value.powi(n), T::of(f64::from(n)) * lower)
    }

    /// The power with a real exponent, a constant or not. Of a negative number it exists for integer
    /// constants only.
    #[inline]
    pub fn powf(self, exponent: impl Into<Self>) -> Self {
        let (a, b) = (self, exponent.into());
        let value = a.value.powf(b.value);
        if value.is_nan() {
            return Self { value, derivative: value };
        }
        let mut derivative = T::zero();
        if b.value != T::zero() {
            derivative += b.value * a.value.powf(b.value - T::one()) * a.derivative;
        }
        // a^b log a tends to 0 with a^b
        if b.derivative != T::zero() && !(a.value == T::zero() && value == T::zero()) {
            derivative += value * a.value.ln() * b.derivative;
        }
        Self { value, derivative }
    }

    /// The logarithm to any base.
    #[inline]
    pub fn log(self, base: impl Into<Self>) -> Self {
        self.ln() / base.into().ln()
    }

    /// Sine and cosine.
    #[inline]
    pub fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.value.sin_cos();
        (self.chain(sin, cos), self.chain(cos, -sin))
    }

    /// The angle of the point (`x`, self).
    #[inline]
    pub fn atan2(self, x: impl Into<Self>) -> Self {
        let (y, x) = (self, x.into());
        let r = y.value.hypot(x.value);
        let turn = x.value / r * y.derivative - y.value / r * x.derivative;
        Self { value: y.value.atan2(x.value), derivative: turn / r }
    }

    /// sqrt(self^2 + other^2); at the origin the derivative is the one from the right.
    #[inline]
    pub fn hypot(self, other: impl Into<Self>) -> Self {
        let (a, b) = (self, other.into());
        let value = a.value.hypot(b.value);
        let derivative = if value == T::zero() {
            a.derivative.hypot(b.derivative)
        } else {
            a.value / value * a.derivative + b.value / value * b.derivative
        };
        Self { value, derivative }
    }

    /// self * a + b.
    #[inline]
    pub fn mul_add(self, a: impl Into<Self>, b: impl Into<Self>) -> Self {
        let (a, b) = (a.into(), b.into());
        Self {
            value: self.value.mul_add(a.value, b.value),
            derivative: self.derivative * a.value + self.value * a.derivative + b.derivative,
        }
    }

    /// The logistic function 1/(1 + e^-self), without overflow.
    #[inline]
    pub fn sigmoid(self) -> Self {
        let e = (-self.value.abs()).exp();
        let (small, large) = (e / (T::one() + e), (T::one() + e).recip());
        let value = if self.value < T::zero() { small } else { large };
        self.chain(value, small * large)
    }

    /// ln(1 + e^self), without overflow; its derivative is the logistic function.
    #[inline]
    pub fn softplus(self) -> Self {
        let x = self.value;
        let tail = (-x.abs()).exp().ln_1p();
        let value = if x > T::zero() { x + tail } else { tail };
        self.chain(value, self.sigmoid().value)
    }
}
