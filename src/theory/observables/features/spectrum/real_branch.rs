//! The real solutions on both sides of the bulk, and its two edges (docs/theory.md, section 16.3).

use super::walk::{Solved, walk};
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::features::continuation::Continuation;
use crate::theory::observables::features::fixed_point::{Equations, Point};

/// Smallest lambda tried on the way to the left of the bulk, over the mean square of a feature.
const SMALLEST: f64 = 1e-9;

/// The solutions right of the bulk.
#[derive(Clone, Debug)]
pub(super) struct RealBranch {
    /// Decreasing zeta, from far outside to the edge.
    pub ladder: Vec<Solved>,
    /// Right edge of the bulk.
    pub edge: f64,
}

impl RealBranch {
    pub fn new(equations: &Equations<'_>) -> Fallible<Self> {
        let system = equations.system;
        // all eigenvalues together are about N E sigma^2
        let far = 10.0 * system.scale * (system.width + system.dimension);
        let start = equations.damped(-far, equations.start(-1.0 / far), 8);
        let start = start.and_then(|start| equations.newton(-far, start)).filter(is_right);
        let start = start.and_then(|point| Solved::new(equations, point));
        let start = start.ok_or(PredictionError::NotConverged { near: -far })?;
        let (ladder, edge) = walk(equations, start, -1.0, &is_right)?;
        Ok(Self { ladder, edge })
    }

    /// The solution at `zeta`, right of the edge.
    pub fn at(&self, equations: &Equations<'_>, zeta: f64) -> Fallible<Solved> {
        let before = self.ladder.partition_point(|solved| solved.zeta >= zeta).max(1);
        self.ladder[before - 1].follow(equations, zeta, &is_right)
    }
}

/// Whether a solution belongs to a resolvent right of the bulk, which is negative.
pub(super) fn is_right(point: &Point<f64>) -> bool {
    point.q.iter().all(|q| *q < 0.0) && point.rho.iter().all(|rho| *rho > 0.0)
}

/// The left edge of the bulk of nonzero eigenvalues; 0 when it reaches down to 0.
///
/// The solution for small lambda > 0 is carried across 0 along its tangent: without zero
/// eigenvalues it is regular there, with them it is proportional to lambda.
pub(super) fn lower_edge(equations: &Equations<'_>) -> Fallible<f64> {
    let scale = equations.system.scale;
    let mut lambda = 1e-2 * scale;
    let mut path = Continuation::new(*equations, lambda)?;
    while lambda > SMALLEST * scale {
        let (point, tangents) = path.solve(lambda)?;
        if let Some(motion) = equations.motion(&point, &tangents, lambda, 0.0) {
            let pairs = point.unknowns.iter().zip(&motion.unknowns);
            let guess: Vec<f64> = pairs.map(|(u, slope)| u - 2.0 * slope).collect();
            let across = equations.newton(-lambda, guess.clone());
            let near = |found: &Point<f64>| {
                let size = guess.iter().fold(0.0, |size: f64, u| size.max(u.abs()));
                let far = found.unknowns.iter().zip(&guess);
                far.fold(0.0, |far: f64, (u, guess)| far.max((u - guess).abs())) < 0.1 * size
            };
            let start = across.filter(near).and_then(|point| Solved::new(equations, point));
            if let Some(start) = start {
                return Ok(walk(equations, start, 1.0, &|_| true)?.1);
            }
        }
        lambda *= 0.1;
    }
    Ok(0.0)
}
