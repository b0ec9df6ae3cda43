//! Centring.

use std::sync::Arc;

use super::{Activation, known_series};
use crate::numerics::quadrature::{QuadratureError, gaussian_expectation};

/// sigma(z) - E sigma(z), z ~ N(0, 1).
pub(super) struct Centred {
    inner: Arc<dyn Activation>,
    mean: f64,
}

impl Centred {
    pub(super) fn new(inner: Arc<dyn Activation>) -> Result<Self, QuadratureError> {
        let mean = match known_series(&inner) {
            Some(series) => series.first().copied().unwrap_or(0.0),
            None => gaussian_expectation(|z| inner.value(z), &inner.kinks(), 1e-13)?,
        };
        Ok(Self { inner, mean })
    }
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
