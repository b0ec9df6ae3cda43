//! Activations from closures.

use super::Activation;
use crate::Scalar;

/// An activation made of two closures on `f64`; in an `f32` run their results are rounded.
///
/// ```
/// use linear_width::activation::{Activation, FnActivation};
///
/// let square = FnActivation::new("z^2", |z| z * z, |z| 2.0 * z);
/// assert_eq!(square.value(3.0_f32), 9.0);
/// let hinge = FnActivation::new("hinge", |z: f64| z.max(1.0), |z| f64::from(z > 1.0)).with_kinks([1.0]);
/// assert_eq!(hinge.kinks(), [1.0]);
/// ```
#[derive(Clone)]
pub struct FnActivation<F, D> {
    name: String,
    value: F,
    derivative: D,
    kinks: Vec<f64>,
}

impl<F, D> FnActivation<F, D>
where
    F: Fn(f64) -> f64 + Send + Sync,
    D: Fn(f64) -> f64 + Send + Sync,
{
    /// An activation with this name, value and derivative.
    pub fn new(name: impl Into<String>, value: F, derivative: D) -> Self {
        Self { name: name.into(), value, derivative, kinks: Vec::new() }
    }

    /// Declares where the function or its derivative jumps.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        self.kinks = kinks.into();
        self
    }
}

impl<F, D> Activation for FnActivation<F, D>
where
    F: Fn(f64) -> f64 + Send + Sync,
    D: Fn(f64) -> f64 + Send + Sync,
{
    fn value<T: Scalar>(&self, z: T) -> T {
        T::of((self.value)(z.as_f64()))
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        T::of((self.derivative)(z.as_f64()))
    }
    fn kinks(&self) -> Vec<f64> {
        self.kinks.clone()
    }
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl<F, D> std::fmt::Debug for FnActivation<F, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnActivation").field("name", &self.name).finish_non_exhaustive()
    }
}
