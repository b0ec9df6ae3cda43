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
    let (x, m) = (-1.6, A + 1);
    let point = Point { x, shape, z: 7.0 };
    let (a0, phi) = (-f64::exp(x), model.phi);
    let f = bulk.moments(a0, &shape);
    let f_m = Array2::from_shape_fn((A, A), |(i, k)| f.f_m[i][k]);
    let f_inverse = inverse(&f_m);
    let g = Array2::from_shape_fn((m, m), |(i, k)| match (i, k) {
        (0, 0) => a0,
        (0, a) | (a, 0) => a0 * alpha[a - 1],
        (i, k) => {
            a0 * (beta[i - 1][k - 1] + alpha[i - 1] * alpha[k - 1]) - f_inverse[[i - 1, k - 1]]
        }
    });
    let unit: Array2<f64> = Array2::eye(m);
    let e_0 = unit.columns().into_iter().next().unwrap().to_owned().insert_axis(ndarray::Axis(1));

    let mut l = Array2::zeros((3 * m, 3 * m));
    let (mut v_y, mut y) = (Array2::zeros((3 * m, m)), Array2::zeros((m, m)));
    let (mut u, mut yu) = (Array2::zeros((2, 3 * m)), Array2::zeros((2, m)));
    let mut perp = Array2::zeros((2, 2));
    for (group, table) in bulk.groups.iter().zip(&samples.groups) {
        for i in 0..4 {
            let (own, q, label) = (&group.l[i], group.q[i], samples.label[i]);
            let own = column(own);
            let v = f_m.dot(&own);
            let mut omega = Array2::zeros((m, m));
            omega[[0, 0]] =
                (0..A).map(|a| 2.0 * f.f_0[a] * own[[a, 0]]).sum::<f64>() + f.f * phi * q;
            for a in 0..A {
                omega[[0, a + 1]] = v[[a, 0]];
                omega[[a + 1, 0]] = v[[a, 0]];
            }
            let psi = inverse(&(inverse(&(&g * phi)) + &omega));
            let theta = &omega - &omega.dot(&psi).dot(&omega);
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
    close(&sums.l, &l, 1e-12, "E[Z Z^T x Theta]");
    close(&sums.v_y, &v_y, 1e-12, "V_y");
    close(&sums.y, &y, 1e-12, "Y");
    close(&sums.u, &u, 1e-12, "E[Z pi x (I - Omega Psi) e_0]");
    close(&sums.yu, &yu, 1e-12, "E[y pi Psi e_0]");
    close(&sums.perp, &perp, 1e-12, "E[pi pi Psi_00]");
    close(&negative_inverse(&sums.y).unwrap(), &inverse(&y), 1e-12, "Y inverse");

    let y_inverse = inverse(&y);
    let mut a_0 = Array2::zeros((m, m));
    a_0[[0, 0]] = f.f_00 - point.z;
    for i in 0..A {
        for k in 0..A {
            a_0[[i + 1, k + 1]] = -f_m[[i, k]];
        }
    }
    l = l + kron(&Array2::eye(3), &a_0) + v_y.dot(&y_inverse).dot(&v_y.t());
    let mut v = (u + yu.dot(&y_inverse).dot(&v_y.t())) * 2.0;
    let w = (0.5f64 * 1.21).sqrt();
    for (d, c) in [0.6, -0.3, w].into_iter().enumerate() {
        v[[0, d * m]] += 3.0 * 0.8 * neurons.scale * c;
    }
    let j = perp - yu.dot(&y_inverse).dot(&yu.t());
    let mut k = Array2::zeros((2, 2));
    for (at, weight) in neurons.weight.iter().enumerate() {
        let (b, q) = (neurons.b[at], column(&neurons.polynomials.row(at).to_vec()));
        k = k + q.dot(&q.t()) * (weight * b * b / (1.0 + a0 * bulk.row(at, &shape)));
    }
    let corner = inverse(&k) + &j * 4.0;
    let t = concatenate![
        ndarray::Axis(0),
        concatenate![ndarray::Axis(1), -&l, v.t()],
        concatenate![ndarray::Axis(1), v, corner]
    ];
    let blocks = spikes.blocks(&bulk, &point).unwrap();
    close(&blocks.t, &t, 1e-12, "T");
    close(&blocks.k_inverse, &inverse(&k), 1e-12, "K inverse");
    let rows: Vec<f64> = (0..3).map(|j| bulk.row(j, &shape)).collect();
    assert_eq!(blocks.rows, rows);
    // the entries of S T S are of order one
    for i in 0..3 * m {
        let exact = if i % m == 0 { -a0 } else { 1.0 / f.f_m[i % m - 1][i % m - 1] };
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
    let (mut square, mut with_label) = (Array2::zeros((2, 2)), Array2::zeros((2, 1)));
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
    let model = Model { gamma, ..model() };
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

/// One step: the spike beta_1 just above and below the threshold gamma^(1/4), and a huge one.
#[test]
fn one_spike_of_any_size() {
    let gamma = 1.5;
    let (law, samples) = (SingleSpike::new(gamma).unwrap(), samples());
    let mut neurons = neurons();
    neurons.polynomials = neurons.polynomials.select(ndarray::Axis(1), &[0]);
    let mut samples = samples;
    for second in samples.groups.iter_mut().filter_map(|group| group.second.as_mut()) {
        second.spikes = Array2::zeros((4, 1));
    }
    let beta = 0.36f64 + 0.09 + 0.5 * 1.21;
    for size in [0.9, 0.9999, 1.0001, 1.001, 1.1, 3.0, 1e3, 1e20] {
        let theta = size * law.threshold();
        let eta_1 = theta / (0.8 * neurons.scale * beta.sqrt());
        let model = Model { gamma, eta_1, eta_2: 0.0, ..model() };
        let curve = Curve::new(bulk::<1>(&model, 0.0)).unwrap();
        assert!((curve.edge.z.sqrt() / (1.0 + gamma.sqrt()) - 1.0).abs() < 1e-9);
        let found = outliers(&curve, &Spikes::new(&model, &samples, &neurons)).unwrap();
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
            assert!((found / exact - 1.0).abs() < 1e-4, "{size}: {found} {exact}");
        }
    }
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
        for (s, found) in grid.into_iter().zip(found) {
            let exact = if s > 0.0 { law.singular_value_density(s) } else { 0.0 };
            assert!((found - exact).abs() < 1e-6, "{gamma} at {s}: {found} {exact}");
        }
    }
}
