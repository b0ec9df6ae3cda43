use super::*;
use crate::activation::{Activation, HermiteSeries, Relu, Sine, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::dynamics::two_steps::{self, TwoSteps};
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::spectrum::Spectrum;
use crate::training::BatchPolicy;
use std::sync::Arc;

fn problem(activation: Arc<dyn Activation>, target: Target, steps: usize) -> Problem {
    let step_sizes = [26.4528, 38.2541, 38.2541, 38.2541, 38.2541];
    Problem {
        activation,
        target,
        width: 1600,
        dimension: 800,
        samples: 2400,
        step_sizes: step_sizes[..steps].to_vec(),
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Uniform,
    }
}

fn tanh() -> Arc<dyn Activation> {
    Tanh { scale: 2.0, shift: 0.5 }.shared()
}

fn with_linear_part() -> Target {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    Target::single_index(link.without(&[0]).unwrap()).noise(0.1)
}

fn without_linear_part() -> Target {
    let link = Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos());
    Target::single_index(link.without(&[0, 1]).unwrap())
}

/// Edge, singular values (relative) and overlaps (absolute), farthest from one another; the noise is
/// D(b) along the teacher too. Outliers of either side within 1 % of the edge are left out.
fn differences(a: &State, b: &State) -> [f64; 3] {
    let [a, b] = [a, b].map(|state| {
        let state = State { noise_along_targets: None, ..state.clone() };
        let spectrum = IsotropicSpectrum::new(&state);
        let clear = 1.01 * spectrum.edge();
        let outliers = spectrum.outliers().unwrap().into_iter();
        let outliers: Vec<_> = outliers.filter(|o| o.singular_value > clear).collect();
        (spectrum.edge(), outliers)
    });
    assert!(a.1.len() == b.1.len() && !a.1.is_empty());
    let mut worst = [(a.0 / b.0 - 1.0).abs(), 0.0, 0.0];
    for (a, b) in a.1.iter().zip(&b.1) {
        worst[1] = f64::max(worst[1], (a.singular_value / b.singular_value - 1.0).abs());
        let overlaps = a.direction_overlaps.iter().zip(&b.direction_overlaps);
        let overlaps = overlaps.chain(a.left_overlaps.iter().zip(&b.left_overlaps));
        worst[2] = overlaps.map(|(a, b)| (a - b).abs()).fold(worst[2], f64::max);
    }
    worst
}

