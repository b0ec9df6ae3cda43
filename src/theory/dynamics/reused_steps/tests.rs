//! Against the two-step theory, which is computed in another way.

use super::*;
use crate::activation::{Activation, Relu, Sine, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::dynamics::two_steps;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::spectrum::Spectrum;
use crate::training::BatchPolicy;

fn shifted_tanh(steps: usize, batches: BatchPolicy) -> Problem {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    let later = 2.0 * 1600f64.powf(0.4);
    let mut step_sizes = vec![2.0 * 1600f64.powf(0.35)];
    step_sizes.resize(steps, later);
    Problem {
        activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
        target: Target::single_index(link).noise(0.1),
        width: 1600,
        dimension: 800,
        samples: 2400,
        step_sizes,
        batches,
        second_layer: SecondLayerLaw::Uniform,
    }
}

fn print(name: &str, states: &[State]) {
    for (t, state) in states.iter().enumerate() {
        let state = State { noise_along_targets: None, ..state.clone() };
        let spectrum = IsotropicSpectrum::new(&state);
        let outliers = spectrum.outliers().unwrap();
        let found: Vec<_> = outliers.iter().map(|o| (o.singular_value, o.target_overlap)).collect();
        let mean: f64 = state.noise.iter().zip(&state.weights).map(|(d, w)| d * w).sum();
        let max = state.noise.iter().fold(0f64, |a, x| a.max(*x));
        println!("{name} {t}: edge {:.4} {found:.4?} D {mean:.4} {max:.4}", spectrum.edge());
    }
}

#[test]
fn trial() {
    let problem = shifted_tanh(4, BatchPolicy::Reused);
    let time = std::time::Instant::now();
    let states = states(&problem, Nodes::new(1.0), 6).unwrap();
    println!("{:?}", time.elapsed());
    print("reused", &states);
    let two = Problem { step_sizes: problem.step_sizes[..2].to_vec(), ..problem };
    print("two", &two_steps::states(&two, Nodes::new(1.0), 6).unwrap());
}
