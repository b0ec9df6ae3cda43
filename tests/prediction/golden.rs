//! The prediction against the golden numbers of an independent NumPy implementation: level 1 to
//! 1e-3, and level 2 to 1 % in singular value and 0.01 in overlap (it was computed with few nodes).

use crate::common::{experiment, number, numbers, predictions};
use linear_width::theory::prediction::{
    BulkModel, GaussianTail, NodeFamily, Nodes, Options, Prediction, Setting, predict,
};
use serde_json::Value;

fn setting(case: &Value) -> Setting {
    experiment(case).build().unwrap().prediction_setting().unwrap()
}

/// How the golden numbers represent a Gaussian second layer.
const TAIL: GaussianTail = GaussianTail::Hermite { nodes: 60, smallest_weight: 2e-4 };

/// Level 1 as in the golden file: six spikes, no correction of the target columns.
fn level_1(nodes: Nodes) -> Options {
    Options {
        bulk_model: BulkModel::Isotropic,
        target_column: false,
        spikes: 6,
        gaussian_tail: TAIL,
        nodes,
        ..Options::default()
    }
}

/// Largest deviations: relative of edge and singular values, absolute of overlaps, relative of the
/// intermediate quantities, of Gram matrix and target relative to the size of their vectors.
fn deviations(prediction: &Prediction, golden: &Value, two_steps: bool) -> [f64; 4] {
    let relative = |x: f64, y: f64| (x / y - 1.0).abs();
    let mut worst = [0.0_f64; 4];
    let mut worsen = |kind: usize, deviation: f64| worst[kind] = worst[kind].max(deviation);
    worsen(0, relative(prediction.edge, number(&golden["bulk_edge"])));
    let outliers = golden["outliers"].as_array().unwrap();
    assert_eq!(prediction.outliers.len(), outliers.len());
    for (i, (mine, theirs)) in prediction.outliers.iter().zip(outliers).enumerate() {
        worsen(0, relative(mine.singular_value, number(&theirs["singular_value"])));
        worsen(1, (mine.target_overlap - number(&theirs["target_overlap"])).abs());
        for (k, theirs) in numbers(&theirs["left_overlap_with_powers_of_a"]).iter().enumerate() {
            worsen(1, (mine.left_overlaps[k] - theirs).abs());
            let again = prediction.left_overlap(i, |b| b.powi(k as i32 + 1)).unwrap().unwrap();
            assert!((again - mine.left_overlaps[k]).abs() < 1e-9);
        }
    }
    let constants = &prediction.intermediates;
    for (mine, key) in [
        (constants.c_1, "c1"),
        (constants.second_moment_y, "second_moment_y"),
        (constants.beta_1_norm_squared, "beta1_norm_sq"),
        (constants.tau_squared, "tau2"),
    ] {
        worsen(2, relative(mine, number(&golden[key])));
    }
    worsen(2, (constants.c_1_target[0] - number(&golden["c1_target"])).abs());
    if two_steps {
        let gram = &golden["gram"];
        let scale = |k: usize| number(&gram[k][k]).sqrt();
        // vectors that vanish by symmetry are rounding in the golden file
        for k in (0..6).filter(|k| scale(*k) > 1e-10) {
            for l in (0..6).filter(|l| scale(*l) > 1e-10) {
                let difference = constants.gram[[k, l]] - number(&gram[k][l]);
                worsen(3, difference.abs() / (scale(k) * scale(l)));
            }
            let difference = constants.target[[0, k]] - number(&golden["target"][k]);
            worsen(3, difference.abs() / scale(k));
        }
    }
    worst
}

/// With the nodes of the golden file.
#[test]
fn isotropic_prediction_with_the_reference_nodes() {
    let nodes = Nodes {
        family: NodeFamily::Hermite,
        preactivation: 64,
        target: [40; 3],
        noise: 10,
        orthogonal: 40,
        table_factor: 2.0,
        second_layer: 30,
        ..Nodes::default()
    };
    for (i, case) in predictions().iter().enumerate() {
        let prediction = predict(&setting(case), &level_1(nodes)).unwrap();
        let worst = deviations(&prediction, &case["prediction"], i != 12);
        println!("{i:2} {}", worst.map(|w| format!("{w:.1e}")).join(" "));
        assert!(worst.iter().all(|w| *w < 1e-3), "case {i}: {worst:?}");
    }
}

/// With our default nodes. The golden file's 40 Gauss-Hermite nodes leave 1e-4 in E y^2 for
/// tanh(1.5 z + 0.5), which an outlier 5e-4 above the edge (case 5) multiplies, and a few percent
/// in the smallest Gram entries of the oscillating links (cases 9 and 11): hence the wider
/// tolerances there.
#[test]
fn isotropic_prediction_with_default_nodes() {
    for (i, case) in predictions().iter().enumerate() {
        let prediction = predict(&setting(case), &level_1(Nodes::default())).unwrap();
        let worst = deviations(&prediction, &case["prediction"], i != 12);
        println!("{i:2} {}", worst.map(|w| format!("{w:.1e}")).join(" "));
        let (overlaps, gram) = match i {
            5 => (5e-3, 5e-3),
            9 | 11 => (1e-3, 5e-2),
            _ => (1e-3, 1e-3),
        };
        let limits = [1e-3, overlaps, 1e-3, gram];
        assert!(worst.iter().zip(limits).all(|(w, l)| *w < l), "case {i}: {worst:?}");
    }
}

/// Level 2 with one term of the linear part, as in the golden file; default nodes.
#[test]
fn structured_prediction_with_default_nodes() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../golden/level2.json")).unwrap();
    for (i, case) in golden.iter().enumerate() {
        let options =
            Options { spikes: 6, gaussian_tail: TAIL, linear_terms: 1, ..Options::default() };
        let prediction = predict(&setting(case), &options).unwrap();
        let golden = &case["prediction_level2"];
        let edge = number(&golden["bulk_edge"]);
        assert!((prediction.edge / edge - 1.0).abs() < 3e-3, "{i}: {} {edge}", prediction.edge);
        let outliers = golden["outliers"].as_array().unwrap();
        // case 5: one more outlier, 0.13 % above the edge, which the golden edge search did not
        // resolve
        assert_eq!(prediction.outliers.len(), outliers.len() + usize::from(i == 5), "case {i}");
        for (mine, theirs) in prediction.outliers.iter().zip(outliers) {
            let value = number(&theirs["singular_value"]);
            let distance = mine.singular_value / value - 1.0;
            let overlap = mine.target_overlap - number(&theirs["target_overlap"]);
            println!("{i:2} {value:8.4} {distance:+.1e} {overlap:+.1e}");
            assert!(distance.abs() < 0.01, "case {i}: {} {value}", mine.singular_value);
            assert!(overlap.abs() < 0.01, "case {i}: {mine:?}");
            for (mine, theirs) in
                mine.left_overlaps.iter().zip(numbers(&theirs["left_overlap_with_powers_of_a"]))
            {
                assert!((mine - theirs).abs() < 0.02, "case {i}: left {mine} {theirs}");
            }
        }
    }
}
