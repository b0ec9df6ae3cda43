//! Outliers: the zeros of the eigenvalues of T(z), and the overlaps of their singular vectors.
//!
//! Equations: docs/theory.md, (10.34) to (10.37).

use super::curve::Curve;
use super::spikes::{Blocks, Spikes};
use crate::numerics::graded::symmetric_eigen;
use crate::numerics::roots::bracketed;
use crate::theory::error::PredictionError;
use crate::theory::observables::outlier::{LEFT_POWERS, Outlier, neuron_share};
use ndarray::{Array1, Array2};

/// S T S.
fn equilibrated(blocks: &Blocks) -> Array2<f64> {
    Array2::from_shape_fn(blocks.t.dim(), |(i, j)| {
        blocks.t[[i, j]] * blocks.scale[i] * blocks.scale[j]
    })
}

/// All outliers, the largest first.
pub(crate) fn outliers<const A: usize>(
    curve: &Curve<A>,
    spikes: &Spikes,
) -> Result<Vec<Outlier>, PredictionError> {
    let eigenvalues = |x: f64| -> Result<Vec<f64>, PredictionError> {
        let blocks = spikes.blocks(&curve.bulk, &curve.at(x)?)?;
        Ok(symmetric_eigen(&equilibrated(&blocks)).0)
    };
    let end = curve.edge.x;
    let at_end = eigenvalues(end)?;
    let count = at_end.iter().filter(|v| **v < 0.0).count();
    if count == 0 {
        return Ok(Vec::new());
    }
    // Known points (x, eigenvalues), increasing in x; the first has none negative.
    let mut known = vec![(end, at_end)];
    let mut step = 0.5;
    while known[0].1[0] < 0.0 {
        let x = known[0].0 - step;
        // a0 = -1e-300 is a singular value of 1e150.
        if x < -690.0 {
            return Err(PredictionError::NotConverged { near: 0.0 });
        }
        let values = eigenvalues(x)?;
        known.insert(0, (x, values));
        step *= 1.4;
    }
    let mut found = Vec::with_capacity(count);
    for j in 0..count {
        let above =
            known.iter().position(|(_, values)| values[j] < 0.0).unwrap_or(known.len() - 1).max(1);
        let (low, high) = (&known[above - 1], &known[above]);
        let (low, high) = ((low.0, low.1[j]), (high.0, high.1[j]));
        let x = bracketed(|x| eigenvalues(x).map(|values| values[j]), low, high, 1e-11)?;
        found.push(at_root(curve, spikes, x, j)?);
    }
    Ok(found)
}

/// The outlier at x, where the j-th eigenvalue vanishes.
fn at_root<const A: usize>(
    curve: &Curve<A>,
    spikes: &Spikes,
    x: f64,
    j: usize,
) -> Result<Outlier, PredictionError> {
    let here = curve.at(x)?;
    let blocks = spikes.blocks(&curve.bulk, &here)?;
    let (_, vectors) = symmetric_eigen(&equilibrated(&blocks));
    let null: Array1<f64> = &vectors.column(j) * &blocks.scale;
    let h = (1e-4f64).min(0.5 * (curve.edge.x - x)).max(1e-9);
    let right = curve.at((x + h).min(curve.edge.x))?;
    let before = curve.at(x - h)?;
    let change = spikes.blocks(&curve.bulk, &right)?.t - spikes.blocks(&curve.bulk, &before)?.t;
    // mu' = x^T (dT/dz) x, positive.
    let slope = null.dot(&change.dot(&null)) / (right.z - before.z);
    // at the edge the slope is infinite and every overlap 0; elsewhere it must be positive
    let at_edge = curve.edge.x - x < 1e-6;
    if !(slope > 0.0 || at_edge) {
        return Err(PredictionError::NotConverged { near: -x.exp() });
    }
    let overlap = |square: f64| if slope > 0.0 { (square / slope).sqrt().min(1.0) } else { 0.0 };

    let r = blocks.k_inverse.nrows();
    let blocks_per = A + 1;
    let directions = (null.len() - r) / blocks_per - 1;
    let direction_overlaps =
        (0..directions).map(|i| overlap(null[blocks_per * i].powi(2))).collect();
    let target_overlap = overlap((0..directions).map(|i| null[blocks_per * i].powi(2)).sum());
    let tail: Array1<f64> = null.iter().skip(null.len() - r).copied().collect();
    let size = if slope > 0.0 { 1.0 / (here.z * slope).sqrt() } else { 0.0 };
    let left = blocks.k_inverse.dot(&tail) * size;
    let left_overlaps = (1..=LEFT_POWERS)
        .map(|power| spikes.left_overlap(-x.exp(), &blocks.rows, &left, &|b| b.powi(power)))
        .collect();
    let neuron_share = neuron_share(spikes.left_entries(-x.exp(), &blocks.rows, &left));
    let singular_value = here.z.sqrt();
    Ok(Outlier {
        singular_value,
        target_overlap,
        direction_overlaps,
        left_overlaps,
        neuron_share,
        left,
        at: x,
    })
}
