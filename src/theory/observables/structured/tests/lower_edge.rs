//! The left edge and the density down to it: closed forms, the mass, and the shape at both ends.

use super::super::bulk::Bulk;
use super::super::density::density;
use super::super::real_branch::RealBranch;
use super::super::test_support::{bulk, model};
use crate::rmt::MarchenkoPastur;
use crate::theory::observables::structured::inputs::Model;
use std::f64::consts::PI;

fn structured<const A: usize>(gamma: f64, size: f64) -> RealBranch<A> {
    let mut bulk = bulk::<A>(&Model { gamma, ..model() }, size);
    bulk.rest = vec![0.1, 0.0, 0.2];
    RealBranch::new(bulk).unwrap()
}

#[test]
fn white_noise() {
    for gamma in [0.01, 0.3f64, 0.9, 0.9999, 1.0, 1.000001, 1.1, 2.5, 100.0] {
        let branch = RealBranch::new(bulk::<2>(&Model { gamma, ..model() }, 0.0)).unwrap();
        let exact = (1.0 - gamma.sqrt()).abs();
        let found = branch.lower_edge().unwrap().sqrt();
        assert!((found - exact).abs() <= 1e-9 * exact, "{gamma}: {found} {exact}");
    }
}

/// With rows of several variances, but without samples, the bulk is isotropic.
#[test]
fn isotropic_rows() {
    for gamma in [0.2, 0.8, 1.3, 3.0] {
        let lam = vec![0.8, 1.1, 1.3];
        let bulk = Bulk { lam, ..bulk::<1>(&Model { gamma, ..model() }, 0.0) };
        let d = bulk.lam.iter().map(|lam| lam * lam).collect();
        let exact =
            crate::theory::observables::isotropic::Bulk::new(gamma, bulk.b_weight.clone(), d);
        let branch = RealBranch::new(bulk).unwrap();
        let found = branch.lower_edge().unwrap().sqrt();
        assert!((found / exact.lower_edge - 1.0).abs() < 1e-9, "{gamma}: {found}");
    }
}

/// Equation (10.50) is z of (10.47) wherever the order parameters are solved.
fn trace_identity<const A: usize>() {
    let branch = structured::<A>(1.5, 1.0);
    for shift in [0.0, 0.5, 2.0] {
        let point = branch.at(branch.edge.x - shift).unwrap();
        let a0 = point.a0();
        let rows = branch.bulk.row_variances(&point.order);
        let mean = rows.iter().zip(&branch.bulk.b_weight).map(|(d, w)| w * d / (1.0 + a0 * d));
        let z = branch.bulk.gamma * mean.sum::<f64>() - 1.0 / a0;
        assert!((z / point.z - 1.0).abs() < 1e-10, "{A} {shift}: {z} {}", point.z);
    }
}

#[test]
fn z_is_that_of_the_rows() {
    trace_identity::<1>();
    trace_identity::<2>();
    trace_identity::<3>();
}

/// The mass between the edges is one; outside the density is 0, and at a left edge above 0 it grows like
/// a square root.
fn mass_and_shape<const A: usize>(gamma: f64, size: f64) {
    let branch = structured::<A>(gamma, size);
    let (low, high) = (branch.lower_edge().unwrap().sqrt(), branch.edge.z.sqrt());
    let count = 80;
    let angle = |k: usize| PI * (k as f64 + 0.5) / f64::from(count);
    let grid: Vec<f64> =
        (0..count as usize).map(|k| low + 0.5 * (high - low) * (1.0 - angle(k).cos())).collect();
    let found = density(&branch, &grid).unwrap();
    let weight = |k: usize| 0.5 * (high - low) * angle(k).sin() * PI / f64::from(count);
    let mass: f64 = found.iter().enumerate().map(|(k, value)| weight(k) * value).sum();
    assert!((mass - 1.0).abs() < 1e-3, "{A} {gamma} {size}: {mass}");
    assert!(found.iter().all(|value| *value > 0.0));
    if gamma == 1.0 {
        assert_eq!(low, 0.0);
        // finite down to 0
        let near = density(&branch, &[1e-9, 1e-6, 1e-3].map(|x| x * high)).unwrap();
        let close = |x: f64| (x / near[0] - 1.0).abs() < 1e-4;
        assert!(near[0] > 0.0 && near.iter().all(|x| close(*x)), "{near:?}");
        return;
    }
    let outside = [0.5 * low, low * (1.0 - 1e-9), low, high, high * 1.001];
    assert_eq!(density(&branch, &outside).unwrap(), [0.0; 5]);
    let beyond = |x: f64| (branch.lower_edge().unwrap() * (1.0 + x)).sqrt();
    let near = density(&branch, &[1e-6, 4e-6, 1e-4].map(beyond)).unwrap();
    assert!((near[1] / near[0] - 2.0).abs() < 1e-2, "{A} {gamma} {size}: {near:?}");
    assert!((near[2] / near[0] - 10.0).abs() < 0.2, "{A} {gamma} {size}: {near:?}");
}

#[test]
fn mass_and_shape_at_every_ratio() {
    mass_and_shape::<1>(0.4, 0.3);
    mass_and_shape::<2>(0.95, 1.0);
    mass_and_shape::<2>(1.0, 0.3);
    mass_and_shape::<1>(1.0, 1.0);
    mass_and_shape::<2>(1.05, 1.0);
    mass_and_shape::<3>(2.5, 0.3);
}

/// The density of white noise a millionth above its left edge.
#[test]
fn white_noise_near_the_edge() {
    for gamma in [0.4, 2.5] {
        let branch = RealBranch::new(bulk::<1>(&Model { gamma, ..model() }, 0.0)).unwrap();
        let s = (1.0 - f64::sqrt(gamma)).abs() * (1.0 + 1e-6);
        let exact = MarchenkoPastur::new(gamma).unwrap().singular_value_density(s);
        let found = density(&branch, &[s]).unwrap()[0];
        assert!((found / exact - 1.0).abs() < 1e-3, "{gamma}: {found} {exact}");
    }
}
