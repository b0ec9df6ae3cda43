//! Centring.

use super::Activation;
use super::known_series;
use crate::Scalar;
use crate::quadrature::{QuadratureError, gaussian_expectation};

/// An activation minus its Gaussian mean: sigma(z) - E sigma(z), z ~ N(0, 1).
///
/// The theory assumes centred activations, since the Hermite coefficient c_0 would add a constant
/// to the network output.
///
/// ```
/// use linear_width::activation::{Activation, Centred, Relu};
///
/// let relu = Centred::new(Relu)?;
/// assert!((relu.mean() - 1.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-13);
/// assert_eq!(relu.value(1.0_f64), 1.0 - relu.mean());
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Centred<A> {
    inner: A,
    mean: f64,
}

impl<A: Activation> Centred<A> {
    /// Centres `inner`, its mean computed to 1e-13, or to 1e-13 E |sigma(z)| where that is more;
    /// that of a Hermite series is its c_0.
    ///
    /// # Errors
    /// [`QuadratureError`] when the mean cannot be computed, for instance because the activation is
    /// not finite everywhere.
    pub fn new(inner: A) -> Result<Self, QuadratureError> {
        let mean = match known_series(&inner) {
            Some(series) => series.first().copied().unwrap_or(0.0),
            None => gaussian_expectation(|z| inner.value(z), &inner.kinks(), 1e-13)?,
        };
        Ok(Self { inner, mean })
    }

    /// The mean that is subtracted.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}

impl<A: Activation> Activation for Centred<A> {
    fn value<T: Scalar>(&self, z: T) -> T {
        self.inner.value(z) - T::of(self.mean)
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        self.inner.derivative(z)
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        self.inner.evaluate(z, value, derivative);
        let mean = T::of(self.mean);
        for value in value {
            *value -= mean;
        }
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
