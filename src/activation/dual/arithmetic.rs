//! Operators between dual numbers, and with `f64` constants on either side.

use std::iter::{Product, Sum};
use std::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};

use super::Dual;
use crate::Scalar;

impl<T: Scalar> Neg for Dual<T> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { value: -self.value, derivative: -self.derivative }
    }
}

/// One operator in all its forms; `$f` takes two dual numbers.
macro_rules! operator {
    ($trait:ident, $method:ident, $assign:ident, $assign_method:ident, $f:expr) => {
        impl<T: Scalar> $trait for Dual<T> {
            type Output = Self;
            #[inline]
            fn $method(self, other: Self) -> Self {
                let f: fn(Self, Self) -> Self = $f;
                f(self, other)
            }
        }
        impl<T: Scalar> $trait<f64> for Dual<T> {
            type Output = Self;
            #[inline]
            fn $method(self, other: f64) -> Self {
                self.$method(Self::from(other))
            }
        }
        impl<T: Scalar> $trait<Dual<T>> for f64 {
            type Output = Dual<T>;
            #[inline]
            fn $method(self, other: Dual<T>) -> Dual<T> {
                Dual::from(self).$method(other)
            }
        }
        impl<T: Scalar> $assign for Dual<T> {
            #[inline]
            fn $assign_method(&mut self, other: Self) {
                *self = self.$method(other);
            }
        }
        impl<T: Scalar> $assign<f64> for Dual<T> {
            #[inline]
            fn $assign_method(&mut self, other: f64) {
                *self = self.$method(other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign, |a, b| Dual {
    value: a.value + b.value,
    derivative: a.derivative + b.derivative,
});
operator!(Sub, sub, SubAssign, sub_assign, |a, b| Dual {
    value: a.value - b.value,
    derivative: a.derivative - b.derivative,
});
operator!(Mul, mul, MulAssign, mul_assign, |a, b| Dual {
    value: a.value * b.value,
    derivative: a.derivative * b.value + a.value * b.derivative,
});
operator!(Div, div, DivAssign, div_assign, |a, b| {
    let value = a.value / b.value;
    Dual { value, derivative: (a.derivative - value * b.derivative) / b.value }
});
// a % b = a - trunc(a / b) b
operator!(Rem, rem, RemAssign, rem_assign, |a, b| {
    let value = a.value % b.value;
    let whole = ((a.value - value) / b.value).round();
    let derivative = if value.is_nan() { value } else { a.derivative - whole * b.derivative };
    Dual { value, derivative }
});

impl<T: Scalar> Sum for Dual<T> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::from(0.0), Add::add)
    }
}

impl<T: Scalar> Product for Dual<T> {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Self::from(1.0), Mul::mul)
    }
}
