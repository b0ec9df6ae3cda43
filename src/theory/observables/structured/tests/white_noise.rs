//! Outliers and the density against closed forms where the noise has no structure, and two moments
//! of the density where it has.

use super::super::density::density;
use super::super::inputs::{Model, SampleTable};
use super::super::outliers::outliers;
use super::super::real_branch::RealBranch;
use super::super::test_support::{bulk, coordinates, inputs, model, neurons, samples, spike};
use crate::rmt::{MarchenkoPastur, SpikedMatrix};
use crate::theory::error::PredictionError;
use ndarray::{Array1, Array2, array};

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
    let branch = RealBranch::new(bulk::<A>(&model, 0.0)).unwrap();
    let found = outliers(&branch, &inputs(&model, &samples, &neurons)).unwrap();
    let (gram, v) = gram(&model, &samples, neurons.scale);
    // eigenvalues of a 2 x 2 matrix by hand
    let (mean, half) = (0.5 * (gram[[0, 0]] + gram[[1, 1]]), 0.5 * (gram[[0, 0]] - gram[[1, 1]]));
    let root = half.hypot(gram[[0, 1]]);
    assert_eq!(found.len(), 2);
    for (outlier, sign) in found.iter().zip([1.0, -1.0]) {
        let g: f64 = mean + sign * root;
        let vector = array![gram[[0, 1]], g - gram[[0, 0]]];
        let vector: Array1<f64> = &vector / vector.dot(&vector).sqrt();
        let exact = SpikedMatrix::new(gamma).unwrap().spike(g.sqrt()).unwrap().unwrap();
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
    let law = SpikedMatrix::new(gamma).unwrap();
    let (mut samples, mut neurons) = (samples(), neurons());
    neurons.polynomials = neurons.polynomials.select(ndarray::Axis(1), &[0]);
    for second in samples.groups.iter_mut().filter_map(|group| group.second.as_mut()) {
        second.spikes = Array2::zeros((4, 1));
    }
    let beta = 0.36f64 + 0.09 + 0.5 * 1.21;
    let find = |theta: f64| {
        let eta_1 = theta / (0.8 * neurons.scale * beta.sqrt());
        let model = Model { gamma, eta_1, eta_2: 0.0, ..model() };
        let branch = RealBranch::new(bulk::<1>(&model, 0.0)).unwrap();
        assert!((branch.edge.z.sqrt() / (1.0 + gamma.sqrt()) - 1.0).abs() < 1e-9);
        outliers(&branch, &inputs(&model, &samples, &neurons))
    };
    // squares beyond 1e300 are given up
    assert_eq!(find(1e151), Err(PredictionError::NotConverged { near: 0.0 }));
    for size in [0.9, 0.9999, 1.00003, 1.0001, 1.001, 1.1, 3.0, 1e3, 1e20] {
        let theta = size * law.bbp_threshold();
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
            let allowed = match size {
                1.0..1.00005 => 1e-3,
                1.0..1.01 => 1e-4,
                _ => 1e-6,
            };
            assert!((found / exact - 1.0).abs() < allowed, "{size}: {found} {exact}");
        }
    }
}

/// The density of structured noise has mass 1; its second moment is E tr B^T B / min(N, d).
fn moments_of_the_density<const A: usize>(gamma: f64) {
    let model = Model { gamma, ..model() };
    let bulk = bulk::<A>(&model, 0.3);
    let start = bulk.start();
    let rows = (0..3).map(|j| bulk.b_weight[j] * bulk.row_variance(j, &start));
    let exact = rows.sum::<f64>() * gamma / gamma.min(1.0);
    let branch = RealBranch::new(bulk).unwrap();
    // gamma is not 1: nothing lies below
    let (top, low, n) = (branch.edge.z.sqrt(), 0.02 * branch.edge.z.sqrt(), 160);
    let angle = |k: usize| std::f64::consts::PI * k as f64 / n as f64;
    let grid: Vec<f64> = (1..n).map(|k| low + 0.5 * (top - low) * (1.0 - angle(k).cos())).collect();
    let found = density(&branch, &grid).unwrap();
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
        let branch = RealBranch::new(bulk::<1>(&model, 0.0)).unwrap();
        let law = MarchenkoPastur::new(gamma).unwrap();
        // in no order, some outside; the smallest lie in the gap
        let grid = [1.0, 0.0, 0.5, 3.0, -1.0, 1.4, 0.3, 0.9, 2.0];
        let found = density(&branch, &grid).unwrap();
        assert_eq!(found.len(), grid.len());
        for (s, found) in grid.into_iter().zip(found) {
            let exact = if s > 0.0 { law.singular_value_density(s) } else { 0.0 };
            assert!((found - exact).abs() < 1e-6, "{gamma} at {s}: {found} {exact}");
        }
    }
}

