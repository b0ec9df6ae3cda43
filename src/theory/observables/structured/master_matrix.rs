//! The symmetric master matrix T(z), whose zero eigenvalues are the outliers: docs/theory.md,
//! (10.25) to (10.34), several terms section 10.8, units section 10.9, groups (12.10) to (12.14).

use super::bulk::{Bulk, Delta, NeuronAverages};
use super::inputs::{Inputs, NeuronTable, SampleGroup, SampleTable};
use super::real_branch::Point;
use super::sample_weights::SampleWeights;
use crate::numerics::graded::positive_inverse;
use crate::numerics::small_matrix::{Matrix, Vector, apply, dot, inverse};
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::outlier::overlap_of_entries;
use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice};

/// Samples whose matrices are made at once: few enough that the matrices stay in the cache.
const BLOCK: usize = 256;

/// What all samples share at one point of the branch.
pub(crate) struct SampleResolvent<const A: usize> {
    phi: f64,
    a0: f64,
    f: NeuronAverages<f64, A>,
    delta: Delta<f64, A>,
    alpha: Vector<f64, A>,
    /// beta + alpha alpha^T.
    second: Matrix<f64, A>,
    /// G, (A + 1) x (A + 1).
    g: Array2<f64>,
}

impl<const A: usize> SampleResolvent<A> {
    pub fn new(bulk: &Bulk<A>, point: &Point<A>) -> Self {
        let a0 = point.a0();
        let order = &point.order;
        let f = bulk.neuron_averages(a0, order);
        let second = order.second_moment();
        let f_inverse = inverse(&f.f_m);
        let g = Array2::from_shape_fn((A + 1, A + 1), |(i, k)| match (i, k) {
            (0, 0) => a0,
            (0, a) | (a, 0) => a0 * order.alpha[a - 1],
            (i, k) => a0 * second[i - 1][k - 1] - f_inverse[i - 1][k - 1],
        });
        let delta = bulk.delta(a0, order, &f);
        Self { phi: bulk.phi, a0, f, delta, alpha: order.alpha, second, g }
    }

    /// Theta, Omega Psi, Psi and (I - Omega Psi) e_0 of a block of the samples of one group, times
    /// their probabilities `weight`: one sample a row, its matrix row by row.
    fn matrices(
        &self,
        samples: &SampleWeights<A>,
        weight: &[f64],
        block: Range<usize>,
    ) -> [Array2<f64>; 4] {
        let (n, m, phi, a0) = (block.len(), A + 1, self.phi, self.a0);
        let (l, q, weight) = (&samples.l[block.clone()], &samples.q[block.clone()], &weight[block]);
        // Delta - 1
        let excess = l.iter().zip(q).map(|(l, &q)| self.delta.excess(l, q));
        let excess: Vec<f64> = excess.collect();
        // v = F_m l, turned = a0 (beta + alpha alpha^T) v - l, x = phi a0 alpha . v
        let v: Vec<Vector<f64, A>> = l.iter().map(|l| apply(&self.f.f_m, l)).collect();
        let turned = |i: usize, a: usize| a0 * dot(&self.second[a], &v[i]) - l[i][a];
        let x: Vec<f64> = v.iter().map(|v| phi * a0 * dot(&self.alpha, v)).collect();
        // the matrices times Delta, with the first columns of Psi and Omega Psi without cancellation
        let theta = per_sample(n, m, |i, a, b| match (a, b) {
            (0, 0) => {
                2.0 * dot(&self.f.f_0, &l[i]) + self.f.f * phi * q[i]
                    - phi * (0..A).map(|a| v[i][a] * turned(i, a)).sum::<f64>()
            }
            (0, c) | (c, 0) => (1.0 + x[i]) * v[i][c - 1],
            _ => -phi * a0 * v[i][a - 1] * v[i][b - 1],
        });
        // Omega Psi = Theta phi G
        let omega_psi = per_sample(n, m, |i, a, b| match (a, b) {
            (0, 0) => excess[i] - x[i],
            (a, 0) => phi * a0 * v[i][a - 1],
            _ => phi * (0..m).map(|c| theta[[i, a * m + c]] * self.g[[c, b]]).sum::<f64>(),
        });
        // Psi = phi G (I - Omega Psi)
        let psi = per_sample(n, m, |i, a, b| match (a, b) {
            (0, 0) => phi * a0,
            (0, c) | (c, 0) => {
                phi * a0 * (self.alpha[c - 1] * (1.0 + x[i]) - phi * turned(i, c - 1))
            }
            _ => {
                let product = (0..m).map(|c| self.g[[a, c]] * omega_psi[[i, c * m + b]]);
                phi * (self.g[[a, b]] * (1.0 + excess[i]) - product.sum::<f64>())
            }
        });
        let start = |(i, a)| if a == 0 { 1.0 + x[i] } else { -omega_psi[[i, a * m]] };
        let start = Array2::from_shape_fn((n, m), start);
        let weight = Array1::from_shape_fn(n, |i| samples.share * weight[i] / (1.0 + excess[i]));
        [theta, omega_psi, psi, start].map(|matrix| scaled(matrix.view(), weight.view()))
    }
}

