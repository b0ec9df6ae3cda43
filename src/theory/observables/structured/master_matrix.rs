//! The symmetric master matrix T(z), whose zero eigenvalues are the outliers: docs/theory.md,
//! (10.25) to (10.34), several terms section 10.8, units section 10.9, groups (12.10) to (12.14).

use super::bulk::Bulk;
use super::inputs::{Inputs, NeuronTable, SampleGroup, SampleTable};
use super::real_branch::Point;
use super::sample_resolvent::{Moments, SampleResolvent};
use crate::numerics::graded::positive_inverse;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::outlier::overlap_of_entries;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice};

/// What does not change along the branch: products of coordinates, labels and spikes at the samples.
pub(crate) struct Signal<'a> {
    pub inputs: &'a Inputs,
    groups: Vec<Columns>,
}

/// One row for each sample of a group.
struct Columns {
    /// Z Z^T, then in the first batch Z y and y^2.
    products: Array2<f64>,
    /// Z, then in the first batch y.
    linear: Array2<f64>,
    /// u_k = r S_k, in the second batch.
    spikes: Option<Array2<f64>>,
}

impl Columns {
    /// Coordinates Z = (z*, xi) along the teacher directions and w: in the first batch, phi y/|w| more along
    /// w (10.24).
    fn new(inputs: &Inputs, group: &SampleGroup) -> Self {
        let SampleTable { projections, projection_products, label, s, .. } = &inputs.samples;
        let (n, p) = projections.dim();
        let d = p + 1;
        let norm = inputs.model.noise_norm();
        let slope = |k: usize| -inputs.model.label_linear[k] / norm;
        let shift = if group.first { inputs.model.phi / norm } else { 0.0 };
        let kinds = if group.first { 1 } else { 0 };
        let mut products = Array2::zeros((n, d * d + kinds * (d + 1)));
        let mut linear = Array2::zeros((n, d + kinds));
        for i in 0..n {
            let z = projections.row(i);
            let zz = |j: usize, k: usize| projection_products[[i, j * p + k]];
            // the last coordinate is offset + slope . z*
            let offset = s[i] / norm + shift * label[i];
            let along = |f: &dyn Fn(usize) -> f64| (0..p).map(|k| slope(k) * f(k)).sum::<f64>();
            for k in 0..p {
                linear[[i, k]] = z[k];
                (0..p).for_each(|j| products[[i, j * d + k]] = zz(j, k));
                let cross = offset * z[k] + along(&|j| zz(j, k));
                products[[i, k * d + p]] = cross;
                products[[i, p * d + k]] = cross;
            }
            linear[[i, p]] = offset + along(&|k| z[k]);
            let square = along(&|j| along(&|k| zz(j, k)));
            products[[i, d * d - 1]] = offset * (offset + 2.0 * along(&|k| z[k])) + square;
            if group.first {
                let y = label[i];
                linear[[i, d]] = y;
                (0..d).for_each(|k| products[[i, d * d + k]] = y * linear[[i, k]]);
                products[[i, d * d + d]] = y * y;
            }
        }
        let spikes = group
            .second
            .as_ref()
            .map(|second| scaled(second.spikes.view(), ArrayView1::from(&second.residual)));
        Self { products, linear, spikes }
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

impl<'a> Signal<'a> {
    pub fn new(inputs: &'a Inputs) -> Self {
        let groups = inputs.samples.groups.iter().map(|group| Columns::new(inputs, group));
        Self { inputs, groups: groups.collect() }
    }

    /// The sums over the samples at one point of the branch.
    pub fn sums<const A: usize>(
        &self,
        bulk: &Bulk<A>,
        resolvent: &SampleResolvent<A>,
    ) -> SampleSums {
        let Inputs { model, samples, neurons } = self.inputs;
        let (m, r, d) = (A + 1, neurons.polynomials.ncols(), model.label_linear.len() + 1);
        let shapes = [(d * d + d + 1, Moments::<A>::count()), (r, (d + 1) * m), (r, r)];
        let [mut products, mut spikes, mut perp] = shapes.map(Array2::<f64>::zeros);
        for (weights, columns) in bulk.groups.iter().zip(&self.groups) {
            let features = resolvent.features(weights, &samples.weight);
            let kinds = columns.products.ncols();
            let mut of_group = products.slice_axis_mut(Axis(0), Slice::from(..kinds));
            of_group += &columns.products.t().dot(&features);
            let Some(u) = &columns.spikes else { continue };
            // 1 and l over Delta are all that is read with u
            let features = features.slice_axis(Axis(1), Slice::from(..m));
            for (k, factor) in columns.linear.columns().into_iter().enumerate() {
                let place = Slice::from(k * m..(k + 1) * m);
                let mut of_factor = spikes.slice_axis_mut(Axis(1), place);
                of_factor += &u.t().dot(&scaled(features, factor));
            }
            perp += &u.t().dot(&scaled(u.view(), features.column(0)));
        }
        let product_sums = |row: usize| Moments::<A>::new(products.row(row));
        let spike = |k: usize, factor: usize| {
            let place = Slice::from(factor * m..(factor + 1) * m);
            Moments::<A>::new(spikes.row(k).slice_axis(Axis(0), place))
        };
        let theta: Vec<_> = (0..d * d).map(|i| resolvent.theta(&product_sums(i))).collect();
        let omega_psi: Vec<_> =
            (0..d).map(|i| resolvent.omega_psi(&product_sums(d * d + i))).collect();
        let start = |(k, i): (usize, usize)| resolvent.start(&spike(k, i));
        let start: Vec<_> = (0..r).flat_map(|k| (0..d).map(move |i| (k, i))).map(start).collect();
        let psi_first: Vec<_> = (0..r).map(|k| resolvent.psi_first(&spike(k, d))).collect();
        SampleSums {
            l: Array2::from_shape_fn((d * m, d * m), |(i, k)| {
                theta[i / m * d + k / m][[i % m, k % m]]
            }),
            v_y: Array2::from_shape_fn((d * m, m), |(i, k)| omega_psi[i / m][[i % m, k]]),
            y: resolvent.psi(&product_sums(d * d + d)),
            u: Array2::from_shape_fn((r, d * m), |(k, i)| start[k * d + i / m][i % m]),
            yu: Array2::from_shape_fn((r, m), |(k, i)| psi_first[k][i]),
            perp: perp * (resolvent.phi * resolvent.a0),
        }
    }

    /// T at a point of the branch.
    pub fn master_matrix<const A: usize>(
        &self,
        bulk: &Bulk<A>,
        point: &Point<A>,
    ) -> Fallible<MasterMatrix> {
        let resolvent = SampleResolvent::new(bulk, point);
        let (f, m) = (&resolvent.f, A + 1);
        let Inputs { model, neurons, .. } = self.inputs;
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
        let eta_2 = model.eta_2;
        let mut v = (u + yu.dot(&turned.t())) * eta_2;
        let perp = (perp - yu.dot(&y_inverse.dot(&yu.t()))) * (eta_2 * eta_2);
        // beta_1 is paired with a = (sqrt(E b^2)) u_0
        let first_step = model.eta_1 * model.c_1 * neurons.scale;
        let beta_1 = model.label_linear.iter().copied().chain([model.noise_norm()]);
        for (direction, c) in beta_1.enumerate() {
            v[[0, direction * m]] += first_step * c;
        }

        let rows = bulk.row_variances(&point.order);
        // K = E_b[b^2 q q^T / (1 + m)]
        let NeuronTable { weight, b, polynomials, .. } = neurons;
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
}

impl Inputs {
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