/// A spike that is only just there: the outlier is the edge to all digits, and its overlaps are
/// next to 0, or 0 where rounding hides the slope.
#[test]
fn a_spike_at_the_threshold() {
    let samples = samples();
    let neurons = neurons();
    let base = Model { gamma: 1.5, eta_2: 0.0, ..model() };
    let branch = RealBranch::new(bulk::<1>(&base, 0.0)).unwrap();
    let find = |eta_1: f64| {
        outliers(&branch, &inputs(&Model { eta_1, ..base.clone() }, &samples, &neurons))
    };
    let (mut none, mut one) = (0.1, 10.0);
    let mut at_edge = 0;
    for _ in 0..60 {
        let middle = 0.5 * (none + one);
        let found = find(middle).unwrap();
        let Some(outlier) = found.first() else {
            none = middle;
            continue;
        };
        one = middle;
        if branch.edge.x - outlier.at < 1e-6 {
            at_edge += 1;
            assert!(outlier.target_overlap < 0.01 && outlier.left_overlaps[0] < 0.01);
            assert!((outlier.singular_value.powi(2) / branch.edge.z - 1.0).abs() < 1e-12);
        }
    }
    assert!(at_edge > 10, "{at_edge}");
}

/// Rows of two variances: the density from the roots of the cubic (5.17) for m, where the two parts
/// of the spectrum nearly touch, from either side, and where they lie far apart.
#[test]
fn density_of_two_parts() {
    for large in [3.8, 3.9, 3.95, 4.0, 10.0, 40.0] {
        let (gamma, weight) = (0.4, [0.5, 0.5]);
        let model = Model { gamma, ..model() };
        let mut bulk = bulk::<1>(&model, 0.0);
        let d = [1.0, large];
        (bulk.b, bulk.b_weight) = (vec![-1.0, 1.0], weight.to_vec());
        (bulk.lam, bulk.terms) = (d.map(f64::sqrt).to_vec(), vec![[0.0]; 2]);
        let branch = RealBranch::new(bulk).unwrap();
        let top = branch.edge.z.sqrt();
        let grid: Vec<f64> = (6..60).map(|i| top * f64::from(i) / 60.0).collect();
        for (s, found) in grid.iter().zip(density(&branch, &grid).unwrap()) {
            let exact = 2.0 * s * imaginary_root(gamma, d, weight, s * s)
                / (std::f64::consts::PI * gamma.min(1.0));
            assert!((found - exact).abs() < 1e-5, "{large} at {s}: {found} {exact}");
        }
    }
}

/// The imaginary part of the complex root of z = -1/m + gamma sum_i w_i d_i / (1 + d_i m), or 0:
/// the cubic (z m + 1)(1 + d_0 m)(1 + d_1 m) - gamma m (w_0 d_0 (1 + d_1 m) + w_1 d_1 (1 + d_0 m)).
fn imaginary_root(gamma: f64, d: [f64; 2], w: [f64; 2], z: f64) -> f64 {
    let (sum, product) = (d[0] + d[1], d[0] * d[1]);
    let mean = gamma * (w[0] * d[0] + w[1] * d[1]);
    let cubic =
        [1.0, z + sum - mean, z * sum + product - gamma * product * (w[0] + w[1]), z * product];
    let at = |m: f64| cubic.iter().rev().fold(0.0, |value, c| value * m + c);
    // a real root by bisection; the other two are those of a quadratic
    let (mut low, mut high) = (-1e6, 1e6);
    for _ in 0..200 {
        let middle: f64 = 0.5 * (low + high);
        if at(middle) < 0.0 { low = middle } else { high = middle }
    }
    let (a, b) = (cubic[3], cubic[2] + cubic[3] * low);
    let c = cubic[1] + b * low;
    (c / a - (0.5 * b / a).powi(2)).max(0.0).sqrt()
}
