//! The two precisions the library computes in.

use num_traits::{Float, NumAssign};
use std::fmt::{Debug, Display};
use std::iter::Sum;

use crate::activation::{ErasedActivation, Lane};
use crate::linalg::Element;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point number the simulation can run in: `f32` or `f64`.
///
/// Sealed: the dense linear algebra exists for these two types only. Everything in
/// [`num_traits::Float`] is available, plus the error function and conversions from and to `f64`
/// that cannot fail.
///
/// ```
/// use linear_width::Scalar;
///
/// fn half_gaussian<T: Scalar>(z: T) -> T {
///     T::of(0.5) * (T::one() + (z / T::of(2.0).sqrt()).erf())
/// }
/// assert!((half_gaussian(0.0_f64) - 0.5).abs() < 1e-15);
/// assert!((half_gaussian(1.0_f32) - 0.8413447).abs() < 1e-6);
/// ```
pub trait Scalar:
    sealed::Sealed
    + Element
    + bytemuck::Pod
    + Lane
    + Float
    + NumAssign
    + Sum
    + Debug
    + Display
    + Default
    + Send
    + Sync
    + ndarray::ScalarOperand
    + ndarray::LinalgScalar
    + 'static
{
    /// The nearest value to `x` in this precision.
    fn of(x: f64) -> Self;
    /// This value as `f64` (exact).
    fn as_f64(self) -> f64;
    /// The error function, `2/sqrt(pi)` times the integral of `exp(-t^2)` from 0 to `self`.
    fn erf(self) -> Self;
    /// The complementary error function `1 - erf`, accurate where `erf` is close to 1.
    fn erfc(self) -> Self;
    #[doc(hidden)]
    fn erased_value(activation: &dyn ErasedActivation, z: Self) -> Self;
    #[doc(hidden)]
    fn erased_derivative(activation: &dyn ErasedActivation, z: Self) -> Self;
    #[doc(hidden)]
    fn erased_evaluate(
        activation: &dyn ErasedActivation,
        z: &[Self],
        value: &mut [Self],
        derivative: &mut [Self],
    );
}

macro_rules! scalar {
    ($t:ty, $erf:path, $erfc:path, $value:ident, $derivative:ident, $evaluate:ident) => {
        impl Scalar for $t {
            #[inline]
            fn of(x: f64) -> Self {
                x as $t
            }
            #[inline]
            fn as_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline]
            fn erfc(self) -> Self {
                $erfc(self)
            }
            fn erased_value(activation: &dyn ErasedActivation, z: Self) -> Self {
                activation.$value(z)
            }
            fn erased_derivative(activation: &dyn ErasedActivation, z: Self) -> Self {
                activation.$derivative(z)
            }
            fn erased_evaluate(
                activation: &dyn ErasedActivation,
                z: &[Self],
                value: &mut [Self],
                derivative: &mut [Self],
            ) {
                activation.$evaluate(z, value, derivative);
            }
        }
    };
}
scalar!(f32, libm::erff, libm::erfcf, value_f32, derivative_f32, evaluate_f32);
scalar!(f64, libm::erf, libm::erfc, value_f64, derivative_f64, evaluate_f64);
