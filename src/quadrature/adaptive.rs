//! Adaptive quadrature of E f(z), z ~ N(0, 1), for one or several functions at once.

use std::sync::OnceLock;

use thiserror::Error;

use super::{Rule, gauss_legendre, normal_density};

/// An expectation that could not be computed to the accuracy asked for.
#[derive(Clone, Copy, Error, PartialEq)]
#[non_exhaustive]
pub enum QuadratureError {
    /// The function returned an infinity or a NaN.
    #[error("the function is not finite at z = {at}; it must be finite at every real number")]
    NonFinite {
        /// Where.
        at: f64,
    },
    /// Bisection did not reach the tolerance.
    #[error(
        "the expectation did not reach an absolute accuracy of {tolerance:e} near z = {near}; \
         declare the kinks of the function, or smooth it"
    )]
    NotConverged {
        /// The absolute accuracy asked for.
        tolerance: f64,
        /// Where the integrand resists.
        near: f64,
    },
}

/// Beyond this |z| the Gaussian weight is below 1e-87; a function growing like the 20th power of z
/// still loses nothing visible.
const REACH: f64 = 20.0;
const NODES: usize = 16;
const MAX_DEPTH: u32 = 48;
/// Panels looked at before giving up.
const MAX_PANELS: usize = 100_000;

/// E f(z), z ~ N(0, 1), to an absolute accuracy of `tolerance`.
///
/// `kinks` are the places where `f` or one of its derivatives jumps; declaring them saves work, but
/// undeclared ones are found by bisection. Functions must not grow faster than about |z|^20.
///
/// # Errors
/// [`QuadratureError`] when `f` is not finite somewhere, or the tolerance is not reached.
///
/// ```
/// let relu = |z: f64| z.max(0.0);
/// let mean = linear_width::quadrature::gaussian_expectation(relu, &[0.0], 1e-13)?;
/// assert!((mean - 1.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-13);
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
pub fn gaussian_expectation(
    f: impl Fn(f64) -> f64,
    kinks: &[f64],
    tolerance: f64,
) -> Result<f64, QuadratureError> {
    gaussian_expectations(1, |z, out| out[0] = f(z), kinks, tolerance).map(|v| v[0])
}

/// The expectations of `count` functions at once: `f(z, out)` fills `out` with their values at `z`.
///
/// Panels of unit length, split at the kinks, are bisected until the 16-point Gauss-Legendre rule
/// on a panel and the sum over its two halves agree to the tolerance, or to rounding when the
/// expectation is so large that the tolerance is below its last digits.
///
/// # Errors
/// As [`gaussian_expectation`].
pub fn gaussian_expectations(
    count: usize,
    f: impl Fn(f64, &mut [f64]),
    kinks: &[f64],
    tolerance: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let mut ends: Vec<f64> = (-(REACH as i32)..=REACH as i32).map(f64::from).collect();
    ends.extend(kinks.iter().copied().filter(|k| k.abs() < REACH));
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let mut integrator = Integrator {
        f,
        buffer: vec![0.0; count],
        total: vec![0.0; count],
        tolerance: tolerance / (2.0 * REACH),
        asked: tolerance,
        panels: 0,
    };
    for pair in ends.windows(2) {
        let whole = integrator.panel(pair[0], pair[1])?;
        integrator.refine(pair[0], pair[1], whole, 0)?;
    }
    Ok(integrator.total)
}

struct Integrator<F> {
    f: F,
    buffer: Vec<f64>,
    total: Vec<f64>,
    /// accuracy asked of one panel, and of the whole
    tolerance: f64,
    asked: f64,
    panels: usize,
}

impl<F: Fn(f64, &mut [f64])> Integrator<F> {
    fn panel(&mut self, from: f64, to: f64) -> Result<Vec<f64>, QuadratureError> {
        static RULE: OnceLock<Rule> = OnceLock::new();
        let rule = RULE.get_or_init(|| gauss_legendre(NODES, -1.0, 1.0));
        self.panels += 1;
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let mut sum = vec![0.0; self.buffer.len()];
        for (node, weight) in rule.iter() {
            let z = middle + half * node;
            (self.f)(z, &mut self.buffer);
            let density = half * weight * normal_density(z);
            for (sum, value) in sum.iter_mut().zip(&self.buffer) {
                if !value.is_finite() {
                    return Err(QuadratureError::NonFinite { at: z });
                }
                *sum += density * value;
            }
        }
        Ok(sum)
    }

    fn refine(
        &mut self,
        from: f64,
        to: f64,
        whole: Vec<f64>,
        depth: u32,
    ) -> Result<(), QuadratureError> {
        let middle = 0.5 * (from + to);
        let left = self.panel(from, middle)?;
        let right = self.panel(middle, to)?;
        let agree = (0..whole.len()).all(|i| {
            let halves = left[i] + right[i];
            let rounding = 64.0 * f64::EPSILON * (left[i].abs() + right[i].abs());
            (halves - whole[i]).abs() <= self.tolerance.max(rounding)
        });
        if agree {
            for (total, (left, right)) in self.total.iter_mut().zip(left.iter().zip(&right)) {
                *total += left + right;
            }
            return Ok(());
        }
        if depth == MAX_DEPTH || self.panels > MAX_PANELS {
            return Err(QuadratureError::NotConverged { tolerance: self.asked, near: middle });
        }
        self.refine(from, middle, left, depth + 1)?;
        self.refine(middle, to, right, depth + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn gaussian_moments_and_transforms() {
        let mut double_factorial = 1.0;
        for k in 0..10 {
            let moment = gaussian_expectation(|z| z.powi(2 * k), &[], 1e-12).unwrap();
            assert!((moment / double_factorial - 1.0).abs() < 1e-12, "moment {}", 2 * k);
            double_factorial *= f64::from(2 * k + 1);
        }
        let wave = gaussian_expectation(|z| (40.0 * z).cos(), &[], 1e-13).unwrap();
        assert!((wave - (-800.0_f64).exp()).abs() < 1e-13);
    }

    #[test]
    fn a_kink_needs_no_declaration() {
        let shifted = |z: f64| (z - 0.3).max(0.0);
        let found = gaussian_expectation(shifted, &[], 1e-12).unwrap();
        let told = gaussian_expectation(shifted, &[0.3], 1e-12).unwrap();
        let density = (-0.045_f64).exp() / (2.0 * PI).sqrt();
        let exact = density - 0.3 * 0.5 * libm::erfc(0.3 / 2.0_f64.sqrt());
        assert!((found - exact).abs() < 1e-12 && (told - exact).abs() < 1e-12);
    }

    #[test]
    fn failures_are_reported() {
        let nan = gaussian_expectation(|z| z.ln(), &[], 1e-10);
        assert!(matches!(nan, Err(QuadratureError::NonFinite { .. })));
        // non-integrable: bisection towards the singularity never agrees
        let pole = gaussian_expectation(|z| 1.0 / (z - 0.123_456).abs(), &[], 1e-12);
        assert!(matches!(pole, Err(QuadratureError::NotConverged { .. })));
    }
}
