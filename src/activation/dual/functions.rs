//! Elementary functions of dual numbers.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::Dual;
use crate::activation::kernels::{BuiltIn, square_error};
use crate::activation::rectified::Softplus;
use crate::activation::sigmoidal::Sigmoid;

/// Functions of one variable: the value is the standard library's, the slope a formula in the
/// argument `x` and the value `f`.
macro_rules! functions {
    ($($name:ident: |$x:ident, $f:ident| $slope:expr;)+) => {
        impl Dual {$(
            #[doc = concat!("[`f64::", stringify!($name), "`] with its derivative.")]
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
    exp: |x, f| f;
    exp_m1: |x, f| x.exp();
    ln: |x, f| x.recip();
    ln_1p: |x, f| (1.0 + x).recip();
    sqrt: |x, f| 0.5 / f;
    cbrt: |x, f| (3.0 * f * f).recip();
    recip: |x, f| -f * f;
    sin: |x, f| x.cos();
    cos: |x, f| -x.sin();
    atan: |x, f| (1.0 + x * x).recip();
    sinh: |x, f| x.cosh();
    cosh: |x, f| x.sinh();
    tanh: |x, f| {
        // 1/cosh^2 from the exponential that cannot overflow
        let e = (-2.0 * x.abs()).exp();
        4.0 * e / (1.0 + e).powi(2)
    };
    asinh: |x, f| 1.0_f64.hypot(x).recip();
    signum: |x, f| 0.0;
}

/// exp(-x^2), corrected for the rounding error of x^2.
#[inline]
fn gaussian(x: f64) -> f64 {
    let square = x * x;
    let main = (-square).exp();
    // beyond, the exponential is zero and the error of the square may overflow
    if square > 1000.0 { main } else { main - main * square_error::<f64, false>(x, square) }
}

impl Dual {
    /// The absolute value.
    pub fn abs(self) -> Self {
        let Self { value, derivative } = self.max(-self);
        // of 0 and -0 either may be the larger one
        Self { value: value.abs(), derivative }
    }

    /// The larger one; NaN if either is.
    pub fn max(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        let tie = self.value == other.value && self.derivative > other.derivative;
        if self.value > other.value || tie || self.value.is_nan() { self } else { other }
    }

    /// The smaller one; NaN if either is.
    pub fn min(self, other: impl Into<Self>) -> Self {
        -(-self).max(-other.into())
    }

    /// Kept between `low` and `high`.
    pub fn clamp(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        self.max(low).min(high)
    }

    /// The power with an integer exponent.
    pub fn powi(self, n: i32) -> Self {
        if n == 0 {
            return self.chain(self.value.powi(0), 0.0);
        }
        let lower = n.checked_sub(1).map_or(0.0, |m| self.value.powi(m));
        self.chain(self.value.powi(n), f64::from(n) * lower)
    }

    /// The power with a real exponent, a constant or not. Of a negative number it exists for integer
    /// constants only.
    pub fn powf(self, exponent: impl Into<Self>) -> Self {
        let (a, b) = (self, exponent.into());
        let value = a.value.powf(b.value);
        if value.is_nan() {
            return Self { value, derivative: value };
        }
        let mut derivative = 0.0;
        if b.value != 0.0 {
            derivative += b.value * a.value.powf(b.value - 1.0) * a.derivative;
        }
        // a^b log a tends to 0 with a^b
        if b.derivative != 0.0 && !(a.value == 0.0 && value == 0.0) {
            derivative += value * a.value.ln() * b.derivative;
        }
        Self { value, derivative }
    }

    /// The error function.
    pub fn erf(self) -> Self {
        self.chain(libm::erf(self.value), FRAC_2_SQRT_PI * gaussian(self.value))
    }

    /// The complementary error function, 1 - erf.
    pub fn erfc(self) -> Self {
        self.chain(libm::erfc(self.value), -FRAC_2_SQRT_PI * gaussian(self.value))
    }

    /// The logistic function 1/(1 + e^-self), without overflow.
    pub fn sigmoid(self) -> Self {
        let (value, slope) = Sigmoid.both(self.value);
        self.chain(value, slope)
    }

    /// ln(1 + e^self), without overflow; its derivative is the logistic function.
    pub fn softplus(self) -> Self {
        let (value, slope) = Softplus::default().both(self.value);
        self.chain(value, slope)
    }
}
