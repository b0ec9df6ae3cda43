//! Against the two-step theory and the recursion for independent batches, which are computed in other
//! ways, and against an independent program.

use super::*;
use crate::activation::{Activation, Gelu, Relu, Sine, Softplus, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::dynamics::independent_steps;
use crate::theory::dynamics::two_steps::TwoSteps;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::spectrum::Spectrum;
use crate::training::BatchPolicy;
use serde_json::Value;

/// W_0, ..., W_T.
fn dynamics(problem: &Problem, nodes: Nodes, right_vectors: usize) -> Vec<State> {
    states(problem, nodes, right_vectors, None).unwrap().0
}

const HALF: BatchPolicy = BatchPolicy::PartlyReused { fraction: 0.5 };

fn problem(name: &str, steps: usize, batches: BatchPolicy) -> Problem {
    let phase = |shift: f64| move |z: f64| (1.5 * z + shift).cos();
    let tilted = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    let (activation, link, noise, sizes, first, later) = match name {
        "tanh" => {
            let activation = Tanh { scale: 2.0, shift: 0.5 }.shared();
            (activation, tilted, 0.1, [1600, 800, 2400], 0.35, 0.4)
        }
        "relu" => (Relu.shared(), tilted, 0.1, [1600, 800, 2400], 0.35, 0.4),
        "sine" => {
            let link = Link::new("cos(1.5z+0.6)", phase(0.6)).without(&[0, 1]).unwrap();
            let activation = Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared();
            (activation, link, 0.0, [1600, 800, 2400], 0.35, 0.35)
        }
        _ => {
            let link = Link::from_activation(Tanh::default());
            (Softplus { beta: 2.0, scale: 2.0 }.shared(), link, 0.1, [3000, 1500, 4500], 0.25, 0.35)
        }
    };
    let [width, dimension, samples] = sizes;
    let eta = |alpha: f64| 2.0 * (width as f64).powf(alpha);
    let mut step_sizes = vec![eta(first)];
    step_sizes.resize(steps, eta(later));
    Problem {
        activation,
        target: Target::single_index(link).noise(noise),
        width,
        dimension,
        samples,
        step_sizes,
        batches,
        second_layer: SecondLayerLaw::Uniform,
    }
}

/// Edge, singular values and overlaps of `state` with isotropic noise.
fn spectrum(state: &State) -> (f64, Vec<[f64; 2]>) {
    let spectrum = IsotropicSpectrum::new(&State { noise_along_targets: None, ..state.clone() });
    let outliers = spectrum.outliers().unwrap();
    (spectrum.edge(), outliers.iter().map(|o| [o.singular_value, o.target_overlap]).collect())
}

/// Largest relative deviation of the edge, of the singular values 1 % above it, largest deviation of
/// their overlaps.
fn deviations(found: &State, exact: &State) -> [f64; 3] {
    let (found, exact) = (spectrum(found), spectrum(exact));
    compare(found, exact)
}

fn compare(found: (f64, Vec<[f64; 2]>), exact: (f64, Vec<[f64; 2]>)) -> [f64; 3] {
    let edge = found.0.max(exact.0);
    let above = |list: &[[f64; 2]], share: f64| list.iter().filter(|o| o[0] > share * edge).count();
    // within 1 % of the edge an outlier may be there or not
    let clear = above(&found.1, 1.01).min(above(&exact.1, 1.01));
    assert!(clear >= above(&found.1, 1.015).max(above(&exact.1, 1.015)));
    let mut worst = [(found.0 / exact.0 - 1.0).abs(), 0.0, 0.0];
    for (a, b) in found.1.iter().zip(&exact.1).take(clear) {
        worst[1] = worst[1].max((a[0] / b[0] - 1.0).abs());
        worst[2] = worst[2].max((a[1] - b[1]).abs());
    }
    worst
}

/// Two steps: the right vectors and D of sections 4, 5 and 12, for all policies, with and without kinks.
#[test]
fn two_steps() {
    for (name, batches) in [
        ("tanh", BatchPolicy::Reused),
        ("sine", BatchPolicy::Reused),
        ("softplus", BatchPolicy::Reused),
        ("relu", BatchPolicy::Reused),
        ("tanh", HALF),
        ("sine", HALF),
        ("relu", HALF),
        ("tanh", BatchPolicy::Independent),
    ] {
        let problem = problem(name, 2, batches);
        let setup = Setup::new(&problem, Nodes::new(1.0)).unwrap();
        let plain = TwoSteps::new(&setup, 6, true).unwrap().state;
        let complete = TwoSteps::complete(&setup, 6, true).unwrap().state;
        let found = dynamics(&problem, Nodes::new(1.0), 6).swap_remove(2);
        let [edge, value, overlap] = deviations(&found, &complete);
        let [edge_without, ..] = deviations(&found, &plain);
        let noise = found.noise.iter().zip(&complete.noise).map(|(a, b)| (a / b - 1.0).abs());
        let noise = noise.fold(0.0, f64::max);
        let along = |state: &State| state.noise_along_targets.clone().unwrap();
        let along = along(&found).into_iter().zip(along(&complete));
        let along = along.map(|(a, b)| (a[[0, 0]] / b[[0, 0]] - 1.0).abs()).fold(0.0, f64::max);
        println!(
            "{name} {batches}: value {value:.1e} overlap {overlap:.1e} edge {edge:.1e} (without \
             the echo {edge_without:.1e}) D {noise:.1e} D_* {along:.1e}"
        );
        assert!(value < 3e-3 && overlap < 2e-3 && edge < 1e-3 && edge_without < 6e-3);
        assert!(noise < 3e-3 && along < 2e-2);
    }
}

/// One step is that of the two-step theory, to rounding.
#[test]
fn one_step() {
    for name in ["tanh", "relu"] {
        let problem = problem(name, 1, HALF);
        let setup = Setup::new(&problem, Nodes::new(1.0)).unwrap();
        let exact = TwoSteps::new(&setup, 6, true).unwrap().state;
        let found = dynamics(&problem, Nodes::new(1.0), 6);
        assert_eq!(found.len(), 2);
        let pairs = found[1].noise.iter().zip(&exact.noise);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-12));
        assert!((&found[1].gram() - &exact.gram()).iter().all(|x| x.abs() < 1e-9));
        let [edge, value, overlap] = deviations(&found[1], &exact);
        assert!(edge < 1e-12 && value < 1e-12 && overlap < 1e-12, "{edge} {value} {overlap}");
    }
}

