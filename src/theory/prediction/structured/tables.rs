//! The inputs of level 2 from the tables of level 1: one pass over the nodes of a sample.

use super::super::activation::Sigma;
use super::super::groups::Group;
use super::super::law::Law;
use super::super::moments::{CROSS, LINEAR, MEAN, Moments, SQUARE, VALUE};
use super::super::noise::RowVariance;
use super::super::setting::Setting;
use super::super::spikes::{NoiseFunctions, SpikeInput};
use super::input::{GroupTable, Model, NeuronTable, SampleTable, SecondStep};
use ndarray::{Array1, Array2, Array3, ArrayView1};
use rayon::prelude::*;

/// Terms of l(b) handed over; level 2 keeps at most three.
const LINEAR_TERMS: usize = 3;

/// Constants of the setting in the form level 2 wants.
pub(crate) fn model(setting: &Setting, activation: &Sigma, input: &SpikeInput) -> Model {
    Model {
        width: setting.width as f64,
        gamma: setting.gamma(),
        phi: setting.phi(),
        eta_1: input.eta[0],
        eta_2: input.eta[1],
        c_1: activation.c_1,
        curvature: activation.curvature,
        derivative_variance: activation.derivative_variance,
        label_mean: input.labels.mean,
        label_second_moment: input.labels.second_moment,
        label_linear: input.labels.linear.clone(),
    }
}

/// Nodes of the second layer; what `noise` holds is known at the coarse nodes of b.
pub(crate) fn neurons(law: &Law, rows: &RowVariance, noise: &NoiseFunctions) -> NeuronTable {
    NeuronTable {
        weight: law.fine.weights.clone(),
        b: law.fine.nodes.clone(),
        polynomials: law.polynomials.clone(),
        rho_2: law.to_fine.dot(&Array1::from_iter(noise.rho_2.iter().copied())).to_vec(),
        rest: Some(rows.rest_with_echo(noise)),
        echo_share: rows.echo_share(noise),
        scale: law.scale,
    }
}

/// Nodes of a sample, with the averages of every group there.
pub(crate) fn samples(input: &SpikeInput, groups: &[Group]) -> SampleTable {
    let (p, r) = (input.labels.directions, input.law.spikes());
    let tables: Vec<(&Moments, Array3<f64>)> = groups
        .iter()
        .filter_map(|group| group.second.as_ref().map(|m| (m, fields(input, group, m))))
        .collect();
    let terms = r.min(LINEAR_TERMS);
    // weight, z*, y, s; then for every group that the second step sees: S_k, r, linear (several),
    // linear_square, variance, covariance
    let (common, own) = (p + 3, r + terms + 4);
    let columns = common + own * tables.len();
    let rows: Vec<Vec<f64>> = input
        .labels
        .nodes
        .par_iter()
        .map(|node| {
            let mut rows = Vec::new();
            for (e, noise_weight) in input.labels.noise.iter() {
                let y = node.link + e;
                let lines: Vec<Array2<f64>> =
                    tables.iter().map(|(moments, fields)| at_label(moments, fields, y)).collect();
                for (zeta, w) in input.orthogonal.iter() {
                    let weight = node.weight * noise_weight * w;
                    if weight < 1e-18 || node.weight * w < 1e-13 {
                        continue;
                    }
                    let s = input.s(node, zeta);
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
fn at_label(moments: &Moments, fields: &Array3<f64>, y: f64) -> Array2<f64> {
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
fn fields(input: &SpikeInput, group: &Group, moments: &Moments) -> Array3<f64> {
    let (law, r) = (input.law, input.law.spikes());
    let mut list: Vec<Array2<f64>> =
        (0..r).map(|k| moments.average(MEAN, law.spike_weights.row(k).iter().copied())).collect();
    list.push(moments.average(VALUE, law.output_weights.iter().copied()));
    let square: Vec<f64> = law.spike_weights.row(0).iter().map(|w| w / law.scale).collect();
    let terms = r.min(LINEAR_TERMS);
    list.extend(
        (0..terms).map(|a| moments.average(LINEAR, law.spike_weights.row(a).iter().copied())),
    );
    let (labels, s) = moments.grid();
    let mut rest = vec![Array2::<f64>::zeros((labels, s)); 3];
    for (table, w) in moments.tables.iter().zip(&square) {
        rest[0].scaled_add(*w, &table[LINEAR].mapv(|x| x * x));
        rest[1].scaled_add(*w, &(&table[SQUARE] - &table[MEAN].mapv(|x| x * x)));
        if group.reused() {
            rest[2].scaled_add(*w, &(&table[CROSS] - &table[MEAN].mapv(|x| x * input.step.c_1)));
        }
    }
    list.extend(rest);
    Array3::from_shape_fn((labels, r + terms + 4, s), |(i, k, j)| list[k][[i, j]])
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
