//! The symmetric matrix T(z) of section 10, equilibrated (docs/theory.md, section 10.6).
//!
//! Equations: docs/theory.md, (10.29) to (10.34), with groups of samples (12.11) to (12.14).

use super::bulk::Bulk;
use super::curve::Point;
use super::input::{Model, NeuronTable, SampleTable, SecondStep};
use super::sums::{Local, negative_inverse};
use crate::numerics::graded::positive_inverse;
use crate::theory::error::PredictionError;
use ndarray::{Array1, Array2};

/// Nodes of the samples in the coordinates of T.
#[derive(Clone, Debug)]
pub(crate) struct Spikes {
    model: Model,
    neurons: NeuronTable,
    pub(crate) weight: Vec<f64>,
    pub(crate) label: Vec<f64>,
    /// (z*, phi y/|w| + xi), a sample of the first batch: nodes x (p + 1).
    first: Array2<f64>,
    /// (z*, xi), a fresh sample.
    fresh: Array2<f64>,
    pub(crate) groups: Vec<Members>,
}

/// Samples that the same steps see.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    /// Whether the first step sees them.
    pub first: bool,
    /// u_k = r S_k (nodes x R) if the second step sees them.
    pub u: Option<Array2<f64>>,
}

/// T at one point, and what the overlaps need of it.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
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

impl Spikes {
    pub fn new(model: &Model, samples: &SampleTable, neurons: &NeuronTable) -> Self {
        let (n, p) = samples.projections.dim();
        let w = model.noise_norm();
        let mut fresh = Array2::zeros((n, p + 1));
        let mut first = Array2::zeros((n, p + 1));
        for i in 0..n {
            let mut along = samples.s[i];
            for (j, c) in model.label_linear.iter().enumerate() {
                let z = samples.projections[[i, j]];
                along -= c * z;
                fresh[[i, j]] = z;
                first[[i, j]] = z;
            }
            fresh[[i, p]] = along / w;
            first[[i, p]] = along / w + model.phi * samples.label[i] / w;
        }
        let residual_times_spikes = |second: &SecondStep| {
            Array2::from_shape_fn(second.spikes.dim(), |at| {
                second.spikes[at] * second.residual[at.0]
            })
        };
        let members = samples.groups.iter().map(|group| Members {
            first: group.first,
            u: group.second.as_ref().map(residual_times_spikes),
        });
        let groups = members.collect();
        let (weight, label) = (samples.weight.clone(), samples.label.clone());
        Self { model: model.clone(), neurons: neurons.clone(), weight, label, first, fresh, groups }
    }

    /// Teacher directions and w.
    pub(crate) fn directions(&self) -> usize {
        self.first.ncols()
    }

    /// The number R of spikes.
    pub(crate) fn count(&self) -> usize {
        self.neurons.polynomials.ncols()
    }

    /// Coordinates of samples along the teacher directions and w.
    pub(crate) fn coordinates(&self, members: &Members) -> &Array2<f64> {
        if members.first { &self.first } else { &self.fresh }
    }

    /// T at a point of the curve.
    pub fn blocks<const A: usize>(
        &self,
        bulk: &Bulk<A>,
        point: &Point<A>,
    ) -> Result<Blocks, PredictionError> {
        let local = Local::new(bulk, point);
        let f = &local.f;
        let (eta_2, r) = (self.model.eta_2, self.count());
        let (directions, m) = (self.directions(), A + 1);
        let parallel = directions * m;
        let mut l: Array2<f64> = Array2::zeros((parallel, parallel));
        for d in 0..directions {
            l[[d * m, d * m]] = f.f_00 - point.z;
            for i in 0..A {
                for k in 0..A {
                    l[[d * m + 1 + i, d * m + 1 + k]] = -f.f_m[i][k];
                }
            }
        }
        let sums = self.sums(bulk, &local);
        let y_inverse = negative_inverse(&sums.y).ok_or(PredictionError::Singular { name: "Y" })?;
        let turned = sums.v_y.dot(&y_inverse);
        l += &sums.l;
        l += &turned.dot(&sums.v_y.t());
        let mut v = &sums.u + &sums.yu.dot(&turned.t());
        let mut perp = &sums.perp - &sums.yu.dot(&y_inverse.dot(&sums.yu.t()));
        v *= eta_2;
        perp *= eta_2 * eta_2;
        // beta_1 is paired with a = (sqrt(E b^2)) u_0.
        let first_step = self.model.eta_1 * self.model.c_1 * self.neurons.scale;
        for (d, c) in self.model.label_linear.iter().enumerate() {
            v[[0, d * m]] += first_step * c;
        }
        v[[0, parallel - m]] += first_step * self.model.noise_norm();

        let rows: Vec<f64> = (0..bulk.b.len()).map(|j| bulk.row(j, &point.shape)).collect();
        let k_matrix = self.k_matrix(local.a0, &rows);
        let k_inverse =
            positive_inverse(&k_matrix).ok_or(PredictionError::Singular { name: "K" })?;
        let size = parallel + r;
        let mut t: Array2<f64> = Array2::zeros((size, size));
        let mut scale = Array1::ones(size);
        for i in 0..parallel {
            let block = i % m;
            scale[i] = match block {
                0 => (-local.a0).sqrt(),
                _ => 1.0 / f.f_m[block - 1][block - 1].abs().sqrt(),
            };
            for j in 0..parallel {
                t[[i, j]] = -0.5 * (l[[i, j]] + l[[j, i]]);
            }
        }
        for k in 0..r {
            let at = parallel + k;
            let mut square = k_inverse[[k, k]] + perp[[k, k]].abs();
            for i in 0..parallel {
                t[[at, i]] = v[[k, i]];
                t[[i, at]] = v[[k, i]];
                square += (v[[k, i]] * scale[i]).powi(2);
            }
            for j in 0..r {
                t[[at, parallel + j]] = k_inverse[[k, j]] + 0.5 * (perp[[k, j]] + perp[[j, k]]);
            }
            scale[at] = 1.0 / square.sqrt();
        }
        Ok(Blocks { t, scale, k_inverse, rows })
    }

    /// K = E_b[b^2 q q^T / (1 + m)].
    fn k_matrix(&self, a0: f64, rows: &[f64]) -> Array2<f64> {
        let q = &self.neurons.polynomials;
        let mut k: Array2<f64> = Array2::zeros((q.ncols(), q.ncols()));
        for (j, row) in q.rows().into_iter().enumerate() {
            let share = self.neurons.weight[j] * self.neurons.b[j].powi(2) / (1.0 + a0 * rows[j]);
            for (i, a) in row.iter().enumerate() {
                for (m, b) in row.iter().enumerate() {
                    k[[i, m]] += share * a * b;
                }
            }
        }
        k
    }

    /// Entries b q(b)^T left / (1 + m) of a left vector at the nodes of b, with their weights.
    pub fn left_entries<'a>(
        &'a self,
        a0: f64,
        rows: &'a [f64],
        left: &'a Array1<f64>,
    ) -> impl Iterator<Item = (f64, f64)> + 'a {
        let NeuronTable { weight, b, polynomials, .. } = &self.neurons;
        let entry = move |(j, q): (usize, ndarray::ArrayView1<'a, f64>)| {
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
        let (mut product, mut norm) = (0.0, 0.0);
        for (b, (w, entry)) in self.neurons.b.iter().zip(self.left_entries(a0, rows, left)) {
            let value = p(*b);
            norm += w * value * value;
            product += w * value * entry;
        }
        if norm > 0.0 { (product.abs() / norm.sqrt()).min(1.0) } else { 0.0 }
    }
}
