//! The right vectors v_k in an orthonormal basis, and the functions of b that make the variance of
//! a noise row: docs/theory.md, (5.2) to (5.15), with groups of samples (12.4) to (12.8).

use super::averages::{AverageTables, Averages};
use super::sample_groups::SampleGroup;
use super::sample_law::LabelGroup;
use super::second_layer::SecondLayerQuadrature;
use super::setup::{FirstStepConstants, Setup};
use crate::numerics::graded::RowQr;
use ndarray::{Array1, Array2, ArrayView1, ShapeBuilder};
use rayon::prelude::*;
use std::array::from_fn;

/// The vectors v_k and the noise averages, from one pass over the samples of every group.
pub(crate) struct RightVectors {
    /// R x (p + R + 1): coordinates of v_k on orthonormal directions, the teacher's first. Computed
    /// without squaring, so that rows of very different size keep their digits.
    pub coordinates: Array2<f64>,
    /// Averages of the second step over all samples: unweighted, then (if asked for) weighted by
    /// z*_i z*_j, row by row.
    pub noise: Vec<NoiseAverages>,
}

/// Functions of b at its coarse nodes.
#[derive(Clone, Debug)]
pub(crate) struct NoiseAverages {
    /// rho_2 = E[r S_z].
    pub rho_2: Vec<f64>,
    /// tau_2^2 = phi E[r^2 (sigma'(u)^2 - S^2)].
    pub tau_2_squared: Vec<f64>,
    /// kappa = phi E[r y (sigma'(z) - c_1) sigma'(u)] over the reused samples.
    pub kappa: Vec<f64>,
    /// E[r t tau xi sigma'(u)].
    pub echo: Vec<f64>,
}

impl NoiseAverages {
    /// Adds the samples of one group, from their adjoint sums.
    fn add(
        &mut self,
        step: FirstStepConstants,
        group: &SampleGroup,
        tables: &AverageTables,
        [r, r_squared, r_y]: &[Array2<f64>; 3],
    ) {
        let FirstStepConstants { phi, c_1, .. } = step;
        for (b, table) in tables.tables.iter().enumerate() {
            let sum = |weights: &Array2<f64>, f: &dyn Fn(&Averages) -> f64| {
                weights.iter().zip(table).map(|(w, at)| w * f(at)).sum::<f64>()
            };
            self.rho_2[b] += sum(r, &|at| at.z_dsigma);
            self.echo[b] += sum(r, &|at| at.echo);
            self.tau_2_squared[b] +=
                phi * sum(r_squared, &|at| at.dsigma_sq - at.dsigma * at.dsigma);
            if group.reused() {
                self.kappa[b] += phi * sum(r_y, &|at| at.cross - c_1 * at.dsigma);
            }
        }
    }
}

/// Sums over some samples of one group.
#[derive(Clone)]
struct SampleSums {
    /// Rows (r S_0, ..., r S_{R-1}, y). The last entry is 0 for samples that the first step does not
    /// see.
    qr: RowQr,
    /// E[r S_k (z*, zeta)]: R x (p + 1).
    means: Array2<f64>,
    /// Sum of w r, w r^2, w r y times the Lagrange basis in (y, s): the adjoint of interpolation.
    /// First unweighted, then by pairs.
    adjoint: Vec<[Array2<f64>; 3]>,
}

impl SampleSums {
    fn add(&mut self, other: &Self) {
        self.qr.merge(&other.qr);
        self.means += &other.means;
        let pairs = self.adjoint.iter_mut().flatten().zip(other.adjoint.iter().flatten());
        pairs.for_each(|(to, from)| *to += from);
    }

