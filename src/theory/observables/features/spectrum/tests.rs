//! The spectrum against closed forms and simulated features.

use super::*;
use crate::Scalar;
use crate::activation::{Activation, FnActivation, Tanh};
use crate::data::{Batch, GeneratedBatch, Link, Target};
use crate::linalg::Element;
use crate::network::{Network, SecondLayerLaw};
use crate::theory::prediction::{Options, Problem};
use crate::theory::state::State;
use crate::training::BatchPolicy;
use ndarray::{Array1, Array2};
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
