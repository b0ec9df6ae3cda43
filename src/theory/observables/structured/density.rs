//! Density of the bulk: G_11(z + i0) by following the solution through the upper half plane
//! (docs/theory.md, (10.23), section 10.10).

use super::bulk::Bulk;
use super::lower_edge::z_of_rows;
use super::order_parameters::OrderParameters;
use super::real_branch::RealBranch;
use crate::numerics::roots::Newton;
use crate::theory::error::{Fallible, PredictionError};
use num_complex::Complex64;
use rayon::prelude::*;

/// The solution at a complex z: a0 = G_11 and the packed order parameters.
#[derive(Clone, Debug)]
struct ComplexPoint {
    z: Complex64,
    a0: Complex64,
    order: Vec<Complex64>,
}

/// Height, over its abscissa, of the line along which the solution moves from one abscissa to the next.
const HEIGHT: f64 = 0.25;
/// Height, over its abscissa, at which the density is read.
const LOWEST: f64 = 1e-9;

/// Density of the min(N, d) singular values at each of `sigma`, of mass 1.
pub(crate) fn density<const A: usize>(branch: &RealBranch<A>, sigma: &[f64]) -> Fallible<Vec<f64>> {
    let (bulk, edge) = (&branch.bulk, branch.edge.z);
    let ends = [branch.lower_edge()?, edge].map(|z| z.max(0.0).sqrt());
    let within = |x: f64| x > ends[0] && x < ends[1];
    let mut inside: Vec<usize> = (0..sigma.len()).filter(|&i| within(sigma[i])).collect();
    inside.sort_by(|&i, &j| sigma[j].total_cmp(&sigma[i]));
    let outside = branch.inverse(2.0 * edge)?;
    let start = ComplexPoint {
        z: outside.z.into(),
        a0: outside.a0().into(),
        order: outside.order.pack().into_iter().map(Complex64::from).collect(),
    };
    // up, then along a ray from 0, then down at every abscissa
    let at = |x: f64, height: f64| Complex64::new(x, height * x);
    let mut above = follow(bulk, start, at(2.0 * edge, HEIGHT))?;
    let mut starts = Vec::with_capacity(inside.len());
    for &i in &inside {
        above = follow(bulk, above, at(sigma[i] * sigma[i], HEIGHT))?;
        starts.push(above.clone());
    }
    let value = |start: ComplexPoint| {
        let target = at(start.z.re, LOWEST);
        Ok((follow(bulk, start, target)?.a0.im / std::f64::consts::PI).max(0.0))
    };
    let values: Fallible<Vec<f64>> = starts.into_par_iter().map(value).collect();
    let mut density = vec![0.0; sigma.len()];
    for (&i, value) in inside.iter().zip(values?) {
        density[i] = 2.0 * sigma[i] * value / bulk.gamma.min(1.0);
    }
    Ok(density)
}

/// Moves the solution to `target` along a straight line of ln z with steps that adapt.
fn follow<const A: usize>(
    bulk: &Bulk<A>,
    from: ComplexPoint,
    target: Complex64,
) -> Fallible<ComplexPoint> {
    let start = from.z.ln();
    let whole = target.ln() - start;
    if whole.norm() == 0.0 {
        return Ok(from);
    }
    let (mut here, mut done, mut step) = (from, 0.0f64, 0.25f64);
    while done < 1.0 && step >= 1e-7 {
        let next = (done + step).min(1.0);
        let z = if next == 1.0 { target } else { (start + whole * next).exp() };
        if let Some(point) = solve_near(bulk, &here, z) {
            (here, done) = (point, next);
            step *= 2.0;
        } else {
            step *= 0.4;
        }
    }
    let near = here.a0.norm();
    if done < 1.0 { Err(PredictionError::NotConverged { near }) } else { Ok(here) }
}

/// Solves z(a0) = z from a near solution; refuses a first step of more than a third and a solution
/// that leaves the upper half plane.
fn solve_near<const A: usize>(
    bulk: &Bulk<A>,
    from: &ComplexPoint,
    z: Complex64,
) -> Option<ComplexPoint> {
    let last = from.order.len();
    // the last unknown is a0 in a unit that makes it as large as the others
    let unit = from.a0 / from.order.iter().fold(1e-3, |size: f64, x| size.max(x.norm()));
    let mut start = from.order.clone();
    start.push(from.a0 / unit);
    let newton = Newton { tolerance: 1e-9, longest_first_step: 0.33, steps: 14 };
    let mut order = newton.solve(start, |u| {
        let a0 = u[last] * unit;
        let mut residual = bulk.residual(a0, &u[..last]).0;
        let found = z_of_rows(bulk, 1.0 / a0, &OrderParameters::unpack(&u[..last]));
        residual.push((found - z) / z.norm());
        residual
    })?;
    let a0 = order.pop()? * unit;
    let upper = z.im == 0.0 || a0.im > -1e-9 * a0.norm();
    upper.then_some(ComplexPoint { z, a0, order })
}
