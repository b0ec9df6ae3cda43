//! Polynomial activations.

use super::{Activation, value_and_derivative};
use crate::Scalar;

/// The finite series sum_k c_k He_k(z) in the probabilists' Hermite polynomials
/// (He_0 = 1, He_1 = z, He_{k+1} = z He_k - k He_{k-1}).
///
/// As an activation its degree should stay small: from degree 4 on, large gradient steps make the
/// weights diverge (docs/theory.md, section 7), which training reports as an error.
///
/// ```
/// use linear_width::activation::{Activation, HermiteSeries};
///
/// let cubic = HermiteSeries::new([0.0, 1.0, 0.0, 0.5]); // z + (z^3 - 3 z)/2
/// assert_eq!(cubic.value(2.0_f64), 2.0 + 1.0);
/// assert_eq!(HermiteSeries::polynomial(2).value(3.0_f64), 8.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HermiteSeries {
    coefficients: Vec<f64>,
}

impl HermiteSeries {
    /// The series with these coefficients c_0, c_1, ...
    pub fn new(coefficients: impl Into<Vec<f64>>) -> Self {
        Self { coefficients: coefficients.into() }
    }

    /// The single polynomial He_degree.
    pub fn polynomial(degree: usize) -> Self {
        let mut coefficients = vec![0.0; degree + 1];
        coefficients[degree] = 1.0;
        Self { coefficients }
    }

    /// The coefficients c_0, c_1, ...
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Value and derivative; He_k' = k He_{k-1}.
    fn both<T: Scalar>(&self, z: T) -> (T, T) {
        let (mut value, mut derivative) = (T::zero(), T::zero());
        let (mut current, mut previous) = (T::one(), T::zero());
        for (k, c) in self.coefficients.iter().enumerate() {
            let (k, c) = (T::of(k as f64), T::of(*c));
            value += c * current;
            derivative += c * k * previous;
            let next = z * current - k * previous;
            previous = current;
            current = next;
        }
        (value, derivative)
    }
}

impl Activation for HermiteSeries {
    value_and_derivative!(both);
    fn evaluate<T: Scalar>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        // the recurrence for a block of numbers at a time, which the compiler turns into vectors
        const BLOCK: usize = 32;
        let blocks = z.chunks(BLOCK).zip(value.chunks_mut(BLOCK));
        for ((z, value), derivative) in blocks.zip(derivative.chunks_mut(BLOCK)) {
            let (mut current, mut previous) = ([T::one(); BLOCK], [T::zero(); BLOCK]);
            value.fill(T::zero());
            derivative.fill(T::zero());
            for (k, c) in self.coefficients.iter().enumerate() {
                let (k, c) = (T::of(k as f64), T::of(*c));
                for (i, z) in z.iter().enumerate() {
                    value[i] += c * current[i];
                    derivative[i] += c * k * previous[i];
                    let next = *z * current[i] - k * previous[i];
                    previous[i] = current[i];
                    current[i] = next;
                }
            }
        }
    }
    fn name(&self) -> String {
        let terms: Vec<String> = self
            .coefficients
            .iter()
            .enumerate()
            .filter(|(_, c)| **c != 0.0)
            .map(|(k, c)| if *c == 1.0 { format!("He{k}") } else { format!("{c} He{k}") })
            .collect();
        if terms.is_empty() { "0".into() } else { terms.join(" + ") }
    }
}
