//! Activations from closures.

use std::fmt;
use std::sync::Arc;

use super::{Activation, Dual, each, evaluations};
use crate::numerics::Real;

/// An activation made of closures on `f64`: value and derivative, or one formula on [`Dual`]
/// numbers, which yields both. In an `f32` run the results are rounded.
///
/// ```
/// use linear_width::activation::{Activation, FnActivation};
///
/// let square = FnActivation::new("z^2", |z| z * z, |z| 2.0 * z);
/// assert_eq!(square.value(3.0), 9.0);
/// let mish = FnActivation::from_formula("mish", |z| z * z.softplus().tanh());
/// assert!((mish.derivative(0.0) - 0.6).abs() < 1e-15);
/// let hinge = FnActivation::from_formula("hinge", |z| z.max(1.0)).with_kinks([1.0]);
/// assert_eq!((hinge.derivative(0.9), hinge.derivative(1.1)), (0.0, 1.0));
/// ```
#[derive(Clone)]
pub struct FnActivation {
    name: String,
    function: Arc<dyn Activation>,
    kinks: Vec<f64>,
}

impl FnActivation {
    /// An activation with this name, value and derivative.
    pub fn new<F, D>(name: impl Into<String>, value: F, derivative: D) -> Self
    where
        F: Fn(f64) -> f64 + Send + Sync + 'static,
        D: Fn(f64) -> f64 + Send + Sync + 'static,
    {
        Self::from_both(name.into(), move |z| (value(z), derivative(z)))
    }

    /// An activation with this name and formula; the derivative comes from dual numbers.
    pub fn from_formula<F>(name: impl Into<String>, formula: F) -> Self
    where
        F: Fn(Dual) -> Dual + Send + Sync + 'static,
    {
        let both = move |z| {
            let Dual { value, derivative } = formula(Dual::variable(z));
            (value, derivative)
        };
        Self::from_both(name.into(), both)
    }

    fn from_both<F>(name: String, both: F) -> Self
    where
        F: Fn(f64) -> (f64, f64) + Send + Sync + 'static,
    {
        Self { name, function: Arc::new(Both(both)), kinks: Vec::new() }
    }

    /// Declares where the function or its derivative jumps.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        self.kinks = kinks.into();
        self
    }
}

impl Activation for FnActivation {
    fn value(&self, z: f64) -> f64 {
        self.function.value(z)
    }
    fn derivative(&self, z: f64) -> f64 {
        self.function.derivative(z)
    }
    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        self.function.evaluate_f64(z, value, derivative);
    }
    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        self.function.evaluate_f32(z, value, derivative);
    }
    fn kinks(&self) -> Vec<f64> {
        self.kinks.clone()
    }
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl fmt::Debug for FnActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnActivation").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Value and derivative out of one closure.
struct Both<F>(F);

impl<F: Fn(f64) -> (f64, f64)> Both<F> {
    fn at(&self, z: f64) -> (f64, f64) {
        (self.0)(z)
    }
    fn slices<T: Real>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        each(&self.0, z, value, derivative);
    }
}

impl<F: Fn(f64) -> (f64, f64) + Send + Sync> Activation for Both<F> {
    evaluations!(Self::at, Self::slices);
}
