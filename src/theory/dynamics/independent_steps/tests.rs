use super::*;
use crate::activation::{Activation, Relu, Sine, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::dynamics::two_steps;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::spectrum::Spectrum;
use crate::training::BatchPolicy;
use std::sync::Arc;

fn problem(activation: Arc<dyn Activation>, target: Target, steps: usize) -> Problem {
    Problem {
        activation,
        target,
        width: 1600,
        dimension: 800,
        samples: 2400,
        step_sizes: [26.452820781982737, 38.254099991601485]
            .into_iter()
            .cycle()
            .take(steps)
            .collect(),
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Uniform,
    }
}

fn with_linear_part() -> Target {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    Target::single_index(link.without(&[0]).unwrap()).noise(0.1)
}

#[test]
fn scratch() {
    let p = problem(Tanh { scale: 2.0, shift: 0.5 }.shared(), with_linear_part(), 2);
    let nodes = Nodes::new(1.0);
    let a = two_steps::states(&p, nodes, 10).unwrap();
    let b = states(&p, nodes, 10).unwrap();
    for (a, b) in a.iter().zip(&b) {
        for state in [a, b] {
            let spectrum = IsotropicSpectrum::new(state);
            println!(
                "edge {} max D {}",
                spectrum.edge(),
                state.noise.iter().fold(0.0_f64, |a, b| a.max(*b))
            );
            for o in spectrum.outliers().unwrap() {
                println!("   {} {}", o.singular_value, o.target_overlap);
            }
        }
    }
    let _ = (Relu, Sine::default());
}