/// The sums over the groups, each with its share.
pub(crate) struct SampleSums {
    /// E[Z Z^T (x) Theta].
    pub l: Array2<f64>,
    /// E[Z y (x) Omega Psi] over the first batch.
    pub v_y: Array2<f64>,
    /// E[y^2 Psi] over the first batch.
    pub y: Array2<f64>,
    /// E[Z u_k (x) (I - Omega Psi) e_0] over the second batch: R x parallel.
    pub u: Array2<f64>,
    /// E[y u_k Psi e_0] over samples in both: R x (A + 1).
    pub yu: Array2<f64>,
    /// E[u_k u_l Psi_00] over the second batch.
    pub perp: Array2<f64>,
}

/// T at one point, with the parts of it that the overlaps need.
#[derive(Clone, Debug)]
pub(crate) struct MasterMatrix {
    /// T without equilibration; blocks other than the first of every direction are in units
    /// that stay of order one for every N (docs/theory.md, section 10.9).
    pub t: Array2<f64>,
    /// Positive diagonal S that makes S T S of order one.
    pub scale: Array1<f64>,
    /// K^{-1}.
    pub k_inverse: Array2<f64>,
    /// D(b) at the nodes of the second layer.
    pub rows: Vec<f64>,
}

impl Inputs {
    /// The sums over the samples at one point of the branch.
    pub fn sums<const A: usize>(
        &self,
        bulk: &Bulk<A>,
        resolvent: &SampleResolvent<A>,
    ) -> SampleSums {
        let (m, r, d) =
            (A + 1, self.neurons.polynomials.ncols(), self.model.label_linear.len() + 1);
        let shapes = [(d * d, m * m), (d, m * m), (1, m * m), (r, d * m), (r, m), (r, r)];
        let [mut theta, mut omega_psi, mut psi, mut u, mut yu, mut perp] =
            shapes.map(Array2::<f64>::zeros);
        let n = self.samples.label.len();
        let blocks = (0..n).step_by(BLOCK).map(|first| first..n.min(first + BLOCK));
        let blocks: Vec<Range<usize>> = blocks.collect();
        for (weights, group) in bulk.groups.iter().zip(&self.samples.groups) {
            for block in &blocks {
                let y = ArrayView1::from(&self.samples.label[block.clone()]);
                let [thetas, omega_psis, psis, starts] =
                    resolvent.matrices(weights, &self.samples.weight, block.clone());
                let z = self.coordinates(group, block.clone());
                theta += &row_products(&z, &z).t().dot(&thetas);
                if group.first {
                    omega_psi += &scaled(z.view(), y).t().dot(&omega_psis);
                    psi += &(&y * &y).dot(&psis);
                }
                if let Some(second) = &group.second {
                    let residual = ArrayView1::from(&second.residual[block.clone()]);
                    let spikes = second.spikes.slice_axis(Axis(0), Slice::from(block.clone()));
                    // u_k = r S_k
                    let spikes = scaled(spikes, residual);
                    u += &spikes.t().dot(&row_products(&z, &starts));
                    perp += &spikes.t().dot(&scaled(spikes.view(), psis.column(0)));
                    if group.first {
                        let first_rows = psis.slice_axis(Axis(1), Slice::from(..m));
                        yu += &spikes.t().dot(&scaled(first_rows, y));
                    }
                }
            }
        }
        SampleSums {
            l: Array2::from_shape_fn((d * m, d * m), |(i, k)| {
                theta[[i / m * d + k / m, i % m * m + k % m]]
            }),
            v_y: Array2::from_shape_fn((d * m, m), |(i, k)| omega_psi[[i / m, i % m * m + k]]),
            y: Array2::from_shape_fn((m, m), |(i, k)| psi[[0, i * m + k]]),
            u,
            yu,
            perp,
        }
    }

