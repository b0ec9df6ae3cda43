//! The prediction against the golden numbers of an independent NumPy implementation: level 1 to
//! 1e-3 (3e-3 for a Gaussian second layer), and level 2 to 1 % in singular value and 0.01 in overlap
//! (it was computed with few nodes).

use crate::common::{experiment, number, numbers, predictions};
use linear_width::theory::prediction::{BulkModel, Options, Prediction, Problem};
use serde_json::Value;

fn setting(case: &Value) -> Problem {
    experiment(case).build().unwrap().prediction_setting().unwrap()
}

/// Level 1 as in the golden file: six right vectors, no correction of the target columns.
fn level_1_options() -> Options {
    Options {
        bulk_model: BulkModel::Isotropic,
        target_column: false,
        right_vectors: 6,
        ..Options::default()
    }
}

/// Largest deviations: relative of edge and singular values, absolute of overlaps, relative of the
/// constants, of Gram matrix and target relative to the size of their vectors, for as many `vectors`.
fn deviations(prediction: &Prediction, golden: &Value, vectors: usize) -> [f64; 4] {
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
    for (mine, key) in [
        (prediction.c_1, "c1"),
        (prediction.label_second_moment, "second_moment_y"),
        (prediction.beta_1_norm_squared, "beta1_norm_sq"),
        (prediction.tau_squared, "tau2"),
    ] {
        worsen(2, relative(mine, number(&golden[key])));
    }
    worsen(2, (prediction.c_1_target[0] - number(&golden["c1_target"])).abs());
    let gram = &golden["gram"];
    let scale = |k: usize| number(&gram[k][k]).sqrt();
    // vectors that vanish by symmetry are rounding in the golden file
    for k in (0..vectors).filter(|k| scale(*k) > 1e-10) {
        for l in (0..vectors).filter(|l| scale(*l) > 1e-10) {
            let difference = prediction.gram[[k, l]] - number(&gram[k][l]);
            worsen(3, difference.abs() / (scale(k) * scale(l)));
        }
        let difference = prediction.target_projections[[0, k]] - number(&golden["target"][k]);
        worsen(3, difference.abs() / scale(k));
    }
    worst
}

/// The golden file's 40 Gauss-Hermite nodes leave 1e-4 in E y^2 for tanh(1.5 z + 0.5), which an outlier
/// 5e-4 above the edge (case 5) multiplies, and a few percent in the smallest Gram entries of the
/// oscillating links (cases 9 and 11): hence the wider tolerances there. A Gaussian second layer is
/// cut at its 1 - 1/(2N) quantile here and dropped beyond |b| = 3.47 in the golden file, but only in
/// the bulk: that moves singular values by up to 2e-3, and right vectors beyond the second, which
/// live on the largest b, cannot be compared.
#[test]
fn level_1() {
    for (i, case) in predictions().iter().enumerate() {
        let prediction = setting(case).predict(&level_1_options()).unwrap();
        let gaussian = case["second_layer"] == "gaussian";
        let vectors = match i {
            12 => 0,
            _ if gaussian => 2,
            _ => 6,
        };
        let worst = deviations(&prediction, &case["prediction"], vectors);
        println!("{i:2} {}", worst.map(|w| format!("{w:.1e}")).join(" "));
        let limits = match i {
            5 => [1e-3, 5e-3, 1e-3, 5e-3],
            9 | 11 => [1e-3, 1e-3, 1e-3, 5e-2],
            _ if gaussian => [3e-3, 7e-3, 1e-3, 2e-2],
            _ => [1e-3; 4],
        };
        assert!(worst.iter().zip(limits).all(|(w, l)| *w < l), "case {i}: {worst:?}");
    }
}

/// Level 2 with one term of the linear part, as in the golden file; default nodes.
#[test]
fn structured_prediction_with_default_nodes() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../golden/level2.json")).unwrap();
    for (i, case) in golden.iter().enumerate() {
        let options = Options { right_vectors: 6, linear_terms: 1, ..Options::default() };
        let prediction = setting(case).predict(&options).unwrap();
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
