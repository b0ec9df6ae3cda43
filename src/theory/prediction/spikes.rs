//! The right vectors v_k of the spikes in an orthonormal basis, and the functions of b that shape
//! the bulk (docs/theory.md, section 5).
//!
//! Equations: docs/theory.md, (5.2) to (5.12), as a sum of squares (5.12).

use super::label::{Direction, Labels};
use super::law::Law;
use super::moments::{CROSS, FirstStep, LINEAR, MEAN, Moments, SQUARE, VALUE};
use crate::quadrature::Rule;
use crate::theory::small::RowQr;
use crate::training::BatchPolicy;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// The vectors v_k and the noise functions, from one pass over the samples.
pub(crate) struct Spikes {
    /// directions x R: <v_k, beta*_i>.
    pub target: Array2<f64>,
    /// (R + 1) x R: components of v_k outside the span of the targets; Gram = target^T target +
    /// perpendicular^T perpendicular. Obtained without squaring, so grading over many decades
    /// survives.
    pub perpendicular: Array2<f64>,
    /// rho_2, tau_2^2 and kappa at the coarse nodes of b: unweighted, then weighted by z*_i z*_j
    /// (row-major, all pairs).
    pub noise: Vec<NoiseFunctions>,
}

/// Functions of b at its coarse nodes.
#[derive(Clone, Debug)]
pub(crate) struct NoiseFunctions {
    pub rho_2: Vec<f64>,
    pub tau_2_squared: Vec<f64>,
    pub kappa: Vec<f64>,
}

/// Inputs of the pass over the samples.
pub(crate) struct SpikeInput<'a> {
    pub labels: &'a Labels,
    pub law: &'a Law,
    pub step: FirstStep,
    pub eta: [f64; 2],
    pub batches: BatchPolicy,
    /// Nodes of the component of x along beta_1 outside the span of the targets.
    pub orthogonal: &'a Rule,
    /// Also weight the noise functions by z*_i z*_j.
    pub weighted: bool,
}

/// Sums over a share of the samples.
struct Share {
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

    /// After one step only: v_0 = eta_1 c_1 beta_1.
    pub fn one_step(&self) -> Spikes {
        let (p, r) = (self.labels.directions, self.law.spikes());
        let size = self.eta[0] * self.step.c_1 * self.law.scale;
        let mut target = Array2::zeros((p, r));
        let mut perpendicular = Array2::zeros((r + 1, r));
        target.column_mut(0).iter_mut().zip(&self.labels.linear).for_each(|(to, c)| *to = size * c);
        perpendicular[[r, 0]] = size * self.spread();
        let zero = vec![0.0; self.law.coarse.len()];
        let none = NoiseFunctions { rho_2: zero.clone(), tau_2_squared: zero.clone(), kappa: zero };
        Spikes { target, perpendicular, noise: vec![none; 1 + p * p] }
    }

    /// After two steps.
    pub fn two_steps(&self, moments: &Moments) -> Spikes {
        let (p, r) = (self.labels.directions, self.law.spikes());
        let [eta_1, eta_2] = self.eta;
        let sums = self.samples(moments);
        let first = eta_1 * self.step.c_1 * self.law.scale;
        let mut target = sums.target.t().mapv(|x| eta_2 * x);
        for i in 0..p {
            target[[i, 0]] += first * self.labels.linear[i];
        }
        // omega (eta_2 B_k + eta_1 c_1 [k = 0]): the component along beta_1 outside the targets.
        let mut along: Vec<f64> = sums.along.iter().map(|x| eta_2 * x).collect();
        along[0] += first * self.spread();
        let mut perpendicular = Array2::zeros((r + 1, r));
        let root_phi = self.step.phi.sqrt();
        match self.batches {
            BatchPolicy::Independent => {
                for i in 0..r {
                    for k in 0..r {
                        perpendicular[[i, k]] = root_phi * eta_2 * sums.qr.factor[[i, k]];
                    }
                }
                perpendicular.row_mut(r).iter_mut().zip(&along).for_each(|(to, x)| *to = *x);
            }
            BatchPolicy::Reused => {
                // Rows eta_2 r S_k + y B_k: the factor of (r S_0, ..., r S_{R-1}, y) times (eta_2 I
                // over B^T).
                let scale = 1.0 / self.labels.second_moment.sqrt();
                for i in 0..=r {
                    for k in 0..r {
                        perpendicular[[i, k]] = root_phi * eta_2 * sums.qr.factor[[i, k]]
                            + sums.qr.factor[[i, r]] * along[k] * scale;
                    }
                }
            }
        }
        let noise = sums.adjoint.iter().map(|adjoint| self.noise(moments, adjoint)).collect();
        Spikes { target, perpendicular, noise }
    }

    /// One pass over (z*, noise, zeta), in a fixed number of shares so that the bits do not depend
    /// on the number of threads.
    fn samples(&self, moments: &Moments) -> Share {
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
            .map(|nodes| self.share(moments, &fields, nodes))
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
        let kinds = if self.weighted { 1 + p * p } else { 1 };
        Share {
            qr: RowQr::new(r + 1),
            target: Array2::zeros((r, p)),
            along: vec![0.0; r],
            adjoint: vec![std::array::from_fn(|_| Array2::zeros(moments.grid())); kinds],
        }
    }

    fn share(&self, moments: &Moments, fields: &[Array2<f64>], nodes: &[Direction]) -> Share {
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
                    let weight = node.weight * noise_weight * w;
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
                    row[r] = root * y;
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

    fn noise(&self, moments: &Moments, adjoint: &[Array2<f64>; 3]) -> NoiseFunctions {
        let FirstStep { phi, c_1, .. } = self.step;
        let apply = |weights: &Array2<f64>, f: &dyn Fn((usize, usize)) -> f64| -> f64 {
            weights.indexed_iter().map(|(at, w)| w * f(at)).sum()
        };
        let mut noise =
            NoiseFunctions { rho_2: Vec::new(), tau_2_squared: Vec::new(), kappa: Vec::new() };
        for table in &moments.tables {
            noise.rho_2.push(apply(&adjoint[0], &|at| table[LINEAR][at]));
            noise
                .tau_2_squared
                .push(phi * apply(&adjoint[1], &|at| table[SQUARE][at] - table[MEAN][at].powi(2)));
            noise.kappa.push(match self.batches {
                BatchPolicy::Independent => 0.0,
                BatchPolicy::Reused => {
                    phi * apply(&adjoint[2], &|at| table[CROSS][at] - c_1 * table[MEAN][at])
                }
            });
        }
        noise
    }
}
