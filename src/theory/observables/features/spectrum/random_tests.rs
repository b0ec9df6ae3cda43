//! Spectra and test errors of settings drawn at random, where nothing may fail.

use super::*;
use crate::activation::{Activation, Erf, Gelu, Relu, Silu, Sine, Softplus, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::random::{Purpose, stream};
use crate::theory::observables::features::RidgeErrors;
use crate::theory::prediction::{Options, Problem};
use crate::training::BatchPolicy;
use rand::RngExt;
use std::f64::consts::PI;

/// Problem number `index`, with a target of one direction or of several.
fn random(index: u64) -> Problem {
    let mut random = stream(index, Purpose::Inputs, 2024, 0);
    let mut between = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
    let scale = between(0.5, 2.0);
    let activation = match index % 8 {
        0 => Relu.centred(),
        1 => Softplus { beta: scale, scale }.centred(),
        2 => Sine { amplitude: scale, phase: between(0.0, 1.5) }.centred(),
        // nearly linear
        3 => Tanh { scale: 0.05, shift: 0.3 }.centred(),
        4 => Gelu.centred(),
        5 => Silu.centred(),
        6 => Erf.centred(),
        _ => Tanh { scale, shift: between(-0.5, 0.5) }.centred(),
    };
    let shift = between(-0.6, 0.6);
    let link = match index / 3 % 5 {
        0 => Target::single_index(Link::hermite([0.0, 0.0, 1.0])),
        1 => Target::single_index(Link::new("tanh", move |z| (1.5 * z + shift).tanh())),
        2 => Target::multi_index("product", 2, |z| z[0] * z[1] + z[0]),
        3 => Target::multi_index("three", 3, |z| z[0] + z[1] * z[1] - 1.0 + z[2].tanh()),
        _ => Target::single_index(
            Link::new("cosine", |z: f64| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap(),
        ),
    };
    let width = between(300.0, 2000.0);
    Problem {
        activation: activation.unwrap(),
        target: link.noise(between(0.05, 0.5)),
        width: width as usize,
        dimension: (width * between(0.3, 1.5)) as usize,
        samples: (width * between(0.5, 2.5)) as usize,
        step_sizes: (0..index % 3 + 1).map(|_| 2.0 * width.powf(between(0.2, 0.45))).collect(),
        batches: BatchPolicy::Independent,
        second_layer: match index % 3 {
            0 => SecondLayerLaw::Uniform,
            1 => SecondLayerLaw::Gaussian,
            _ => SecondLayerLaw::Rademacher,
        },
    }
}

/// The integral of the density over ln x = low + (high - low) sin^2, which resolves small eigenvalues.
fn mass(spectrum: &FeatureSpectrum, count: usize) -> Result<f64, PredictionError> {
    let low = spectrum.lower_edge.max(1e-9 * spectrum.edge).ln();
    let range = spectrum.edge.ln() - low;
    let angle = |i: usize| 0.5 * PI * (i as f64 + 0.5) / count as f64;
    let x: Vec<f64> = (0..count).map(|i| (low + range * angle(i).sin().powi(2)).exp()).collect();
    let density = spectrum.density(&x)?;
    let each = density.iter().zip(&x).enumerate();
    let sum: f64 = each.map(|(i, (f, x))| f * x * (2.0 * angle(i)).sin()).sum();
    Ok(sum * range * 0.5 * PI / count as f64)
}

fn check(index: u64) -> Result<(), String> {
    let problem = random(index);
    let options = Options { node_factor: 0.6, compare_nodes: false, ..Options::default() };
    let states = problem.states(&options).map_err(|error| error.to_string())?;
    let mut random = stream(index, Purpose::Inputs, 2025, 0);
    let state = &states[index as usize % states.len()];
    let features = FeaturePrediction::new(state, &problem.activation, &problem.target, &options)
        .map_err(|error| error.to_string())?;
    let samples = (problem.width as f64 * 10f64.powf(random.random_range(-0.5..1.0))) as usize;
    let lambdas = [1e-4, 1e-2, 1.0, 100.0];
    let errors = features.ridge_curve(&[samples], &lambdas).map_err(|error| error.to_string())?;
    let nothing = features.system.samples.second_moment();
    let noise = problem.target.noise_std().powi(2);
    for (lambda, found) in lambdas.iter().zip(&errors) {
        let RidgeErrors { test_error, training_error, norm_squared, .. } = *found;
        // regularised fits are seldom worse than the prediction 0
        let holds = test_error > noise
            && (*lambda < 100.0 || test_error < 1.3 * nothing)
            && training_error > 0.0
            && training_error < test_error.min(nothing)
            && norm_squared > 0.0;
        if !holds {
            return Err(format!("lambda {lambda}: {found:?}, {noise} to {nothing}"));
        }
    }
    let spectrum = features.spectrum(samples);
    let spectrum = spectrum.map_err(|error| format!("m = {samples}: {error}"))?;
    let edges = spectrum.lower_edge >= 0.0 && spectrum.lower_edge < spectrum.edge;
    let outliers = spectrum.outliers.iter().all(|outlier| outlier.eigenvalue > spectrum.edge);
    let total = mass(&spectrum, 120).map_err(|error| error.to_string())?;
    if !edges || !outliers || (total - 1.0).abs() > 0.02 {
        let FeatureSpectrum { edge, lower_edge, .. } = spectrum;
        return Err(format!("m = {samples}: {lower_edge} to {edge}, mass {total}"));
    }
    Ok(())
}

/// The environment variables FIRST and COUNT choose other settings than the first 24.
#[test]
fn random_settings() {
    let count = std::env::var("COUNT").map_or(24, |count| count.parse().unwrap());
    let first = std::env::var("FIRST").map_or(0, |first| first.parse().unwrap());
    let found: Vec<_> = (first..first + count).map(|i| (i, check(i))).collect();
    for (i, error) in found.iter().filter_map(|(i, found)| Some((i, found.as_ref().err()?))) {
        let problem = random(*i);
        println!("{i}: {error}\n   {problem:?}");
    }
    assert!(found.iter().all(|(_, found)| found.is_ok()));
}

/// Two pieces of the bulk, the lower one narrow, so that it is easily walked across.
#[test]
fn lower_edge_of_two_pieces() {
    let link = Link::new("cosine", |z: f64| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap();
    let size = 2.0 * 1200f64.powf(0.35);
    let problem = Problem {
        activation: Sine { amplitude: 1.65, phase: 0.7 }.centred().unwrap(),
        target: Target::single_index(link).noise(0.1),
        width: 1200,
        dimension: 600,
        samples: 1800,
        step_sizes: vec![size],
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Uniform,
    };
    let options = Options { compare_nodes: false, ..Options::default() };
    let states = problem.states(&options).unwrap();
    for state in &states {
        let features =
            FeaturePrediction::new(state, &problem.activation, &problem.target, &options).unwrap();
        let spectrum = features.spectrum(2400).unwrap();
        let total = mass(&spectrum, 100).unwrap();
        assert!((total - 1.0).abs() < 2e-3, "{total}");
        // the density starts at the edge
        let above = spectrum.density(&[spectrum.lower_edge * 1.01]).unwrap()[0];
        assert!(above > 1e-2, "{above}");
    }
}

/// The same bits for any number of threads.
#[test]
fn threads_change_nothing() {
    let problem = random(5);
    let options = Options { node_factor: 0.6, ..Options::default() };
    let state = problem.states(&options).unwrap().pop().unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (activation, target) = (&problem.activation, &problem.target);
            let features = FeaturePrediction::new(&state, activation, target, &options).unwrap();
            let spectrum = features.spectrum(problem.width * 2).unwrap();
            let places: Vec<f64> = (1..20).map(|i| 0.05 * f64::from(i) * spectrum.edge).collect();
            let density = spectrum.density(&places).unwrap();
            let FeatureSpectrum { edge, lower_edge, outliers, numerical_error, .. } = spectrum;
            (edge, lower_edge, outliers, numerical_error, density)
        })
    };
    assert_eq!(with(1), with(3));
}
