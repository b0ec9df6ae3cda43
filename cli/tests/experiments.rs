//! `run` and `predict` on files: reports, results files, pictures, and what is refused.

mod common;

use std::fs;

use common::{EXPERIMENT, floats, folder, integers, linear_width, said, text, with_input};
use linear_width::Report;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::predicted::PredictedReport;
use ndarray::{Array1, Array2, Array3, s};
use safetensors::SafeTensors;
use serde_json::Value;

/// The command's report is that of the library, times apart.
#[test]
fn run_prints_the_report() {
    let folder = folder("run");
    let file = folder.write("experiment.toml", EXPERIMENT);
    let expected = ExperimentConfig::from_toml(EXPERIMENT).unwrap().build().unwrap().run().unwrap();
    let output = linear_width(&["run", &file, "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let mut report: Report = serde_json::from_slice(&output.stdout).unwrap();
    for (stage, expected) in report.stages.iter_mut().zip(&expected.stages) {
        stage.gradient_seconds = expected.gradient_seconds;
        stage.spectrum_seconds = expected.spectrum_seconds;
        stage.feature_seconds = expected.feature_seconds;
    }
    assert_eq!(report, expected);
    // nothing but the report: no bar where no terminal is
    assert_eq!(said(&output), "");

    // as a table, and from standard input
    let output = with_input(&["run", "-"], EXPERIMENT);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(text(&output), expected.to_string());
}

#[test]
fn run_writes_arrays_weights_and_pictures() {
    let folder = folder("files");
    let file = folder.write("experiment.toml", &format!("feature_samples = 150\n{EXPERIMENT}"));
    let [npz, svg, weights] = ["a.npz", "a.svg", "a.safetensors"].map(|name| folder.path(name));
    let arguments = ["run", &file, "--json", "--npz", &npz, "--plot", &svg, "--weights", &weights];
    let output = linear_width(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    let report: Report = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!report.settings.keep_weights);
    assert!(report.stages.iter().all(|stage| stage.weights.is_none()));

    let stages = report.stages.len();
    assert_eq!(stages, 3);
    let values: Array2<f64> = floats(&npz, "singular_values");
    let edges: Array1<f64> = floats(&npz, "predicted_edges");
    let outliers: Array2<f64> = floats(&npz, "predicted_outliers");
    let overlaps: Array2<f64> = floats(&npz, "target_overlaps");
    let left: Array3<f64> = floats(&npz, "left_overlaps");
    let test_errors: Array3<f64> = floats(&npz, "test_errors");
    let predicted_errors: Array3<f64> = floats(&npz, "predicted_test_errors");
    let eigenvalues: Array2<f64> = floats(&npz, "feature_eigenvalues");
    assert_eq!(floats::<ndarray::Ix1>(&npz, "second_layer"), report.second_layer);
    assert_eq!(floats::<ndarray::Ix2>(&npz, "teacher"), report.teacher);
    assert_eq!(integers(&npz, "readout_samples").to_vec(), [200, 300]);
    for (t, stage) in report.stages.iter().enumerate() {
        assert_eq!(values.row(t), stage.singular_values);
        assert_eq!(integers(&npz, "outlier_counts")[t] as usize, stage.outliers.count);
        for (k, triplet) in stage.triplets.iter().enumerate() {
            assert_eq!(overlaps[[t, k]], triplet.target_overlap);
            assert_eq!(left.slice(s![t, k, ..]).to_vec(), triplet.left_overlaps);
        }
        for (r, readout) in stage.readouts.iter().enumerate() {
            let at = [t, r / 2, r % 2];
            assert_eq!(test_errors[at], readout.measured.test_error.mean_square);
            assert_eq!(predicted_errors[at], readout.predicted.unwrap().test_error);
        }
        let features = stage.features.as_ref().unwrap();
        assert_eq!(eigenvalues.row(t), features.measured.eigenvalues);
        if let Some(prediction) = &stage.prediction {
            assert_eq!(edges[t], prediction.edge);
            for (k, outlier) in prediction.outliers.iter().enumerate() {
                assert_eq!(outliers[[t, k]], outlier.singular_value);
            }
            assert!(outliers.row(t).iter().skip(prediction.outliers.len()).all(|s| s.is_nan()));
        }
    }

    // the weights are those of the singular values
    let bytes = fs::read(&weights).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    for t in 0..stages {
        let tensor = tensors.tensor(&format!("first_layer_{t}")).unwrap();
        assert_eq!(tensor.shape(), [120, 60]);
        let entry = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap());
        let square: f64 = tensor.data().chunks_exact(8).map(|b| entry(b).powi(2)).sum();
        let expected: f64 = values.row(t).iter().map(|s| s * s).sum();
        assert!((square / expected - 1.0).abs() < 1e-12, "{square} {expected}");
    }
    assert_eq!(tensors.tensor("second_layer").unwrap().shape(), [120]);
    let (_, head) = SafeTensors::read_metadata(&bytes).unwrap();
    let settings: Value =
        serde_json::from_str(&head.metadata().as_ref().unwrap()["settings"]).unwrap();
    assert_eq!(settings["width"], 120);

    let svg = fs::read_to_string(svg).unwrap();
    for word in ["<svg", "W₀", "W₂: ", "measured", "predicted edges"] {
        assert!(svg.contains(word), "{word}");
    }
}

/// The density has mass one, and its edges are those of the table.
#[test]
fn predict_prints_what_a_run_has_beside_it() {
    let folder = folder("predict");
    let file = folder.write("experiment.toml", EXPERIMENT);
    let [npz, svg] = ["a.npz", "a.svg"].map(|name| folder.path(name));
    let experiment = ExperimentConfig::from_toml(EXPERIMENT).unwrap().build().unwrap();
    let output = linear_width(&["predict", &file, "--npz", &npz, "--plot", &svg]);
    assert!(output.status.success(), "{}", said(&output));
    let expected = PredictedReport::new(&experiment).unwrap();
    assert_eq!(text(&output), expected.to_string());
    let run = experiment.run().unwrap();
    for (predicted, stage) in expected.stages.iter().zip(&run.stages) {
        assert_eq!(predicted.spectrum, stage.prediction);
        for (predicted, readout) in predicted.readouts.iter().zip(&stage.readouts) {
            assert_eq!(Some(predicted.errors), readout.predicted);
        }
    }

    let at: Array2<f64> = floats(&npz, "density_singular_values");
    let density: Array2<f64> = floats(&npz, "density");
    let lower: Array1<f64> = floats(&npz, "predicted_lower_edges");
    let edges: Array1<f64> = floats(&npz, "predicted_edges");
    for t in 0..3 {
        assert_eq!((at[[t, 0]], at[[t, 240]]), (lower[t], edges[t]));
        let trapezoid = |i: usize| {
            0.5 * (at[[t, i + 1]] - at[[t, i]]) * (density[[t, i + 1]] + density[[t, i]])
        };
        let mass: f64 = (0..240).map(trapezoid).sum();
        assert!((mass - 1.0).abs() < 1e-3, "W_{t}: {mass}");
    }
    assert_eq!(integers(&npz, "predicted_outlier_counts")[0], 0);
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.contains("W₁: ") && !svg.contains("measured"), "{svg}");

    let output = linear_width(&["predict", &file, "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let edge = json["stages"][2]["spectrum"]["edge"].as_f64().unwrap();
    assert_eq!(edge, expected.stages[2].spectrum.as_ref().unwrap().edge);
}

/// A checkpoint is gone on from, and one of another experiment is refused.
#[test]
fn run_keeps_a_checkpoint() {
    let folder = folder("checkpoint");
    let file = folder.write("experiment.toml", EXPERIMENT);
    let checkpoint = folder.path("checkpoint");
    let first = linear_width(&["run", &file, "--checkpoint", &checkpoint]);
    assert!(first.status.success(), "{}", said(&first));
    let second = linear_width(&["run", &file, "--checkpoint", &checkpoint]);
    assert_eq!(text(&first), text(&second));
    let other = folder.write("other.toml", &EXPERIMENT.replace("seed = 1", "seed = 2"));
    let refused = linear_width(&["run", &other, "--checkpoint", &checkpoint]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("the checkpoint of another experiment: its seed is 1, not 2"));
}

/// Every problem is a sentence that names file, line and key.
#[test]
fn what_is_refused() {
    let folder = folder("refused");
    let file = folder.write("experiment.toml", EXPERIMENT);
    let steep = folder.write("steep.toml", &EXPERIMENT.replace("alpha = 0.40", "alpha = 0.7"));
    let unknown = folder.write("unknown.toml", &EXPERIMENT.replace("seed", "sead"));
    let syntax = folder.write("syntax.toml", "width = ");
    let plain = folder
        .write("plain.toml", &EXPERIMENT.replace("width = 120", "width = 120\ncentred = false"));
    let both = ["run", "predict"];
    let cases: Vec<(Vec<&str>, &str)> = both
        .iter()
        .flat_map(|task| {
            [
                (
                    vec![*task, &steep],
                    "steep.toml: line 10, steps.2.alpha: alpha of step 2 is 0.7; it",
                ),
                (vec![*task, &unknown], "unknown.toml: line 5, sead: unknown field `sead`"),
                (vec![*task, &syntax], "syntax.toml: line 1, column 9: "),
                (vec![*task, "nowhere.toml"], "nowhere.toml: No such file"),
                (vec![*task, &file, "--plot=a.png"], "a.png: the picture is SVG"),
                (vec![*task, &file, "--plot=/nowhere/a.svg"], "/nowhere/a.svg: No such file"),
                (vec![*task, &file, "--npz=/nowhere/a.npz"], "/nowhere/a.npz: No such file"),
            ]
        })
        .chain([
            (vec!["run", &file, "--weights=/nowhere/a"], "/nowhere/a: No such file"),
            (vec!["run", &file, "--checkpoint=/nowhere/a"], "/nowhere/a: No such file"),
            (vec!["predict", &plain], "plain.toml: the prediction is for centred activations"),
        ])
        .collect();
    for (arguments, sentence) in cases {
        let output = linear_width(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
        assert!(said(&output).starts_with("error: ") && text(&output).is_empty());
    }
    let output = with_input(&["predict", "-"], "width = 1");
    assert!(said(&output).contains("standard input: "), "{}", said(&output));
    let usage: [&[&str]; 4] = [&["run"], &["predict"], &["run", &file, "--what"], &["nothing"]];
    for arguments in usage {
        assert_eq!(linear_width(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
