//! Faults of disks: full, read-only, vanishing. The checkpoint before stays whole.
#![cfg(feature = "checkpoint")]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::experiment::{ExperimentBuilder, Progress, RunError, RunOptions};
use linear_width::{Experiment, Report};

mod common;
use common::{Folder, numbers_of};

const FILE: &str = "LINEAR_WIDTH_TEST_CHECKPOINT";

fn generated() -> ExperimentBuilder {
    Experiment::builder()
        .width(24)
        .dimension(16)
        .samples(1700)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1))
        .steps([2.0, 3.0, 4.0])
        .with_prediction(false)
        .seed(4)
}

fn run(experiment: &Experiment, file: &Path) -> Result<Report, RunError> {
    experiment.run_with(RunOptions::new().checkpoint(file))
}

fn error(experiment: &Experiment, file: &Path) -> String {
    match run(experiment, file).unwrap_err() {
        error @ RunError::CheckpointFile { .. } => error.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn places_that_cannot_be_written_are_errors_before_anything_is_computed() {
    let folder = Folder::new("places");
    let experiment = generated().build().unwrap();
    let missing = folder.file("no/such/folder/run");
    for odd in [missing, folder.0.clone(), "/dev/full".into(), "/dev/null/run".into(), "".into()] {
        let mut calls = 0;
        let count = |_: &Progress| {
            calls += 1;
            ControlFlow::Continue(())
        };
        let options = RunOptions::new().observe(count).checkpoint(&odd);
        let error = experiment.run_with(options).unwrap_err();
        assert!(matches!(error, RunError::CheckpointFile { .. }), "{odd:?}: {error}");
        assert_eq!(calls, 0);
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "something was left behind");
}

/// The folder goes away in the middle of a run.
#[test]
fn a_folder_that_vanishes_is_an_error() {
    let folder = Folder::new("vanishing");
    let inner = folder.file("inner");
    std::fs::create_dir(&inner).unwrap();
    let vanish = |p: &Progress| {
        if p.step == 2 && !p.in_spectrum && p.tile == 1 {
            std::fs::remove_dir_all(&inner).unwrap();
        }
        ControlFlow::Continue(())
    };
    let options = RunOptions::new().observe(vanish).checkpoint(inner.join("run"));
    let error = generated().build().unwrap().run_with(options).unwrap_err();
    assert!(matches!(error, RunError::CheckpointFile { .. }), "{error}");
}

/// A limit on the size of files makes writes fail, as a full disk does: the kept weights make the
/// checkpoint grow with every step.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_checkpoint_before() {
    let folder = Folder::new("full");
    let file = folder.file("run");
    let shell = "trap '' XFSZ; ulimit -f 24; exec \"$0\" --exact full_disk_child";
    let status = Command::new("sh")
        .args(["-c", shell])
        .arg(std::env::current_exe().unwrap())
        .env(FILE, &file)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, std::slice::from_ref(&file), "nothing else is left behind");
    let experiment = generated().keep_weights(true).build().unwrap();
    let report = numbers_of(run(&experiment, &file).unwrap());
    assert!(report == numbers_of(experiment.run().unwrap()));
}

/// What the shell of the test above runs.
#[test]
fn full_disk_child() {
    let Ok(file) = std::env::var(FILE) else { return };
    error(&generated().keep_weights(true).build().unwrap(), Path::new(&file));
}

/// As an ordinary user, whom permissions bind, also when the tests run as root.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_an_error() {
    let folder = Folder::new("read-only");
    let places = folder.file("places");
    std::fs::create_dir(&places).unwrap();
    let file = places.join("run");
    run(&generated().build().unwrap(), &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    let closed = places.join("closed");
    std::fs::write(&closed, &before).unwrap();
    common::set_mode(&closed, 0o000);
    common::set_mode(&file, 0o444);
    common::set_mode(&places, 0o555);
    let status = common::as_ordinary_user(&folder, "read_only_child").env(FILE, &file).status();
    common::set_mode(&places, 0o755);
    assert!(status.unwrap().success());
    assert!(std::fs::read(&file).unwrap() == before);
}

/// What the ordinary user runs: from a checkpoint that can be read and not replaced, and from one
/// that cannot be read.
#[test]
fn read_only_child() {
    let Ok(file) = std::env::var(FILE) else { return };
    let experiment = generated().build().unwrap();
    for file in [Path::new(&file), &Path::new(&file).with_file_name("closed")] {
        let error = error(&experiment, file);
        assert!(error.contains("Permission denied"), "{error}");
    }
}
