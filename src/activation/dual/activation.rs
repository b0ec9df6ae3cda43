//! Activations given by a formula alone.

use std::fmt;

use super::Dual;
use crate::Scalar;
use crate::activation::Activation;

/// An activation given by its formula; the derivative comes from dual numbers.
///
/// Every implementor is an [`Activation`]. One formula serves `f32` and `f64`; constants are `f64`
/// and rounded to the precision of the run. For a one-line formula see [`DualFn`].
///
/// ```
/// use linear_width::{Scalar, activation::{Activation, Dual, DualActivation}};
///
/// /// z / (1 + exp(-beta z))
/// struct Swish { beta: f64 }
/// impl DualActivation for Swish {
///     fn formula<T: Scalar>(&self, z: Dual<T>) -> Dual<T> { z * (self.beta * z).sigmoid() }
/// }
/// let swish = Swish { beta: 1.5 };
/// assert_eq!(swish.value(0.0_f64), 0.0);
/// assert_eq!(swish.derivative(0.0_f32), 0.5);
/// ```
pub trait DualActivation: Send + Sync {
    /// The activation at `z`.
    fn formula<T: Scalar>(&self, z: Dual<T>) -> Dual<T>;

    /// Where the activation or its derivative jumps; quadrature splits there. None by default.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    /// A name for reports, with the parameters; the type's name by default.
    fn name(&self) -> String {
        let full = std::any::type_name::<Self>();
        full.rsplit("::").next().unwrap_or(full).to_owned()
    }
}

impl<A: DualActivation> Activation for A {
    fn value<T: Scalar>(&self, z: T) -> T {
        self.formula(Dual::constant(z)).value
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        self.formula(Dual::variable(z)).derivative
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            let both = self.formula(Dual::variable(*z));
            (*value, *derivative) = (both.value, both.derivative);
        }
    }
    fn kinks(&self) -> Vec<f64> {
        DualActivation::kinks(self)
    }
    fn name(&self) -> String {
        DualActivation::name(self)
    }
}

/// An activation made of one closure on [`Dual`] numbers: value and derivative from one formula.
///
/// In an `f32` run the formula is evaluated in `f64` and rounded; [`DualActivation`] evaluates it
/// in the precision of the run.
///
/// ```
/// use linear_width::activation::{Activation, DualFn};
///
/// let mish = DualFn::new("mish", |z| z * z.softplus().tanh());
/// assert!((mish.derivative(0.0_f64) - 0.6).abs() < 1e-15);
/// let hinge = DualFn::new("hinge", |z| z.max(1.0)).with_kinks([1.0]);
/// assert_eq!((hinge.derivative(0.9_f64), hinge.derivative(1.1_f64)), (0.0, 1.0));
/// ```
#[derive(Clone)]
pub struct DualFn<F> {
    name: String,
    formula: F,
    kinks: Vec<f64>,
}

impl<F: Fn(Dual) -> Dual + Send + Sync> DualFn<F> {
    /// An activation with this name and formula.
    pub fn new(name: impl Into<String>, formula: F) -> Self {
        Self { name: name.into(), formula, kinks: Vec::new() }
    }

    /// Declares where the function or its derivative jumps.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        self.kinks = kinks.into();
        self
    }

    fn at<T: Scalar>(&self, z: T) -> Dual {
        (self.formula)(Dual::variable(z.as_f64()))
    }
}

impl<F: Fn(Dual) -> Dual + Send + Sync> Activation for DualFn<F> {
    fn value<T: Scalar>(&self, z: T) -> T {
        T::of(self.at(z).value)
    }
    fn derivative<T: Scalar>(&self, z: T) -> T {
        T::of(self.at(z).derivative)
    }
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            let both = self.at(*z);
            (*value, *derivative) = (T::of(both.value), T::of(both.derivative));
        }
    }
    fn kinks(&self) -> Vec<f64> {
        self.kinks.clone()
    }
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl<F> fmt::Debug for DualFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DualFn").field("name", &self.name).finish_non_exhaustive()
    }
}
