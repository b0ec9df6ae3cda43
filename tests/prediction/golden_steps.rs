//! Four steps on independent batches against an independent program with quasi-random nodes, which is
//! good to about 2e-3 (tests/golden/independent_steps.json; isotropic noise, target columns like all
//! others).

use crate::common::{activation, link, number, numbers};
use linear_width::data::Target;
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, Problem, State};
use linear_width::training::BatchPolicy;
use serde_json::Value;

fn problem(case: &Value, steps: usize) -> Problem {
    let size = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
    Problem {
        activation: activation(case),
        target: Target::single_index(link(case)).noise(number(&case["noise_std"])),
        width: size("width"),
        dimension: size("dimension"),
        samples: size("samples"),
        step_sizes: numbers(&case["step_sizes"])[..steps].to_vec(),
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Uniform,
    }
}

/// E_b of |omega|^2, of its part along the teacher, and of D; and the largest D at the outermost of the
/// golden program's 24 nodes of b.
fn moments(state: &State) -> [f64; 4] {
    const OUTERMOST: f64 = 0.995_187_219_997_021_4;
    let omega = state.omega();
    let mean = |f: &dyn Fn(usize) -> f64| {
        state.weights().iter().enumerate().map(|(i, w)| w * f(i)).sum::<f64>()
    };
    let at = |b: f64| {
        let (nodes, d) = (state.b(), state.noise());
        let i = nodes.iter().position(|node| *node > b).unwrap();
        let share = (b - nodes[i - 1]) / (nodes[i] - nodes[i - 1]);
        d[i - 1] + share * (d[i] - d[i - 1])
    };
    let outermost = OUTERMOST * 3_f64.sqrt();
    [
        mean(&|i| omega.row(i).dot(&omega.row(i))),
        mean(&|i| omega[[i, 0]].powi(2)),
        mean(&|i| state.noise()[i]),
        at(outermost).max(at(-outermost)),
    ]
}

/// Moments, singular values and edges within 0.5 %, overlaps within 0.003.
#[test]
fn four_steps() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../golden/independent_steps.json")).unwrap();
    assert_eq!(cases.len(), 4);
    let options = Options {
        bulk_model: BulkModel::Isotropic,
        target_column: false,
        compare_nodes: false,
        ..Options::default()
    };
    let (mut worst_value, mut worst_overlap) = (0.0_f64, 0.0_f64);
    for case in &cases {
        let states = problem(case, 4).states(&options).unwrap();
        for golden in case["steps"].as_array().unwrap() {
            let step = usize::try_from(golden["step"].as_u64().unwrap()).unwrap();
            let mut close = |what: &str, found: f64, exact: f64| {
                let error = (found / exact - 1.0).abs();
                println!("{} {step} {what}: {found:.6} {exact:.6} {error:.1e}", case["target"]);
                worst_value = worst_value.max(error);
                assert!(error < 5e-3, "{} {step} {what}: {found} {exact}", case["target"]);
            };
            let keys = ["second_moment_of_omega", "second_moment_along_target", "mean_D", "max_D"];
            for (key, found) in keys.into_iter().zip(moments(&states[step])) {
                let exact = number(&golden[key]);
                // what vanishes is noise of the golden program
                if exact > 1e-6 {
                    close(key, found, exact);
                } else {
                    assert!(found < 1e-6, "{key} {found}");
                }
            }
            let prediction = problem(case, step).predict(&options).unwrap();
            assert_eq!(prediction.bulk_model, BulkModel::Isotropic);
            close("edge", prediction.edge, number(&golden["edge"]));
            let outliers = golden["outliers"].as_array().unwrap();
            let value = |o: &Value| number(&o["singular_value"]);
            let clear = |value: f64| value > 1.01 * prediction.edge;
            let count = outliers.iter().filter(|o| clear(value(o))).count();
            let found: Vec<_> =
                prediction.outliers.iter().filter(|o| clear(o.singular_value)).collect();
            assert_eq!(found.len(), count, "{} {step}", case["target"]);
            for (found, exact) in found.iter().zip(outliers) {
                close("outlier", found.singular_value, value(exact));
                let error = (found.target_overlap - number(&exact["target_overlap"])).abs();
                worst_overlap = worst_overlap.max(error);
                assert!(error < 3e-3, "{} {step} {error}", case["target"]);
            }
        }
    }
    println!("largest deviations: {worst_value:.1e} (relative), {worst_overlap:.1e} (overlaps)");
}
