//! The left edge of the bulk (docs/theory.md, section 10.10).
//!
//! Left of the bulk the solutions are a curve in w = 1/a0 that falls from infinity, where z = -infinity,
//! and is regular at w = 0. z grows along it up to the left edge.

use super::bulk::Bulk;
use super::order_parameters::OrderParameters;
use crate::numerics::small_matrix::Field;
use crate::theory::error::{Fallible, PredictionError};

/// First step on the way down, in s with w = unit sinh(s).
const STEP: f64 = 0.5;
/// Relative accuracy of z at the edge; the place of the maximum needs half as many digits.
const TOLERANCE: f64 = 1e-12;
/// w = 0 itself is a0 = infinity.
const SMALLEST: f64 = 1e-30;

/// A solution left of the bulk.
#[derive(Clone, Copy, Debug)]
struct Point<const A: usize> {
    w: f64,
    order: OrderParameters<f64, A>,
    z: f64,
}

/// z at the left edge of the bulk of the min(N, d) squared singular values; 0 when N = d.
pub(super) fn lower_edge<const A: usize>(bulk: &Bulk<A>) -> Fallible<f64> {
    if bulk.gamma == 1.0 {
        return Ok(0.0);
    }
    let start = bulk.start();
    let rows = bulk.row_variances(&start);
    let largest = rows.iter().fold(0.0, |a: f64, &d| a.max(d));
    let unit: f64 = rows.iter().zip(&bulk.b_weight).map(|(d, w)| d * w).sum();
    let place = |s: f64| unit * s.sinh();
    let failed = PredictionError::NotConverged { near: 0.0 };
    // z < 0 here
    let mut s = (2.0 * (1.0 + bulk.gamma) * largest / unit).asinh();
    let mut left = at(bulk, place(s), &start).ok_or(failed.clone())?;
    let mut middle = left;
    let mut step = STEP;
    while step > 1e-9 {
        match at(bulk, place(s - step), &middle.order) {
            Some(next) if next.z > middle.z => {
                (left, middle) = (middle, next);
                s -= step;
            }
            Some(right) if left.w > middle.w => {
                return maximum(bulk, [left, middle, right]).ok_or(failed);
            }
            // beyond the edge the solution may not exist
            _ => step *= 0.5,
        }
    }
    Err(failed)
}

/// z where `order` solves the equations at a0 = 1/w (10.51), without cancellation at small w.
pub(super) fn z_of_rows<T: Field, const A: usize>(
    bulk: &Bulk<A>,
    w: T,
    order: &OrderParameters<T, A>,
) -> T {
    let share = |(j, weight): (usize, &f64)| T::real(*weight) / (w + bulk.row_variance(j, order));
    let shares = bulk.b_weight.iter().enumerate().map(share);
    let mean = shares.fold(T::zero(), |sum, share| sum + share);
    w * (T::real(bulk.gamma - 1.0) - w * mean * bulk.gamma)
}

/// The solution at w, near `guess`, if it lies on the physical branch.
fn at<const A: usize>(bulk: &Bulk<A>, w: f64, guess: &OrderParameters<f64, A>) -> Option<Point<A>> {
    let w = if w.abs() < SMALLEST { SMALLEST } else { w };
    let order = bulk.solve(1.0 / w, *guess).ok()?;
    let rows = bulk.row_variances(&order);
    let delta = bulk.delta(1.0 / w, &order, &bulk.neuron_averages(1.0 / w, &order));
    let mut samples = bulk.groups.iter().flat_map(|group| group.l.iter().zip(&group.q));
    let physical =
        rows.iter().all(|d| w + d > 0.0) && samples.all(|(l, &q)| 1.0 + delta.excess(l, q) > 0.0);
    let z = z_of_rows(bulk, w, &order);
    physical.then_some(Point { w, order, z })
}

/// The largest z between three points of falling w, of which the middle one has the largest: parabolas,
/// and golden sections where they are slow.
fn maximum<const A: usize>(bulk: &Bulk<A>, [left, middle, right]: [Point<A>; 3]) -> Option<f64> {
    let (mut low, mut high, mut best) = (right, left, middle);
    let mut lengths = [f64::INFINITY; 2];
    for _ in 0..80 {
        // z - best.z = slope u + bend u^2 with u = w - best.w
        let secant = |end: &Point<A>| (end.z - best.z) / (end.w - best.w);
        let bend = (secant(&high) - secant(&low)) / (high.w - low.w);
        let slope = secant(&low) - bend * (low.w - best.w);
        let mut step = -0.5 * slope / bend;
        let inside = best.w + step > low.w && best.w + step < high.w;
        if inside && (0.5 * slope * step).abs() <= TOLERANCE * best.z.abs() {
            break;
        }
        if !inside || step.abs() > 0.5 * lengths[1] {
            let wider = if high.w - best.w > best.w - low.w { high.w } else { low.w };
            step = 0.381_966 * (wider - best.w);
        }
        lengths = [step.abs(), lengths[0]];
        let next = at(bulk, best.w + step, &best.order)?;
        if next.w == best.w {
            break;
        }
        match (next.z > best.z, next.w > best.w) {
            (true, true) => (low, best) = (best, next),
            (true, false) => (high, best) = (best, next),
            (false, true) => high = next,
            (false, false) => low = next,
        }
    }
    Some(best.z)
}
