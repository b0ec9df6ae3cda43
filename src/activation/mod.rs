//! Activations: a scalar function with its derivative, the built-in ones, closures, centring and
//! Hermite coefficients.
//!
//! An [`Activation`] needs two methods on `f64`, or only a formula: a closure on dual numbers
//! ([`FnActivation::from_formula`]), whose derivative is taken automatically. Functions take
//! `impl Activation`; types store an `Arc<dyn Activation>` ([`Activation::shared`]).
//!
//! ```
//! use linear_width::activation::Activation;
//!
//! /// z^2 tanh(z)
//! struct SquareTanh;
//! impl Activation for SquareTanh {
//!     fn value(&self, z: f64) -> f64 {
//!         z * z * z.tanh()
//!     }
//!     fn derivative(&self, z: f64) -> f64 {
//!         let t = z.tanh();
//!         2.0 * z * t + z * z * (1.0 - t * t)
//!     }
//! }
//! assert!((SquareTanh.value(1.0) - 0.7615941559557649).abs() < 1e-15);
//! ```

mod closure;
mod dual;
mod hermite_coefficients;
mod hermite_series;
mod kernels;
mod periodic;
mod rectified;
mod sigmoidal;

pub use closure::FnActivation;
pub use dual::Dual;
use hermite_coefficients::coefficients;
pub(crate) use hermite_coefficients::hermite_coefficients_of;
pub use hermite_series::HermiteSeries;
pub use periodic::Sine;
pub use rectified::{Gelu, LeakyRelu, Relu, Silu, Softplus};
pub use sigmoidal::{Erf, Sigmoid, Tanh};

use std::fmt;
use std::sync::Arc;

use crate::numerics::Real;
use crate::numerics::quadrature::{QuadratureError, gaussian_expectation};

/// An activation function of one real number.
///
/// Only [`value`](Activation::value) and [`derivative`](Activation::derivative) are required. At a
/// kink the derivative may be either one-sided limit. Both must be finite at every real number; the
/// experiment checks this on the range that matters and reports it as an error.
pub trait Activation: Send + Sync {
    /// The activation at `z`.
    fn value(&self, z: f64) -> f64;

    /// Its derivative at `z`.
    fn derivative(&self, z: f64) -> f64;

    /// Value and derivative of a whole slice; training in `f64` calls this. All three slices have
    /// the same length. Override it where value and derivative share work. The vector code of the
    /// built-in activations agrees with [`value`](Activation::value) and
    /// [`derivative`](Activation::derivative) to a few units of the last place.
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        each(|z| (self.value(z), self.derivative(z)), z, value, derivative);
    }

    /// The same for training in `f32`; by default computed in `f64` and rounded.
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        each(|z| (self.value(z), self.derivative(z)), z, value, derivative);
    }

    /// Where the activation or its derivative jumps; quadrature splits there. None by default.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    /// The coefficients c_0, c_1, ... when the activation is a finite Hermite series;
    /// [`hermite_coefficients`](Activation::hermite_coefficients) takes them as they are. `None` by
    /// default.
    fn hermite_series(&self) -> Option<Vec<f64>> {
        None
    }

    /// The Hermite coefficients c_0, ..., c_max_degree; c_k = E\[sigma(z) He_k(z)\] / k! with
    /// z ~ N(0, 1) and the probabilists' polynomials (docs/theory.md, (1.7)), so that
    /// sigma = sum_k c_k He_k and k! c_k = E\[sigma^(k)(z)\].
    ///
    /// For a [`HermiteSeries`], shared or centred too, they are its own, exactly. For any other
    /// activation the error of sqrt(k!) c_k is at most 1e-11 of the root mean square
    /// sqrt(E sigma(z)^2), for the functions named in
    /// [`gaussian_expectation`]; declared kinks save work.
    ///
    /// # Errors
    /// [`QuadratureError`] when the activation is not finite on the range of the quadrature, grows
    /// so fast that the expectations are infinite, or the accuracy cannot be reached.
    ///
    /// ```
    /// use linear_width::activation::{Activation, Relu};
    ///
    /// let c = Relu.hermite_coefficients(3)?;
    /// assert!((c[1] - 0.5).abs() < 1e-12);
    /// assert!(c[3].abs() < 1e-12); // no third direction at leading order
    /// # Ok::<(), linear_width::quadrature::QuadratureError>(())
    /// ```
    fn hermite_coefficients(&self, max_degree: usize) -> Result<Vec<f64>, QuadratureError> {
        if let Some(mut known) = known_series(self) {
            known.resize(max_degree + 1, 0.0);
            return Ok(known);
        }
        let scanned = |points: &[f64], values: &mut [f64]| {
            self.evaluate_f64(points, values, &mut vec![0.0; points.len()]);
        };
        coefficients(&|z| self.value(z), &scanned, &self.kinks(), max_degree, 0.0)
    }

    /// A name for reports, with the parameters; the type's name by default.
    fn name(&self) -> String {
        let full = std::any::type_name::<Self>();
        full.rsplit("::").next().unwrap_or(full).to_owned()
    }

    /// The activation behind a reference count: cheap to clone, and an activation again.
    fn shared(self) -> Arc<dyn Activation>
    where
        Self: Sized + 'static,
    {
        Arc::new(self)
    }

    /// The activation minus its Gaussian mean: sigma(z) - E sigma(z), z ~ N(0, 1).
    ///
    /// The theory assumes centred activations, since the Hermite coefficient c_0 would add a
    /// constant to the network output. The mean of a Hermite series is its c_0; any other mean is
    /// computed to 1e-13, or to 1e-13 E |sigma(z)| where that is more.
    ///
    /// # Errors
    /// [`QuadratureError`] when the mean cannot be computed, for instance because the activation is
    /// not finite everywhere.
    ///
    /// ```
    /// use linear_width::activation::{Activation, Relu};
    ///
    /// let mean = 1.0 / (2.0 * std::f64::consts::PI).sqrt();
    /// assert!((Relu.centred()?.value(1.0) - (1.0 - mean)).abs() < 1e-13);
    /// # Ok::<(), linear_width::quadrature::QuadratureError>(())
    /// ```
    fn centred(self) -> Result<Arc<dyn Activation>, QuadratureError>
    where
        Self: Sized + 'static,
    {
        let inner = self.shared();
        let mean = match known_series(&inner) {
            Some(series) => series.first().copied().unwrap_or(0.0),
            None => gaussian_expectation(|z| inner.value(z), &inner.kinks(), 1e-13)?,
        };
        Ok(Arc::new(Centred { inner, mean }))
    }
}

