//! The inputs of level 2 from the tables of level 1: one pass over the nodes of a sample.

use super::input::{GroupTable, Model, NeuronTable, SampleTable, SecondStep};
use crate::theory::dynamics::averages::AverageTables;
use crate::theory::dynamics::right_vectors::NoiseAverages;
use crate::theory::dynamics::row_variance::RowVariance;
use crate::theory::dynamics::sample_groups::SampleGroup;
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
use crate::theory::dynamics::setup::Setup;
use ndarray::{Array2, Array3, ArrayView1};
use rayon::prelude::*;

/// Terms of l(b) handed over; level 2 keeps at most three.
const LINEAR_TERMS: usize = 3;

/// Constants of the setting in the form level 2 wants.
pub(crate) fn model(setup: &Setup) -> Model {
    let Setup { problem, activation, labels, .. } = setup;
    Model {
        width: problem.width as f64,
        gamma: problem.gamma(),
        phi: problem.phi(),
        eta_1: problem.step_sizes[0],
        eta_2: problem.step_sizes[1],
        c_1: activation.c_1,
        curvature: activation.curvature,
        derivative_variance: activation.derivative_variance,
        label_mean: labels.mean,
        label_second_moment: labels.second_moment,
        label_linear: labels.linear.clone(),
    }
}

/// Nodes of the second layer; what `noise` holds is known at the coarse nodes of b.
pub(crate) fn neurons(
    law: &SecondLayerQuadrature,
    rows: &RowVariance,
    noise: &NoiseAverages,
) -> NeuronTable {
    NeuronTable {
        weight: law.fine.weights.clone(),
        b: law.fine.nodes.clone(),
        polynomials: law.polynomials.clone(),
        rho_2: law.at_fine(&noise.rho_2).to_vec(),
        rest: Some(rows.rest_with_echo(noise)),
        echo_share: rows.echo_share(noise),
        scale: law.scale,
    }
}

/// Nodes of a sample, with the averages of every group there.
pub(crate) fn samples(
    setup: &Setup,
    law: &SecondLayerQuadrature,
    groups: &[SampleGroup],
) -> SampleTable {
    let (p, r) = (setup.labels.directions, law.polynomial_count());
    let tables: Vec<(&AverageTables, Array3<f64>)> = groups
        .iter()
        .filter_map(|group| group.second.as_ref().map(|m| (m, fields(setup, law, group, m))))
        .collect();
    let terms = r.min(LINEAR_TERMS);
    // weight, z*, y, s; then for every group that the second step sees: S_k, r, linear (several),
    // linear_square, variance, covariance
    let (common, own) = (p + 3, r + terms + 4);
    let columns = common + own * tables.len();
    let rows: Vec<Vec<f64>> = setup
        .labels
        .nodes
        .par_iter()
        .map(|node| {
            let mut rows = Vec::new();
            for (e, noise_weight) in setup.labels.noise.iter() {
                let y = node.link + e;
                let lines: Vec<Array2<f64>> =
                    tables.iter().map(|(moments, fields)| at_label(moments, fields, y)).collect();
                for (zeta, w) in setup.orthogonal.iter() {
                    let weight = node.weight * noise_weight * w;
                    if weight < 1e-18 || node.weight * w < 1e-13 {
                        continue;
                    }
                    let s = setup.s(node, zeta);
                    rows.push(weight);
                    rows.extend(&node.z[..p]);
                    rows.extend([y, s]);
                    for ((moments, _), lines) in tables.iter().zip(&lines) {
                        let mut basis = vec![0.0; lines.ncols()];
                        moments.s.basis(s, &mut basis);
                        let start = rows.len();
                        let value = |line: ArrayView1<f64>| -> f64 {
                            line.iter().zip(&basis).map(|(v, b)| v * b).sum()
                        };
                        rows.extend(lines.rows().into_iter().map(value));
                        // r = y - F
                        rows[start + r] = y - rows[start + r];
                    }
                }
            }
            rows
        })
        .collect();
    let rows = rows.concat();
    let n = rows.len() / columns;
    let column = |k: usize| -> Vec<f64> { rows.iter().skip(k).step_by(columns).copied().collect() };
    let block = |first: usize, count: usize| {
        Array2::from_shape_fn((n, count), |(i, k)| rows[i * columns + first + k])
    };
    let mut weight = column(0);
    let total: f64 = weight.iter().sum();
    weight.iter_mut().for_each(|w| *w /= total);
    let mut starts = (common..columns).step_by(own);
    let mut second = || {
        let at = starts.next()?;
        Some(SecondStep {
            spikes: block(at, r),
            residual: column(at + r),
            linear: block(at + r + 1, terms),
            linear_square: column(at + r + terms + 1),
            variance: column(at + r + terms + 2),
            covariance: column(at + r + terms + 3),
        })
    };
    let groups = groups
        .iter()
        .map(|group| GroupTable {
            share: group.share,
            first: group.first,
            second: group.second.as_ref().and_then(|_| second()),
        })
        .collect();
    SampleTable { weight, projections: block(1, p), label: column(p + 1), s: column(p + 2), groups }
}

/// The fields (fields x s grid) at one label.
fn at_label(moments: &AverageTables, fields: &Array3<f64>, y: f64) -> Array2<f64> {
    let (labels, count, s) = fields.dim();
    let mut basis = vec![0.0; labels];
    moments.label_basis(y, &mut basis);
    let mut lines = Array2::zeros((count, s));
    for (b, field) in basis.iter().zip(fields.outer_iter()) {
        lines.scaled_add(*b, &field);
    }
    lines
}

/// (y grid) x (fields) x (s grid): S_k, F, then the four averages with weight b^2.
fn fields(
    setup: &Setup,
    law: &SecondLayerQuadrature,
    group: &SampleGroup,
    moments: &AverageTables,
) -> Array3<f64> {
    let r = law.polynomial_count();
    let weights = |k: usize| law.right_weights.row(k).into_iter().copied();
    let mut list = moments.fields(law);
    let terms = r.min(LINEAR_TERMS);
    list.extend((0..terms).map(|a| moments.sum(weights(a), |at| at.z_dsigma)));
    let square = || weights(0).map(|w| w / law.scale);
    list.push(moments.sum(square(), |at| at.z_dsigma * at.z_dsigma));
    list.push(moments.sum(square(), |at| at.dsigma_sq - at.dsigma * at.dsigma));
    list.push(if group.reused() {
        moments.sum(square(), |at| at.cross - at.dsigma * setup.step.c_1)
    } else {
        Array2::zeros(moments.grid())
    });
    let (labels, s) = moments.grid();
    Array3::from_shape_fn((labels, r + terms + 4, s), |(i, k, j)| list[k][[i, j]])
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