fn largest(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The averages of sections 4 and 5 are the recursion for T = 1 and 2, to the accuracy of the nodes where
/// they have all that step two does to the noise of step one.
#[test]
fn two_steps_are_those_of_sections_4_and_5() {
    let sine = || Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared();
    let pair = || {
        let link = |z: &[f64]| (1.5 * z[0] + 0.3).tanh() + 0.6 * z[0] * z[1] - 0.2;
        Target::multi_index("pair", 2, link).noise(0.2)
    };
    let fixed: Vec<f64> =
        (0..1600).map(|j| ((j * 7919 % 1600) as f64 / 800.0 - 1.0) * 1.9).collect();
    for (name, activation, target, second_layer) in [
        ("tanh", tanh(), with_linear_part(), SecondLayerLaw::Uniform),
        ("sine", sine(), without_linear_part(), SecondLayerLaw::Uniform),
        ("Gaussian", sine(), without_linear_part(), SecondLayerLaw::Gaussian),
        ("pair", tanh(), pair(), SecondLayerLaw::Rademacher),
        ("relu", Relu.shared(), with_linear_part(), SecondLayerLaw::Fixed(fixed.into())),
    ] {
        let mut problem = Problem { second_layer, ..problem(activation, target, 2) };
        if name == "sine" {
            problem.step_sizes = vec![26.4528; 2];
        }
        let nodes = Nodes::new(1.0);
        let before = two_steps::states(&problem, nodes, 10).unwrap();
        let states = states(&problem, nodes, 10).unwrap();
        assert_eq!(states[0].noise_along_target(), before[0].noise_along_target());
        let [edge, values, overlaps] = differences(&states[1], &before[1]);
        let d = largest(&states[1].noise, &before[1].noise);
        println!("{name}: W_1 {edge:.1e} {values:.1e} {overlaps:.1e}, D {d:.1e}");
        assert!(edge < 2e-6 && values < 2e-6 && overlaps < 2e-6 && d < 2e-6);

        let setup = Setup::new(&problem, nodes).unwrap();
        let complete = TwoSteps::complete(&setup, 10, true).unwrap().state;
        let [edge, values, overlaps] = differences(&states[2], &complete);
        let d = largest(&states[2].noise, &complete.noise);
        println!("{name}: W_2 {edge:.1e} {values:.1e} {overlaps:.1e}, D {d:.1e}");
        assert!(edge < 1e-6 && values < 5e-6 && overlaps < 5e-6 && d < 5e-6);

        // without the echo, as in (5.15)
        let [edge, values, overlaps] = differences(&states[2], &before[2]);
        let left_out = largest(&before[2].noise, &states[2].noise);
        println!("{name}: (5.15) {edge:.1e} {values:.1e} {overlaps:.1e}, D {left_out:.1e}");
        let settings_of_golden = ["tanh", "sine"].contains(&name);
        assert!(
            edge < 6e-3 && overlaps < 2e-3 && values < if settings_of_golden { 5e-4 } else { 5e-3 }
        );
        assert!(left_out > 10.0 * d);
    }
}

/// (14.26) is (13.10), and (7.4) is not.
#[test]
fn noise_along_the_teacher_after_two_steps() {
    let odd = Link::new("z + sin 2z", |z| 0.5 * z + (2.0 * z).sin());
    let even = |z: &[f64]| (1.5 * z[0] + 0.6).cos() + 0.6 * z[0] * z[1] + 0.2 * z[1];
    for target in [Target::single_index(odd), Target::multi_index("two", 2, even)] {
        let problem = problem(tanh(), target.noise(0.1), 2);
        let nodes = Nodes::new(1.0);
        let found = states(&problem, nodes, 10).unwrap().swap_remove(2).noise_along_target();
        let setup = Setup::new(&problem, nodes).unwrap();
        let complete = TwoSteps::complete(&setup, 10, true).unwrap().state.noise_along_target();
        let plain = TwoSteps::new(&setup, 10, true).unwrap().state.noise_along_target();
        let (mut error, mut left_out) = (0.0_f64, 0.0_f64);
        for (found, (complete, plain)) in found.iter().zip(complete.iter().zip(&plain)) {
            for (found, (complete, plain)) in found.iter().zip(complete.iter().zip(plain)) {
                error = error.max((found - complete).abs());
                left_out = left_out.max((found - plain).abs());
            }
        }
        println!("error {error:.1e}, of (7.4) {left_out:.1e}");
        assert!(error < 2e-5 && left_out > 1e-3, "{error:e} {left_out:e}");
    }
}

/// sigma = z: the network is linear, S = 1, and V_0 alone moves: everything by hand.
#[test]
fn linear_network() {
    let link = |z: &[f64]| z[0] - 0.4 * z[1] + 0.3 * (z[0] * z[0] - 1.0);
    let target = Target::multi_index("two", 2, link).noise(0.5);
    let problem = problem(HermiteSeries::new([0.0, 1.0]).shared(), target, 5);
    let states = states(&problem, Nodes::new(1.0), 6).unwrap();
    let (mut along, mut across) = ([0.0, 0.0], 0.0_f64);
    for (state, eta) in states[1..].iter().zip(&problem.step_sizes) {
        // F = <V_0, kappa> / sqrt N, as E b^2 = 1
        let root = 40.0;
        let rest = [1.0 - along[0] / root, -0.4 - along[1] / root];
        let residual =
            rest.iter().map(|x| x * x).sum::<f64>() + 0.18 + 0.25 + (across / root).powi(2);
        let old = across * (1.0 - eta / root);
        across = old.hypot(eta * (residual / 3.0).sqrt());
        along = [along[0] + eta * rest[0], along[1] + eta * rest[1]];
        let gram = state.gram();
        let exact = along[0].powi(2) + along[1].powi(2) + across * across;
        assert!((gram[[0, 0]] / exact - 1.0).abs() < 1e-5, "{} {exact}", gram[[0, 0]]);
        let projections = state.target_projections();
        for (i, exact) in along.iter().enumerate() {
            assert!((projections[[i, 0]] - exact).abs() < 1e-5 * eta, "{i} {projections} {exact}");
        }
        assert!(gram[[1, 1]] < 1e-20 * gram[[0, 0]] && state.noise.iter().all(|d| *d == 1.0));
    }
}

/// Half as many nodes again change singular values by less than 1e-4, whatever the number of threads
/// the bits are the same, and a step of size 0 does nothing.
#[test]
fn nodes_threads_and_steps_of_size_zero() {
    let problem = problem(tanh(), with_linear_part(), 4);
    let with = |problem: &Problem, threads: usize, factor: f64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| states(problem, Nodes::new(factor), 10))
            .unwrap()
            .swap_remove(problem.steps())
    };
    let state = with(&problem, 1, 1.0);
    let [edge, values, overlaps] = differences(&state, &with(&problem, 3, 1.5));
    println!("nodes: {edge:.1e} {values:.1e} {overlaps:.1e}");
    assert!(edge < 1e-4 && values < 1e-4 && overlaps < 1e-4);
    let again = with(&problem, 3, 1.0);
    assert!(again.right == state.right && again.noise == state.noise);
    let mut paused = problem.clone();
    paused.step_sizes.insert(2, 0.0);
    assert_eq!(with(&paused, 2, 1.0).right, state.right);
}

