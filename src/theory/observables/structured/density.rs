//! Density of the bulk: G_11(z + i0) by following the solution through the upper half plane.
//!
//! Equations: docs/theory.md, (10.23).

use super::curve::Curve;
use super::shape::Shape;
use crate::numerics::small_matrix::{Field, solve};
use crate::theory::error::PredictionError;
use num_complex::Complex64;
use rayon::prelude::*;

/// G_11 and the shape at a complex z.
#[derive(Clone, Copy, Debug)]
struct State<const A: usize> {
    z: Complex64,
    a0: Complex64,
    shape: Shape<Complex64, A>,
}

/// Density of the min(N, d) singular values at each of `sigma`, of mass 1.
pub(crate) fn density<const A: usize>(
    curve: &Curve<A>,
    sigma: &[f64],
) -> Result<Vec<f64>, PredictionError> {
    let edge = curve.edge.z;
    let mut order: Vec<usize> =
        (0..sigma.len()).filter(|&i| sigma[i] > 0.0 && sigma[i] * sigma[i] < edge).collect();
    order.sort_by(|&i, &j| sigma[j].total_cmp(&sigma[i]));
    let outside = curve.inverse(2.0 * edge)?;
    let mut state = State {
        z: Complex64::new(outside.z, 0.0),
        a0: Complex64::new(-outside.x.exp(), 0.0),
        shape: Shape::unpack(
            &outside.shape.pack().iter().map(|&x| Complex64::new(x, 0.0)).collect::<Vec<_>>(),
        ),
    };
    // Up, then along a line parallel to the axis, then down at every abscissa.
    let height = 0.25 * edge;
    state = follow(curve, state, Complex64::new(2.0 * edge, height))?;
    let mut starts = Vec::with_capacity(order.len());
    for &i in &order {
        state = follow(curve, state, Complex64::new(sigma[i] * sigma[i], height))?;
        starts.push(state);
    }
    let values: Result<Vec<f64>, PredictionError> = starts
        .into_par_iter()
        .map(|start| {
            let end = follow(curve, start, Complex64::new(start.z.re, 1e-9 * edge))?;
            Ok((end.a0.im / std::f64::consts::PI).max(0.0))
        })
        .collect();
    let mut out = vec![0.0; sigma.len()];
    for (&i, value) in order.iter().zip(values?) {
        out[i] = 2.0 * sigma[i] * value / curve.bulk.gamma.min(1.0);
    }
    Ok(out)
}

/// Moves the solution to `target` along a straight line with steps that adapt.
fn follow<const A: usize>(
    curve: &Curve<A>,
    from: State<A>,
    target: Complex64,
) -> Result<State<A>, PredictionError> {
    let (start, whole) = (from.z, target - from.z);
    if whole.norm() == 0.0 {
        return Ok(from);
    }
    let (mut here, mut done, mut step) = (from, 0.0f64, 0.25f64);
    while done < 1.0 {
        let next = (done + step).min(1.0);
        let z = if next == 1.0 { target } else { start + whole * next };
        match newton(curve, &here, z) {
            Some(state) => {
                (here, done) = (state, next);
                step *= 2.0;
            }
            None => {
                step *= 0.4;
                if step < 1e-7 {
                    return Err(PredictionError::NotConverged { near: here.a0.norm() });
                }
            }
        }
    }
    Ok(here)
}

/// Solves z(a0) = z from a near solution; refuses a step that changes a0 by more than a third or
/// leaves the upper half plane.
fn newton<const A: usize>(curve: &Curve<A>, from: &State<A>, z: Complex64) -> Option<State<A>> {
    let bulk = &curve.bulk;
    let residual = |u: &[Complex64]| -> Vec<Complex64> {
        let (a0, shape) = (u[u.len() - 1], Shape::<_, A>::unpack(u));
        let mut list: Vec<Complex64> =
            bulk.map(a0, &shape).pack().into_iter().zip(u).map(|(image, u)| image - u).collect();
        list.push((bulk.z(a0, &shape) - z) / z.norm());
        list
    };
    let mut u = from.shape.pack();
    u.push(from.a0);
    let n = u.len();
    for iteration in 0..14 {
        let at = residual(&u);
        let size = u[..n - 1].iter().fold(1e-3, |size: f64, x| size.max(x.norm()));
        let mut jacobian = vec![vec![Complex64::real(0.0); n]; n];
        for j in 0..n {
            let h = 1e-7 * if j < n - 1 { u[j].norm().max(1e-3 * size) } else { u[j].norm() };
            let mut moved = u.clone();
            moved[j] += h;
            for (i, there) in residual(&moved).into_iter().enumerate() {
                jacobian[i][j] = (there - at[i]) / h;
            }
        }
        let step = solve(jacobian, at.iter().map(|x| vec![-x]).collect())?;
        u.iter_mut().zip(&step).for_each(|(x, dx)| *x += dx[0]);
        let a0 = u[n - 1];
        let length =
            step[..n - 1].iter().fold(step[n - 1][0].norm() / a0.norm(), |length: f64, dx| {
                length.max(dx[0].norm() / size)
            });
        if !length.is_finite() || (iteration == 0 && length > 0.33) {
            return None;
        }
        if length < 1e-9 {
            let upper = z.im == 0.0 || a0.im > -1e-9 * a0.norm();
            return upper.then(|| State { z, a0, shape: Shape::unpack(&u) });
        }
    }
    None
}