impl Activation for Arc<dyn Activation> {
    fn value(&self, z: f64) -> f64 {
        (**self).value(z)
    }
    fn derivative(&self, z: f64) -> f64 {
        (**self).derivative(z)
    }
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        (**self).evaluate_f64(z, value, derivative);
    }
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        (**self).evaluate_f32(z, value, derivative);
    }
    fn kinks(&self) -> Vec<f64> {
        (**self).kinks()
    }
    fn hermite_series(&self) -> Option<Vec<f64>> {
        (**self).hermite_series()
    }
    fn name(&self) -> String {
        (**self).name()
    }
    fn shared(self) -> Arc<dyn Activation> {
        self
    }
}

impl fmt::Debug for dyn Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Activation({})", self.name())
    }
}

/// The coefficients of a finite Hermite series, when they are finite numbers.
pub(crate) fn known_series<A: Activation + ?Sized>(activation: &A) -> Option<Vec<f64>> {
    activation.hermite_series().filter(|series| series.iter().all(|c| c.is_finite()))
}

/// An activation minus its Gaussian mean.
struct Centred {
    inner: Arc<dyn Activation>,
    mean: f64,
}

impl Activation for Centred {
    fn value(&self, z: f64) -> f64 {
        self.inner.value(z) - self.mean
    }
    fn derivative(&self, z: f64) -> f64 {
        self.inner.derivative(z)
    }
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        self.inner.evaluate_f64(z, value, derivative);
        value.iter_mut().for_each(|value| *value -= self.mean);
    }
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        self.inner.evaluate_f32(z, value, derivative);
        value.iter_mut().for_each(|value| *value -= self.mean as f32);
    }
    fn kinks(&self) -> Vec<f64> {
        self.inner.kinks()
    }
    fn hermite_series(&self) -> Option<Vec<f64>> {
        let mut series = self.inner.hermite_series()?;
        if let Some(constant) = series.first_mut() {
            *constant -= self.mean;
        }
        Some(series)
    }
    fn name(&self) -> String {
        format!("centred {}", self.inner.name())
    }
}

/// Writes value and derivative at every number of `z`, computed in the precision `S` and rounded.
fn each<S: Real, T: Real>(
    both: impl Fn(S) -> (S, S),
    z: &[T],
    value: &mut [T],
    derivative: &mut [T],
) {
    for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
        let both = both(S::of(z.as_f64()));
        (*value, *derivative) = (T::of(both.0.as_f64()), T::of(both.1.as_f64()));
    }
}

/// Writes methods of [`Activation`]: `value` and `derivative` from one function of one number, and
/// both slice methods from one function that is generic over the precision.
macro_rules! evaluations {
    ($both:path, $slices:path) => {
        fn value(&self, z: f64) -> f64 {
            $both(self, z).0
        }
        fn derivative(&self, z: f64) -> f64 {
            $both(self, z).1
        }
        fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
            $slices(self, z, value, derivative);
        }
        fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
            $slices(self, z, value, derivative);
        }
    };
}
use evaluations;

/// A [`BuiltIn`](kernels::BuiltIn) as an [`Activation`] with this name.
macro_rules! built_in {
    ($type:ident, |$self:pat_param| $name:expr) => {
        impl super::Activation for $type {
            super::evaluations!(super::kernels::BuiltIn::both, super::kernels::BuiltIn::slices);
            fn name(&self) -> String {
                let $self = self;
                $name.to_string()
            }
        }
    };
}
use built_in;

#[cfg(test)]
mod tests;