/// The learning of a linear network with several axes left unresolved must be that with all resolved:
/// without teacher nothing but Stein's lemma moves them.
#[test]
fn unresolved_axes_follow_steins_lemma() {
    let problem = problem(tanh(), with_linear_part(), 3);
    let setup = Setup::new(&problem, Nodes::new(1.0)).unwrap();
    let law = SecondLayerQuadrature::for_problem(&problem, &setup.nodes, 4).unwrap();
    // one axis with a small component of every type, resolved or not
    let omega = Array2::from_shape_fn((law.coarse.len(), 2), |(c, l)| {
        let b = law.coarse[c];
        if l == 0 { 0.4 * b } else { 0.004 * b * (1.0 + b) }
    });
    let d = vec![1.0; law.coarse.len()];
    let resolved = Axes::new(&omega, 1, &d, &law, &setup.nodes);
    assert_eq!(resolved.rules.len(), 1);
    let with = Samples::new(&setup, &law, &omega, &resolved).unwrap().sums();
    let none = Axes { rules: Vec::new(), deviations: resolved.deviations };
    let without = Samples::new(&setup, &law, &omega, &none).unwrap().sums();
    let stein = unresolved_means(&law, &without, &omega, 1);
    for k in 0..4 {
        let (exact, found) = (with.means[[k, 1]], stein[[k, 0]]);
        assert!((exact - found).abs() < 1e-6 + 1e-3 * exact.abs(), "{k}: {exact} {found}");
    }
    assert!(with.means[[0, 1]].abs() > 1e-4);
}

/// Five large steps that move preactivations by half their noise along four axes, more for rare large
/// b: half as many nodes again change the fourth digit of singular values. The edge of Gaussian b depends
/// on where the outermost node lies.
#[test]
fn nodes_are_enough() {
    for second_layer in [SecondLayerLaw::Gaussian, SecondLayerLaw::Rademacher] {
        let sine = Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared();
        let mut problem = Problem { second_layer, ..problem(sine, with_linear_part(), 5) };
        problem.step_sizes = vec![22.0, 44.0, 44.0, 44.0, 44.0];
        let [one, more] = [1.0, 1.5].map(|f| states(&problem, Nodes::new(f), 8).unwrap());
        let [edge, values, overlaps] = differences(&one[5], &more[5]);
        println!("{edge:.1e} {values:.1e} {overlaps:.1e}");
        assert!(edge < 1e-3 && values < 3e-4 && overlaps < 2e-4);
    }
}
