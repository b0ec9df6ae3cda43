//! Derivatives of averages over the local Gaussians along the paths of single neurons, for activations
//! without kinks.
//!
//! Equations: docs/theory.md, (14.23), (14.24).

use super::neuron::{Local, LocalSums, dot};
use crate::theory::dynamics::activation_constants::ActivationConstants;

/// Distance of the two slopes whose difference gives sigma''.
const DISTANCE: f64 = 1e-6;

/// sigma'' at `z`, where sigma' is `slope`.
pub(super) fn curvature(z: &[f64], slope: &[f64], activation: &ActivationConstants) -> Vec<f64> {
    let shifted: Vec<f64> = z.iter().map(|z| z + DISTANCE).collect();
    let (mut values, mut slopes) = (vec![0.0; z.len()], vec![0.0; z.len()]);
    activation.evaluate(&shifted, &mut values, &mut slopes);
    slopes.iter().zip(slope).map(|(after, before)| (after - before) / DISTANCE).collect()
}

/// Fills in the derivatives of `sums` at the step t, from sigma' and sigma'' at all nodes and steps.
pub(super) fn derivatives(
    local: &Local,
    weights: &[f64],
    residual: &[f64],
    (slopes, curvatures): (&[Vec<f64>], &[Vec<f64>]),
    sums: &mut LocalSums,
) {
    let t = slopes.len() - 1;
    let weighted = |f: &[f64]| -> Vec<f64> { f.iter().zip(weights).map(|(f, w)| f * w).collect() };
    let (by_slope, by_value) = (weighted(&curvatures[t]), weighted(&slopes[t]));
    for s in 0..=t {
        let moved = moved(local, residual, curvatures, s, None);
        sums.slope_by_mean.push(dot(&by_slope, &moved));
        if s < t {
            sums.value_by_mean.push(dot(&by_value, &moved));
        }
    }
    for (s, slope) in slopes[..t].iter().enumerate() {
        let moved = moved(local, residual, curvatures, s, Some(slope));
        sums.slope_by_residual.push(dot(&by_slope, &moved));
        sums.value_by_residual.push(dot(&by_value, &moved));
    }
}

/// How far the preactivation of the last step moves with m^(s), or with r^(s) where `slope` is
/// sigma' of that step (14.23), (14.24).
fn moved(
    local: &Local,
    residual: &[f64],
    curvatures: &[Vec<f64>],
    s: usize,
    slope: Option<&Vec<f64>>,
) -> Vec<f64> {
    let (t, count) = (curvatures.len() - 1, curvatures[0].len());
    // of the steps from s on
    let mut paths = vec![vec![if slope.is_some() { 0.0 } else { 1.0 }; count]];
    for step in s + 1..=t {
        let mut next = match slope {
            Some(slope) => slope.iter().map(|slope| local.trace[step][s] * slope).collect(),
            None => vec![0.0; count],
        };
        for (i, path) in paths.iter().enumerate() {
            let factor = local.trace[step][s + i] * residual[s + i];
            let terms = curvatures[s + i].iter().zip(path);
            next.iter_mut().zip(terms).for_each(|(next, (c, path))| *next += factor * c * path);
        }
        paths.push(next);
    }
    paths.pop().unwrap_or_default()
}
