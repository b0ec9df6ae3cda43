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
/// The solution for small lambda > 0 is continued analytically across 0: without zero eigenvalues it
/// is regular there, with them it is proportional to lambda. A start in a gap of the bulk is told from
/// one left of it by a second start, nearer to 0, from which the walk must end at the same place.
pub(super) fn lower_edge(equations: &Equations<'_>) -> Fallible<f64> {
    let scale = equations.system.scale;
    let mut lambda = 1e-2 * scale;
    let mut path = Continuation::new(*equations, 2.0 * lambda)?;
    let mut before = f64::NAN;
    while lambda > SMALLEST * scale {
        if let Some(guess) = across_zero(equations, &mut path, lambda)? {
            let near = |found: &Point<f64>| {
                let size = guess.iter().fold(0.0, |size: f64, u| size.max(u.abs()));
                let far = found.unknowns.iter().zip(&guess);
                far.fold(0.0, |far: f64, (u, guess)| far.max((u - guess).abs())) < 0.01 * size
            };
            let across = equations.newton(-lambda, guess.clone()).filter(near);
            if let Some(start) = across.and_then(|point| Solved::new(equations, point)) {
                let sign = Sign::of(&start.point);
                let walked = walk(equations, start, 1.0, &|point| sign.holds(point));
                let end = walked.map_or(f64::NAN, |walked| walked.1);
                if (end / before - 1.0).abs() < 1e-5 {
                    return Ok(end);
                }
                before = end;
            }
        }
        lambda *= 0.1;
    }
    Ok(0.0)
}

/// What the sign of the resolvent says about a solution left of the bulk.
#[derive(Clone, Copy)]
enum Sign {
    /// Without zero eigenvalues the resolvent of F^T F / m is positive, and so are Q and rho.
    Features,
    /// With more features than samples that of F F^T / m is, whose diagonal is -rho / zeta.
    Samples,
    /// Nothing, for a matrix without full rank.
    Unknown,
}

impl Sign {
    fn of(start: &Point<f64>) -> Self {
        let holds = |sign: &Self| sign.holds(start);
        [Self::Features, Self::Samples].into_iter().find(holds).unwrap_or(Self::Unknown)
    }

    fn holds(self, point: &Point<f64>) -> bool {
        let mut rho = point.rho.iter();
        match self {
            Self::Features => point.q.iter().all(|q| *q > 0.0) && rho.all(|rho| *rho > 0.0),
            Self::Samples => rho.all(|rho| *rho < 0.0),
            Self::Unknown => true,
        }
    }
}

/// The unknowns at -lambda, from values and slopes at lambda and 2 lambda: the cubic through them.
fn across_zero(
    equations: &Equations<'_>,
    path: &mut Continuation<'_>,
    lambda: f64,
) -> Fallible<Option<Vec<f64>>> {
    let mut guess = vec![0.0; equations.system.unknowns()];
    // Hermite's basis on [0, 1] at -2
    for (at, of_value, of_slope) in [(2.0, 28.0, -12.0), (1.0, -27.0, -18.0)] {
        let (point, tangents) = path.solve(at * lambda)?;
        let Some(motion) = equations.motion(&point, &tangents, lambda, 0.0) else {
            return Ok(None);
        };
        for (x, (u, slope)) in guess.iter_mut().zip(point.unknowns.iter().zip(&motion.unknowns)) {
            *x += of_value * u + of_slope * slope;
        }
    }
    Ok(Some(guess))
}
