//! Hermite coefficients of any function of a Gaussian variable.
//!
//! Equations: docs/theory.md, (1.7).

use crate::numerics::quadrature::{QuadratureError, half_density, integrate};

/// The accuracy asked of the quadrature, relative to E |f(z) h_k(z)|, which is at most the norm of f.
const RELATIVE: f64 = 1e-12;

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

/// The same, with a function `scanned` that writes the values of `f` at many points.
pub(super) fn coefficients(
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