/// With nothing kept the recursion for independent batches comes out.
#[test]
fn nothing_kept() {
    for name in ["tanh", "sine"] {
        let problem = problem(name, 4, BatchPolicy::PartlyReused { fraction: 0.0 });
        let exact = independent_steps::states(&problem, Nodes::new(1.0), 6).unwrap();
        let found = dynamics(&problem, Nodes::new(1.0), 6);
        for (t, (found, exact)) in found.iter().zip(&exact).enumerate() {
            let [edge, value, overlap] = deviations(found, exact);
            println!("{name} {t}: value {value:.1e} overlap {overlap:.1e} edge {edge:.1e}");
            assert!(value < 3e-3 && overlap < 4e-3 && edge < 2e-3);
        }
    }
}

/// Three or four steps against an independent program with quasi-random nodes, good to about 2e-3 in
/// singular values, hence 4e-3 in second moments.
///
/// The first step has a closed form, eta^2 c_1^2 (|c*_1|^2 + phi E y^2) / N for the second moment of
/// omega. This crate has it to rounding; that program is 8.5e-3 below it in both settings with the sine,
/// and nearer in the others: its nodes have a smaller c_1. There, singular values are held as elsewhere,
/// but the overlaps that remain where the link has no linear part to 0.03. Elsewhere an outlier that is
/// less than 3 % above the edge is held to 0.02: its overlap falls to zero like the root of the distance.
#[test]
fn golden_with_linear_part() {
    golden(&["tanh"], 4);
}

