//! The two precisions a run can have.

use crate::activation::Activation;
#[cfg(feature = "cuda")]
use crate::cuda::CardNumber as OnCards;
use crate::linalg::Element;
#[cfg(not(feature = "cuda"))]
use without_cards::OnCards;

/// A floating-point number the simulation can run in: `f32` or `f64`.
///
/// Sealed: dense linear algebra and activations exist for these two types only. Everything in
/// [`num_traits::Float`] is available; `T::of(x)` is the nearest value to the `f64` number `x`, and
/// `x.as_f64()` converts back exactly.
///
/// ```
/// use linear_width::{Scalar, activation::Tanh};
///
/// fn half_tanh<T: Scalar>(z: T) -> T {
///     let (mut value, mut derivative) = ([T::zero()], [T::zero()]);
///     T::evaluate(&Tanh::default(), &[z], &mut value, &mut derivative);
///     T::of(0.5) * value[0]
/// }
/// assert!((half_tanh(1.0_f64) - 0.5 * 1.0_f64.tanh()).abs() < 1e-15);
/// assert!((half_tanh(1.0_f32) - 0.5 * 1.0_f32.tanh()).abs() < 1e-7);
/// ```
pub trait Scalar: Element + OnCards {
    /// Value and derivative of `activation` at every number of `z`; all three slices have the same
    /// length.
    fn evaluate(
        activation: &dyn Activation,
        z: &[Self],
        value: &mut [Self],
        derivative: &mut [Self],
    );
}

impl Scalar for f32 {
    fn evaluate(activation: &dyn Activation, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        activation.evaluate_f32(z, value, derivative);
    }
}

impl Scalar for f64 {
    fn evaluate(activation: &dyn Activation, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        activation.evaluate_f64(z, value, derivative);
    }
}

/// What a card asks of its numbers is nothing where there are no cards.
#[cfg(not(feature = "cuda"))]
mod without_cards {
    #[doc(hidden)]
    pub trait OnCards {}
    impl OnCards for f32 {}
    impl OnCards for f64 {}
}
