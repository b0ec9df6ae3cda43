//! T(z) against the matrices of section 10 of docs/theory.md, sample by sample, and its outliers
//! and the density against closed forms where the noise has no structure.

use super::bulk::Bulk;
use super::curve::{Curve, Point};
use super::density::density;
use super::field::solve;
use super::input::{GroupTable, Model, NeuronTable, SampleTable, SecondStep};
use super::outlier::outliers;
use super::shape::Shape;
use super::spikes::Spikes;
use super::sums::{Local, negative_inverse};
use super::weights::Group;
use crate::theory::prediction::PredictionError;
use crate::theory::{MarchenkoPastur, SingleSpike};
use ndarray::{Array1, Array2, array, concatenate, linalg::kron};

const SHARES: [f64; 3] = [0.4, 0.6, 0.6];

fn model() -> Model {
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
fn samples() -> SampleTable {
    let second = |by: f64| SecondStep {
        residual: vec![0.5 * by, -0.7, 0.9 * by, 0.3],
        spikes: array![[0.9, 0.2], [0.7, -0.5 * by], [1.1 * by, 0.4], [0.6, 0.8]],
        linear: Array2::zeros((4, 3)),
        linear_square: vec![0.0; 4],
        variance: vec![0.0; 4],
        covariance: vec![0.0; 4],
    };
    let group = |(share, first, second)| GroupTable { share, first, second };
    let kinds = [
        (SHARES[0], true, Some(second(1.0))),
        (SHARES[1], true, None),
        (SHARES[2], false, Some(second(-1.5))),
    ];
    SampleTable {
        weight: vec![0.1, 0.4, 0.3, 0.2],
        projections: array![[1.0, 0.5], [-0.4, 1.2], [0.3, -0.8], [-1.5, -0.2]],
        label: vec![1.0, -0.5, 1.2, 1.6],
        s: vec![0.7, -1.1, 0.2, 0.9],
        groups: kinds.map(group).to_vec(),
    }
}

/// Three entries of the second layer and 1, b made orthonormal under b^2.
fn neurons() -> NeuronTable {
    let (weight, b) = (vec![0.5, 0.25, 0.25], vec![-0.8, 0.6, 1.6]);
    let moment = |k: i32| weight.iter().zip(&b).map(|(w, b): (&f64, &f64)| w * b.powi(k)).sum();
    let (second, third, fourth): (f64, f64, f64) = (moment(2), moment(3), moment(4));
    let mean = third / second;
    let norm = (fourth - mean * third).sqrt();
    let polynomials = Array2::from_shape_fn((3, 2), |(j, k)| match k {
        0 => 1.0 / second.sqrt(),
        _ => (b[j] - mean) / norm,
    });
    NeuronTable { weight, b, polynomials, rho_2: vec![0.0; 3], scale: second.sqrt() }
}

/// l and q of the three groups, times `size`.
fn bulk<const A: usize>(model: &Model, size: f64) -> Bulk<A> {
    let l = [[0.3, 0.1, -0.05], [-0.5, 0.2, 0.1], [0.1, -0.3, 0.15], [0.2, 0.05, 0.1]];
    let group = |share: f64, by: f64, q: [f64; 4]| Group {
        share,
        l: l.map(|row| std::array::from_fn(|a| by * size * row[a])).to_vec(),
        q: q.map(|q| q * size).to_vec(),
    };
    let terms = [[-1.0, 1.1, -0.4], [0.6, 0.4, 0.9], [1.4, 1.2, 0.3]];
    let neurons = neurons();
    Bulk {
        phi: model.phi,
        gamma: model.gamma,
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

fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let rows = |m: &Array2<f64>| m.rows().into_iter().map(|row| row.to_vec()).collect();
    let found = solve(rows(matrix), rows(&Array2::eye(matrix.nrows()))).unwrap();
    Array2::from_shape_fn(matrix.dim(), |(i, k)| found[i][k])
}

/// A column.
fn column(entries: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((entries.len(), 1), |(i, _)| entries[i])
}

/// Coordinates in the span: (z*, xi), and phi y / |w| on top in the first batch (10.24).
fn coordinates(model: &Model, samples: &SampleTable, i: usize, first: bool) -> Array2<f64> {
    let w = (model.phi * model.label_second_moment).sqrt();
    let z = samples.projections.row(i);
    let mut last = (samples.s[i] - z.dot(&array![0.6, -0.3])) / w;
    if first {
        last += model.phi * samples.label[i] / w;
    }
    column(&[z[0], z[1], last])
}

/// pi_k of a sample.
fn spike(second: &SecondStep, i: usize) -> Array2<f64> {
    &column(&second.spikes.row(i).to_vec()) * second.residual[i]
}

fn close(found: &Array2<f64>, exact: &Array2<f64>, allowed: f64, name: &str) {
    assert_eq!(found.dim(), exact.dim(), "{name}");
    let size = exact.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    for (at, exact) in exact.indexed_iter() {
        let difference = (found[at] - exact).abs();
        assert!(difference <= allowed * size, "{name} at {at:?}: {} {exact}", found[at]);
    }
}

/// The matrices of section 10.8 at one point, from the equations.
struct Matrices<const A: usize> {
    a0: f64,
    z: f64,
    phi: f64,
    /// m(b).
    m: Vec<f64>,
    f_00: f64,
    f_0: Array2<f64>,
    f_m: Array2<f64>,
    f: f64,
    /// G, (A + 1) x (A + 1).
    g: Array2<f64>,
}

impl<const A: usize> Matrices<A> {
    fn new(bulk: &Bulk<A>, point: &Point<A>) -> Self {
        let (a0, shape) = (-point.x.exp(), &point.shape);
        let alpha = column(&shape.alpha);
        let beta = Array2::from_shape_fn((A, A), |(i, k)| shape.beta[i][k]);
        let mut m = Vec::new();
        let (mut f_00, mut f) = (0.0, 0.0);
        let (mut f_0, mut f_m) = (Array2::zeros((A, 1)), Array2::zeros((A, A)));
        for (j, b) in bulk.b.iter().enumerate() {
            let (lam, e) = (bulk.lam[j], column(&bulk.terms[j]));
            let stretch = lam + e.t().dot(&alpha)[[0, 0]];
            let square = stretch * stretch + e.t().dot(&beta).dot(&e)[[0, 0]] + b * b * shape.chi;
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
    fn sample(&self, l: &[f64], q: f64) -> [Array2<f64>; 3] {
        let l = column(l);
        let corner = 2.0 * self.f_0.t().dot(&l)[[0, 0]] + self.f * self.phi * q;
        let omega = bordered(corner, &self.f_m.dot(&l), &Array2::zeros((A, A)));
        let psi = inverse(&(inverse(&(&self.g * self.phi)) + &omega));
        let theta = &omega - &omega.dot(&psi).dot(&omega);
        [omega, psi, theta]
    }

    /// A_0.
    fn constant(&self) -> Array2<f64> {
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

/// (10.12) and (10.14): the solved curve against the matrices, from far outside to near the edge.
fn fixed_point<const A: usize>() {
    let bulk = bulk::<A>(&model(), 1.0);
    let curve = Curve::new(bulk.clone()).unwrap();
    for before in [0.01, 0.5, 3.0, 8.0] {
        let point = curve.at(curve.edge.x - before).unwrap();
        let matrices = Matrices::new(&bulk, &point);
        assert!(matrices.m.iter().all(|m| -1.0 < *m && *m < 0.0));
        assert!(bulk.admissible(matrices.a0, &point.shape));
        let (mut sum, mut noise) = (matrices.constant(), 0.0);
        for group in &bulk.groups {
            for i in 0..4 {
                let [_, psi, theta] = matrices.sample(&group.l[i], group.q[i]);
                let w = group.share * bulk.weight[i];
                sum = sum + theta * w;
                noise += w * group.q[i] * psi[[0, 0]];
            }
        }
        close(&sum, &inverse(&matrices.g), 1e-9, "A_0 + E Theta");
        let ratio = noise / (matrices.a0 * point.shape.chi);
        assert!((ratio - 1.0).abs() < 1e-9, "{A}: {ratio}");
    }
}

#[test]
fn the_solved_bulk() {
    fixed_point::<1>();
    fixed_point::<2>();
    fixed_point::<3>();
}

/// (10.22) and (10.40) by hand.
#[test]
fn start_of_the_curve() {
    let given = bulk::<2>(&model(), 1.0);
    let (mut alpha, mut beta, mut chi) = (Array2::zeros((2, 1)), Array2::zeros((2, 2)), 0.0);
    for group in &given.groups {
        for i in 0..4 {
            let (w, l) = (group.share * given.weight[i], column(&group.l[i]));
            alpha = alpha + &l * w;
            beta = beta + l.dot(&l.t()) * (w * 0.5);
            chi += w * group.q[i] * 0.5;
        }
    }
    let start = given.start();
    close(&column(&start.alpha), &alpha, 1e-14, "alpha");
    close(&Array2::from_shape_fn((2, 2), |(i, k)| start.beta[i][k]), &beta, 1e-14, "beta");
    assert!((start.chi / chi - 1.0).abs() < 1e-14);
    let rows = (0..3).map(|j| {
        let e = column(&given.terms[j]);
        let stretch = given.lam[j] + e.t().dot(&alpha)[[0, 0]];
        stretch.powi(2) + e.t().dot(&beta).dot(&e)[[0, 0]] + chi * given.b[j].powi(2)
    });
    let largest = rows.fold(0.0, f64::max);
    assert!((given.scale() / largest - 1.0).abs() < 1e-14);

    let neurons = NeuronTable { rho_2: vec![0.3, -0.2, 0.5], ..neurons() };
    let found = Bulk::<2>::new(&model(), &samples(), &neurons, given.groups);
    for j in 0..3 {
        let b = neurons.b[j];
        // N = 100, rho_1 = E sigma'' E y
        let mut exact = 1.0 + b / 10.0 * (3.0 * 0.5 * 0.2 + 2.0 * neurons.rho_2[j]);
        for a in 0..2 {
            let term = b * neurons.polynomials[[j, a]];
            assert_eq!(found.terms[j][a], term);
            exact -= term * alpha[[a, 0]];
        }
        assert!((found.lam[j] - exact).abs() < 1e-14, "{} {exact}", found.lam[j]);
    }
}

/// Beyond the pole of 1/(1 + m), and of 1/Delta at one sample, the branch is not physical.
#[test]
fn not_admissible() {
    let mut bulk = bulk::<1>(&model(), 1.0);
    let shape = bulk.start();
    assert!(bulk.admissible(-0.05, &shape));
    assert!(!bulk.admissible(-5.0, &shape));
    bulk.groups[1].q[2] = 1e4;
    assert!(!bulk.admissible(-0.05, &shape));
    // m alone: D = 4, Delta = 1
    let mut white = self::bulk::<1>(&model(), 0.0);
    white.lam = vec![2.0; 3];
    assert!(white.admissible(-0.24, &white.start()));
    assert!(!white.admissible(-0.5, &white.start()));
    let nothing = Shape { alpha: [f64::NAN], ..shape };
    assert!(bulk.solve(-0.05, nothing).is_err());
}

/// (10.26) to (10.34) and (12.11) to (12.14) with Omega, Psi and Theta as matrices.
fn against_matrices<const A: usize>() {
    let (model, samples, neurons) = (model(), samples(), neurons());
    let bulk = bulk::<A>(&model, 1.0);
    let (alpha, beta) = ([0.3, -0.2, 0.1], [[0.5, 0.1, 0.05], [0.1, 0.4, -0.1], [0.05, -0.1, 0.3]]);
    let shape = Shape {
        alpha: std::array::from_fn(|a| alpha[a]),
        beta: std::array::from_fn(|i| std::array::from_fn(|k| beta[i][k])),
        chi: 0.2,
    };
    let m = A + 1;
    let point = Point { x: -3.0, shape, z: 7.0 };
    let matrices = Matrices::new(&bulk, &point);
    let a0 = matrices.a0;
    let unit: Array2<f64> = Array2::eye(m);
    let e_0 = unit.select(ndarray::Axis(1), &[0]);

    let mut l = Array2::zeros((3 * m, 3 * m));
    let (mut v_y, mut y) = (Array2::zeros((3 * m, m)), Array2::zeros((m, m)));
    let (mut u, mut yu) = (Array2::zeros((2, 3 * m)), Array2::zeros((2, m)));
    let mut perp = Array2::zeros((2, 2));
    for (group, table) in bulk.groups.iter().zip(&samples.groups) {
        for i in 0..4 {
            let label = samples.label[i];
            let [omega, psi, theta] = matrices.sample(&group.l[i], group.q[i]);
            let w = group.share * samples.weight[i];
            let z = coordinates(&model, &samples, i, table.first);
            l = l + kron(&z.dot(&z.t()), &theta) * w;
            if table.first {
                v_y = v_y + kron(&z, &omega.dot(&psi)) * (w * label);
                y = y + &psi * (w * label * label);
            }
            if let Some(second) = &table.second {
                let pi = spike(second, i);
                let start = (&unit - &omega.dot(&psi)).dot(&e_0);
                u = u + kron(&pi, &kron(&z, &start).t()) * w;
                perp = perp + pi.dot(&pi.t()) * (w * psi[[0, 0]]);
                if table.first {
                    yu = yu + kron(&pi, &psi.dot(&e_0).t()) * (w * label);
                }
            }
        }
    }
    let spikes = Spikes::new(&model, &samples, &neurons);
    let sums = spikes.sums(&bulk, &Local::new(&bulk, &point));
    close(&sums.l, &l, 1e-10, "E[Z Z^T x Theta]");
    close(&sums.v_y, &v_y, 1e-10, "V_y");
    close(&sums.y, &y, 1e-10, "Y");
    close(&sums.u, &u, 1e-10, "E[Z pi x (I - Omega Psi) e_0]");
    close(&sums.yu, &yu, 1e-10, "E[y pi Psi e_0]");
    close(&sums.perp, &perp, 1e-10, "E[pi pi Psi_00]");
    close(&negative_inverse(&sums.y).unwrap(), &inverse(&y), 1e-10, "Y inverse");

    let y_inverse = inverse(&y);
    l = l + kron(&Array2::eye(3), &matrices.constant()) + v_y.dot(&y_inverse).dot(&v_y.t());
    let mut v = (u + yu.dot(&y_inverse).dot(&v_y.t())) * 2.0;
    let w = (0.5f64 * 1.21).sqrt();
    for (d, c) in [0.6, -0.3, w].into_iter().enumerate() {
        v[[0, d * m]] += 3.0 * 0.8 * neurons.scale * c;
    }
    let j = perp - yu.dot(&y_inverse).dot(&yu.t());
    let mut k = Array2::zeros((2, 2));
    for (at, weight) in neurons.weight.iter().enumerate() {
        let (b, q) = (neurons.b[at], column(&neurons.polynomials.row(at).to_vec()));
        k = k + q.dot(&q.t()) * (weight * b * b / (1.0 + matrices.m[at]));
    }
    let corner = inverse(&k) + &j * 4.0;
    let t = concatenate![
        ndarray::Axis(0),
        concatenate![ndarray::Axis(1), -&l, v.t()],
        concatenate![ndarray::Axis(1), v, corner]
    ];
    let blocks = spikes.blocks(&bulk, &point).unwrap();
    close(&blocks.t, &t, 1e-10, "T");
    close(&blocks.k_inverse, &inverse(&k), 1e-10, "K inverse");
    close(&column(&blocks.rows), &(column(&matrices.m) / a0), 1e-14, "D(b)");
    // the entries of S T S are of order one
    for i in 0..3 * m {
        let exact = if i % m == 0 { -a0 } else { 1.0 / matrices.f_m[[i % m - 1, i % m - 1]] };
        assert!((blocks.scale[i].powi(2) / exact - 1.0).abs() < 1e-12, "scale at {i}");
    }
    for i in 0..2 {
        let from_v: f64 = (0..3 * m).map(|d| (v[[i, d]] * blocks.scale[d]).powi(2)).sum();
        let exact = blocks.k_inverse[[i, i]] + 4.0 * j[[i, i]].abs() + from_v;
        assert!((blocks.scale[3 * m + i].powi(-2) / exact - 1.0).abs() < 1e-12);
    }
}

#[test]
fn one_term() {
    against_matrices::<1>();
}

#[test]
fn two_terms() {
    against_matrices::<2>();
}

#[test]
fn three_terms() {
    against_matrices::<3>();
}

/// V^T V without structure in the noise (12.7), and V in the span.
fn gram(model: &Model, samples: &SampleTable, scale: f64) -> (Array2<f64>, Array2<f64>) {
    let mut v = Array2::zeros((2, 3));
    let mut square: Array2<f64> = Array2::zeros((2, 2));
    let mut with_label: Array2<f64> = Array2::zeros((2, 1));
    for table in &samples.groups {
        let Some(second) = &table.second else { continue };
        for i in 0..4 {
            let (w, pi) = (table.share * samples.weight[i], spike(second, i));
            v = v + pi.dot(&coordinates(model, samples, i, table.first).t()) * w;
            square = square + pi.dot(&pi.t()) * w;
            if table.first {
                with_label = with_label + &pi * (w * samples.label[i]);
            }
        }
    }
    v *= model.eta_2;
    let w = (model.phi * model.label_second_moment).sqrt();
    for (d, c) in [model.label_linear[0], model.label_linear[1], w].into_iter().enumerate() {
        v[[0, d]] += model.eta_1 * model.c_1 * scale * c;
    }
    let second: f64 = samples.weight.iter().zip(&samples.label).map(|(w, y)| w * y * y).sum();
    let outside = square - with_label.dot(&with_label.t()) / second;
    (v.dot(&v.t()) + outside * (model.phi * model.eta_2.powi(2)), v)
}

/// Without l and q and with lambda = 1 every eigenvalue of V^T V is a spike on noise of
/// Marchenko-Pastur.
fn against_single_spikes<const A: usize>(gamma: f64) {
    let model = Model { gamma, eta_2: 8.0, ..model() };
    let (samples, neurons) = (samples(), neurons());
    let curve = Curve::new(bulk::<A>(&model, 0.0)).unwrap();
    let found = outliers(&curve, &Spikes::new(&model, &samples, &neurons)).unwrap();
    let (gram, v) = gram(&model, &samples, neurons.scale);
    // eigenvalues of a 2 x 2 matrix by hand
    let (mean, half) = (0.5 * (gram[[0, 0]] + gram[[1, 1]]), 0.5 * (gram[[0, 0]] - gram[[1, 1]]));
    let root = half.hypot(gram[[0, 1]]);
    assert_eq!(found.len(), 2);
    for (outlier, sign) in found.iter().zip([1.0, -1.0]) {
        let g: f64 = mean + sign * root;
        let vector = array![gram[[0, 1]], g - gram[[0, 0]]];
        let vector: Array1<f64> = &vector / vector.dot(&vector).sqrt();
        let exact = SingleSpike::new(gamma).unwrap().spike(g.sqrt()).unwrap().unwrap();
        let close = |found: f64, exact: f64, allowed: f64, name: &str| {
            assert!((found - exact).abs() < allowed, "{A} {gamma} {name}: {found} {exact}");
        };
        let ratio = outlier.singular_value / exact.singular_value;
        close(ratio, 1.0, 1e-9, "singular value");
        close(outlier.at, -(1.0 + g).ln(), 1e-9, "ln(-a0)");
        let right = vector.dot(&v) * (exact.right_overlap / g.sqrt());
        for d in 0..2 {
            close(outlier.direction_overlaps[d], right[d].abs(), 1e-6, "direction");
        }
        close(outlier.target_overlap, right[0].hypot(right[1]), 1e-6, "span");
        assert_eq!(outlier.direction_overlaps.len(), 2);
        assert_eq!(outlier.left_overlaps.len(), 3);
        for (power, left) in (1..).zip(&outlier.left_overlaps) {
            let (mut product, mut norm) = (0.0, 0.0);
            for (j, (w, b)) in neurons.weight.iter().zip(&neurons.b).enumerate() {
                product += w * b.powi(power + 1) * neurons.polynomials.row(j).dot(&vector);
                norm += w * b.powi(2 * power);
            }
            let exact = exact.left_overlap * product.abs() / norm.sqrt();
            close(*left, exact, 1e-6, "left");
        }
    }
}

#[test]
fn spikes_on_white_noise() {
    for gamma in [0.4, 1.0, 2.5] {
        against_single_spikes::<1>(gamma);
        against_single_spikes::<2>(gamma);
    }
}

/// The matrix is equilibrated: its entries may be of very different size.
#[test]
fn graded_inverse() {
    let matrix = array![[-1e200, 0.5], [0.5, -1e-200]];
    let exact = array![[-4.0 / 3.0 * 1e-200, -2.0 / 3.0], [-2.0 / 3.0, -4.0 / 3.0 * 1e200]];
    let found = negative_inverse(&matrix).unwrap();
    assert!((found / exact).iter().all(|ratio| (ratio - 1.0).abs() < 1e-14));
    assert!(negative_inverse(&array![[-1.0, 2.0], [2.0, -1.0]]).is_none());
    assert!(negative_inverse(&array![[1.0]]).is_none());
}

/// One step: the spike beta_1 just above and below the threshold gamma^(1/4), and a huge one.
#[test]
fn one_spike_of_any_size() {
    let gamma = 1.5;
    let law = SingleSpike::new(gamma).unwrap();
    let (mut samples, mut neurons) = (samples(), neurons());
    neurons.polynomials = neurons.polynomials.select(ndarray::Axis(1), &[0]);
    for second in samples.groups.iter_mut().filter_map(|group| group.second.as_mut()) {
        second.spikes = Array2::zeros((4, 1));
    }
    let beta = 0.36f64 + 0.09 + 0.5 * 1.21;
    let find = |theta: f64| {
        let eta_1 = theta / (0.8 * neurons.scale * beta.sqrt());
        let model = Model { gamma, eta_1, eta_2: 0.0, ..model() };
        let curve = Curve::new(bulk::<1>(&model, 0.0)).unwrap();
        assert!((curve.edge.z.sqrt() / (1.0 + gamma.sqrt()) - 1.0).abs() < 1e-9);
        outliers(&curve, &Spikes::new(&model, &samples, &neurons))
    };
    // squares beyond 1e300 are given up
    assert_eq!(find(1e151), Err(PredictionError::NotConverged { near: 0.0 }));
    for size in [0.9, 0.9999, 1.00003, 1.0001, 1.001, 1.1, 3.0, 1e3, 1e20] {
        let theta = size * law.threshold();
        let found = find(theta).unwrap();
        let Some(exact) = law.spike(theta).unwrap() else {
            assert!(found.is_empty(), "{size}: {found:?}");
            continue;
        };
        assert_eq!(found.len(), 1);
        let ratio = found[0].singular_value / exact.singular_value;
        assert!((ratio - 1.0).abs() < 1e-9, "{size}: {ratio}");
        let pairs = [
            (found[0].target_overlap, exact.right_overlap * (0.45 / beta).sqrt()),
            (found[0].left_overlaps[0], exact.left_overlap),
        ];
        for (found, exact) in pairs {
            // the place of the edge is known to about 1e-8
            let allowed = if size < 1.01 { 1e-3 } else { 1e-6 };
            assert!((found / exact - 1.0).abs() < allowed, "{size}: {found} {exact}");
        }
    }
}

/// kappa_p of (10.37) by hand, and a vector of zeros.
#[test]
fn overlap_on_the_left() {
    let spikes = Spikes::new(&model(), &samples(), &neurons());
    let (rows, left) = ([2.0, 0.5, 1.5], array![0.3, -0.1]);
    let neurons = neurons();
    let (mut product, mut norm) = (0.0, 0.0);
    for j in 0..3 {
        let (w, b) = (neurons.weight[j], neurons.b[j]);
        let q = neurons.polynomials.row(j).dot(&left);
        product += w * b * q * (b + 0.5) / (1.0 - 0.3 * rows[j]);
        norm += w * (b + 0.5) * (b + 0.5);
    }
    let found = spikes.left_overlap(-0.3, &rows, &left, &|b| b + 0.5);
    assert!((found - product.abs() / norm.sqrt()).abs() < 1e-15, "{found}");
    assert_eq!(spikes.left_overlap(-0.3, &rows, &left, &|_| 0.0), 0.0);
    assert_eq!(spikes.left_overlap(-0.3, &rows, &(left * 100.0), &|b| b), 1.0);
}

/// The density of structured noise has mass 1; its second moment is E tr B^T B / min(N, d).
fn moments_of_the_density<const A: usize>(gamma: f64) {
    let model = Model { gamma, ..model() };
    let bulk = bulk::<A>(&model, 0.3);
    let start = bulk.start();
    let rows = (0..3).map(|j| bulk.b_weight[j] * bulk.row(j, &start));
    let exact = rows.sum::<f64>() * gamma / gamma.min(1.0);
    let curve = Curve::new(bulk).unwrap();
    // gamma is not 1: nothing lies below
    let (top, low, n) = (curve.edge.z.sqrt(), 0.02 * curve.edge.z.sqrt(), 160);
    let angle = |k: usize| std::f64::consts::PI * k as f64 / n as f64;
    let grid: Vec<f64> = (1..n).map(|k| low + 0.5 * (top - low) * (1.0 - angle(k).cos())).collect();
    let found = density(&curve, &grid).unwrap();
    let (mut mass, mut second) = (0.0, 0.0);
    for (k, (s, value)) in grid.iter().zip(found).enumerate() {
        let w = 0.5 * (top - low) * angle(k + 1).sin() * std::f64::consts::PI / n as f64;
        mass += w * value;
        second += w * value * s * s;
    }
    assert!((mass - 1.0).abs() < 1e-3, "{A} {gamma}: {mass}");
    assert!((second / exact - 1.0).abs() < 1e-3, "{A} {gamma}: {second} {exact}");
}

#[test]
fn density_of_structured_noise() {
    moments_of_the_density::<1>(0.4);
    moments_of_the_density::<2>(2.5);
}

#[test]
fn density_of_white_noise() {
    for gamma in [0.4, 2.5] {
        let model = Model { gamma, ..model() };
        let curve = Curve::new(bulk::<1>(&model, 0.0)).unwrap();
        let law = MarchenkoPastur::new(gamma).unwrap();
        // in no order, some outside; the smallest lie in the gap
        let grid = [1.0, 0.0, 0.5, 3.0, -1.0, 1.4, 0.3, 0.9, 2.0];
        let found = density(&curve, &grid).unwrap();
        assert_eq!(found.len(), grid.len());
        for (s, found) in grid.into_iter().zip(found) {
            let exact = if s > 0.0 { law.singular_value_density(s) } else { 0.0 };
            assert!((found - exact).abs() < 1e-6, "{gamma} at {s}: {found} {exact}");
        }
    }
}