/// The link without linear part, three steps.
#[test]
fn golden_without_linear_part() {
    golden(&["", "sine"], 3);
}

/// The others, all steps.
#[test]
#[ignore = "a minute"]
fn golden_all() {
    golden(&["tanh", "sine", "softplus", "wave"], 4);
}

fn golden(names: &[&str], steps: usize) {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/golden/reused_steps.json")).unwrap();
    assert_eq!(cases.len(), 4);
    let number = |value: &Value| value.as_f64().unwrap();
    let named = cases.iter().zip(names.iter().copied()).filter(|(_, name)| !name.is_empty());
    for (case, name) in named {
        let mut problem = match name {
            "wave" => Problem {
                activation: problem("sine", 4, HALF).activation,
                ..problem("softplus", 4, HALF)
            },
            _ => problem(name, 4, HALF),
        };
        let eta = case["step_sizes"].as_array().unwrap().iter().take(steps);
        problem.step_sizes = eta.map(number).collect();
        problem.batches = BatchPolicy::Reused;
        let states = dynamics(&problem, Nodes::new(1.0), 6);
        // of the second moment after the first step, from its closed form
        let setup = Setup::new(&problem, Nodes::new(1.0)).unwrap();
        let linear: f64 = setup.labels.linear.iter().map(|c| c * c).sum();
        let second_moment = (setup.step.unit * setup.step.c_1).powi(2)
            * (linear + setup.step.phi * setup.labels.second_moment);
        let off = number(&case["steps"][0]["second_moment_of_omega"]) / second_moment - 1.0;
        println!("{name}: the golden second moment of W_1 is off by {off:.1e}");
        for golden in case["steps"].as_array().unwrap().iter().take(steps) {
            let state = &states[golden["step"].as_u64().unwrap() as usize];
            let outliers = golden["outliers"].as_array().unwrap().iter();
            let outliers = outliers
                .map(|o| [number(&o["singular_value"]), number(&o["target_overlap"])])
                .collect();
            let outliers: Vec<[f64; 2]> = outliers;
            let (exact_edge, found) = (number(&golden["edge"]), spectrum(state));
            println!("{:.4?} {outliers:.4?}", found.1);
            let near =
                outliers.iter().any(|o| o[0] > 1.01 * exact_edge && o[0] < 1.03 * exact_edge);
            let allowed = match near {
                _ if off.abs() > 5e-3 => 3e-2,
                true => 2e-2,
                false => 3e-3,
            };
            let [edge, value, overlap] = compare(found, (exact_edge, outliers));
            let omega = state.omega();
            let mean = |f: &dyn Fn(usize) -> f64| -> f64 {
                state.weights.iter().enumerate().map(|(i, w)| w * f(i)).sum()
            };
            let moments = [
                ("second_moment_of_omega", mean(&|i| omega.row(i).dot(&omega.row(i)))),
                ("second_moment_along_target", mean(&|i| omega[[i, 0]].powi(2))),
                ("mean_D", mean(&|i| state.noise[i])),
            ];
            println!(
                "{name} {}: value {value:.1e} overlap {overlap:.1e} edge {edge:.1e}",
                golden["step"]
            );
            assert!(value < 5e-3 && overlap < allowed && edge < 5e-3);
            for (key, found) in moments {
                let exact = number(&golden[key]);
                println!("   {key} {found:.5} {exact:.5} {:.1e}", found / exact - 1.0);
                if exact > 1e-3 {
                    assert!((found / exact - 1.0).abs() < 1e-2, "{key}");
                }
            }
        }
    }
}

/// The same bits for any number of threads.
#[test]
fn threads() {
    let problem = problem("tanh", 3, HALF);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| dynamics(&problem, Nodes::new(0.1), 4).swap_remove(3))
    };
    let (one, three) = (run(1), run(3));
    assert_eq!(one.right, three.right);
    assert_eq!(one.noise, three.noise);
    assert_eq!(one.noise_along_targets, three.noise_along_targets);
}

