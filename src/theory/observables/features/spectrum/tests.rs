//! The spectrum against closed forms and simulated features.

use super::*;
use crate::activation::{Activation, FnActivation, Tanh};
use crate::data::{GeneratedBatch, Link, Target};
use crate::random::{Purpose, stream};
use crate::linalg::Element;
use crate::network::{Network, SecondLayerLaw};
use crate::theory::prediction::{Options, Problem};
use crate::theory::state::State;
use crate::training::BatchPolicy;
use ndarray::{Array2, ArrayView1};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// The state of W_0 with N = 1000 `gamma` and d = 1000.
fn initial(gamma: f64, activation: &dyn Activation) -> FeatureSystem {
    let problem = Problem {
        width: (1000.0 * gamma) as usize,
        dimension: 1000,
        samples: 1000,
        activation: Tanh::default().shared(),
        target: Target::single_index(Link::hermite([0.0, 1.0])),
        second_layer: SecondLayerLaw::Uniform,
        step_sizes: vec![1.0],
        batches: BatchPolicy::Independent,
    };
    let states = problem.states(&Options::default()).unwrap();
    FeatureSystem::new(&states[0], activation, &problem.target, 1.0).unwrap()
}

/// The integral of the density between the edges, by x = low + (high - low) sin^2.
fn mass(spectrum: &FeatureSpectrum, count: usize) -> f64 {
    let (low, high) = (spectrum.lower_edge, spectrum.edge);
    let angles: Vec<f64> =
        (0..count).map(|i| 0.5 * PI * (i as f64 + 0.5) / count as f64).collect();
    let x: Vec<f64> = angles.iter().map(|a| low + (high - low) * a.sin().powi(2)).collect();
    let density = spectrum.density(&x).unwrap();
    let each = density.iter().zip(&angles).map(|(f, a)| f * (2.0 * a).sin());
    each.sum::<f64>() * (high - low) * 0.5 * PI / count as f64
}

/// An activation without linear part leaves independent entries: the Marchenko-Pastur law.
#[test]
fn marchenko_pastur() {
    let cosine = FnActivation::new("cosine", |z: f64| z.cos() - (-0.5f64).exp(), |z: f64| -z.sin());
    let system = initial(1.0, &cosine);
    // Var cos z
    let square = 0.5 * (1.0 - (-1.0f64).exp()).powi(2);
    for samples in [500usize, 1500, 4000] {
        let spectrum = FeatureSpectrum::new(&system, samples).unwrap();
        let ratio = 1000.0 / samples as f64;
        let edges = [1.0, -1.0].map(|sign| square * (1.0 + sign * ratio.sqrt()).powi(2));
        println!("{samples}: {} {} {edges:?}", spectrum.edge, spectrum.lower_edge);
        assert!((spectrum.edge / edges[0] - 1.0).abs() < 2e-3);
        assert!((spectrum.lower_edge / edges[1] - 1.0).abs() < 5e-3);
        assert!(spectrum.outliers.is_empty());
        let total = mass(&spectrum, 40);
        assert!((total - 1.0).abs() < 2e-3, "{total}");
        for part in [0.2, 0.5, 0.8] {
            let x = edges[1] + part * (edges[0] - edges[1]);
            let exact = ((edges[0] - x) * (x - edges[1])).sqrt()
                / (2.0 * PI * square * ratio.min(1.0) * x);
            let found = spectrum.density(&[x]).unwrap()[0];
            assert!((found / exact - 1.0).abs() < 5e-3, "{samples} {part}: {found} {exact}");
        }
    }
}

/// A linear activation: X W^T W X^T is a product of two Marchenko-Pastur laws, whose edges are the
/// extrema of (1 + z) (1 + z d/m) (N/d + z) / z (Voiculescu's S-transform).
#[test]
fn product_of_two_marchenko_pastur_laws() {
    let linear = FnActivation::new("linear", |z: f64| z, |_: f64| 1.0);
    for (gamma, samples) in [(0.5, 2000usize), (2.0, 4000), (2.0, 500)] {
        let spectrum = FeatureSpectrum::new(&initial(gamma, &linear), samples).unwrap();
        let phi = 1000.0 / samples as f64;
        let zeta = |z: f64| (1.0 + z) * (1.0 + phi * z) * (gamma + z) / z;
        let exact = (1..4000).map(|i| zeta(0.002 * i as f64)).fold(f64::INFINITY, f64::min);
        // left of the bulk z lies between the zero that is nearest to 0 and 0
        let first = (1.0 / phi).min(gamma).min(1.0);
        let lower = (1..4000).map(|i| zeta(-first * i as f64 / 4000.0));
        let lower = lower.fold(0.0, f64::max);
        println!("{gamma} {samples}: {} {exact}, {} {lower}", spectrum.edge, spectrum.lower_edge);
        assert!((spectrum.edge / exact - 1.0).abs() < 2e-3);
        let rank = gamma.min(1.0).min(1.0 / phi) / gamma.min(1.0 / phi);
        let total = mass(&spectrum, 40);
        assert!((total - rank).abs() < 5e-3, "{total} {rank}");
    }
}

