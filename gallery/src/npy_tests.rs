//! The reader of the gallery's .npy files, on files that NumPy wrote (gallery/data/npy.py).

use std::path::PathBuf;

use ndarray::{Array1, Array2, array};

use crate::npy;

fn file(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/data/npy/{name}.npy", env!("CARGO_MANIFEST_DIR")))
}

#[test]
fn npy_reader_reads_every_usual_type() {
    let expected = |name: &str| -> Array2<f64> {
        match &name[..1] {
            "f" => array![[0.5, -1.25], [2.0, 3.0], [1024.0, -0.0625]],
            "i" => array![[0.0, 1.0], [-2.0, 3.0], [5.0, -100.0]],
            "u" => array![[0.0, 1.0], [2.0, 3.0], [5.0, 200.0]],
            _ => array![[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]],
        }
    };
    let names: Vec<&str> = npy::TYPES.split([',', ' ']).filter(|name| name.len() > 3).collect();
    assert_eq!(names.len(), 12);
    for name in names {
        let expected = expected(name);
        for file_name in [format!("matrix_{name}"), format!("matrix_{name}_big_columns")] {
            assert_eq!(npy::matrix(&file(&file_name)).unwrap(), expected, "{file_name}");
        }
        let list = npy::list(&file(&format!("list_{name}"))).unwrap();
        assert_eq!(list, expected.column(1), "{name}");
    }
    assert_eq!(npy::list(&file("list_column")).unwrap(), array![1.0, 3.0, -100.0]);
    let power = |exponent| 2.0_f64.powi(exponent);
    let large: Array1<f64> = npy::list(&file("large_int64")).unwrap();
    assert_eq!(large, array![power(53), -power(53), power(62)]);
    assert_eq!(npy::list(&file("large_uint64")).unwrap(), array![power(53), power(63)]);
}

#[test]
fn npy_reader_names_the_file_and_types_it_refuses() {
    for (name, said) in [
        ("bad_complex", "NumPy type '<c8'; what can be read is float16, float32, float64, int8"),
        ("bad_long_double", "NumPy type '<f16'; what can be read is"),
        ("bad_text", "NumPy type '<U3'; what can be read is"),
        ("bad_records", "what can be read is"),
        ("bad_dates", "NumPy type '<M8[D]'; what can be read is"),
        ("bad_objects", "NumPy type '|O'; what can be read is"),
        ("bad_inexact_int64", "beyond 2^53"),
        ("bad_inexact_uint64", "beyond 2^53"),
        ("bad_three_dimensions", "the array has shape [2, 2, 2]; its dimensions must be"),
        ("bad_truncated", "before reading all data"),
        ("bad_header", "header"),
        ("bad_no_array", "header"),
        ("no_such_file", "No such file"),
    ] {
        let path = file(name);
        for error in [npy::list(&path).unwrap_err(), npy::matrix(&path).unwrap_err()] {
            assert!(error.starts_with(&format!("{}: ", path.display())), "{error}");
            assert!(error.contains(said), "{name}: {error}");
            assert!(!error.contains("String("), "{error}");
        }
    }
    let error = npy::list(&file("matrix_int64")).unwrap_err();
    assert!(error.contains("shape [3, 2]; its dimensions must be one (n)"), "{error}");
    let error = npy::matrix(&file("list_int64")).unwrap_err();
    assert!(error.contains("shape [3]; its dimensions must be two (n x d)"), "{error}");
}