/// Five steps of different kinds at N = 1000, d = N / 2, step sizes 2 N^alpha.
fn five_steps() -> Vec<(&'static str, Problem)> {
    use SecondLayerLaw::{Gaussian, Rademacher, Uniform};
    let link = |name: &str, f: fn(f64) -> f64, without: &[usize], noise: f64| {
        Target::single_index(Link::new(name, f).without(without).unwrap()).noise(noise)
    };
    let odd = || link("sin(1.7z-0.3)", |z| (1.7 * z - 0.3).sin(), &[0], 0.2);
    let even = || link("cos(1.4z+0.4)", |z| (1.4 * z + 0.4).cos(), &[0, 1], 0.1);
    let pair = || {
        let link = |z: &[f64]| (1.5 * z[0] + 0.3).tanh() + 0.6 * z[0] * z[1] - 0.2;
        Target::multi_index("pair", 2, link).noise(0.2)
    };
    let tanh = || Tanh { scale: 1.8, shift: 0.35 }.shared();
    let sine = || Sine { amplitude: 1.5, phase: 0.6 }.shared();
    let reused = BatchPolicy::Reused;
    let case = |name, activation, target, second_layer, samples, alpha: f64, batches| {
        let step_sizes = vec![2.0 * 1000_f64.powf(alpha); 5];
        let (width, dimension) = (1000, 500);
        let problem = Problem {
            activation,
            target,
            width,
            dimension,
            samples,
            step_sizes,
            batches,
            second_layer,
        };
        (name, problem)
    };
    vec![
        case("sine, odd, Rademacher", sine(), odd(), Rademacher, 1000, 0.33, reused),
        case("tanh, pair, Rademacher", tanh(), pair(), Rademacher, 1000, 0.35, reused),
        case("sine, even", sine(), even(), Uniform, 1000, 0.35, reused),
        case("sine, odd, Gaussian", sine(), odd(), Gaussian, 1500, 0.35, reused),
        case("tanh, odd, phi = 1", tanh(), odd(), Uniform, 500, 0.35, reused),
        case("tanh, odd, half", tanh(), odd(), Uniform, 1000, 0.33, HALF),
        case("GELU, even, Gaussian, half", Gelu.shared(), even(), Gaussian, 1200, 0.4, HALF),
        case("GELU, pair", Gelu.shared(), pair(), Uniform, 1200, 0.33, reused),
        case("ReLU, odd", Relu.shared(), odd(), Uniform, 1000, 0.32, reused),
        case("ReLU, even, Gaussian", Relu.shared(), even(), Gaussian, 1500, 0.35, reused),
    ]
}

/// Largest deviations after five steps with a share `fewer` of the nodes, from those with `more`.
fn node_error(problem: &Problem, fewer: f64, more: f64) -> [f64; 3] {
    let [few, many] = [fewer, more].map(|factor| {
        let states = dynamics(problem, Nodes::new(factor), 6);
        spectrum(&states[5])
    });
    compare(few, many)
}

/// Better than three parts in a thousand after five steps on a reused batch, where an error of the
/// derivatives counts most.
#[test]
fn nodes_are_enough() {
    for (name, problem) in five_steps().iter().take(2) {
        let [edge, value, overlap] = node_error(problem, 1.0, 2.0);
        println!("{name}: value {value:.1e} overlap {overlap:.1e} edge {edge:.1e}");
        assert!(value < 3e-3 && overlap < 3e-3 && edge < 1e-3);
    }
}

/// The same for all kinds, with four times the nodes (numbers: docs/theory.md, section 14.9).
#[test]
#[ignore = "minutes"]
fn nodes_are_enough_for_all() {
    for (name, problem) in five_steps() {
        let [edge, value, overlap] = node_error(&problem, 1.0, 4.0);
        println!("{name}: value {value:.1e} overlap {overlap:.1e} edge {edge:.1e}");
        assert!(value < 6e-3 && overlap < 6e-3 && edge < 1e-3);
    }
}
