//! The physical branch z(a0) on the real axis above the bulk, and the right edge, where dz/da0
//! vanishes (docs/theory.md, (10.21) to (10.23)). The parameter is x = ln(-a0): z decreases from
//! infinity at x = -infinity to the edge.

use super::bulk::Bulk;
use super::linearised::Solution;
use super::lower_edge::lower_edge;
use super::order_parameters::OrderParameters;
use crate::numerics::roots::bracketed;
use crate::theory::error::{Fallible, PredictionError};
use std::sync::OnceLock;

/// The first point has z of about this many times the edge that the rows alone would make, or more.
const FAR: f64 = 30.0;
/// So much further out it must lie on the physical branch, whatever the largest sample is.
const FARTHEST: f64 = 1e30;
/// Longest step of x between solved points.
const STEP: f64 = 0.5;
/// Accuracy of x at the edge; z is flat there, so it has twice as many digits.
const EDGE_TOLERANCE: f64 = 1e-9;

/// A point of the branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<const A: usize> {
    pub x: f64,
    pub order: OrderParameters<f64, A>,
    pub z: f64,
    /// dz/dx.
    pub slope: f64,
}

impl<const A: usize> Point<A> {
    /// G_00.
    pub fn a0(&self) -> f64 {
        -self.x.exp()
    }
}

/// A solved point with its slopes.
#[derive(Clone, Debug)]
struct Rung {
    x: f64,
    solution: Solution,
}

impl Rung {
    fn solve<const A: usize>(bulk: &Bulk<A>, x: f64, guess: &[f64]) -> Fallible<Self> {
        Ok(Self { x, solution: bulk.solve_with_slopes(-x.exp(), guess)? })
    }

    /// The first point of the branch, where z is `FAR` times `unit` or more: far enough outside to be
    /// physical, which a few samples with large weights may move.
    fn outside<const A: usize>(bulk: &Bulk<A>, start: &[f64], unit: f64) -> Fallible<Self> {
        let mut far = FAR;
        loop {
            let x = -(far * unit).ln();
            let found = Self::solve(bulk, x, start);
            let physical = |rung: &Self| {
                rung.solution.z_slope < 0.0
                    && bulk.admissible(-x.exp(), &OrderParameters::unpack(&rung.solution.order))
            };
            if found.as_ref().is_ok_and(physical) {
                return found;
            }
            if far > FARTHEST {
                return Err(PredictionError::NoEdge);
            }
            far *= 10.0;
        }
    }

    /// The point at x if the physical branch continues from here to there.
    fn next<const A: usize>(&self, bulk: &Bulk<A>, x: f64) -> Option<Self> {
        let guess = self.ahead(x).or_else(|| Some(self.solution.order.clone()))?;
        let next = Self::solve(bulk, x, &guess).ok()?;
        let order = OrderParameters::unpack(&next.solution.order);
        (bulk.admissible(-x.exp(), &order) && next.solution.z <= self.solution.z).then_some(next)
    }

    /// The order parameters at x by the tangent, unless it is long.
    fn ahead(&self, x: f64) -> Option<Vec<f64>> {
        let Solution { order, order_slope, .. } = &self.solution;
        let steps = order.iter().zip(order_slope);
        let size = order.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
        let short = order_slope.iter().all(|slope| (slope * (x - self.x)).abs() < 0.5 * size);
        short.then(|| steps.map(|(u, slope)| u + slope * (x - self.x)).collect())
    }

    /// The order parameters at x between here and `end` by cubic interpolation.
    fn between(&self, end: &Self, x: f64) -> Vec<f64> {
        let h = end.x - self.x;
        let t = (x - self.x) / h;
        let (s, bend) = (1.0 - t, t * (1.0 - t));
        let [from, to] = [s * s * (1.0 + 2.0 * t), t * t * (1.0 + 2.0 * s)];
        let value = |i: usize| {
            let (a, b) = (&self.solution, &end.solution);
            let slopes = s * a.order_slope[i] - t * b.order_slope[i];
            from * a.order[i] + to * b.order[i] + h * bend * slopes
        };
        (0..self.solution.order.len()).map(value).collect()
    }

    fn point<const A: usize>(&self) -> Point<A> {
        let Solution { order, z, z_slope, .. } = &self.solution;
        Point { x: self.x, order: OrderParameters::unpack(order), z: *z, slope: *z_slope }
    }
}

