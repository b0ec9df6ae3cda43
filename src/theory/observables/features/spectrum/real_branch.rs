//! The real solutions on both sides of the bulk, and its two edges (docs/theory.md, section 16.3).

use super::side::{Potentials, Side};
use super::walk::{Solved, walk};
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::features::continuation::Continuation;
use crate::theory::observables::features::fixed_point::Equations;

/// Largest and smallest lambda tried on the way to the left of the bulk, over the mean square of a
/// feature.
const CROSSINGS: [f64; 2] = [1e-2, 1e-13];

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
        let start = start.and_then(|start| equations.newton(-far, start));
        let start = start.and_then(|point| Solved::new(equations, Side::Right, point));
        let start = start.ok_or(PredictionError::NotConverged { near: -far })?;
        let (ladder, edge) = walk(equations, Side::Right, start)?;
        Ok(Self { ladder, edge })
    }

    /// The solution at `zeta`, right of the edge.
    pub fn at(&self, equations: &Equations<'_>, zeta: f64) -> Fallible<Solved> {
        let before = self.ladder.partition_point(|solved| solved.zeta >= zeta).max(1);
        self.ladder[before - 1].follow(equations, Side::Right, zeta)
    }
}

/// The left edge of the bulk of nonzero eigenvalues; 0 when it reaches down to 0.
///
/// The solution for small lambda > 0 is continued analytically across 0: without zero eigenvalues it
/// is regular there, with them it is proportional to lambda. Where a part of the bulk lies between,
/// the next start is nearer to 0.
pub(super) fn lower_edge(equations: &Equations<'_>) -> Fallible<f64> {
    let Some(side) = Side::left(equations) else { return Ok(0.0) };
    let scale = equations.system.scale;
    let mut lambda = CROSSINGS[0] * scale;
    let mut path = Continuation::new(*equations, 2.0 * lambda)?;
    let mut failed = None;
    while lambda > CROSSINGS[1] * scale {
        if let Some(start) = across_zero(equations, side, &mut path, lambda)? {
            match walk(equations, side, start) {
                Ok((_, end)) => return Ok(end),
                Err(error) => failed = Some(error),
            }
        }
        lambda *= 0.1;
    }
    // without any way across, the edge is below the smallest lambda
    failed.map_or(Ok(0.0), Err)
}

/// The solution at -lambda, by the cubic through values and slopes at lambda and 2 lambda.
fn across_zero(
    equations: &Equations<'_>,
    side: Side,
    path: &mut Continuation<'_>,
    lambda: f64,
) -> Fallible<Option<Solved>> {
    let mut guess = vec![0.0; equations.system.unknowns()];
    let mut nearest = None;
    // Hermite's basis on [0, 1] at -2
    for (at, of_value, of_slope) in [(2.0, 28.0, -12.0), (1.0, -27.0, -18.0)] {
        let (point, tangents) = path.solve(at * lambda)?;
        let Some(motion) = equations.motion(&point, &tangents, lambda, 0.0) else {
            return Ok(None);
        };
        for (x, (u, slope)) in guess.iter_mut().zip(point.unknowns.iter().zip(&motion.unknowns)) {
            *x += of_value * u + of_slope * slope;
        }
        if at == 1.0 {
            nearest = Some(Potentials::new(side, equations, &point, &motion));
        }
    }
    let across = equations.newton(-lambda, guess);
    let across = across.and_then(|point| Solved::new(equations, side, point));
    let connected =
        |found: &Solved| nearest.is_some_and(|nearest| nearest.connected(&found.potentials));
    Ok(across.filter(connected))
}
