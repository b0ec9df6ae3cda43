//! The right vectors v_k of the spikes in an orthonormal basis, and the functions of b that shape
//! the bulk (docs/theory.md, section 5).
//!
//! Equations: docs/theory.md, (5.2) to (5.15), with groups of samples (12.4) to (12.8); the Gram
//! matrix as a sum of squares (5.12), (12.7).

use super::groups::Group;
use super::label::{Direction, Labels};
use super::law::Law;
use super::moments::{CROSS, ECHO, FirstStep, LINEAR, MEAN, Moments, SQUARE, VALUE};
use crate::numerics::graded::RowQr;
use crate::quadrature::Rule;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// The vectors v_k and the noise functions, from one pass over the samples of every group.
pub(crate) struct Spikes {
    /// directions x R: <v_k, beta*_i>.
    pub target: Array2<f64>,
    /// Rows x R, R + 1 rows when none was left out: components of v_k outside the span of the targets; Gram = target^T target +
    /// perpendicular^T perpendicular. Obtained without squaring, so grading over many decades
    /// survives.
    pub perpendicular: Array2<f64>,
    /// rho_2, tau_2^2 and kappa at the coarse nodes of b: unweighted, then weighted by z*_i z*_j
    /// (row-major, all pairs).
    pub noise: Vec<NoiseFunctions>,
}

impl Spikes {
    /// The first `count` right vectors.
    pub fn truncated(&self, count: usize) -> Self {
        let first = |of: &Array2<f64>| of.slice_axis(Axis(1), (..count).into()).to_owned();
        Self {
            target: first(&self.target),
            perpendicular: first(&self.perpendicular),
            noise: self.noise.clone(),
        }
    }
}

/// Functions of b at its coarse nodes.
#[derive(Clone, Debug)]
pub(crate) struct NoiseFunctions {
    pub rho_2: Vec<f64>,
    pub tau_2_squared: Vec<f64>,
    pub kappa: Vec<f64>,
    /// E[r t tau xi sigma'(u)].
    pub echo: Vec<f64>,
}

impl NoiseFunctions {
    /// No noise, for `count` values of b.
    fn zero(count: usize) -> Self {
        let zero = vec![0.0; count];
        Self { rho_2: zero.clone(), tau_2_squared: zero.clone(), kappa: zero.clone(), echo: zero }
    }
}

/// Inputs of the pass over the samples.
pub(crate) struct SpikeInput<'a> {
    pub labels: &'a Labels,
    pub law: &'a Law,
    pub step: FirstStep,
    pub eta: [f64; 2],
    /// Nodes of the component of x along beta_1 outside the span of the targets.
    pub orthogonal: &'a Rule,
    /// Also weight the noise functions by z*_i z*_j.
    pub weighted: bool,
}

/// Sums over a share of the samples of one group, or over all samples.
struct Share {
    /// Rows (r S_0, ..., r S_{R-1}, y): the first R vanish for samples that the second step does
    /// not see, the last for those that the first does not see.
    qr: RowQr,
    /// E[r S_k z*_i].
    target: Array2<f64>,
    /// E[r S_k zeta].
    along: Vec<f64>,
    /// Sum of w r, w r^2, w r y times the Lagrange basis in (y, s): the adjoint of interpolation.
    /// First unweighted, then by pairs.
    adjoint: Vec<[Array2<f64>; 3]>,
}