    /// Adds the samples of some labels; `fields` holds S_0, ..., S_{R-1} and F.
    fn add_nodes(
        &mut self,
        setup: &Setup,
        group: &SampleGroup,
        tables: &AverageTables,
        fields: &[Array2<f64>],
        samples: &[LabelGroup],
    ) {
        let p = setup.labels.directions;
        let r = fields.len() - 1;
        let (labels, columns) = tables.grid();
        let mut at = vec![0.0; columns];
        let mut label_basis = vec![0.0; labels];
        let mut lines: [_; 3] = from_fn(|_| Array2::zeros((r + 1, columns)));
        let mut row = vec![0.0; r + 1];
        for of_label in samples {
            for (lines, y) in lines.iter_mut().zip(of_label.labels) {
                tables.label_basis(y, &mut label_basis);
                for (mut line, field) in lines.rows_mut().into_iter().zip(fields) {
                    line.fill(0.0);
                    for (b, values) in label_basis.iter().zip(field.rows()) {
                        line.scaled_add(*b, &values);
                    }
                }
            }
            // the sums over s: labels x kinds x columns
            let kinds = self.adjoint.len();
            let mut sums = vec![[0.0; 3]; 3 * kinds * columns];
            for node in &of_label.nodes {
                let y = node.y;
                tables.s.basis(node.s, &mut at);
                let shares = of_label.shares(y);
                let mut values = Array1::zeros(r + 1);
                for (share, lines) in shares.iter().zip(&lines) {
                    values.scaled_add(*share, &lines.dot(&ArrayView1::from(&at)));
                }
                let (weight, residual) = (group.share * node.weight, y - values[r]);
                let root = weight.sqrt();
                let zeta = setup.zeta(node);
                for k in 0..r {
                    let product = residual * values[k];
                    row[k] = root * product;
                    self.means[[k, p]] += weight * product * zeta;
                    for j in 0..p {
                        self.means[[k, j]] += weight * product * node.z[j];
                    }
                }
                row[r] = if group.first { root * y } else { 0.0 };
                self.qr.push(&mut row);
                for (place, sums) in sums.chunks_mut(columns).enumerate() {
                    let (label, kind) = (place / kinds, place % kinds);
                    let pair = kind.checked_sub(1).map(|pair| node.zz[pair / p][pair % p]);
                    let weight = weight * shares[label] * pair.unwrap_or(1.0);
                    for (sums, b) in sums.iter_mut().zip(&at) {
                        let b = weight * b;
                        sums[0] += b * residual;
                        sums[1] += b * residual * residual;
                        sums[2] += b * residual * y;
                    }
                }
            }
            for (place, sums) in sums.chunks(columns).enumerate() {
                if place % kinds == 0 {
                    tables.label_basis(of_label.labels[place / kinds], &mut label_basis);
                }
                let adjoint = &mut self.adjoint[place % kinds];
                for (a, b) in label_basis.iter().enumerate() {
                    for (c, sums) in sums.iter().enumerate() {
                        for (adjoint, sum) in adjoint.iter_mut().zip(sums) {
                            adjoint[[a, c]] += b * sum;
                        }
                    }
                }
            }
        }
    }
}

impl RightVectors {
    /// The right vectors of all groups together; `by_pairs` asks for the noise averages weighted by
    /// z*_i z*_j too.
    pub fn new(
        setup: &Setup,
        law: &SecondLayerQuadrature,
        groups: &[SampleGroup],
        by_pairs: bool,
    ) -> Self {
        let Setup { labels, step, .. } = setup;
        let p = labels.directions;
        let r = law.polynomial_count();
        let [eta_1, eta_2] = setup.problem.first_two();
        let kinds = if by_pairs { 1 + p * p } else { 1 };
        let [rho_2, tau_2_squared, kappa, echo] = from_fn(|_| vec![0.0; law.coarse.len()]);
        let mut noise = vec![NoiseAverages { rho_2, tau_2_squared, kappa, echo }; kinds];
        let mut qr = RowQr::new(r + 1);
        // eta_2 E[r S_k (z*, zeta)] + eta_1 c_1 E[y (z*, zeta)] [k = 0]: along the teacher, then along
        // the part of beta_1 outside its span
        let mut along = Array2::zeros((r, p + 1));
        for group in groups {
            let Some(tables) = &group.second else {
                // y alone: its second moment is all that enters
                let mut row = vec![0.0; r + 1];
                row[r] = (group.share * labels.second_moment).sqrt();
                qr.push(&mut row);
                continue;
            };
            // a fixed number of chunks, so that the bits do not depend on the number of threads
            let chunks = setup.samples.par_chunks(setup.samples.len().div_ceil(16).max(1));
            let fields = tables.fields(law);
            let mut sums = SampleSums {
                qr: RowQr::new(r + 1),
                means: Array2::zeros((r, p + 1)),
                adjoint: vec![from_fn(|_| Array2::zeros(tables.grid())); kinds],
            };
            let of_chunk = |nodes: &[LabelGroup]| {
                let mut share = sums.clone();
                share.add_nodes(setup, group, tables, &fields, nodes);
                share
            };
            let shares: Vec<SampleSums> = chunks.map(of_chunk).collect();
            shares.iter().for_each(|share| sums.add(share));
            qr.merge(&sums.qr);
            along.scaled_add(eta_2, &sums.means);
            for (noise, adjoint) in noise.iter_mut().zip(&sums.adjoint) {
                noise.add(*step, group, tables, adjoint);
            }
        }
        let first = eta_1 * step.c_1 * law.scale;
        for (i, c) in labels.linear.iter().copied().chain([setup.spread()]).enumerate() {
            along[[0, i]] += first * c;
        }
        // Rows eta_2 r S_k + y B_k: the factor of (r S_0, ..., r S_{R-1}, y) times (eta_2 I over
        // B^T).
        let root_phi = step.phi.sqrt();
        let scale = 1.0 / labels.second_moment.sqrt();
        let shape = (r, p + r + 1).f();
        let coordinates = Array2::from_shape_fn(shape, |(k, i)| match i.checked_sub(p) {
            None => along[[k, i]],
            Some(i) => {
                root_phi * eta_2 * qr.factor[[i, k]] + qr.factor[[i, r]] * along[[k, p]] * scale
            }
        });
        Self { coordinates, noise }
    }
}

#[cfg(test)]
mod tests;
