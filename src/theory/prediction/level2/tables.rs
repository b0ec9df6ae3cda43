//! The inputs of level 2 from the tables of level 1: one pass over the nodes of a sample.

use super::super::activation::Sigma;
use super::super::law::Law;
use super::super::moments::{CROSS, LINEAR, MEAN, Moments, SQUARE, VALUE};
use super::super::setting::Setting;
use super::super::spikes::SpikeInput;
use super::input::{Model, NeuronTable, SampleTable};
use crate::training::BatchPolicy;
use ndarray::{Array1, Array2, Array3};
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
        reused: setting.batches == BatchPolicy::Reused && input.eta[1] != 0.0,
        c_1: activation.c_1,
        curvature: activation.curvature,
        derivative_variance: activation.derivative_variance,
        label_mean: input.labels.mean,
        label_second_moment: input.labels.second_moment,
        label_linear: input.labels.linear.clone(),
    }
}

/// Nodes of the second layer; `rho_2` is known at the coarse nodes of b.
pub(crate) fn neurons(law: &Law, rho_2: &[f64]) -> NeuronTable {
    NeuronTable {
        weight: law.fine.weights.clone(),
        b: law.fine.nodes.clone(),
        polynomials: law.polynomials.clone(),
        rho_2: law.to_fine.dot(&Array1::from_iter(rho_2.iter().copied())).to_vec(),
        scale: law.scale,
    }
}

/// Nodes of a sample. `None` for `moments` means one step only.
pub(crate) fn samples(input: &SpikeInput, moments: Option<&Moments>) -> SampleTable {
    let (p, r) = (input.labels.directions, input.law.spikes());
    let fields = moments.map(|moments| fields(input, moments));
    // weight, z*, y, s, r, S_k, linear (several), linear_square, variance, covariance
    let terms = r.min(LINEAR_TERMS);
    let columns = p + r + terms + 7;
    let rows: Vec<Vec<f64>> = input
        .labels
        .nodes
        .par_iter()
        .map(|node| {
            let mut rows = Vec::new();
            let mut s_basis = moments.map_or_else(Vec::new, |m| vec![0.0; m.grid().1]);
            let mut y_basis = moments.map_or_else(Vec::new, |m| vec![0.0; m.grid().0]);
            for (e, noise_weight) in input.labels.noise.iter() {
                let y = node.link + e;
                let mut lines = Array2::zeros((r + terms + 4, s_basis.len()));
                if let (Some(moments), Some(fields)) = (moments, &fields) {
                    moments.label_basis(y, &mut y_basis);
                    for (b, field) in y_basis.iter().zip(fields.outer_iter()) {
                        lines.scaled_add(*b, &field);
                    }
                }
                for (zeta, w) in input.orthogonal.iter() {
                    let weight = node.weight * noise_weight * w;
                    if weight < 1e-18 || node.weight * w < 1e-13 {
                        continue;
                    }
                    let s = input.s(node, zeta);
                    let mut values = vec![0.0; r + terms + 4];
                    if let Some(moments) = moments {
                        moments.s.basis(s, &mut s_basis);
                        for (value, line) in values.iter_mut().zip(lines.rows()) {
                            *value = line.iter().zip(&s_basis).map(|(v, b)| v * b).sum();
                        }
                    }
                    rows.push(weight);
                    rows.extend(&node.z[..p]);
                    rows.extend([y, s, y - values[r]]);
                    rows.extend(&values[..r]);
                    rows.extend(&values[r + 1..]);
                }
            }
            rows
        })
        .collect();
    let rows = rows.concat();
    let n = rows.len() / columns;
    let column = |k: usize| -> Vec<f64> { rows.iter().skip(k).step_by(columns).copied().collect() };
    let mut weight = column(0);
    let total: f64 = weight.iter().sum();
    weight.iter_mut().for_each(|w| *w /= total);
    SampleTable {
        weight,
        projections: Array2::from_shape_fn((n, p), |(i, j)| rows[i * columns + 1 + j]),
        label: column(p + 1),
        s: column(p + 2),
        residual: column(p + 3),
        spikes: Array2::from_shape_fn((n, r), |(i, k)| rows[i * columns + p + 4 + k]),
        linear: Array2::from_shape_fn((n, terms), |(i, k)| rows[i * columns + p + r + 4 + k]),
        linear_square: column(p + r + terms + 4),
        variance: column(p + r + terms + 5),
        covariance: column(p + r + terms + 6),
    }
}

/// (y grid) x (fields) x (s grid): S_k, F, then the four averages with weight b^2.
fn fields(input: &SpikeInput, moments: &Moments) -> Array3<f64> {
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
        if input.batches == BatchPolicy::Reused {
            rest[2].scaled_add(*w, &(&table[CROSS] - &table[MEAN].mapv(|x| x * input.step.c_1)));
        }
    }
    list.extend(rest);
    Array3::from_shape_fn((labels, r + terms + 4, s), |(i, k, j)| list[k][[i, j]])
}