impl SpikeInput<'_> {
    fn spread(&self) -> f64 {
        (self.step.phi * self.labels.second_moment).sqrt()
    }

    /// Largest |s| over samples that matter.
    pub fn largest_s(&self) -> f64 {
        let mut largest = 0f64;
        for node in &self.labels.nodes {
            for (zeta, w) in self.orthogonal.iter() {
                if node.weight * w > 1e-13 {
                    largest = largest.max(self.s(node, zeta).abs());
                }
            }
        }
        largest.max(1e-3)
    }

    /// s = <c*_1, z*> + sqrt(phi E y^2) zeta.
    pub fn s(&self, node: &Direction, zeta: f64) -> f64 {
        self.labels.linear.iter().zip(&node.z).map(|(c, z)| c * z).sum::<f64>()
            + self.spread() * zeta
    }

    /// The right vectors and the noise functions of all groups together.
    pub fn spikes(&self, groups: &[Group]) -> Spikes {
        let (p, r) = (self.labels.directions, self.law.spikes());
        let [eta_1, eta_2] = self.eta;
        let kinds = self.kinds();
        let mut noise = vec![NoiseFunctions::zero(self.law.coarse.len()); kinds];
        let mut qr = RowQr::new(r + 1);
        let mut target = Array2::zeros((p, r));
        // omega (eta_2 B_k + eta_1 c_1 [k = 0]): the component along beta_1 outside the targets.
        let mut along = vec![0.0; r];
        for group in groups {
            let Some(moments) = &group.second else {
                // y alone: its second moment is all that enters
                let mut row = vec![0.0; r + 1];
                row[r] = (group.share * self.labels.second_moment).sqrt();
                qr.push(&mut row);
                continue;
            };
            let sums = self.samples(group, moments);
            qr.merge(&sums.qr);
            target.scaled_add(eta_2, &sums.target.t());
            along.iter_mut().zip(&sums.along).for_each(|(to, x)| *to += eta_2 * x);
            for (noise, adjoint) in noise.iter_mut().zip(&sums.adjoint) {
                self.add_noise(noise, group, moments, adjoint);
            }
        }
        let first = eta_1 * self.step.c_1 * self.law.scale;
        for i in 0..p {
            target[[i, 0]] += first * self.labels.linear[i];
        }
        along[0] += first * self.spread();
        // Rows eta_2 r S_k + y B_k: the factor of (r S_0, ..., r S_{R-1}, y) times (eta_2 I over
        // B^T).
        let root_phi = self.step.phi.sqrt();
        let scale = 1.0 / self.labels.second_moment.sqrt();
        let perpendicular = Array2::from_shape_fn((r + 1, r), |(i, k)| {
            root_phi * eta_2 * qr.factor[[i, k]] + qr.factor[[i, r]] * along[k] * scale
        });
        Spikes { target, perpendicular, noise }
    }

    /// Noise functions: unweighted, and by pairs of directions when asked for.
    fn kinds(&self) -> usize {
        if self.weighted { 1 + self.labels.directions.pow(2) } else { 1 }
    }

    /// One pass over (z*, noise, zeta) for one group, in a fixed number of shares so that the bits
    /// do not depend on the number of threads.
    fn samples(&self, group: &Group, moments: &Moments) -> Share {
        let r = self.law.spikes();
        let mut fields: Vec<Array2<f64>> = (0..r)
            .map(|k| moments.average(MEAN, self.law.spike_weights.row(k).iter().copied()))
            .collect();
        fields.push(moments.average(VALUE, self.law.output_weights.iter().copied()));
        let chunk = self.labels.nodes.len().div_ceil(16).max(1);
        let shares: Vec<Share> = self
            .labels
            .nodes
            .par_chunks(chunk)
            .map(|nodes| self.share(group, moments, &fields, nodes))
            .collect();
        let mut total = self.empty(moments);
        for share in shares {
            total.qr.merge(&share.qr);
            total.target += &share.target;
            total.along.iter_mut().zip(&share.along).for_each(|(to, x)| *to += x);
            for (to, from) in total.adjoint.iter_mut().zip(&share.adjoint) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += from;
                }
            }
        }
        total
    }

    fn empty(&self, moments: &Moments) -> Share {
        let (p, r) = (self.labels.directions, self.law.spikes());
        Share {
            qr: RowQr::new(r + 1),
            target: Array2::zeros((r, p)),
            along: vec![0.0; r],
            adjoint: vec![std::array::from_fn(|_| Array2::zeros(moments.grid())); self.kinds()],
        }
    }

    fn share(
        &self,
        group: &Group,
        moments: &Moments,
        fields: &[Array2<f64>],
        nodes: &[Direction],
    ) -> Share {
        let (p, r) = (self.labels.directions, self.law.spikes());
        let (labels, columns) = moments.grid();
        let mut share = self.empty(moments);
        let mut basis = Array2::zeros((self.orthogonal.len(), columns));
        let mut label_basis = vec![0.0; labels];
        let mut lines = vec![vec![0.0; columns]; r + 1];
        let mut row = vec![0.0; r + 1];
        for node in nodes {
            for (i, &zeta) in self.orthogonal.nodes.iter().enumerate() {
                let line = basis.index_axis_mut(Axis(0), i);
                if let Some(line) = line.into_slice() {
                    moments.s.basis(self.s(node, zeta), line);
                }
            }
            let mut adjoint: [Array2<f64>; 3] =
                std::array::from_fn(|_| Array2::zeros((labels, columns)));
            for (e, noise_weight) in self.labels.noise.iter() {
                let y = node.link + e;
                moments.label_basis(y, &mut label_basis);
                for (line, field) in lines.iter_mut().zip(fields) {
                    line.fill(0.0);
                    for (b, values) in label_basis.iter().zip(field.rows()) {
                        line.iter_mut().zip(values).for_each(|(to, v)| *to += b * v);
                    }
                }
                let mut sums = vec![[0.0; 3]; columns];
                for (i, (zeta, w)) in self.orthogonal.iter().enumerate() {
                    let weight = group.share * node.weight * noise_weight * w;
                    if weight < 1e-18 || node.weight * w < 1e-13 {
                        continue;
                    }
                    let at = basis.row(i);
                    let value =
                        |line: &[f64]| -> f64 { at.iter().zip(line).map(|(b, v)| b * v).sum() };
                    let residual = y - value(&lines[r]);
                    let root = weight.sqrt();
                    for k in 0..r {
                        let product = residual * value(&lines[k]);
                        row[k] = root * product;
                        share.along[k] += weight * product * zeta;
                        for j in 0..p {
                            share.target[[k, j]] += weight * product * node.z[j];
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
                for (to, from) in total.iter_mut().zip(&adjoint) {
                    to.scaled_add(factor, from);
                }
            }
        }
        share
    }

    /// Adds the noise of one group.
    fn add_noise(
        &self,
        noise: &mut NoiseFunctions,
        group: &Group,
        moments: &Moments,
        adjoint: &[Array2<f64>; 3],
    ) {
        let FirstStep { phi, c_1, .. } = self.step;
        let apply = |weights: &Array2<f64>, f: &dyn Fn((usize, usize)) -> f64| -> f64 {
            weights.indexed_iter().map(|(at, w)| w * f(at)).sum()
        };
        for (b, table) in moments.tables.iter().enumerate() {
            noise.rho_2[b] += apply(&adjoint[0], &|at| table[LINEAR][at]);
            noise.echo[b] += apply(&adjoint[0], &|at| table[ECHO][at]);
            noise.tau_2_squared[b] +=
                phi * apply(&adjoint[1], &|at| table[SQUARE][at] - table[MEAN][at].powi(2));
            if group.reused() {
                noise.kappa[b] +=
                    phi * apply(&adjoint[2], &|at| table[CROSS][at] - c_1 * table[MEAN][at]);
            }
        }
    }
}

#[cfg(test)]
#[path = "spikes_tests.rs"]
mod tests;