/// Spectra of given W_0, W_1, W_2 against those of simulated features: the edge, outliers and
/// overlaps. `--ignored`: N = 1000, and W_2; 10 seconds.
fn simulated(width: usize, centred: bool, stages: &[usize], draws: u64) {
    let (dimension, batch, samples) = (width / 2, 3 * width / 2, 2 * width);
    let tanh = Tanh { scale: 2.0, shift: 0.5 };
    let activation = if centred { tanh.centred().unwrap() } else { tanh.shared() };
    let link = |z: f64| (1.5 * z + 0.5).tanh();
    let target = Target::single_index(Link::new("tanh", link)).noise(0.1);
    let data = GeneratedBatch::new(&target, dimension, batch, 1).unwrap();
    let mut network = Network::<f64>::random(width, dimension, activation.clone(), 1).unwrap();
    let b = network.second_layer() * (width as f64).sqrt();
    let last = stages.iter().copied().max().unwrap_or(0);
    for stage in 0..=last {
        if stage > 0 {
            let size = 2.0 * (width as f64).powf([0.3, 0.4][stage - 1]);
            let fresh = data.clone().with_index(stage as u64 - 1);
            network.gradient_step(&fresh, size).unwrap();
        }
        if !stages.contains(&stage) {
            continue;
        }
        let state = State::of_network(&network, data.directions(), Some(stage)).unwrap();
        let system = FeatureSystem::new(&state, &activation, &target, 1.0).unwrap();
        let clock = std::time::Instant::now();
        let spectrum = FeatureSpectrum::new(&system, samples).unwrap();
        println!("W_{stage}: {:?}, sizes {} {}", clock.elapsed(), spectrum.system.samples.len(),
            spectrum.system.unknowns());
        let count = spectrum.outliers.len();
        let mut means = vec![[0.0; 6]; count + 1];
        for draw in 0..draws {
            let mut normal = stream(draw, Purpose::Inputs, 77, 0);
            let x: Array2<f64> = Array2::from_shape_simple_fn((samples, dimension), || {
                StandardNormal.sample(&mut normal)
            });
            let z = x.dot(&data.directions().row(0));
            let features = x.dot(&network.first_layer().t()).mapv(|u| activation.value(u));
            let found = f64::leading_triplets(features.view(), count + 1, None, None).unwrap();
            let cosine = |u: ArrayView1<f64>, f: ndarray::Array1<f64>| {
                u.dot(&f).abs() / f.dot(&f).sqrt() / draws as f64
            };
            for (k, mean) in means.iter_mut().enumerate() {
                let (u, v) = (found.left_vector(k), found.right_vector(k));
                mean[0] += found.singular_values[k].powi(2) / (samples as u64 * draws) as f64;
                mean[1] += cosine(u, z.mapv(|_| 1.0));
                mean[2] += cosine(u, z.clone());
                mean[3] += cosine(u, z.mapv(|z| z * z - 1.0));
                mean[4] += cosine(u, z.mapv(link));
                mean[5] += cosine(v, b.clone());
            }
        }
        println!("edge {} {}", spectrum.edge, means[count][0]);
        assert!((means[count][0] / spectrum.edge - 1.0).abs() < 0.06, "W_{stage}");
        for (k, (outlier, mean)) in spectrum.outliers.iter().zip(&means).enumerate() {
            let link_overlap = spectrum.left_overlap(k, |z| link(z[0])).unwrap();
            let hermite = &outlier.hermite_overlaps;
            let overlaps =
                [hermite[0], hermite[1], hermite[2], link_overlap, outlier.second_layer_overlaps[1]];
            println!("{} {overlaps:.3?}, {mean:.3?}", outlier.eigenvalue);
            // an outlier at the edge is part of the bulk at this size
            if outlier.eigenvalue < 1.2 * spectrum.edge {
                continue;
            }
            assert!((outlier.eigenvalue / mean[0] - 1.0).abs() < 0.06, "W_{stage}, {k}");
            for (x, y) in overlaps.iter().zip(&mean[1..]) {
                assert!((x - y).abs() < 0.06, "W_{stage}, {k}: {x} {y}");
            }
        }
    }
}

#[test]
fn simulated_features() {
    simulated(400, true, &[1], 4);
    simulated(400, false, &[0], 2);
}

#[test]
#[ignore = "a minute"]
fn simulated_features_of_larger_networks() {
    simulated(1000, true, &[0, 1, 2], 4);
    simulated(1000, false, &[1, 2], 4);
}
