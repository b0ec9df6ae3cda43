//! Running the command, and reading what it wrote.

#![allow(dead_code)] // every test program uses a part of this

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ndarray::{Array, Array1, Dimension};
use ndarray_npy::NpzReader;

/// Two steps on a small network, with readouts and features.
pub const EXPERIMENT: &str = r#"
width = 120
dimension = 60
samples = 180
seed = 1
activation = { tanh = { scale = 2.0, shift = 0.5 } }
second_layer = "uniform"
steps = [
    { constant = 2.0, alpha = 0.35 },
    { constant = 2.0, alpha = 0.40 },
]
target = { link = { hermite = [0.0, 1.0, 0.5] }, noise = 0.1 }
readout_samples = [200, 300]
readout_lambdas = [0.01, 0.1]
readout_test_samples = 100
prediction_options = { bulk_model = "isotropic", compare_nodes = false }
"#;

/// An empty folder of a test's own.
pub struct Folder(PathBuf);

pub fn folder(test: &str) -> Folder {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    Folder(folder)
}

impl Folder {
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file; its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }
}

/// The command, with no Slurm around it.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linear-width"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SLURM_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

pub fn linear_width(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The same with this text on standard input.
pub fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it printed.
pub fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said on standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Floats of an .npz file.
pub fn floats<D: Dimension>(npz: &str, name: &str) -> Array<f64, D> {
    NpzReader::new(File::open(npz).unwrap()).unwrap().by_name(name).unwrap()
}

/// Integers of an .npz file.
pub fn integers(npz: &str, name: &str) -> Array1<i64> {
    NpzReader::new(File::open(npz).unwrap()).unwrap().by_name(name).unwrap()
}
