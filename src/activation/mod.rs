//! Activations: a scalar function with its derivative, the built-in ones, closures, centring and
//! Hermite coefficients.
//!
//! An [`Activation`] needs two methods, generic over the precision, or only a formula: a closure on
//! dual numbers ([`DualFn`]) or a method ([`DualActivation`]), whose derivative is taken
//! automatically. Everything else in the crate holds it as a [`SharedActivation`], so no other type
//! grows a parameter.
//!
//! ```
//! use linear_width::{Scalar, activation::Activation};
//!
//! /// z^2 tanh(z)
//! struct SquareTanh;
//! impl Activation for SquareTanh {
//!     fn value<T: Scalar>(&self, z: T) -> T {
//!         z * z * z.tanh()
//!     }
//!     fn derivative<T: Scalar>(&self, z: T) -> T {
//!         let t = z.tanh();
//!         T::of(2.0) * z * t + z * z * (T::one() - t * t)
//!     }
//! }
//! assert!((SquareTanh.value(1.0_f64) - 0.7615941559557649).abs() < 1e-15);
//! ```

mod centred;
mod closure;
mod dual;
mod hermite_coefficients;
mod hermite_series;
mod kernels;
mod periodic;
mod rectified;
mod shared;
mod sigmoidal;

pub use centred::Centred;
pub use closure::FnActivation;
pub use dual::{Dual, DualActivation, DualFn};
pub use hermite_coefficients::hermite_coefficients;
pub(crate) use hermite_coefficients::{hermite_coefficients_of, known_series};
pub use hermite_series::HermiteSeries;
#[doc(hidden)]
pub use kernels::Lane;
pub use periodic::Sine;
pub use rectified::{Gelu, LeakyRelu, Relu, Silu, Softplus};
#[doc(hidden)]
pub use shared::ErasedActivation;
pub use shared::SharedActivation;
pub use sigmoidal::{Erf, Sigmoid, Tanh};

use crate::Scalar;

/// An activation function of one real number.
///
/// Only [`value`](Activation::value) and [`derivative`](Activation::derivative) are required. At a
/// kink the derivative may be either one-sided limit. Both must be finite at every real number; the
/// experiment checks this on the range that matters and reports it as an error.
pub trait Activation: Send + Sync {
    /// The activation at `z`.
    fn value<T: Scalar>(&self, z: T) -> T;

    /// Its derivative at `z`.
    fn derivative<T: Scalar>(&self, z: T) -> T;

    /// Value and derivative of a whole slice; training calls this. All three slices have the same
    /// length. Override it where the two share work. The built-in activations do, with vector
    /// code: within a few units of the last place of [`value`](Activation::value) and
    /// [`derivative`](Activation::derivative), not always equal to them.
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            *value = self.value(*z);
            *derivative = self.derivative(*z);
        }
    }

    /// Where the activation or its derivative jumps; quadrature splits there. None by default.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    /// The coefficients c_0, c_1, ... when the activation is a finite Hermite series;
    /// [`hermite_coefficients`] takes them as they are. `None` by default.
    fn hermite_series(&self) -> Option<Vec<f64>> {
        None
    }

    /// A name for reports, with the parameters; the type's name by default.
    fn name(&self) -> String {
        let full = std::any::type_name::<Self>();
        full.rsplit("::").next().unwrap_or(full).to_owned()
    }
}

/// Writes `value` and `derivative` for an activation whose two come out of one computation.
macro_rules! value_and_derivative {
    ($both:ident) => {
        fn value<T: Scalar>(&self, z: T) -> T {
            self.$both(z).0
        }
        fn derivative<T: Scalar>(&self, z: T) -> T {
            self.$both(z).1
        }
    };
}
use value_and_derivative;

/// True when the precision holds all these parameters: none overflows, none vanishes.
fn fits<T: Scalar>(parameters: &[f64]) -> bool {
    let held = |p: &f64| T::of(*p).is_normal() || *p == 0.0;
    parameters.iter().all(held)
}

/// Writes `value`, `derivative` and `evaluate` for an activation with parameters: its function of
/// one number, the numbers that the precision must hold, and its kernel if it has one. When the
/// precision does not hold them, the function is evaluated in `f64` and rounded.
macro_rules! parametric {
    ($both:ident, |$this:ident| $parameters:expr $(, |$that:ident, $t:ident| $kernel:expr)?) => {
        fn value<T: Scalar>(&self, z: T) -> T {
            let $this = self;
            if super::fits::<T>(&$parameters) {
                return self.$both(z).0;
            }
            T::of(self.$both(z.as_f64()).0)
        }
        fn derivative<T: Scalar>(&self, z: T) -> T {
            let $this = self;
            if super::fits::<T>(&$parameters) {
                return self.$both(z).1;
            }
            T::of(self.$both(z.as_f64()).1)
        }
        $(fn evaluate<$t: Scalar>(&self, z: &[$t], value: &mut [$t], derivative: &mut [$t]) {
            let $this = self;
            if super::fits::<$t>(&$parameters) {
                let $that = self;
                return kernels::map($kernel, z, value, derivative);
            }
            for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
                let both = self.$both(z.as_f64());
                (*value, *derivative) = ($t::of(both.0), $t::of(both.1));
            }
        })?
    };
}
use parametric;

#[cfg(test)]
mod tests;
