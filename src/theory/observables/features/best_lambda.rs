//! The lambda of the smallest test error.

use super::continuation::Continuation;
use super::fixed_point::Equations;
use super::ridge::{Errors, at};
use super::system::FeatureSystem;
use crate::theory::error::Fallible;

/// Lambdas looked at first: per factor of ten, and powers of ten about the natural scale.
const PER_DECADE: usize = 2;
const DECADES: [i32; 2] = [-8, 4];

/// Points of each finer grid, and how many such grids.
const POINTS: usize = 9;
const GRIDS: usize = 2;

/// Where the smallest test error is.
pub(super) struct Best {
    /// 0, a positive number, or infinity.
    pub lambda: f64,
    pub errors: Errors,
    /// The lambda at which `errors` were computed.
    pub evaluated_at: f64,
}

/// The smallest test error over lambda >= 0: on a coarse grid of ln lambda, on finer ones about its
/// best point, and at the vertex of the parabola through the last three points.
pub(super) fn search(system: &FeatureSystem, samples: usize) -> Fallible<Best> {
    let equations = Equations { system, samples: samples as f64 };
    let natural = system.scale * (1.0 + system.width / samples as f64);
    let count = (DECADES[1] - DECADES[0]) as usize * PER_DECADE;
    let top = natural.log10() + f64::from(DECADES[1]);
    let grid: Vec<f64> =
        (0..=count).map(|i| 10f64.powf(top - i as f64 / PER_DECADE as f64)).collect();
    let mut path = Continuation::new(equations, grid[0])?;
    let mut points = Vec::new();
    for &lambda in &grid {
        let errors = at(&equations, &mut path, lambda)?;
        points.push((lambda, errors));
    }
    let nothing = system.samples.second_moment();
    let mut best = lowest(&points);
    if points[best].1[0] >= nothing {
        let errors = [nothing, nothing, 0.0];
        return Ok(Best { lambda: f64::INFINITY, errors, evaluated_at: f64::INFINITY });
    }
    if best == points.len() - 1 {
        let (last, errors) = points[best];
        let (evaluated_at, errors) = if samples as f64 > system.width {
            (0.0, at(&equations, &mut path, 0.0)?)
        } else {
            (last, errors)
        };
        return Ok(Best { lambda: 0.0, errors, evaluated_at });
    }
    // the test error of a very large lambda approaches E y^2 from below
    best = best.max(1);
    for _ in 0..GRIDS {
        let (high, low) = (points[best - 1].0.ln(), points[best + 1].0.ln());
        let step = (low - high) / (POINTS - 1) as f64;
        let mut path = Continuation::new(equations, high.exp())?;
        points.clear();
        for i in 0..POINTS {
            let lambda = (high + step * i as f64).exp();
            points.push((lambda, at(&equations, &mut path, lambda)?));
        }
        best = lowest(&points).clamp(1, POINTS - 2);
    }
    let [high, middle, low] = [best - 1, best, best + 1].map(|i| points[i]);
    let curvature = high.1[0] - 2.0 * middle.1[0] + low.1[0];
    let shift = if curvature > 0.0 { 0.5 * (high.1[0] - low.1[0]) / curvature } else { 0.0 };
    let step = middle.0.ln() - low.0.ln();
    let lambda = (middle.0.ln() - shift.clamp(-1.0, 1.0) * step).exp();
    let mut path = Continuation::new(equations, lambda)?;
    let errors = at(&equations, &mut path, lambda)?;
    Ok(Best { lambda, errors, evaluated_at: lambda })
}

/// The index of the smallest test error.
fn lowest(points: &[(f64, Errors)]) -> usize {
    let better = |best: usize, i: usize| if points[i].1[0] < points[best].1[0] { i } else { best };
    (0..points.len()).fold(0, better)
}
