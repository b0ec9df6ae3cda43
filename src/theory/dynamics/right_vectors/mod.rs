//! The right vectors v_k in an orthonormal basis, and the functions of b that make the variance of
//! a noise row (docs/theory.md, section 5).
//!
//! Equations: docs/theory.md, (5.2) to (5.15), with groups of samples (12.4) to (12.8); the Gram
//! matrix as a sum of squares (5.12), (12.7).

use super::averages::AverageTables;
use super::labels::LabelNode;
use super::sample_groups::SampleGroup;
use super::second_layer::SecondLayerQuadrature;
use super::setup::{FirstStepConstants, Setup};
use crate::numerics::graded::RowQr;
use ndarray::{Array2, Axis, concatenate};
use rayon::prelude::*;

/// The vectors v_k and the noise averages, from one pass over the samples of every group.
pub(crate) struct RightVectors {
    /// R x (p + R + 1): coordinates of v_k on orthonormal directions, the p teacher directions
    /// first. Computed without squaring, so that rows of very different size keep their digits.
    pub coordinates: Array2<f64>,
    /// Averages of the second step over all samples: unweighted, then weighted by z*_i z*_j
    /// (row-major, all pairs) if these were asked for.
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
    /// No second step, for `count` values of b.
    fn zero(count: usize) -> Self {
        let zero = vec![0.0; count];
        Self { rho_2: zero.clone(), tau_2_squared: zero.clone(), kappa: zero.clone(), echo: zero }
    }

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
            let sum = |weights: &Array2<f64>, f: &dyn Fn(&super::averages::Averages) -> f64| {
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

/// Sums over a share of the samples of one group, or over all samples.
struct SampleSums {
    /// Rows (r S_0, ..., r S_{R-1}, y): the first R vanish for samples that the second step does
    /// not see, the last for those that the first does not see.
    qr: RowQr,
    /// E[r S_k z*_i]: R x p.
    teacher: Array2<f64>,
    /// E[r S_k zeta].
    along: Vec<f64>,
    /// Sum of w r, w r^2, w r y times the Lagrange basis in (y, s): the adjoint of interpolation.
    /// First unweighted, then by pairs.
    adjoint: Vec<[Array2<f64>; 3]>,
}

impl SampleSums {
    fn zero(directions: usize, count: usize, kinds: usize, grid: (usize, usize)) -> Self {
        Self {
            qr: RowQr::new(count + 1),
            teacher: Array2::zeros((count, directions)),
            along: vec![0.0; count],
            adjoint: vec![std::array::from_fn(|_| Array2::zeros(grid)); kinds],
        }
    }

    fn add(&mut self, other: &Self) {
        self.qr.merge(&other.qr);
        self.teacher += &other.teacher;
        self.along.iter_mut().zip(&other.along).for_each(|(to, x)| *to += x);
        let pairs = self.adjoint.iter_mut().flatten().zip(other.adjoint.iter().flatten());
        pairs.for_each(|(to, from)| *to += from);
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
        let (p, r) = (labels.directions, law.polynomial_count());
        let [eta_1, eta_2] = setup.problem.step_sizes;
        let kinds = if by_pairs { 1 + p * p } else { 1 };
        let mut noise = vec![NoiseAverages::zero(law.coarse.len()); kinds];
        let mut qr = RowQr::new(r + 1);
        let mut teacher = Array2::zeros((r, p));
        // |w| (eta_2 B_k + eta_1 c_1 [k = 0]): the component along beta_1 outside the teacher's span
        let mut along = vec![0.0; r];
        for group in groups {
            let Some(tables) = &group.second else {
                // y alone: its second moment is all that enters
                let mut row = vec![0.0; r + 1];
                row[r] = (group.share * labels.second_moment).sqrt();
                qr.push(&mut row);
                continue;
            };
            let sums = group_sums(setup, law, group, tables, kinds);
            qr.merge(&sums.qr);
            teacher.scaled_add(eta_2, &sums.teacher);
            along.iter_mut().zip(&sums.along).for_each(|(to, x)| *to += eta_2 * x);
            for (noise, adjoint) in noise.iter_mut().zip(&sums.adjoint) {
                noise.add(*step, group, tables, adjoint);
            }
        }
        let first = eta_1 * step.c_1 * law.scale;
        for i in 0..p {
            teacher[[0, i]] += first * labels.linear[i];
        }
        along[0] += first * setup.spread();
        // Rows eta_2 r S_k + y B_k: the factor of (r S_0, ..., r S_{R-1}, y) times (eta_2 I over
        // B^T).
        let root_phi = step.phi.sqrt();
        let scale = 1.0 / labels.second_moment.sqrt();
        let rest = Array2::from_shape_fn((r, r + 1), |(k, i)| {
            root_phi * eta_2 * qr.factor[[i, k]] + qr.factor[[i, r]] * along[k] * scale
        });
        let coordinates = concatenate![Axis(1), teacher, rest];
        Self { coordinates, noise }
    }
}

/// One pass over (z*, noise, zeta) for one group, in a fixed number of shares so that the bits do not
/// depend on the number of threads.
fn group_sums(
    setup: &Setup,
    law: &SecondLayerQuadrature,
    group: &SampleGroup,
    tables: &AverageTables,
    kinds: usize,
) -> SampleSums {
    let (nodes, fields) = (&setup.labels.nodes, tables.fields(law));
    let mut total =
        SampleSums::zero(setup.labels.directions, fields.len() - 1, kinds, tables.grid());
    let chunks = nodes.par_chunks(nodes.len().div_ceil(16).max(1));
    let shares: Vec<SampleSums> =
        chunks.map(|nodes| share_sums(setup, group, tables, &fields, nodes, kinds)).collect();
    shares.iter().for_each(|share| total.add(share));
    total
}

/// The sums over some nodes of z*; `fields` holds S_0, ..., S_{R-1} and F.
fn share_sums(
    setup: &Setup,
    group: &SampleGroup,
    tables: &AverageTables,
    fields: &[Array2<f64>],
    nodes: &[LabelNode],
    kinds: usize,
) -> SampleSums {
    let (p, r) = (setup.labels.directions, fields.len() - 1);
    let (labels, columns) = tables.grid();
    let mut share = SampleSums::zero(p, r, kinds, tables.grid());
    let mut basis = Array2::zeros((setup.orthogonal.len(), columns));
    let mut label_basis = vec![0.0; labels];
    let mut lines = vec![vec![0.0; columns]; r + 1];
    let mut row = vec![0.0; r + 1];
    for node in nodes {
        for (line, &zeta) in basis.rows_mut().into_iter().zip(&setup.orthogonal.nodes) {
            if let Some(line) = line.into_slice() {
                tables.s.basis(setup.s(node, zeta), line);
            }
        }
        let mut adjoint: [Array2<f64>; 3] =
            std::array::from_fn(|_| Array2::zeros((labels, columns)));
        for (e, noise_weight) in setup.labels.noise.iter() {
            let y = node.link + e;
            tables.label_basis(y, &mut label_basis);
            for (line, field) in lines.iter_mut().zip(fields) {
                line.fill(0.0);
                for (b, values) in label_basis.iter().zip(field.rows()) {
                    line.iter_mut().zip(values).for_each(|(to, v)| *to += b * v);
                }
            }
            let mut sums = vec![[0.0; 3]; columns];
            for (i, (zeta, w)) in setup.orthogonal.iter().enumerate() {
                let weight = group.share * node.weight * noise_weight * w;
                if weight < 1e-18 || node.weight * w < 1e-13 {
                    continue;
                }
                let at = basis.row(i);
                let value = |line: &[f64]| -> f64 { at.iter().zip(line).map(|(b, v)| b * v).sum() };
                let residual = y - value(&lines[r]);
                let root = weight.sqrt();
                for k in 0..r {
                    let product = residual * value(&lines[k]);
                    row[k] = root * product;
                    share.along[k] += weight * product * zeta;
                    for j in 0..p {
                        share.teacher[[k, j]] += weight * product * node.z[j];
                    }
                }
                row[r] = if group.first { root * y } else { 0.0 };
                share.qr.push(&mut row);
                for (sums, b) in sums.iter_mut().zip(at) {
                    let b = weight * b;
                    sums[0] += b * residual;
                    sums[1] += b * residual * residual;
                    sums[2] += b * residual * y;
                }
            }
            for (a, b) in label_basis.iter().enumerate() {
                for (c, sums) in sums.iter().enumerate() {
                    for (adjoint, sum) in adjoint.iter_mut().zip(sums) {
                        adjoint[[a, c]] += b * sum;
                    }
                }
            }
        }
        for (kind, total) in share.adjoint.iter_mut().enumerate() {
            let factor =
                if kind == 0 { 1.0 } else { node.z[(kind - 1) / p] * node.z[(kind - 1) % p] };
            total.iter_mut().zip(&adjoint).for_each(|(to, from)| to.scaled_add(factor, from));
        }
    }
    share
}

#[cfg(test)]
mod tests;