    /// Coordinates (z*, xi) of a block of samples along the teacher directions and w, nodes x
    /// (p + 1): in the first batch, phi y/|w| more along w.
    fn coordinates(&self, group: &SampleGroup, block: Range<usize>) -> Array2<f64> {
        let SampleTable { projections, label, s, .. } = &self.samples;
        let (s, label) = (&s[block.clone()], &label[block.clone()]);
        let projections = projections.slice_axis(Axis(0), Slice::from(block));
        let (n, p) = projections.dim();
        let norm = self.model.noise_norm();
        let along = projections.dot(&ArrayView1::from(&self.model.label_linear));
        let shift = if group.first { self.model.phi / norm } else { 0.0 };
        let along_w = |i: usize| (s[i] - along[i]) / norm + shift * label[i];
        let entry = |(i, k)| if k == p { along_w(i) } else { projections[[i, k]] };
        Array2::from_shape_fn((n, p + 1), entry)
    }

    /// T at a point of the branch.
    pub fn master_matrix<const A: usize>(
        &self,
        bulk: &Bulk<A>,
        point: &Point<A>,
    ) -> Fallible<MasterMatrix> {
        let resolvent = SampleResolvent::new(bulk, point);
        let (f, m) = (&resolvent.f, A + 1);
        let SampleSums { mut l, v_y, y, u, yu, perp } = self.sums(bulk, &resolvent);
        for start in (0..l.nrows()).step_by(m) {
            l[[start, start]] += f.f_00 - point.z;
            for (i, k) in (0..A).flat_map(|i| (0..A).map(move |k| (i, k))) {
                l[[start + 1 + i, start + 1 + k]] -= f.f_m[i][k];
            }
        }
        let y_inverse = negative_inverse(&y).ok_or(PredictionError::Singular { name: "Y" })?;
        let turned = v_y.dot(&y_inverse);
        l += &turned.dot(&v_y.t());
        let eta_2 = self.model.eta_2;
        let mut v = (u + yu.dot(&turned.t())) * eta_2;
        let perp = (perp - yu.dot(&y_inverse.dot(&yu.t()))) * (eta_2 * eta_2);
        // beta_1 is paired with a = (sqrt(E b^2)) u_0
        let first_step = self.model.eta_1 * self.model.c_1 * self.neurons.scale;
        let beta_1 = self.model.label_linear.iter().copied().chain([self.model.noise_norm()]);
        for (direction, c) in beta_1.enumerate() {
            v[[0, direction * m]] += first_step * c;
        }

        let rows = bulk.row_variances(&point.order);
        // K = E_b[b^2 q q^T / (1 + m)]
        let NeuronTable { weight, b, polynomials, .. } = &self.neurons;
        let share = |j: usize| weight[j] * b[j].powi(2) / (1.0 + resolvent.a0 * rows[j]);
        let share = Array1::from_shape_fn(b.len(), share);
        let k_matrix = polynomials.t().dot(&scaled(polynomials.view(), share.view()));
        let k_inverse =
            positive_inverse(&k_matrix).ok_or(PredictionError::Singular { name: "K" })?;
        let units = Array1::from_shape_fn(l.nrows(), |i| match i % m {
            0 => (-resolvent.a0).sqrt(),
            a => 1.0 / f.f_m[a - 1][a - 1].abs().sqrt(),
        });
        Ok(MasterMatrix::assemble([&l, &v, &perp], units, k_inverse, rows))
    }

