//! One type for any activation, so that networks and experiments need no type parameter for it.

use std::fmt;
use std::sync::Arc;

use super::Activation;
use crate::Scalar;

/// The object-safe face of [`Activation`]; implemented for every activation.
#[doc(hidden)]
pub trait ErasedActivation: Send + Sync {
    fn value_f32(&self, z: f32) -> f32;
    fn value_f64(&self, z: f64) -> f64;
    fn derivative_f32(&self, z: f32) -> f32;
    fn derivative_f64(&self, z: f64) -> f64;
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]);
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]);
    fn erased_kinks(&self) -> Vec<f64>;
    fn erased_hermite_series(&self) -> Option<Vec<f64>>;
    fn erased_name(&self) -> String;
}

impl<A: Activation> ErasedActivation for A {
    fn value_f32(&self, z: f32) -> f32 {
        self.value(z)
    }
    fn value_f64(&self, z: f64) -> f64 {
        self.value(z)
    }
    fn derivative_f32(&self, z: f32) -> f32 {
        self.derivative(z)
    }
    fn derivative_f64(&self, z: f64) -> f64 {
        self.derivative(z)
    }
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        self.evaluate(z, value, derivative);
    }
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        self.evaluate(z, value, derivative);
    }
    fn erased_kinks(&self) -> Vec<f64> {
        self.kinks()
    }
    fn erased_hermite_series(&self) -> Option<Vec<f64>> {
        self.hermite_series()
    }
    fn erased_name(&self) -> String {
        self.name()
    }
}

/// Any activation, behind a reference count: cheap to clone, itself an [`Activation`].
///
/// ```
/// use linear_width::activation::{Activation, Relu, SharedActivation};
///
/// let shared = SharedActivation::new(Relu);
/// assert_eq!(shared.value(-1.0_f32), 0.0);
/// assert_eq!(shared.name(), "relu");
/// ```
#[derive(Clone)]
pub struct SharedActivation(Arc<dyn ErasedActivation>);

impl SharedActivation {
    /// Shares `activation`.
    pub fn new(activation: impl Activation + 'static) -> Self {
        Self(Arc::new(activation))
    }
}

impl Activation for SharedActivation {
    fn value<T: Scalar>(&self, z: T) -> T {
        T::erased_value(&*self.0, z)
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        T::erased_derivative(&*self.0, z)
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        T::erased_evaluate(&*self.0, z, value, derivative);
    }
    fn kinks(&self) -> Vec<f64> {
        self.0.erased_kinks()
    }
    fn hermite_series(&self) -> Option<Vec<f64>> {
        self.0.erased_hermite_series()
    }
    fn name(&self) -> String {
        self.0.erased_name()
    }
}

impl fmt::Debug for SharedActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedActivation({})", self.name())
    }
}