/// The branch from far outside to the edge, with solved points to start from.
#[derive(Clone, Debug)]
pub(crate) struct RealBranch<const A: usize> {
    pub bulk: Bulk<A>,
    ladder: Vec<Rung>,
    pub edge: Point<A>,
    lower_edge: OnceLock<Fallible<f64>>,
}

impl<const A: usize> RealBranch<A> {
    /// Walks from far outside to the edge.
    pub fn new(bulk: Bulk<A>) -> Fallible<Self> {
        let start = bulk.start();
        let largest = bulk.row_variances(&start).into_iter().fold(1.0, f64::max);
        let mut here = Rung::outside(&bulk, &start.pack(), largest * (1.0 + bulk.gamma))?;
        let mut ladder = vec![here.clone()];
        // dz/dx at the first point beyond the edge; only the sign counts where nothing physical is
        let beyond = loop {
            match here.next(&bulk, here.x + STEP) {
                Some(next) if next.solution.z_slope < 0.0 => here = next,
                Some(next) => break next.solution.z_slope,
                None => break here.solution.z_slope.abs(),
            }
            ladder.push(here.clone());
            if ladder.len() > 2000 {
                return Err(PredictionError::NoEdge);
            }
        };
        let (low, high) = (here.x, here.x + STEP);
        let at_low = here.solution.z_slope;
        bracketed::<PredictionError>(
            |x| {
                let Some(next) = here.next(&bulk, x) else {
                    return Ok(here.solution.z_slope.abs());
                };
                let slope = next.solution.z_slope;
                if slope <= 0.0 {
                    here = next;
                    ladder.push(here.clone());
                }
                Ok(slope)
            },
            (low, at_low),
            (high, beyond),
            EDGE_TOLERANCE,
        )?;
        let edge = here.point();
        Ok(Self { bulk, ladder, edge, lower_edge: OnceLock::new() })
    }

    /// z at the left edge of the bulk of the min(N, d) squared singular values; solved for once.
    pub fn lower_edge(&self) -> Fallible<f64> {
        self.lower_edge.get_or_init(|| lower_edge(&self.bulk)).clone()
    }

    /// The point at x, at most the edge's.
    pub fn at(&self, x: f64) -> Fallible<Point<A>> {
        let after = self.ladder.partition_point(|rung| rung.x <= x);
        let first = &self.ladder[0];
        let guess = match (after.checked_sub(1).map(|at| &self.ladder[at]), self.ladder.get(after))
        {
            (Some(below), Some(above)) => below.between(above, x),
            (Some(last), None) if last.x == x => return Ok(last.point()),
            (Some(last), None) => last.solution.order.clone(),
            // far outside the order parameters are linear in a0
            (None, _) => {
                let start = self.bulk.start().pack();
                let share = (x - first.x).exp();
                let known = start.iter().zip(&first.solution.order);
                known.map(|(start, first)| start + share * (first - start)).collect()
            }
        };
        let physical = |rung: &Rung| {
            let order = OrderParameters::unpack(&rung.solution.order);
            self.bulk.admissible(-x.exp(), &order)
        };
        let near = Rung::solve(&self.bulk, x, &guess).ok().filter(physical);
        let from = || &self.ladder[after.saturating_sub(1)];
        near.map_or_else(|| self.walk(from(), x), Ok).map(|rung| rung.point())
    }

    /// The point at x in steps from `rung`, as short as they must be.
    fn walk(&self, rung: &Rung, x: f64) -> Fallible<Rung> {
        let mut here = rung.clone();
        let mut step = x - here.x;
        while here.x != x {
            let to = if (x - here.x).abs() <= step.abs() { x } else { here.x + step };
            let guess = here.ahead(to).unwrap_or_else(|| here.solution.order.clone());
            let next = Rung::solve(&self.bulk, to, &guess).ok().filter(|next| {
                let order = OrderParameters::unpack(&next.solution.order);
                self.bulk.admissible(-to.exp(), &order)
            });
            match next {
                Some(next) => here = next,
                None if step.abs() > 1e-9 => step *= 0.5,
                None => return Err(PredictionError::NotConverged { near: -to.exp() }),
            }
        }
        Ok(here)
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
