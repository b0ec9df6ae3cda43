//! The command on files: what it reads, writes and refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use half::{bf16, f16};
use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use serde_json::Value;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../gallery/data/npy").join(name)
}

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn spectrum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linear-width"))
        .args(["spectrum", "--permutations", "1"])
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A matrix that every type can hold.
fn entry(i: usize, j: usize) -> f64 {
    ((7 * i + 3 * j + i * j) % 11) as f64 - 5.0
}

/// A safetensors file of 12 x 9 matrices in every type of float, a list, a kernel and integers.
fn weights(folder: &Path) -> PathBuf {
    let entries: Vec<f64> = (0..108).map(|at| entry(at / 9, at % 9)).collect();
    let bytes = [
        ("f64", Dtype::F64, entries.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()),
        ("f32", Dtype::F32, entries.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect()),
        ("f16", Dtype::F16, entries.iter().flat_map(|x| f16::from_f64(*x).to_le_bytes()).collect()),
        (
            "bf16",
            Dtype::BF16,
            entries.iter().flat_map(|x| bf16::from_f64(*x).to_le_bytes()).collect(),
        ),
        ("whole", Dtype::I64, entries.iter().flat_map(|x| (*x as i64).to_le_bytes()).collect()),
    ];
    let view =
        |dtype, shape: &[usize], bytes| TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    let mut tensors: Vec<(&str, TensorView<'_>)> =
        bytes.iter().map(|(name, dtype, bytes)| (*name, view(*dtype, &[12, 9], bytes))).collect();
    tensors.push(("bias", view(Dtype::F64, &[108], &bytes[0].2)));
    tensors.push(("kernel", view(Dtype::F64, &[12, 1, 3, 3], &bytes[0].2)));
    let path = folder.join("weights.safetensors");
    fs::write(&path, serialize(tensors, None).unwrap()).unwrap();
    path
}

#[test]
fn every_float_of_safetensors() {
    let path = weights(&folder("floats"));
    let path = path.to_str().unwrap();
    let output = spectrum(&[path, "--json"]);
    let all = json(&output);
    let names: Vec<&str> = all.iter().map(|found| found["tensor"].as_str().unwrap()).collect();
    assert_eq!(names, ["bf16", "f16", "f32", "f64"]);
    for found in &all {
        assert_eq!(found["report"], all[0]["report"], "{}", found["tensor"]);
    }
    let said = said(&output);
    assert!(said.contains("kernel") && said.contains("--reshape"), "{said}");
    assert!(said.contains("tensor whole: the entries are I64"), "{said}");
    assert!(!said.contains("bias"), "{said}");

    let reshaped =
        json(&spectrum(&[path, "--json", "--reshape", "--tensor", "kernel", "--tensor", "f64"]));
    assert_eq!(reshaped[0]["tensor"], "kernel");
    assert_eq!(reshaped[0]["report"], all[3]["report"]);
    assert_eq!(reshaped.len(), 2);
}

#[test]
fn every_number_of_npy() {
    let types = [
        "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
        "uint32", "uint64",
    ];
    for name in types {
        let plain = data(&format!("matrix_{name}.npy"));
        let columns = data(&format!("matrix_{name}_big_columns.npy"));
        let both = [plain, columns].map(|path| path.to_str().unwrap().to_owned());
        let found = json(&spectrum(&[&both[0], &both[1], "--json"]));
        let s = |k: usize| found[k]["report"]["singular_values"].clone();
        assert_eq!(s(0), s(1), "{name}");
        let array = gallery::npy::matrix(Path::new(&both[0])).unwrap();
        assert_eq!(found[0]["report"]["rows"], array.nrows());
        let norm = array.iter().map(|x| x * x).sum::<f64>().sqrt();
        let reported = found[0]["report"]["frobenius_norm"].as_f64().unwrap();
        assert!((reported / norm - 1.0).abs() < 1e-12, "{name}: {reported} {norm}");
    }
}

#[test]
fn tables_pictures_and_csv() {
    let folder = folder("outputs");
    let weights = weights(&folder);
    let csv = folder.join("all.csv");
    let svg = folder.join("all.svg");
    let output = spectrum(&[
        weights.to_str().unwrap(),
        "--csv",
        csv.to_str().unwrap(),
        "--plot",
        svg.to_str().unwrap(),
        "--outliers",
        "above=20",
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    for word in ["tensor bf16", "12 x 9 matrix", "stable rank", "edge of the bulk", "above 20"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let csv = fs::read_to_string(csv).unwrap();
    assert!(csv.starts_with("file,tensor,k,singular_value,outlier,p_value,marchenko_pastur\n"));
    assert_eq!(csv.lines().count(), 1 + 4 * 9);
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("f16, 12 × 9"));
}

/// Every problem is a sentence with the file and the tensor, and the others are still reported.
#[test]
fn what_is_refused() {
    let folder = folder("refused");
    let weights = weights(&folder);
    let weights = weights.to_str().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = write("notes.txt", b"words");
    let broken = write("broken.safetensors", b"words");
    let zeros = folder.join("zeros.npy");
    ndarray_npy::write_npy(&zeros, &Array2::<f64>::zeros((4, 3))).unwrap();
    let infinite = folder.join("infinite.npy");
    ndarray_npy::write_npy(&infinite, &ndarray::array![[1.0, f64::INFINITY]]).unwrap();
    let npy = |name: &str| data(name).to_str().unwrap().to_owned();
    let cases = [
        (vec![text], "notes.txt: what can be read"),
        (vec![broken], "broken.safetensors: this is no safetensors file"),
        (vec!["nowhere.npy".into()], "nowhere.npy: "),
        (vec!["nowhere.safetensors".into()], "nowhere.safetensors: "),
        (vec![zeros.to_str().unwrap().into()], "zeros.npy: the largest singular value is 0"),
        (
            vec![infinite.to_str().unwrap().into()],
            "infinite.npy: the matrix has a non-finite entry",
        ),
        (vec![npy("list_float64.npy")], "list_float64.npy: the shape is"),
        (vec![npy("bad_text.npy")], "bad_text.npy: the entries are of NumPy type"),
        (vec![npy("bad_truncated.npy")], "bad_truncated.npy: "),
        (vec![npy("bad_three_dimensions.npy")], "--reshape"),
        (
            vec![weights.into(), "--tensor=none".into()],
            "there is no tensor none; there are bf16, bias",
        ),
        (
            vec![weights.into(), "--tensor=whole".into()],
            "weights.safetensors: tensor whole: the entries",
        ),
        (vec![weights.into(), "--tensor=bias".into()], "tensor bias: the shape is [108]"),
        (vec![weights.into(), "--plot=a.png".into()], "a.png: the picture is SVG"),
        (vec![weights.into(), "--level=2".into()], "--level is 2"),
        (vec![npy("matrix_float64.npy"), "--tensor=a".into()], "holds one array without a name"),
        (vec![weights.into(), "--csv=/nowhere/a.csv".into()], "/nowhere/a.csv: "),
    ];
    for (arguments, sentence) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = spectrum(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).contains("panicked"));
    }
    let usage: [&[&str]; 3] =
        [&[], &[weights, "--outliers", "none"], &[weights, "--outliers", "above=x"]];
    for arguments in usage {
        assert_eq!(spectrum(arguments).status.code(), Some(2), "{arguments:?}");
    }
    // one bad file does not keep the good one back
    let zeros = zeros.to_str().unwrap();
    let output = spectrum(&[zeros, weights]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("tensor f64"));
}