    /// Entries b q(b)^T left / (1 + m) of a left vector at the nodes of b, with their weights.
    pub fn left_entries<'a>(
        &'a self,
        a0: f64,
        rows: &'a [f64],
        left: &'a Array1<f64>,
    ) -> impl Iterator<Item = (f64, f64)> + 'a {
        let NeuronTable { weight, b, polynomials, .. } = &self.neurons;
        let entry = move |(j, q): (usize, ArrayView1<'a, f64>)| {
            (weight[j], b[j] / (1.0 + a0 * rows[j]) * q.dot(left))
        };
        polynomials.rows().into_iter().enumerate().map(entry)
    }

    /// |kappa_p^T left| with kappa_p = E_b[b q(b) p(b)/(1 + m)] / sqrt(E p^2).
    pub fn left_overlap(
        &self,
        a0: f64,
        rows: &[f64],
        left: &Array1<f64>,
        p: &dyn Fn(f64) -> f64,
    ) -> f64 {
        let entries = self.neurons.b.iter().zip(self.left_entries(a0, rows, left));
        overlap_of_entries(entries.map(|(b, (weight, entry))| (weight, p(*b), entry)))
    }
}

impl MasterMatrix {
    /// T = [-L, V^T; V, K^{-1} + perp]; `units` bring the diagonal of L to order one.
    fn assemble(
        [l, v, perp]: [&Array2<f64>; 3],
        units: Array1<f64>,
        k_inverse: Array2<f64>,
        rows: Vec<f64>,
    ) -> Self {
        let (r, parallel) = v.dim();
        let spike = |i: usize| i.checked_sub(parallel);
        let shape = (parallel + r, parallel + r);
        let t = Array2::from_shape_fn(shape, |(i, j)| match (spike(i), spike(j)) {
            (None, None) => -0.5 * (l[[i, j]] + l[[j, i]]),
            (Some(k), None) => v[[k, j]],
            (None, Some(k)) => v[[k, i]],
            (Some(k), Some(q)) => k_inverse[[k, q]] + 0.5 * (perp[[k, q]] + perp[[q, k]]),
        });
        let squares = (v * &units).mapv(|x| x * x).sum_axis(Axis(1));
        let spikes = Array1::from_shape_fn(r, |k| {
            1.0 / (k_inverse[[k, k]] + perp[[k, k]].abs() + squares[k]).sqrt()
        });
        let scale = units.into_iter().chain(spikes).collect();
        Self { t, scale, k_inverse, rows }
    }

    /// S T S.
    pub fn equilibrated(&self) -> Array2<f64> {
        on_both_sides(&self.t, &self.scale)
    }
}

/// S `matrix` S with the diagonal matrix S of entries `scale`.
fn on_both_sides(matrix: &Array2<f64>, scale: &Array1<f64>) -> Array2<f64> {
    Array2::from_shape_fn(matrix.dim(), |(i, k)| matrix[[i, k]] * scale[i] * scale[k])
}

/// An m x m matrix of `n` samples, row by row.
fn per_sample(n: usize, m: usize, entry: impl Fn(usize, usize, usize) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((n, m * m), |(i, k)| entry(i, k / m, k % m))
}

/// The products of the entries of two rows, all pairs, row by row.
fn row_products(left: &Array2<f64>, right: &Array2<f64>) -> Array2<f64> {
    let width = right.ncols();
    Array2::from_shape_fn((left.nrows(), left.ncols() * width), |(i, k)| {
        left[[i, k / width]] * right[[i, k % width]]
    })
}

/// Every row times a factor of its own.
fn scaled(rows: ArrayView2<f64>, factors: ArrayView1<f64>) -> Array2<f64> {
    &rows * &factors.insert_axis(Axis(1))
}

/// Inverse of a negative definite matrix, equilibrated: its entries may differ by the size of z.
pub(crate) fn negative_inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let scale = matrix.diag().mapv(|x| 1.0 / (-x).sqrt());
    let symmetric = (matrix + &matrix.t()) * -0.5;
    let inverse = positive_inverse(&on_both_sides(&symmetric, &scale))?;
    Some(-on_both_sides(&inverse, &scale))
}
