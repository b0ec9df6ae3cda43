//! Adaptive quadrature of E f(z), z ~ N(0, 1), for one or several functions at once.

use super::QuadratureError;
use super::gaussian::half_density;
use super::panel::{Panel, Part};
use super::scan::{exceeds, rough_pieces};

/// The integral runs over |z| < 38, beyond which the density is not a normal number.
const REACH: i32 = 38;
/// Panels are of length 1 up to here and of length 2 beyond.
const CORE: i32 = 12;
/// Ends of the panels are integers plus this: no node is a number a user would write down, where a
/// formula may say 0/0.
const SHIFT: f64 = 0.381_966_011_250_105_1;
/// Up to here a function must be finite. Beyond, where the density is below 1e-87, it may overflow
/// once it has died out against the density.
const FINITE: f64 = 20.0;
/// Accuracy relative to E |f| that rounding leaves.
const ROUNDING: f64 = 1e-13;
/// Panels, and sums over panels, before giving up.
const MAX_PANELS: usize = 20_000;
const MAX_SUMS: usize = 2_000_000;

/// E f(z), z ~ N(0, 1), to an absolute accuracy of `tolerance`, or of 1e-13 E |f(z)| where that is
/// more.
///
/// `kinks` are the places where `f` or one of its derivatives jumps. Declaring them saves work;
/// undeclared ones are found.
///
/// The accuracy, or an error, is promised for every function made of smooth pieces with jumps or
/// kinks between them, when each piece is at least 0.001 long for |z| < 7 and at least 0.1 long
/// beyond, or joins two different values (as a steep slope does). A narrower window can fall between
/// the points of the scan: declare a kink on it. `f` may grow as long as its product with the density
/// dies out while both are finite: exp(18 z) does, exp(z^2 / 2) does not.
///
/// # Errors
/// [`QuadratureError`] when `f` is not finite somewhere in |z| < 20, when it has not died out
/// against the density at |z| = 38 or before it overflows, or when the accuracy is not reached.
///
/// ```
/// use linear_width::quadrature::{QuadratureError, gaussian_expectation};
///
/// let relu = |z: f64| z.max(0.0);
/// let mean = gaussian_expectation(relu, &[0.0], 1e-13)?;
/// assert!((mean - 1.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-13);
/// let infinite = gaussian_expectation(|z| (0.6 * z * z).exp(), &[], 1e-13);
/// assert!(matches!(infinite, Err(QuadratureError::Growth { .. })));
/// # Ok::<(), QuadratureError>(())
/// ```
pub fn gaussian_expectation(
    f: impl Fn(f64) -> f64,
    kinks: &[f64],
    tolerance: f64,
) -> Result<f64, QuadratureError> {
    gaussian_expectations(1, |z, out| out[0] = f(z), kinks, tolerance).map(|v| v[0])
}

/// The expectations of `count` functions at once: `f(z, out)` fills `out` with their values at `z`.
/// Accuracy and errors are those of [`gaussian_expectation`] for each.
///
/// Panels of length 1 and 2, split at the kinks and where a scan with 1024 points a unit finds the
/// function rough, are bisected until the last Chebyshev coefficients of the integrand on all
/// panels, which bound the error of the Clenshaw-Curtis sums, fall below the tolerance.
pub(crate) fn gaussian_expectations(
    count: usize,
    f: impl Fn(f64, &mut [f64]),
    kinks: &[f64],
    tolerance: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let weighted = |z: f64, out: &mut [f64]| {
        f(z, out);
        let half = half_density(z);
        // one after the other: the density itself may vanish where its product with f does not
        out.iter_mut().for_each(|value| *value = *value * half * half);
    };
    let scanned = |points: &[f64], values: &mut [f64]| {
        let mut out = vec![0.0; count];
        for (i, z) in points.iter().enumerate() {
            f(*z, &mut out);
            for (k, value) in out.iter().enumerate() {
                values[k * points.len() + i] = *value;
            }
        }
    };
    integrate((count, scanned), (count, &weighted), kinks, tolerance, ROUNDING)
}

