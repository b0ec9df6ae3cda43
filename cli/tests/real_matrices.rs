//! Matrices of trained networks, against numbers by NumPy, SciPy and powerlaw
//! (`data/real_matrices.py`).

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The report of a file of tests/data with this many outliers, by the command.
fn report(file: &str, outliers: usize) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let run = |edge: &str| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_linear-width"))
            .args(["spectrum", "--json", "--permutations", "1", "--vectors", "2"])
            .args(["--outliers", edge])
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        all[0]["report"].clone()
    };
    // an edge between the last value set apart and the next
    let s = run("tracy-widom")["singular_values"].clone();
    let edge = 0.5 * (s[outliers - 1].as_f64().unwrap() + s[outliers].as_f64().unwrap());
    run(&format!("above={edge}"))
}

#[test]
fn numbers_of_other_programs() {
    let table = include_str!("data/real_matrices.csv");
    let mut known: Option<(String, Value)> = None;
    let mut compared = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [file, outliers, quantity, value] = cells[..] else { panic!("{line}") };
        if known.as_ref().is_none_or(|(of, _)| of != file) {
            known = Some((file.to_owned(), report(file, outliers.parse().unwrap())));
        }
        let report = &known.as_ref().unwrap().1;
        let place = match quantity {
            "largest" => "/singular_values/0".into(),
            "smallest" => {
                format!(
                    "/singular_values/{}",
                    report["singular_values"].as_array().unwrap().len() - 1
                )
            }
            "frobenius_norm" | "stable_rank" => format!("/{quantity}"),
            "hard_by_scale" => "/hard_threshold/by_scale".into(),
            "hard_by_median" => "/hard_threshold/by_median".into(),
            "power_law" | "power_law_with_outliers" => format!("/{quantity}/exponent"),
            _ if quantity.starts_with("power_law") => {
                let (law, field) = quantity.rsplit_once('_').unwrap();
                let field = if field == "error" { "standard_error" } else { field };
                format!("/{law}/{field}")
            }
            _ if quantity.ends_with("participation") || quantity.ends_with("share") => {
                let parts: Vec<&str> = quantity.splitn(3, '_').collect();
                format!("/localisation/{}/{}/{}", parts[0], parts[1], parts[2])
            }
            _ => format!("/bulk/{quantity}"),
        };
        let found = report.pointer(&place).and_then(Value::as_f64);
        let found = found.unwrap_or_else(|| panic!("{place} is not in {report}"));
        let expected: f64 = value.parse().unwrap();
        // the reference integrates the Marchenko-Pastur density by the trapezoidal rule
        let error = (found - expected).abs();
        assert!(error < 2e-6 * expected.abs(), "{file} {quantity}: {found} {expected}");
        compared += 1;
    }
    assert_eq!(compared, 58);
}

/// What the reports say of the two matrices: neither is white noise, and the order of the entries
/// matters in both.
#[test]
fn what_they_say() {
    for file in ["magika_embedding.npy", "silero_vad_lstm.safetensors"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
        let output = Command::new(env!("CARGO_BIN_EXE_linear-width"))
            .args(["spectrum", "--permutations", "3"])
            .arg(&path)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("NOT white noise"), "{text}");
        assert!(text.contains("p = 0.2500"), "{text}");
    }
}
