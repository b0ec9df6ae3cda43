//! Outliers of F^T F / m: zeta where an eigenvalue of -Theta G passes one, and the overlaps of its
//! two singular vectors (docs/theory.md, section 16.4).

use super::real_branch::RealBranch;
use super::walk::Solved;
use crate::numerics::graded::symmetric_eigen;
use crate::numerics::roots::bracketed;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::features::fixed_point::Equations;
use crate::theory::observables::features::square_matrix::Square;
use crate::theory::observables::features::weighted_sums::times;
use ndarray::{Array1, Array2, Axis};

/// An outlier as profiles of its singular vectors over samples and neurons.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub zeta: f64,
    /// At the sample nodes: E[entry of the left vector | kappa] sqrt(m).
    pub left: Vec<f64>,
    /// At the types: E[entry of the right vector | type] sqrt(N).
    pub right: Vec<f64>,
}

/// All outliers, the largest first.
pub(super) fn outliers(equations: &Equations<'_>, branch: &RealBranch) -> Fallible<Vec<Profile>> {
    let levels: Vec<Vec<f64>> =
        branch.ladder.iter().map(|solved| levels(equations, solved).0).collect();
    let last = levels.len() - 1;
    let count = levels[last].iter().filter(|level| **level > 1.0).count();
    let find = |k: usize| {
        // the levels fall as zeta grows, so the first rung above one ends the bracket
        let rung = levels.iter().position(|level| level[k] > 1.0).unwrap_or(last);
        if rung == 0 {
            return Err(PredictionError::NotConverged { near: -branch.ladder[0].zeta });
        }
        let end = |i: usize| (branch.ladder[i].zeta.ln(), levels[i][k] - 1.0);
        let level =
            |x: f64| -> Fallible<f64> { Ok(levels_at(equations, branch, x.exp())?.0[k] - 1.0) };
        let x = bracketed(level, end(rung), end(rung - 1), 1e-10)?;
        profile(equations, branch, x.exp(), k)
    };
    (0..count).map(find).collect()
}

fn levels_at(
    equations: &Equations<'_>,
    branch: &RealBranch,
    zeta: f64,
) -> Fallible<(Vec<f64>, Array2<f64>)> {
    Ok(levels(equations, &branch.at(equations, zeta)?))
}

/// Eigenvalues of L^T Theta L, decreasing, with L L^T = -G, and L times the eigenvectors (columns).
fn levels(equations: &Equations<'_>, solved: &Solved) -> (Vec<f64>, Array2<f64>) {
    let point = &solved.point;
    let g = matrix(&equations.g(&point.q, &point.t));
    let (squares, vectors) = symmetric_eigen(&-g);
    let roots = Array1::from(squares).mapv(|x| x.max(0.0).sqrt());
    let l = &vectors * &roots;
    let theta = matrix(&equations.theta(&point.rho));
    let (mut levels, vectors) = symmetric_eigen(&l.t().dot(&theta).dot(&l));
    let mut vectors = l.dot(&vectors);
    levels.reverse();
    vectors.invert_axis(Axis(1));
    (levels, vectors)
}

/// The singular vectors of outlier `k` at `zeta` (16.11), (16.12).
fn profile(
    equations: &Equations<'_>,
    branch: &RealBranch,
    zeta: f64,
    k: usize,
) -> Fallible<Profile> {
    let failed = PredictionError::NotConverged { near: -zeta };
    let system = equations.system;
    let solved = branch.at(equations, zeta)?;
    let point = &solved.point;
    let vector = levels(equations, &solved).1.column(k).to_owned();
    let dual = matrix(&equations.theta(&point.rho)).dot(&vector);
    let tangents = equations.tangents(point);
    let motion = equations.motion(point, &tangents, -1.0, 0.0).ok_or_else(|| failed.clone())?;
    let d_theta = matrix(&equations.theta(&motion.rho));
    let d_g = matrix(&equations.g(&motion.q, &motion.t));
    // the rate at which the eigenvalue falls
    let rate = dual.dot(&d_g.dot(&dual)) - vector.dot(&d_theta.dot(&vector));
    if rate.is_nan() || rate <= 0.0 {
        return Err(failed);
    }
    let along = times(&system.psi, &(&vector / (zeta * rate).sqrt()).to_vec());
    let known = system.mean.len();
    let size = (system.width / rate).sqrt();
    let coefficients: Vec<f64> = dual.iter().take(known).map(|x| x * size).collect();
    let across = times(&system.mean.right, &coefficients);
    Ok(Profile {
        zeta,
        left: along.iter().zip(&point.rho).map(|(x, rho)| x * rho).collect(),
        right: across.iter().zip(&point.q).map(|(x, q)| x * q).collect(),
    })
}

/// |<f, profile>| / |f| under `weights`; `square` is the mean square of f.
pub(super) fn overlap(weights: &[f64], profile: &[f64], f: &[f64], square: f64) -> f64 {
    let product: f64 = weights.iter().zip(profile).zip(f).map(|((w, x), f)| w * x * f).sum();
    if square > 0.0 { (product.abs() / square.sqrt()).min(1.0) } else { 0.0 }
}

fn matrix(rows: &Square<f64>) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows.len()), |(i, k)| rows[i][k])
}
