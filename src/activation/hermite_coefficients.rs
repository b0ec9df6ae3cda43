//! Hermite coefficients of any activation.
//!
//! Equations: docs/theory.md, (1.7).

use super::Activation;
use crate::quadrature::{QuadratureError, gaussian_expectations};

/// The Hermite coefficients c_0, ..., c_max_degree of an activation, to 1e-10 or better, kinks or
/// not.
///
/// Convention (docs/theory.md, section 1): c_k = E\[sigma(z) He_k(z)\] / k! with z ~ N(0, 1) and
/// the probabilists' polynomials, so that sigma = sum_k c_k He_k and k! c_k = E\[sigma^(k)(z)\].
///
/// # Errors
/// [`QuadratureError`] when the activation is not finite on the range of the quadrature, or the
/// accuracy cannot be reached.
///
/// ```
/// use linear_width::activation::{Relu, hermite_coefficients};
///
/// let c = hermite_coefficients(&Relu, 3)?;
/// assert!((c[1] - 0.5).abs() < 1e-12);
/// assert!(c[3].abs() < 1e-12); // no third direction at leading order
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
pub fn hermite_coefficients(
    activation: &impl Activation,
    max_degree: usize,
) -> Result<Vec<f64>, QuadratureError> {
    hermite_coefficients_of(|z| activation.value(z), &activation.kinks(), max_degree)
}

/// The same for any function of a Gaussian variable.
pub(crate) fn hermite_coefficients_of(
    f: impl Fn(f64) -> f64,
    kinks: &[f64],
    max_degree: usize,
) -> Result<Vec<f64>, QuadratureError> {
    // orthonormal polynomials h_k = He_k / sqrt(k!) keep every integrand of order one
    let integrand = |z: f64, out: &mut [f64]| {
        let value = f(z);
        let (mut current, mut previous) = (1.0, 0.0);
        for (k, out) in out.iter_mut().enumerate() {
            *out = value * current;
            let k = k as f64;
            let next = (z * current - k.sqrt() * previous) / (k + 1.0).sqrt();
            previous = current;
            current = next;
        }
    };
    let mut coefficients = gaussian_expectations(max_degree + 1, integrand, kinks, 1e-12)?;
    let mut root_factorial = 1.0;
    for (k, c) in coefficients.iter_mut().enumerate().skip(1) {
        root_factorial *= (k as f64).sqrt();
        *c /= root_factorial;
    }
    Ok(coefficients)
}