/// The integrals of the `weighted` functions, which contain the density, each to `absolute` or to
/// `relative` times the integral of its absolute value. The `scanned` functions, without the density,
/// are searched for narrow features. Both are given by their number and a way to write their values:
/// at one point, and at many points one function after the other.
pub(crate) fn integrate(
    (scanned_count, scanned): (usize, impl FnOnce(&[f64], &mut [f64])),
    (count, weighted): (usize, &impl Fn(f64, &mut [f64])),
    kinks: &[f64],
    absolute: f64,
    relative: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let mut ends = rough_pieces(scanned_count, scanned, absolute, relative)?;
    let starts = (-REACH..=REACH).filter(|i| i.abs() <= CORE || i % 2 == 0);
    ends.extend(starts.map(|i| f64::from(i) + SHIFT));
    let mut panels = first_panels(ends, kinks, count, weighted)?;
    let allowed_errors = |panels: &[Panel]| -> Vec<f64> {
        let allowed = |size: f64| absolute.max(relative * size).max(f64::MIN_POSITIVE);
        sums(panels, |part| part.size).into_iter().map(allowed).collect()
    };
    check_growth(&panels, &allowed_errors(&panels))?;
    let most = MAX_PANELS.min(MAX_SUMS / count.max(1)).max(2 * panels.len());
    loop {
        let allowed = allowed_errors(&panels);
        let error = sums(&panels, |part| part.error);
        let open: Vec<usize> = (0..count).filter(|&k| exceeds(error[k], allowed[k])).collect();
        let Some(&first_open) = open.first() else { break };
        let not_converged =
            |near| Err(QuadratureError::NotConverged { tolerance: allowed[first_open], near });
        let share = 0.5 / panels.len() as f64;
        let mut next = Vec::with_capacity(panels.len() + 16);
        let mut worst = (0.0, 0.0);
        let before = panels.len();
        for panel in panels {
            let excess = |k: &usize| panel.parts[*k].error / (share * allowed[*k]);
            let larger = |a, b| if exceeds(b, a) { b } else { a };
            let excess = open.iter().map(excess).fold(0.0, larger);
            if exceeds(excess, worst.0) {
                worst = (excess, 0.5 * (panel.from + panel.to));
            }
            match panel.halves().filter(|_| exceeds(excess, 1.0)) {
                Some([left, right]) => {
                    next.push(Panel::new(left, count, weighted)?);
                    next.push(Panel::new(right, count, weighted)?);
                }
                None if exceeds(share * excess, 1.0) => return not_converged(panel.from),
                None => next.push(panel),
            }
        }
        if next.len() == before || next.len() > most {
            return not_converged(worst.1);
        }
        panels = next;
    }
    let total = sums(&panels, |part| part.integral);
    if total.iter().any(|total| !total.is_finite()) {
        return Err(QuadratureError::Growth { at: f64::from(REACH) });
    }
    Ok(total)
}

/// Sums over the panels, from left to right.
fn sums(panels: &[Panel], term: impl Fn(&Part) -> f64) -> Vec<f64> {
    let mut total = vec![0.0; panels.first().map_or(0, |panel| panel.parts.len())];
    for panel in panels {
        total.iter_mut().zip(&panel.parts).for_each(|(total, part)| *total += term(part));
    }
    total
}

/// The panels between all ends and kinks, up to where the functions overflow.
fn first_panels(
    mut ends: Vec<f64>,
    kinks: &[f64],
    count: usize,
    weighted: &impl Fn(f64, &mut [f64]),
) -> Result<Vec<Panel>, QuadratureError> {
    ends.extend(kinks.iter().filter(|kink| kink.abs() < f64::from(REACH)));
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let mut panels = Vec::with_capacity(ends.len());
    for pair in ends.windows(2) {
        // a function may have either value at a kink, so the panels stop next to it
        let from = if kinks.contains(&pair[0]) { next_up(pair[0]) } else { pair[0] };
        let to = if kinks.contains(&pair[1]) { -next_up(-pair[1]) } else { pair[1] };
        if from >= to {
            continue;
        }
        match Panel::new((from, to), count, weighted) {
            Ok(panel) => panels.push(panel),
            Err(QuadratureError::NonFinite { at }) if at < -FINITE => panels.clear(),
            Err(QuadratureError::NonFinite { at }) if at > FINITE => break,
            Err(error) => return Err(error),
        }
    }
    Ok(panels)
}

