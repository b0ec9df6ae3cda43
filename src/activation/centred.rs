//! Centring.

use std::sync::Arc;

use super::{Activation, Evaluate, evaluations, known_series};
use crate::numerics::quadrature::{QuadratureError, gaussian_expectation};

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
/// assert_eq!(relu.value(1.0), 1.0 - relu.mean());
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Centred {
    inner: Arc<dyn Activation>,
    mean: f64,
}

impl Centred {
    /// Centres `inner`, its mean computed to 1e-13, or to 1e-13 E |sigma(z)| where that is more;
    /// the mean of a Hermite series is its c_0.
    ///
    /// # Errors
    /// [`QuadratureError`] when the mean cannot be computed, for instance because the activation is
    /// not finite everywhere.
    pub fn new(inner: impl Activation + 'static) -> Result<Self, QuadratureError> {
        let inner = inner.shared();
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

    fn slices<T: Evaluate>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        T::evaluate(&*self.inner, z, value, derivative);
        let mean = T::of(self.mean);
        value.iter_mut().for_each(|value| *value -= mean);
    }
}

impl Activation for Centred {
    fn value(&self, z: f64) -> f64 {
        self.inner.value(z) - self.mean
    }
    fn derivative(&self, z: f64) -> f64 {
        self.inner.derivative(z)
    }
    evaluations!(Self::slices);
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
