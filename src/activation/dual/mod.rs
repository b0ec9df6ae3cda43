//! Dual numbers: a value together with its derivative, so that a formula yields both.
//!
//! Rules: forward-mode automatic differentiation, e.g. Griewank & Walther, *Evaluating
//! Derivatives* (SIAM, 2nd ed. 2008), chapter 3. A dual number is a + b eps with eps^2 = 0, and
//! f(a + b eps) = f(a) + f'(a) b eps.

mod activation;
mod arithmetic;
mod functions;
mod num_traits_impls;

pub use activation::{DualActivation, DualFn};

use std::cmp::Ordering;
use std::fmt;

use crate::Scalar;

/// A number and its derivative with respect to the pre-activation z.
///
/// The usual operators work between two of them and with `f64` constants on either side; the
/// elementary functions are methods. Comparisons look at the value only, so that formulas may
/// branch. `Dual` implements [`num_traits::Float`], so a function written for any `Float` can be
/// differentiated as it is.
///
/// Values of the elementary functions are those of the standard library. Derivatives are within a
/// few units of the last place, each by its own formula (that of tanh as 1/cosh^2, not as
/// 1 - tanh^2, which loses all digits at large z). What overflows or cancels in a formula still does.
///
/// Where a function has no derivative:
///
/// * at the kink of [`abs`](Self::abs), [`max`](Self::max), [`min`](Self::min) and
///   [`clamp`](Self::clamp) it is the one from the right;
/// * at the end of a domain it is infinite (sqrt at 0), and NaN when what stands inside the function
///   is stationary there;
/// * outside the domain, value and derivative are NaN; a NaN stays one, in `max` and `min` too.
///
/// ```
/// use linear_width::activation::Dual;
///
/// let z = Dual::variable(0.5_f64);
/// let f = 2.0 * z * z.tanh();
/// let t = 0.5_f64.tanh();
/// assert_eq!(f.value, t);
/// assert!((f.derivative - (2.0 * t + 1.0 - t * t)).abs() < 1e-15);
///
/// fn cube<R: num_traits::Float>(x: R) -> R { x * x * x }
/// assert_eq!(cube(Dual::variable(2.0_f64)).derivative, 12.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Dual<T = f64> {
    /// The value.
    pub value: T,
    /// The derivative.
    pub derivative: T,
}

impl<T: Scalar> Dual<T> {
    /// The variable itself, at `z`: its derivative is 1.
    #[inline]
    pub fn variable(z: T) -> Self {
        Self { value: z, derivative: T::one() }
    }

    /// A constant: its derivative is 0.
    #[inline]
    pub fn constant(value: T) -> Self {
        Self { value, derivative: T::zero() }
    }

    /// f(self), given f and f' at the value. Where f is NaN, so is the derivative.
    #[inline]
    fn chain(self, value: T, slope: T) -> Self {
        let derivative = if value.is_nan() { value } else { slope * self.derivative };
        Self { value, derivative }
    }
}

impl<T: Scalar> From<f64> for Dual<T> {
    /// A constant.
    #[inline]
    fn from(value: f64) -> Self {
        Self::constant(T::of(value))
    }
}

impl<T: Scalar> PartialEq for Dual<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Scalar> PartialOrd for Dual<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Scalar> PartialEq<f64> for Dual<T> {
    #[inline]
    fn eq(&self, other: &f64) -> bool {
        self.value == T::of(*other)
    }
}

impl<T: Scalar> PartialOrd<f64> for Dual<T> {
    #[inline]
    fn partial_cmp(&self, other: &f64) -> Option<Ordering> {
        self.value.partial_cmp(&T::of(*other))
    }
}

impl<T: Scalar> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (derivative {})", self.value, self.derivative)
    }
}

#[cfg(test)]
mod tests;
