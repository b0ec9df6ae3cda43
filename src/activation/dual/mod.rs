//! Dual numbers: a value together with its derivative, so that a formula yields both.
//!
//! Rules: forward-mode automatic differentiation, e.g. Griewank & Walther, *Evaluating
//! Derivatives* (SIAM, 2nd ed. 2008), chapter 3. A dual number is a + b eps with eps^2 = 0, and
//! f(a + b eps) = f(a) + f'(a) b eps.

mod functions;

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A number and its derivative with respect to the pre-activation z.
///
/// Operators work between two of them and with `f64` constants on either side; elementary functions
/// are methods; comparisons look at the value only, so that formulas may branch.
///
/// Values of the elementary functions are those of the standard library. Derivatives are within a
/// few units of the last place, but a formula that overflows or cancels still does.
///
/// At the kink of [`abs`](Self::abs), [`max`](Self::max), [`min`](Self::min) and
/// [`clamp`](Self::clamp) the derivative is the one from the right. At the end of a domain it is
/// infinite (sqrt at 0), and NaN when the argument is stationary there. Outside the domain, value and
/// derivative are NaN; a NaN stays one, in `max` and `min` too.
///
/// ```
/// use linear_width::activation::Dual;
///
/// let z = Dual::variable(0.5);
/// let f = 2.0 * z * z.tanh();
/// let t = 0.5_f64.tanh();
/// assert_eq!(f.value, t);
/// assert!((f.derivative - (2.0 * t + 1.0 - t * t)).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// The derivative.
    pub derivative: f64,
}

impl Dual {
    /// The variable itself, at `z`: its derivative is 1.
    #[inline]
    pub fn variable(z: f64) -> Self {
        Self { value: z, derivative: 1.0 }
    }

    /// f(self), given f and f' at the value. Where f is NaN, so is the derivative.
    #[inline]
    fn chain(self, value: f64, slope: f64) -> Self {
        let derivative = if value.is_nan() { value } else { slope * self.derivative };
        Self { value, derivative }
    }
}

impl From<f64> for Dual {
    /// A constant: its derivative is 0.
    #[inline]
    fn from(value: f64) -> Self {
        Self { value, derivative: 0.0 }
    }
}

impl<B: Copy + Into<Dual>> PartialEq<B> for Dual {
    fn eq(&self, other: &B) -> bool {
        self.value == (*other).into().value
    }
}

impl<B: Copy + Into<Dual>> PartialOrd<B> for Dual {
    fn partial_cmp(&self, other: &B) -> Option<Ordering> {
        self.value.partial_cmp(&(*other).into().value)
    }
}

impl Neg for Dual {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { value: -self.value, derivative: -self.derivative }
    }
}

/// One operator in all its forms, from its derivative in terms of both numbers and the value.
macro_rules! operator {
    ($trait:ident, $method:ident, $assign:ident, $assign_method:ident,
     |$a:ident, $b:ident, $value:ident| $derivative:expr) => {
        impl<B: Into<Dual>> $trait<B> for Dual {
            type Output = Self;
            fn $method(self, other: B) -> Self {
                let ($a, $b) = (self, other.into());
                let $value = $a.value.$method($b.value);
                Self { value: $value, derivative: $derivative }
            }
        }
        impl $trait<Dual> for f64 {
            type Output = Dual;
            #[inline]
            fn $method(self, other: Dual) -> Dual {
                Dual::from(self).$method(other)
            }
        }
        impl<B: Into<Dual>> $assign<B> for Dual {
            fn $assign_method(&mut self, other: B) {
                *self = self.$method(other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign, |a, b, _value| a.derivative + b.derivative);
operator!(Sub, sub, SubAssign, sub_assign, |a, b, _value| a.derivative - b.derivative);
operator!(Mul, mul, MulAssign, mul_assign, |a, b, _value| {
    a.derivative * b.value + a.value * b.derivative
});
operator!(Div, div, DivAssign, div_assign, |a, b, value| {
    (a.derivative - value * b.derivative) / b.value
});

impl Sum for Dual {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::from(0.0), Add::add)
    }
}

#[cfg(test)]
mod tests;