/// The next number above `x`; for 0 one whose powers do not vanish.
fn next_up(x: f64) -> f64 {
    if x == 0.0 { 1e-100 } else { libm::nextafter(x, f64::INFINITY) }
}

/// Every function must have died out over the last two units of z on both sides, and not be growing
/// there.
fn check_growth(panels: &[Panel], allowed: &[f64]) -> Result<(), QuadratureError> {
    let (Some(first), Some(last)) = (panels.first(), panels.last()) else { return Ok(()) };
    for end in [first.from, last.to] {
        let mut sizes = vec![[0.0; 3]; allowed.len()];
        for panel in panels {
            let distance = 0.5 * (end - 0.5 * (panel.from + panel.to)).abs();
            if distance < 3.0 {
                for (sizes, part) in sizes.iter_mut().zip(&panel.parts) {
                    sizes[distance as usize] += part.size;
                }
            }
        }
        for ([last, before, earlier], allowed) in sizes.into_iter().zip(allowed) {
            let grows = last > before && before > earlier && earlier > 0.0;
            if grows || exceeds(last, 1e-3 * allowed) {
                return Err(QuadratureError::Growth { at: end });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn gaussian_moments_and_transforms() {
        let mut double_factorial = 1.0;
        for k in 0..60 {
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
    fn formulas_without_a_value_at_round_numbers() {
        let sinc = gaussian_expectation(|z| z.sin() / z, &[], 1e-12).unwrap();
        // sqrt(pi / 2) erf(1 / sqrt 2)
        assert!((sinc - 0.855_624_391_892_148_8).abs() < 1e-12, "{sinc}");
        assert_eq!(sinc, gaussian_expectation(|z| z.sin() / z, &[], 1e-10).unwrap());
        let told = gaussian_expectation(|z| (z * z).ln(), &[0.0], 1e-10).unwrap();
        // -ln 2 - Euler's constant
        assert!((told + 1.270_362_845_461_478).abs() < 1e-10, "{told}");
    }

    #[test]
    fn failures_are_reported() {
        let nan = gaussian_expectation(|z| z.ln(), &[], 1e-10);
        assert!(matches!(nan, Err(QuadratureError::NonFinite { .. })));
        // non-integrable: bisection towards the singularity never agrees
        let pole = gaussian_expectation(|z| 1.0 / (z - 0.123_456).abs(), &[], 1e-12);
        assert!(matches!(pole, Err(QuadratureError::NotConverged { .. })));
        // a value without any meaning in its last digits
        let noise = gaussian_expectation(|z| (1e9 * z).sin(), &[], 1e-12);
        assert!(matches!(noise, Err(QuadratureError::NotConverged { .. })));
    }

    #[test]
    fn growth_is_followed_or_reported() {
        for rate in [0.5, 5.0, 12.0, 18.0, 19.0, -18.0, -19.5] {
            let found = gaussian_expectation(|z| (rate * z).exp(), &[], 1e-10).unwrap();
            let exact = (0.5 * rate * rate).exp();
            assert!((found / exact - 1.0).abs() < 1e-12, "{rate}: {found:e} {exact:e}");
        }
        for rate in [25.0, -25.0] {
            let found = gaussian_expectation(|z| (rate * z).exp(), &[], 1e-10);
            assert!(matches!(found, Err(QuadratureError::Growth { .. })), "{found:?}");
        }
        for (rate, tiny) in [(0.1, 1.0), (0.3, 1.0), (0.45, 1.0), (0.3, 1e-200)] {
            let found = gaussian_expectation(|z| tiny * (rate * z * z).exp(), &[], 1e-290).unwrap();
            let exact = tiny / (1.0_f64 - 2.0 * rate).sqrt();
            assert!((found / exact - 1.0).abs() < 1e-12, "{rate}: {found:e} {exact:e}");
        }
        for (rate, tiny) in [(0.49, 1.0), (0.5, 1.0), (0.51, 1.0), (0.6, 1e-300), (0.51, 1e-300)] {
            let found = gaussian_expectation(|z| tiny * (rate * z * z).exp(), &[], 1e-10);
            assert!(matches!(found, Err(QuadratureError::Growth { .. })), "{rate}: {found:?}");
        }
    }
}
