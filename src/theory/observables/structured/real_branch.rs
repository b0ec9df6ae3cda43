//! The physical branch z(a0) on the real axis above the bulk, and the right edge, where dz/da0
//! vanishes (docs/theory.md, (10.21) to (10.23)). The parameter is x = ln(-a0): z decreases from
//! infinity at x = -infinity to the edge.

use super::bulk::Bulk;
use super::lower_edge::lower_edge;
use super::order_parameters::OrderParameters;
use crate::numerics::roots::{bracketed, last_where};
use crate::theory::error::{Fallible, PredictionError};

/// Step of x in the numerical derivative dz/dx; rounding and truncation are both about 1e-8 of z.
const DERIVATIVE_STEP: f64 = 1e-4;

/// A point of the branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<const A: usize> {
    pub x: f64,
    pub order: OrderParameters<f64, A>,
    pub z: f64,
}

impl<const A: usize> Point<A> {
    /// G_00.
    pub fn a0(&self) -> f64 {
        -self.x.exp()
    }

    fn solve(bulk: &Bulk<A>, x: f64, guess: OrderParameters<f64, A>) -> Fallible<Self> {
        let order = bulk.solve(-x.exp(), guess)?;
        Ok(Self { x, order, z: bulk.equations(-x.exp(), &order).1 })
    }

    /// The point at x if the physical branch continues from here to there and z still decreases.
    fn next(&self, bulk: &Bulk<A>, x: f64) -> Option<Self> {
        let at = |x: f64, guess| {
            Self::solve(bulk, x, guess).ok().filter(|p| bulk.admissible(p.a0(), &p.order))
        };
        let here = at(x, self.order)?;
        let left = at(x - DERIVATIVE_STEP, here.order)?;
        let right = at(x + DERIVATIVE_STEP, here.order)?;
        (right.z < left.z && here.z <= self.z).then_some(here)
    }
}

/// The branch from far outside to the edge, with solved points to start from.
#[derive(Clone, Debug)]
pub(crate) struct RealBranch<const A: usize> {
    pub bulk: Bulk<A>,
    ladder: Vec<Point<A>>,
    pub edge: Point<A>,
    /// z at the left edge of the bulk of the min(N, d) squared singular values.
    pub lower_edge: f64,
}

impl<const A: usize> RealBranch<A> {
    /// Walks from far outside to the edge.
    pub fn new(bulk: Bulk<A>) -> Fallible<Self> {
        let start = bulk.start();
        let largest = bulk.row_variances(&start).into_iter().fold(1.0, f64::max);
        let x = -(1e6 * largest * (1.0 + bulk.gamma)).ln();
        let mut here = Point::solve(&bulk, x, start)?;
        let mut ladder = vec![here];
        let mut step = 0.5;
        // upper end of the bracket of the edge: the last trial beyond it
        let mut beyond = f64::NAN;
        while step > 1e-3 {
            if let Some(next) = here.next(&bulk, here.x + step) {
                here = next;
                ladder.push(here);
            } else {
                beyond = here.x + step;
                step *= 0.5;
            }
            if ladder.len() > 2000 {
                return Err(PredictionError::NoEdge);
            }
        }
        if !beyond.is_finite() {
            return Err(PredictionError::NoEdge);
        }
        last_where(here.x, beyond.min(here.x + 2.0 * step), 1e-9, |x| {
            let next = here.next(&bulk, x);
            here = next.unwrap_or(here);
            next.is_some()
        });
        ladder.push(here);
        let lower_edge = lower_edge(&bulk)?;
        Ok(Self { bulk, ladder, edge: here, lower_edge })
    }

    /// The point at x, at most the edge's.
    pub fn at(&self, x: f64) -> Fallible<Point<A>> {
        let after = self.ladder.partition_point(|point| point.x <= x);
        let guess = if after == 0 { self.bulk.start() } else { self.ladder[after - 1].order };
        Point::solve(&self.bulk, x, guess)
    }

    /// The point where z(x) = `z`, for z at least the edge's.
    pub fn inverse(&self, z: f64) -> Fallible<Point<A>> {
        // far outside a0 is -1/z
        let far = self.ladder[0].x.min(-(4.0 * z.max(1.0)).ln());
        let excess = |point: Point<A>| point.z.ln() - z.ln();
        let low = (far, excess(self.at(far)?));
        let high = (self.edge.x, excess(self.edge));
        self.at(bracketed(|x| self.at(x).map(excess), low, high, 1e-13)?)
    }
}
