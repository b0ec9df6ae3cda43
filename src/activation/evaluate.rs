//! From the precision of a run to the method of an activation.

use super::Activation;
use crate::numerics::Real;

/// A precision that activations can be evaluated in.
pub trait Evaluate: Real {
    /// Value and derivative of `activation` at every number of `z`; all three slices have the same
    /// length.
    fn evaluate(
        activation: &dyn Activation,
        z: &[Self],
        value: &mut [Self],
        derivative: &mut [Self],
    );
}

impl Evaluate for f32 {
    fn evaluate(activation: &dyn Activation, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        activation.evaluate_f32(z, value, derivative);
    }
}

impl Evaluate for f64 {
    fn evaluate(activation: &dyn Activation, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        activation.evaluate_f64(z, value, derivative);
    }
}
