//! Hermite coefficients of any activation.
//!
//! Equations: docs/theory.md, (1.7).

use super::Activation;
use crate::numerics::quadrature::{QuadratureError, half_density, integrate};

/// The accuracy asked of the quadrature, relative to E |f(z) h_k(z)|, which is at most the norm of f.
const RELATIVE: f64 = 1e-12;

/// The Hermite coefficients c_0, ..., c_max_degree of an activation.
///
/// Convention (docs/theory.md, section 1): c_k = E\[sigma(z) He_k(z)\] / k! with z ~ N(0, 1) and
/// the probabilists' polynomials, so that sigma = sum_k c_k He_k and k! c_k = E\[sigma^(k)(z)\].
///
/// For a [`HermiteSeries`](super::HermiteSeries), shared or centred too, they are its own, exactly.
/// For any other activation the error of sqrt(k!) c_k is at most 1e-11 of the root mean square
/// sqrt(E sigma(z)^2), for the functions named in
/// [`gaussian_expectation`](crate::quadrature::gaussian_expectation); declared kinks save work.
///
/// # Errors
/// [`QuadratureError`] when the activation is not finite on the range of the quadrature, grows so
/// fast that the expectations are infinite, or the accuracy cannot be reached.
///
/// ```
/// use linear_width::activation::{HermiteSeries, Relu, hermite_coefficients};
///
/// let c = hermite_coefficients(&Relu, 3)?;
/// assert!((c[1] - 0.5).abs() < 1e-12);
/// assert!(c[3].abs() < 1e-12); // no third direction at leading order
/// assert_eq!(hermite_coefficients(&HermiteSeries::new([0.0, 1.0]), 2)?, [0.0, 1.0, 0.0]);
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
pub fn hermite_coefficients(
    activation: &dyn Activation,
    max_degree: usize,
) -> Result<Vec<f64>, QuadratureError> {
    if let Some(mut known) = known_series(activation) {
        known.resize(max_degree + 1, 0.0);
        return Ok(known);
    }
    let mut slopes = Vec::new();
    let scanned = |points: &[f64], values: &mut [f64]| {
        slopes.resize(points.len(), 0.0);
        activation.evaluate_f64(points, values, &mut slopes);
    };
    coefficients(|z| activation.value(z), scanned, &activation.kinks(), max_degree, 0.0)
}

/// The coefficients of a finite Hermite series, when they are finite numbers.
pub(crate) fn known_series(activation: &dyn Activation) -> Option<Vec<f64>> {
    activation.hermite_series().filter(|series| series.iter().all(|c| c.is_finite()))
}

/// The same for any function of a Gaussian variable whose values have errors of size `rounding`.
pub(crate) fn hermite_coefficients_of(
    f: impl Fn(f64) -> f64,
    kinks: &[f64],
    max_degree: usize,
    rounding: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let scanned = |points: &[f64], values: &mut [f64]| {
        points.iter().zip(values).for_each(|(z, value)| *value = f(*z));
    };
    coefficients(&f, scanned, kinks, max_degree, rounding)
}

fn coefficients(
    f: impl Fn(f64) -> f64,
    scanned: impl FnOnce(&[f64], &mut [f64]),
    kinks: &[f64],
    max_degree: usize,
    rounding: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let root = |k: usize| (k as f64).sqrt();
    let factors: Vec<[f64; 2]> =
        (0..=max_degree).map(|k| [1.0 / root(k + 1), root(k) / root(k + 1)]).collect();
    // the Hermite functions He_k sqrt(density / k!) are below 1, so that nothing overflows
    let weighted = |z: f64, out: &mut [f64]| {
        let half = half_density(z);
        let value = f(z) * half;
        let (mut current, mut previous) = (half, 0.0);
        for (out, [a, b]) in out.iter_mut().zip(&factors) {
            *out = value * current;
            (current, previous) = (a * z * current - b * previous, current);
        }
    };
    let count = max_degree + 1;
    let mut coefficients = integrate((1, scanned), (count, &weighted), kinks, rounding, RELATIVE)?;
    let mut root_factorial = 1.0;
    for (k, c) in coefficients.iter_mut().enumerate().skip(1) {
        root_factorial *= root(k);
        *c /= root_factorial;
    }
    Ok(coefficients)
}
