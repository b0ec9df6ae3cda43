//! The real solution of the equations outside the bulk, from a start to the end of the bulk, where
//! it ceases to exist (docs/theory.md, section 16.3).
//!
//! The variable is ln zeta. At the end of the bulk the solution has a square root, so the inverse
//! square of its slope vanishes linearly there and tells how far the end is.

use super::side::{Potentials, Side};
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::features::fixed_point::{Equations, Point};

/// The walk stops this close to the end, in ln zeta.
const CLOSE: f64 = 1e-7;

/// Longest step in ln zeta.
const LONGEST: f64 = 0.7;

/// Most steps.
const MOST: usize = 500;

/// A solution with its slope.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    pub zeta: f64,
    pub point: Point<f64>,
    /// d unknowns / d ln zeta.
    slope: Vec<f64>,
    /// (1 + |slope|^2 / |unknowns|^2)^{-1}, for h or for l, whichever is smaller.
    flatness: f64,
    pub potentials: Potentials,
}

impl Solved {
    pub fn new(equations: &Equations<'_>, side: Side, point: Point<f64>) -> Option<Self> {
        let tangents = equations.tangents(&point);
        // d lambda = -zeta d ln zeta = lambda d ln zeta
        let motion = equations.motion(&point, &tangents, point.lambda, 0.0)?;
        let potentials = Potentials::new(side, equations, &point, &motion);
        let slope = motion.unknowns;
        let pairs = equations.system.pairs.len();
        let square = |list: &[f64]| list.iter().map(|x| x * x).sum::<f64>();
        let parts = [(0, pairs), (pairs, slope.len())].map(|(from, to)| {
            let (whole, change) = (square(&point.unknowns[from..to]), square(&slope[from..to]));
            if change > 0.0 { whole / (whole + change) } else { 1.0 }
        });
        let flatness = parts[0].min(parts[1]);
        let zeta = -point.lambda;
        flatness.is_finite().then_some(Self { zeta, point, slope, flatness, potentials })
    }

    /// The solution at `zeta`, from the tangent here, when no part of the bulk lies in between.
    fn next(&self, equations: &Equations<'_>, side: Side, zeta: f64) -> Option<Self> {
        let step = (zeta / self.zeta).ln();
        let unknowns = self.point.unknowns.iter().zip(&self.slope);
        let start = unknowns.map(|(u, slope)| u + step * slope).collect();
        let point = equations.newton(-zeta, start)?;
        let found = Self::new(equations, side, point)?;
        self.potentials.connected(&found.potentials).then_some(found)
    }

    /// The solution at `zeta`, in shorter steps if need be.
    pub fn follow(&self, equations: &Equations<'_>, side: Side, zeta: f64) -> Fallible<Self> {
        let mut here = self.clone();
        let mut ahead = vec![zeta];
        while let Some(&next) = ahead.last() {
            match here.next(equations, side, next) {
                Some(found) => {
                    here = found;
                    ahead.pop();
                }
                None if ahead.len() < 40 => ahead.push((here.zeta * next).sqrt()),
                None => return Err(PredictionError::NotConverged { near: -zeta }),
            }
        }
        Ok(here)
    }
}

/// The solutions from `start` on, towards the bulk, and the zeta where they end.
pub(super) fn walk(
    equations: &Equations<'_>,
    side: Side,
    start: Solved,
) -> Fallible<(Vec<Solved>, f64)> {
    let sign = side.towards_the_bulk();
    let mut ladder = vec![start];
    let mut ahead = f64::INFINITY;
    loop {
        let here = &ladder[ladder.len() - 1];
        if ahead < CLOSE {
            let end = here.zeta * (sign * ahead).exp();
            return Ok((ladder, end));
        }
        let mut step = LONGEST.min(0.75 * ahead);
        let next = loop {
            if step < CLOSE * 1e-2 || ladder.len() > MOST {
                return Err(PredictionError::NotConverged { near: here.point.lambda });
            }
            match here.next(equations, side, here.zeta * (sign * step).exp()) {
                Some(next) => break next,
                None => step *= 0.5,
            }
        };
        let fall = here.flatness - next.flatness;
        ahead = if fall > 0.0 { step * next.flatness / fall } else { f64::INFINITY };
        ladder.push(next);
    }
}
