//! The left edge of the bulk (docs/theory.md, section 10.10).
//!
//! Left of the bulk the solutions are a curve in w = 1/a0 that falls from infinity, where z = -infinity,
//! and is regular at w = 0. z grows along it up to the left edge.

use super::bulk::Bulk;
use super::linearised::Solution;
use super::order_parameters::OrderParameters;
use crate::numerics::roots::bracketed;
use crate::numerics::small_matrix::{Field, dot};
use crate::theory::error::{Fallible, PredictionError};

/// First step on the way down, in s with w = unit sinh(s).
const STEP: f64 = 1.0;
/// Accuracy of s at the edge; z is flat there, so it has twice as many digits.
const TOLERANCE: f64 = 1e-8;
/// w = 0 itself is a0 = infinity.
const SMALLEST: f64 = 1e-30;

/// A solution left of the bulk.
#[derive(Clone, Debug)]
struct Point {
    w: f64,
    solution: Solution,
    z: f64,
    /// dz/dw.
    slope: f64,
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
    let mut here = at(bulk, place(s), &start.pack()).ok_or(failed.clone())?;
    let mut step = STEP;
    // the next point has the edge behind it; what is not physical lies beyond the edge too
    let beyond = loop {
        match at(bulk, place(s - step), &here.ahead(place(s - step))) {
            Some(next) if next.slope < 0.0 && next.z > here.z => {
                here = next;
                s -= step;
            }
            Some(next) if next.slope >= 0.0 => break next.slope,
            _ if step > 1e-9 => step *= 0.5,
            _ => return Err(failed),
        }
    };
    let first = here.slope;
    bracketed::<PredictionError>(
        |s| {
            let w = place(s);
            let next = at(bulk, w, &here.ahead(w)).ok_or(failed.clone())?;
            let slope = next.slope;
            if next.z > here.z {
                here = next;
            }
            Ok(slope)
        },
        (s - step, beyond),
        (s, first),
        TOLERANCE,
    )?;
    Ok(here.z)
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

impl Point {
    /// The order parameters at `w` by the tangent, unless it is long.
    fn ahead(&self, w: f64) -> Vec<f64> {
        let Solution { order, order_slope, .. } = &self.solution;
        // the slope is in ln |a0|
        let change = (self.w - w) / self.w;
        let size = order.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
        let short = order_slope.iter().all(|slope| (slope * change).abs() < 0.5 * size);
        let change = if short { change } else { 0.0 };
        order.iter().zip(order_slope).map(|(u, slope)| u + slope * change).collect()
    }
}

/// The solution at w, near the packed `guess`, if it lies on the physical branch.
fn at<const A: usize>(bulk: &Bulk<A>, w: f64, guess: &[f64]) -> Option<Point> {
    let w = if w.abs() < SMALLEST { SMALLEST } else { w };
    let solution = bulk.solve_with_slopes(1.0 / w, guess).ok()?;
    let order = OrderParameters::<f64, A>::unpack(&solution.order);
    let rows = bulk.row_variances(&order);
    let physical = rows.iter().all(|d| w + d > 0.0) && bulk.smallest_delta(1.0 / w, &order) > 0.0;
    let z = z_of_rows(bulk, w, &order);
    // dz/dw of (10.51), with -w dD/dw from the slopes in ln |a0|
    let along = OrderParameters::<f64, A>::unpack(&solution.order_slope);
    let (mut mean, mut fall) = (0.0, 0.0);
    for (j, (weight, d)) in bulk.b_weight.iter().zip(&rows).enumerate() {
        let (e, b) = (&bulk.terms[j], bulk.b[j]);
        let stretch = bulk.lam[j] + dot(e, &order.alpha);
        let quadratic: f64 = (0..A).map(|i| e[i] * dot(&along.beta[i], e)).sum();
        let moved = 2.0 * stretch * dot(e, &along.alpha) + quadratic + along.chi * b * b;
        mean += weight / (w + d);
        fall += weight * (w - moved) / (w + d).powi(2);
    }
    let slope = bulk.gamma - 1.0 + w * bulk.gamma * (fall - 2.0 * mean);
    physical.then_some(Point { w, solution, z, slope })
}
