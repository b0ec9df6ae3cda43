//! Density of the bulk: E_b Q(b) at zeta + i0, by following the solution through the upper half
//! plane (docs/theory.md, (16.5)).

use super::real_branch::RealBranch;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::features::fixed_point::{Equations, Point};
use num_complex::Complex64;
use rayon::prelude::*;

/// Height above the axis at which the solution comes from outside, over the edge.
const ABOVE: f64 = 0.25;

/// Height at which it goes from one abscissa to the next, over the abscissa: high enough to tell the
/// solutions apart that meet at the ends of a gap in the bulk.
const BETWEEN: f64 = 0.02;

/// Height at which the density is read off, over the abscissa.
const READ_AT: f64 = 1e-8;

/// Abscissas that are computed one after the other.
const CHUNK: usize = 8;

/// A solution at a complex zeta.
#[derive(Clone)]
struct Solved {
    zeta: Complex64,
    point: Point<Complex64>,
}

/// Im E_b Q / pi at each of `abscissas`, positive and decreasing numbers between the edges.
pub(super) fn density(
    equations: &Equations<'_>,
    branch: &RealBranch,
    abscissas: &[f64],
) -> Fallible<Vec<f64>> {
    let edge = branch.edge;
    let outside = branch.at(equations, 2.0 * edge)?;
    let start: Vec<Complex64> = outside.point.unknowns.iter().map(|u| (*u).into()).collect();
    let at = |zeta: Complex64, start: Vec<Complex64>| {
        let point = equations.newton(-zeta, start).filter(is_upper)?;
        Some(Solved { zeta, point })
    };
    let height = ABOVE * edge;
    // the axis is left by a small step, so that the half plane is clear
    let zeta = Complex64::new(2.0 * edge, 0.02 * edge);
    let near = |zeta: Complex64| PredictionError::NotConverged { near: -zeta.re };
    let mut above = at(zeta, start).ok_or_else(|| near(zeta))?;
    above = follow(equations, above, Complex64::new(2.0 * edge, height))?;
    let mut starts = Vec::new();
    for chunk in abscissas.chunks(CHUNK) {
        above = follow(equations, above, Complex64::new(chunk[0], height))?;
        starts.push((above.clone(), chunk));
    }
    let along = |(start, chunk): (Solved, &[f64])| {
        let mut here = start;
        let mut found = Vec::with_capacity(chunk.len());
        for &x in chunk {
            here = follow(equations, here, Complex64::new(x, BETWEEN * x))?;
            let read = follow(equations, here.clone(), Complex64::new(x, READ_AT * x))?;
            let q = &read.point.q;
            let weights = &equations.system.types.weights;
            let mean: f64 = q.iter().zip(weights).map(|(q, w)| q.im * w).sum();
            found.push((mean / std::f64::consts::PI).max(0.0));
        }
        Ok(found)
    };
    let found: Fallible<Vec<Vec<f64>>> = starts.into_par_iter().map(along).collect();
    Ok(found?.concat())
}

/// Moves the solution to `target` along a straight line, with steps that adapt.
fn follow(equations: &Equations<'_>, from: Solved, target: Complex64) -> Fallible<Solved> {
    let (start, whole) = (from.zeta, target - from.zeta);
    let (mut here, mut done, mut step) = (from, 0.0f64, 1.0f64);
    while done < 1.0 {
        let next = (done + step).min(1.0);
        let zeta = if next == 1.0 { target } else { start + whole * next };
        match step_to(equations, &here, zeta) {
            Some(found) => {
                (here, done) = (found, next);
                step *= 2.0;
            }
            None => step *= 0.4,
        }
        if step < 1e-9 {
            return Err(PredictionError::NotConverged { near: -here.zeta.re });
        }
    }
    Ok(here)
}

/// The solution at a near zeta, from the tangent; refused when it leaves the upper half plane or
/// moves by more than a third.
fn step_to(equations: &Equations<'_>, here: &Solved, zeta: Complex64) -> Option<Solved> {
    let tangents = equations.tangents(&here.point);
    let motion = equations.motion(&here.point, &tangents, here.zeta - zeta, Complex64::ZERO)?;
    let pairs = here.point.unknowns.iter().zip(&motion.unknowns);
    let size = |list: &[Complex64]| list.iter().fold(0.0, |size: f64, x| size.max(x.norm()));
    if size(&motion.unknowns) > 0.5 * size(&here.point.unknowns) {
        return None;
    }
    let start = pairs.map(|(u, step)| u + step).collect();
    let point = equations.newton(-zeta, start).filter(is_upper)?;
    Some(Solved { zeta, point })
}

/// Whether a solution belongs to a resolvent above the axis: Q and delta have positive imaginary
/// parts.
fn is_upper(point: &Point<Complex64>) -> bool {
    let upper = |x: &Complex64| x.im > -1e-9 * x.norm();
    point.q.iter().all(upper) && point.delta.iter().all(upper)
}
