//! Results as .npz and safetensors.

use std::fs::{self, File};
use std::path::Path;

use linear_width::Report;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::files::{Array, Arrays, write_weights};
use linear_width_runs::predicted::PredictedReport;
use ndarray::{Array2, ArrayD};
use ndarray_npy::NpzReader;
use safetensors::{Dtype, SafeTensors};

use crate::common::Folder;

const EXPERIMENT: &str = r#"
width = 40
dimension = 24
samples = 60
activation = { tanh = { scale = 2.0, shift = 0.5 } }
second_layer = "uniform"
steps = [{ constant = 2.0, alpha = 0.35 }, { constant = 2.0, alpha = 0.4 }]
target = { link = { hermite = [0.0, 1.0, 0.5] }, noise = 0.1 }
vectors = 2
prediction_options = { bulk_model = "isotropic", compare_nodes = false }
"#;

fn report(text: &str) -> (Report, PredictedReport) {
    let experiment = ExperimentConfig::from_toml(text).unwrap().build().unwrap();
    let report = experiment.run().unwrap();
    let predicted = PredictedReport::of_run(&experiment, &report).unwrap();
    (report, predicted)
}

fn numbers<'a>(arrays: &'a Arrays, name: &str) -> &'a ArrayD<f64> {
    match arrays.get(name) {
        Some(Array::Numbers(numbers)) => numbers,
        other => panic!("{name}: {other:?}"),
    }
}

/// Every array is in the list of the documentation, and the file holds them bit for bit.
#[test]
fn npz_holds_the_documented_arrays() {
    let folder = Folder::new("npz");
    let readouts = "readout_samples = [60]\nreadout_lambdas = [0.1]\nreadout_test_samples = 50\n\
                    feature_samples = 50\n";
    let (report, predicted) = report(&EXPERIMENT.replace("vectors", &format!("{readouts}vectors")));
    let arrays = Arrays::of_run(&report, &predicted);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/files/arrays.rs");
    let source = fs::read_to_string(source).unwrap();
    let table = source.lines().filter_map(|line| line.strip_prefix("/// | "));
    let names = table.filter_map(|row| Some(row.split_once(" | ")?.0.to_owned()));
    let mut documented: Vec<String> = names
        .flat_map(|names| {
            names.split(", ").map(|n| n.trim_matches('`').to_owned()).collect::<Vec<_>>()
        })
        .collect();
    documented.retain(|name| name != "name");
    // the page for those who read no Rust has the same table
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command.md");
    let page = fs::read_to_string(page).unwrap();
    for row in source.lines().filter_map(|line| line.strip_prefix("/// |")) {
        assert!(page.lines().any(|line| line.strip_prefix('|') == Some(row)), "{row}");
    }
    documented.sort();
    let mut found: Vec<&str> = arrays.iter().map(|(name, _)| name).collect();
    found.sort();
    assert_eq!(found, documented);

    let path = folder.file("results.npz");
    arrays.write_npz(&path).unwrap();
    let mut file = NpzReader::new(File::open(&path).unwrap()).unwrap();
    assert_eq!(file.names().unwrap().len(), found.len());
    let bits = |array: &ArrayD<f64>| array.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for (name, array) in arrays.iter() {
        match array {
            Array::Numbers(array) => {
                let read: ArrayD<f64> = file.by_name(name).unwrap();
                assert_eq!((read.shape(), bits(&read)), (array.shape(), bits(array)), "{name}");
            }
            Array::Counts(array) => {
                let read: ArrayD<i64> = file.by_name(name).unwrap();
                assert_eq!(&read, array, "{name}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn arrays_are_those_of_the_report() {
    let (report, predicted) = report(EXPERIMENT);
    let arrays = Arrays::of_run(&report, &predicted);
    // no readouts, no features
    assert!(arrays.iter().all(|(name, _)| !name.contains("feature") && !name.contains("error")));
    let left = numbers(&arrays, "left_vectors");
    assert_eq!(left.shape(), [3, 2, 40]);
    for (t, stage) in report.stages.iter().enumerate() {
        for k in 0..2 {
            let vector = stage.triplets[k].left_vector.as_ref().unwrap();
            assert_eq!(left.slice(ndarray::s![t, k, ..]), vector);
        }
    }
    let eta: Vec<f64> = report.stages.iter().filter_map(|stage| stage.eta).collect();
    assert_eq!(numbers(&arrays, "step_sizes").iter().copied().collect::<Vec<_>>(), eta);
    // W_0 has no predicted outliers, and its edges are 1 -+ sqrt(N/d)
    let root = (40.0_f64 / 24.0).sqrt();
    let edges =
        [numbers(&arrays, "predicted_lower_edges")[0], numbers(&arrays, "predicted_edges")[0]];
    assert!(
        (edges[0] - (root - 1.0)).abs() < 1e-12 && (edges[1] - (root + 1.0)).abs() < 1e-12,
        "{edges:?}"
    );
}

/// Without prediction its numbers are NaN and its counts -1.
#[test]
fn what_is_not_predicted_is_nan() {
    let (report, predicted) = report(&EXPERIMENT.replace("vectors = 2", "with_prediction = false"));
    let arrays = Arrays::of_run(&report, &predicted);
    let edges = numbers(&arrays, "predicted_edges");
    assert!(edges[0] > 0.0 && edges[1].is_nan() && edges[2].is_nan());
    let counts = arrays.get("predicted_outlier_counts").unwrap();
    assert_eq!(counts, &Array::Counts(ndarray::array![0, -1, -1].into_dyn()));
    assert!(arrays.get("predicted_outliers").is_none());
}

#[test]
fn weights_are_written_bit_for_bit() {
    let folder = Folder::new("weights");
    let path = folder.file("weights.safetensors");
    for (precision, kind, size) in [("f32", Dtype::F32, 4), ("f64", Dtype::F64, 8)] {
        let text = EXPERIMENT
            .replace("vectors = 2", &format!("keep_weights = true\nprecision = \"{precision}\""));
        let (report, _) = report(&text);
        write_weights(&path, &report).unwrap();
        let bytes = fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.len(), 4);
        let read = |name: &str| -> Vec<f64> {
            let tensor = file.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), kind);
            let entries = tensor.data().chunks_exact(size);
            entries
                .map(|b| match size {
                    4 => f32::from_le_bytes(b.try_into().unwrap()).into(),
                    _ => f64::from_le_bytes(b.try_into().unwrap()),
                })
                .collect()
        };
        for stage in &report.stages {
            let entries = read(&format!("first_layer_{}", stage.step));
            let weights = Array2::from_shape_vec((40, 24), entries).unwrap();
            assert_eq!(Some(&weights), stage.weights.as_ref());
        }
        assert_eq!(read("second_layer"), report.second_layer.to_vec());
    }
}

/// A sentence with the file, and nothing left behind.
#[test]
fn files_that_cannot_be_written() {
    let folder = Folder::new("unwritable");
    let (report, predicted) = report(EXPERIMENT);
    let path = folder.file("weights.safetensors");
    let error = write_weights(&path, &report).unwrap_err();
    assert!(
        error.to_string().ends_with("did not keep the weights W_0: set keep_weights"),
        "{error}"
    );
    let arrays = Arrays::of_run(&report, &predicted);
    // the place is a folder
    let error = arrays.write_npz(&folder.0).unwrap_err();
    assert!(error.to_string().starts_with(&folder.0.display().to_string()), "{error:?}");
    let error = arrays.write_npz(folder.file("no/results.npz")).unwrap_err();
    assert!(error.to_string().contains("no/results.npz: No such file"), "{error}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    assert!(!folder.0.with_extension("partial").exists());
}
