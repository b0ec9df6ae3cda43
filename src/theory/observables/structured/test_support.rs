//! A small model for the tests of the structured bulk, and the matrices of section 10.8 of docs/theory.md for
//! it.

use super::bulk::Bulk;
use super::inputs::{Inputs, Model, NeuronTable, SampleGroup, SampleTable, SecondStep};
use super::real_branch::Point;
use super::sample_weights::SampleWeights;
use crate::numerics::small_matrix::solve;
use ndarray::{Array2, array};

const SHARES: [f64; 3] = [0.4, 0.6, 0.6];

pub(super) fn model() -> Model {
    Model {
        width: 100.0,
        gamma: 1.5,
        phi: 0.5,
        eta_1: 3.0,
        eta_2: 2.0,
        c_1: 0.8,
        curvature: 0.5,
        derivative_variance: 2.0,
        label_mean: 0.2,
        label_second_moment: 1.21,
        label_linear: vec![0.6, -0.3],
    }
}

/// Four nodes of a sample; samples of both steps, of the first and of the second.
pub(super) fn samples() -> SampleTable {
    let second = |by: f64| SecondStep {
        residual: vec![0.5 * by, -0.7, 0.9 * by, 0.3],
        spikes: array![[0.9, 0.2], [0.7, -0.5 * by], [1.1 * by, 0.4], [0.6, 0.8]],
        linear: Array2::zeros((4, 3)),
        linear_square: vec![0.0; 4],
        variance: vec![0.0; 4],
        covariance: vec![0.0; 4],
    };
    let group = |(share, first, second)| SampleGroup { share, first, second };
    let kinds = [
        (SHARES[0], true, Some(second(1.0))),
        (SHARES[1], true, None),
        (SHARES[2], false, Some(second(-1.5))),
    ];
    let projections = array![[1.0, 0.5], [-0.4, 1.2], [0.3, -0.8], [-1.5, -0.2]];
    SampleTable {
        weight: vec![0.1, 0.4, 0.3, 0.2],
        projection_products: Array2::from_shape_fn((4, 4), |(i, k)| {
            projections[[i, k / 2]] * projections[[i, k % 2]]
        }),
        projections,
        label: vec![1.0, -0.5, 1.2, 1.6],
        s: vec![0.7, -1.1, 0.2, 0.9],
        groups: kinds.map(group).to_vec(),
    }
}

/// Three entries of the second layer and 1, b made orthonormal under b^2.
pub(super) fn neurons() -> NeuronTable {
    let (weight, b) = (vec![0.5, 0.25, 0.25], vec![-0.8, 0.6, 1.6]);
    let moment = |k: i32| weight.iter().zip(&b).map(|(w, b): (&f64, &f64)| w * b.powi(k)).sum();
    let (second, third, fourth): (f64, f64, f64) = (moment(2), moment(3), moment(4));
    let mean = third / second;
    let norm = (fourth - mean * third).sqrt();
    let polynomials = Array2::from_shape_fn((3, 2), |(j, k)| match k {
        0 => 1.0 / second.sqrt(),
        _ => (b[j] - mean) / norm,
    });
    NeuronTable {
        weight,
        b,
        polynomials,
        rho_2: vec![0.0; 3],
        rest: None,
        echo_share: 0.0,
        scale: second.sqrt(),
    }
}

pub(super) fn inputs(model: &Model, samples: &SampleTable, neurons: &NeuronTable) -> Inputs {
    Inputs { model: model.clone(), samples: samples.clone(), neurons: neurons.clone() }
}

/// l and q of the three groups, times `size`.
pub(super) fn bulk<const A: usize>(model: &Model, size: f64) -> Bulk<A> {
    let l = [[0.3, 0.1, -0.05], [-0.5, 0.2, 0.1], [0.1, -0.3, 0.15], [0.2, 0.05, 0.1]];
    let group = |share: f64, by: f64, q: [f64; 4]| SampleWeights {
        share,
        l: l.map(|row| std::array::from_fn(|a| by * size * row[a])).to_vec(),
        q: q.map(|q| q * size).to_vec(),
    };
    let terms = [[-1.0, 1.1, -0.4], [0.6, 0.4, 0.9], [1.4, 1.2, 0.3]];
    let neurons = neurons();
    Bulk {
        phi: model.phi,
        gamma: model.gamma,
        rest: vec![0.0; neurons.b.len()],
        b: neurons.b,
        b_weight: neurons.weight,
        lam: if size == 0.0 { vec![1.0; 3] } else { vec![0.8, 1.1, 1.3] },
        terms: terms.map(|row| std::array::from_fn(|a| row[a])).to_vec(),
        groups: vec![
            group(SHARES[0], 1.0, [0.3, 0.0, 1.0, 0.2]),
            group(SHARES[1], -0.6, [0.1, 0.4, 0.2, 0.0]),
            group(SHARES[2], 1.5, [0.5, 0.1, 0.0, 0.3]),
        ],
        weight: samples().weight,
    }
}

