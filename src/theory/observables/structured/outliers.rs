//! Outliers: the zeros of the eigenvalues of T(z), and the overlaps of their singular vectors
//! (docs/theory.md, (10.34) to (10.37)).

use super::inputs::Inputs;
use super::master_matrix::Signal;
use super::real_branch::RealBranch;
use crate::numerics::graded::symmetric_eigen;
use crate::numerics::roots::bracketed;
use crate::numerics::tridiagonal;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::outlier::{LEFT_POWERS, Outlier, neuron_share};
use ndarray::{Array1, Axis, Slice};
use rayon::prelude::*;

/// All outliers, the largest first.
pub(crate) fn outliers<const A: usize>(
    branch: &RealBranch<A>,
    inputs: &Inputs,
) -> Fallible<Vec<Outlier>> {
    let signal = &Signal::new(inputs);
    let eigenvalues = |x: f64| -> Fallible<Vec<f64>> {
        let matrix = signal.master_matrix(&branch.bulk, &branch.at(x)?)?;
        Ok(symmetric_eigen(&matrix.equilibrated()).0)
    };
    // known points (x, eigenvalues), increasing in x, down to one without negative eigenvalue
    let mut known = vec![(branch.edge.x, eigenvalues(branch.edge.x)?)];
    let count = known[0].1.iter().filter(|v| **v < 0.0).count();
    let mut step = 0.5;
    while known[0].1.iter().any(|v| *v < 0.0) {
        let x = known[0].0 - step;
        // a0 = -1e-300 is a singular value of 1e150
        if x < -690.0 {
            return Err(PredictionError::NotConverged { near: 0.0 });
        }
        known.insert(0, (x, eigenvalues(x)?));
        step *= 1.4;
    }
    let eigenvalue = |x: f64, j: usize| -> Fallible<f64> {
        let matrix = signal.master_matrix(&branch.bulk, &branch.at(x)?)?;
        Ok(tridiagonal::eigenvalues(&matrix.equilibrated())[j])
    };
    let root = |j: usize| {
        let above = known.iter().position(|(_, values)| values[j] < 0.0).unwrap_or(0).max(1);
        let [low, high] = [above - 1, above].map(|i| (known[i].0, known[i].1[j]));
        let x = bracketed(|x| eigenvalue(x, j), low, high, 1e-11)?;
        at_root(branch, signal, x, j)
    };
    (0..count).into_par_iter().map(root).collect()
}

/// The outlier at x, where the j-th eigenvalue vanishes.
fn at_root<const A: usize>(
    branch: &RealBranch<A>,
    signal: &Signal,
    x: f64,
    j: usize,
) -> Fallible<Outlier> {
    let here = branch.at(x)?;
    let inputs = signal.inputs;
    let matrix = signal.master_matrix(&branch.bulk, &here)?;
    let (_, vectors) = symmetric_eigen(&matrix.equilibrated());
    let null: Array1<f64> = &vectors.column(j) * &matrix.scale;
    let end = branch.edge.x;
    let h = (1e-4f64).min(0.5 * (end - x)).max(1e-9);
    let [before, after] = [branch.at(x - h)?, branch.at((x + h).min(end))?];
    let t = |point| signal.master_matrix(&branch.bulk, point).map(|matrix| matrix.t);
    // mu' = x^T (dT/dz) x, positive; infinite at the edge, where every overlap is 0
    let slope = null.dot(&(t(&after)? - t(&before)?).dot(&null)) / (after.z - before.z);
    let positive = slope > 0.0;
    if !positive && end - x >= 1e-6 {
        return Err(PredictionError::NotConverged { near: here.a0() });
    }
    let overlap = |square: f64| if positive { (square / slope).sqrt().min(1.0) } else { 0.0 };

    // one block of A + 1 for each teacher direction and for w, then the coefficients of u_k
    let spikes = null.len() - matrix.k_inverse.nrows();
    let along = (0..spikes - A - 1).step_by(A + 1).map(|i| null[i].powi(2));
    let along: Vec<f64> = along.collect();
    let size = if positive { 1.0 / (here.z * slope).sqrt() } else { 0.0 };
    let left = matrix.k_inverse.dot(&null.slice_axis(Axis(0), Slice::from(spikes..))) * size;
    let left_overlap =
        |power| inputs.left_overlap(here.a0(), &matrix.rows, &left, &|b| b.powi(power));
    Ok(Outlier {
        singular_value: here.z.sqrt(),
        target_overlap: overlap(along.iter().sum()),
        direction_overlaps: along.iter().map(|square| overlap(*square)).collect(),
        left_overlaps: (1..=LEFT_POWERS).map(left_overlap).collect(),
        neuron_share: neuron_share(inputs.left_entries(here.a0(), &matrix.rows, &left)),
        left,
        at: x,
    })
}
