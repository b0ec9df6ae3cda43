//! Hermite coefficients of any function of a Gaussian variable.
//!
//! Equations: docs/theory.md, (1.7).

use super::Activation;
use crate::numerics::quadrature::{QuadratureError, half_density, integrate};

/// The accuracy asked of the quadrature, relative to E |f(z) h_k(z)|, which is at most the norm of f.
const RELATIVE: f64 = 1e-12;

/// The coefficients of an activation of type `A`, which may be `dyn Activation`.
pub(super) fn of_activation<A: Activation + ?Sized>(
    activation: &A,
    max_degree: usize,
) -> Result<Vec<f64>, QuadratureError> {
    if let Some(mut known) = known_series(activation) {
        known.resize(max_degree + 1, 0.0);
        return Ok(known);
    }
    let scanned = |points: &[f64], values: &mut [f64]| {
        activation.evaluate_f64(points, values, &mut vec![0.0; points.len()]);
    };
    coefficients(&|z| activation.value(z), &scanned, &activation.kinks(), max_degree, 0.0)
}

/// The coefficients of a finite Hermite series, when they are finite numbers.
pub(crate) fn known_series<A: Activation + ?Sized>(activation: &A) -> Option<Vec<f64>> {
    activation.hermite_series().filter(|series| series.iter().all(|c| c.is_finite()))
}

/// The coefficients of any function whose values have errors of size `rounding`.
pub(crate) fn hermite_coefficients_of(
    f: &dyn Fn(f64) -> f64,
    kinks: &[f64],
    max_degree: usize,
    rounding: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let scanned = |points: &[f64], values: &mut [f64]| {
        points.iter().zip(values).for_each(|(z, value)| *value = f(*z));
    };
    coefficients(f, &scanned, kinks, max_degree, rounding)
}

/// `scanned` writes the values of `f` at many points.
fn coefficients(
    f: &dyn Fn(f64) -> f64,
    scanned: &dyn Fn(&[f64], &mut [f64]),
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