pub(super) fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let rows = |m: &Array2<f64>| m.rows().into_iter().map(|row| row.to_vec()).collect();
    let found = solve(rows(matrix), rows(&Array2::eye(matrix.nrows()))).unwrap();
    Array2::from_shape_fn(matrix.dim(), |(i, k)| found[i][k])
}

/// A column.
pub(super) fn column(entries: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((entries.len(), 1), |(i, _)| entries[i])
}

/// Coordinates in the span: (z*, xi), and phi y / |w| on top in the first batch (10.24).
pub(super) fn coordinates(
    model: &Model,
    samples: &SampleTable,
    i: usize,
    first: bool,
) -> Array2<f64> {
    let w = (model.phi * model.label_second_moment).sqrt();
    let z = samples.projections.row(i);
    let mut last = (samples.s[i] - z.dot(&array![0.6, -0.3])) / w;
    if first {
        last += model.phi * samples.label[i] / w;
    }
    column(&[z[0], z[1], last])
}

/// pi_k of a sample.
pub(super) fn spike(second: &SecondStep, i: usize) -> Array2<f64> {
    &column(&second.spikes.row(i).to_vec()) * second.residual[i]
}

pub(super) fn close(found: &Array2<f64>, exact: &Array2<f64>, allowed: f64, name: &str) {
    assert_eq!(found.dim(), exact.dim(), "{name}");
    let size = exact.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    for (at, exact) in exact.indexed_iter() {
        let difference = (found[at] - exact).abs();
        assert!(difference <= allowed * size, "{name} at {at:?}: {} {exact}", found[at]);
    }
}

/// The matrices of section 10.8 at one point, from the equations.
pub(super) struct Matrices<const A: usize> {
    pub(super) a0: f64,
    z: f64,
    phi: f64,
    /// m(b).
    pub(super) m: Vec<f64>,
    f_00: f64,
    f_0: Array2<f64>,
    pub(super) f_m: Array2<f64>,
    f: f64,
    /// G, (A + 1) x (A + 1).
    pub(super) g: Array2<f64>,
}

impl<const A: usize> Matrices<A> {
    pub(super) fn new(bulk: &Bulk<A>, point: &Point<A>) -> Self {
        let (a0, order) = (-point.x.exp(), &point.order);
        let alpha = column(&order.alpha);
        let beta = Array2::from_shape_fn((A, A), |(i, k)| order.beta[i][k]);
        let mut m = Vec::new();
        let (mut f_00, mut f) = (0.0, 0.0);
        let (mut f_0, mut f_m) = (Array2::zeros((A, 1)), Array2::zeros((A, A)));
        for (j, b) in bulk.b.iter().enumerate() {
            let (lam, e) = (bulk.lam[j], column(&bulk.terms[j]));
            let stretch = lam + e.t().dot(&alpha)[[0, 0]];
            let square = stretch * stretch + e.t().dot(&beta).dot(&e)[[0, 0]] + b * b * order.chi;
            let g = bulk.gamma * bulk.b_weight[j] / (1.0 + a0 * square);
            f_00 += g * lam * lam;
            f += g * b * b;
            f_0 = f_0 + &e * (g * lam);
            f_m = f_m + e.dot(&e.t()) * g;
            m.push(a0 * square);
        }
        let last = (beta + alpha.dot(&alpha.t())) * a0 - inverse(&f_m);
        let g = bordered(a0, &(alpha * a0), &last);
        Self { a0, z: point.z, phi: bulk.phi, m, f_00, f_0, f_m, f, g }
    }

    /// Omega, Psi and Theta of a sample.
    pub(super) fn sample(&self, l: &[f64], q: f64) -> [Array2<f64>; 3] {
        let l = column(l);
        let corner = 2.0 * self.f_0.t().dot(&l)[[0, 0]] + self.f * self.phi * q;
        let omega = bordered(corner, &self.f_m.dot(&l), &Array2::zeros((A, A)));
        let psi = inverse(&(inverse(&(&self.g * self.phi)) + &omega));
        let theta = &omega - &omega.dot(&psi).dot(&omega);
        [omega, psi, theta]
    }

    /// A_0.
    pub(super) fn constant(&self) -> Array2<f64> {
        bordered(self.f_00 - self.z, &Array2::zeros((A, 1)), &-&self.f_m)
    }
}

/// A symmetric matrix from its corner, the rest of its first column, and the rest.
fn bordered(corner: f64, side: &Array2<f64>, rest: &Array2<f64>) -> Array2<f64> {
    let m = rest.nrows() + 1;
    Array2::from_shape_fn((m, m), |(i, k)| match (i, k) {
        (0, 0) => corner,
        (0, a) | (a, 0) => side[[a - 1, 0]],
        (i, k) => rest[[i - 1, k - 1]],
    })
}
