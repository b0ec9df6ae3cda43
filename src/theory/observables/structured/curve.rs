//! The curve z(a0) on the real axis above the bulk, and the right edge, where dz/da0 vanishes.
//!
//! The parameter is x = ln(-a0): z decreases from infinity at x = -infinity to the edge.
//!
//! Equations: docs/theory.md, (10.21) to (10.23).

use super::bulk::Bulk;
use super::shape::Shape;
use crate::theory::error::PredictionError;

/// Step of x in the numerical derivative dz/dx; rounding and truncation are both about 1e-8 of z.
const DERIVATIVE_STEP: f64 = 1e-4;

/// A point of the curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<const A: usize> {
    pub x: f64,
    pub shape: Shape<f64, A>,
    pub z: f64,
}

/// The part of the curve from far outside to the edge, with solved points to start from.
#[derive(Clone, Debug)]
pub(crate) struct Curve<const A: usize> {
    pub bulk: Bulk<A>,
    ladder: Vec<Point<A>>,
    pub edge: Point<A>,
}

impl<const A: usize> Curve<A> {
    /// Walks from far outside to the edge.
    pub fn new(bulk: Bulk<A>) -> Result<Self, PredictionError> {
        let start = bulk.start();
        let x = -(1e6 * bulk.scale().max(1.0) * (1.0 + bulk.gamma)).ln();
        let mut here = point(&bulk, x, start)?;
        let mut ladder = vec![here];
        let mut step = 0.5;
        // Upper end of the bracket of the edge: the last trial beyond it.
        let mut beyond = f64::NAN;
        while step > 1e-3 {
            match inside(&bulk, here.x + step, &here) {
                Some(next) => {
                    here = next;
                    ladder.push(here);
                    if ladder.len() > 2000 {
                        return Err(PredictionError::NoEdge);
                    }
                }
                None => {
                    beyond = here.x + step;
                    step *= 0.5;
                }
            }
        }
        if !beyond.is_finite() {
            return Err(PredictionError::NoEdge);
        }
        beyond = beyond.min(here.x + 2.0 * step);
        while beyond - here.x > 1e-9 {
            let middle = 0.5 * (here.x + beyond);
            match inside(&bulk, middle, &here) {
                Some(next) => here = next,
                None => beyond = middle,
            }
        }
        ladder.push(here);
        Ok(Self { bulk, ladder, edge: here })
    }

    /// The point at x, at most the edge's.
    pub fn at(&self, x: f64) -> Result<Point<A>, PredictionError> {
        let after = self.ladder.partition_point(|point| point.x <= x);
        let guess = if after == 0 { self.bulk.start() } else { self.ladder[after - 1].shape };
        point(&self.bulk, x, guess)
    }

    /// The x where z(x) = `z`, for z at least the edge's.
    pub fn inverse(&self, z: f64) -> Result<Point<A>, PredictionError> {
        let (mut low, mut high) = (-(z.max(1.0) * 4.0).ln().max(-self.ladder[0].x), self.edge.x);
        let mut here = self.edge;
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            here = self.at(middle)?;
            if here.z > z {
                low = middle;
            } else {
                high = middle;
            }
            if high - low < 1e-13 {
                break;
            }
        }
        Ok(here)
    }
}

fn point<const A: usize>(
    bulk: &Bulk<A>,
    x: f64,
    guess: Shape<f64, A>,
) -> Result<Point<A>, PredictionError> {
    let a0 = -x.exp();
    let shape = bulk.solve(a0, guess)?;
    Ok(Point { x, shape, z: bulk.z(a0, &shape) })
}

/// The point at x if the physical branch continues to there and z still decreases.
fn inside<const A: usize>(bulk: &Bulk<A>, x: f64, from: &Point<A>) -> Option<Point<A>> {
    let at =
        |x: f64, guess| point(bulk, x, guess).ok().filter(|p| bulk.admissible(-x.exp(), &p.shape));
    let here = at(x, from.shape)?;
    let left = at(x - DERIVATIVE_STEP, here.shape)?;
    let right = at(x + DERIVATIVE_STEP, here.shape)?;
    (right.z < left.z && here.z <= from.z).then_some(here)
}
