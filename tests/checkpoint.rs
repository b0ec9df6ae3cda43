//! Checkpoints: interrupted and resumed runs give the same bits; damaged, foreign and unwritable
//! files give typed errors and lose nothing.
#![cfg(feature = "checkpoint")]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use linear_width::activation::{DualFn, Tanh};
use linear_width::data::{GivenData, InputLaw, Link, Target};
use linear_width::experiment::{
    Checkpoint, CheckpointError, ExperimentBuilder, Phase, Precision, Progress, RunError,
};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, Report};
use ndarray::{Array1, Array2};

mod common;
use common::{Folder, numbers_of};

const POLICIES: [BatchPolicy; 3] =
    [BatchPolicy::Independent, BatchPolicy::Reused, BatchPolicy::PartlyReused { fraction: 0.3 }];

fn link() -> Link {
    Link::hermite([0.0, 1.0, 0.5])
}

fn generated() -> ExperimentBuilder {
    Experiment::builder()
        .width(24)
        .dimension(16)
        .samples(1100)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(link()).noise(0.1))
        .steps([2.0, 3.0, 4.0])
        .predicted(false)
        .seed(4)
}

fn given() -> ExperimentBuilder {
    let x = Array2::from_shape_fn((3300, 16), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = Array1::from_shape_fn(3300, |i| x[[i, 0]] * x[[i, 1]] + x[[i, 2]]);
    Experiment::builder()
        .width(24)
        .samples(1100)
        .activation(Tanh::default())
        .data(GivenData::new(x, y).unwrap())
        .steps([2.0, 3.0, 4.0])
}

fn go_on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn finish(experiment: &Experiment, file: &Path) -> Report {
    numbers_of(experiment.run_checkpointed(file, &mut go_on).unwrap())
}

/// Stops a run at its call number `call` of the observer; `None` when it was done before.
fn stop(experiment: &Experiment, file: &Path, call: usize) -> Option<CheckpointError> {
    let mut calls = 0;
    let mut observer = |_: &Progress| {
        calls += 1;
        if calls > call { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    experiment.run_checkpointed(file, &mut observer).err()
}

#[test]
fn interrupted_anywhere_and_resumed_the_report_is_the_same() {
    let folder = Folder::new("checkpoint");
    for (source, builder) in [("generated", generated as fn() -> _), ("given", given)] {
        for precision in [Precision::F32, Precision::F64] {
            for policy in POLICIES {
                let kept = policy == BatchPolicy::Reused;
                let builder = builder().precision(precision).batches(policy).keep_weights(kept);
                let experiment = builder.build().unwrap();
                let expected = numbers_of(experiment.run().unwrap());
                let name = format!("{source} {precision:?} {policy}");
                // four spectra of two calls, three steps of two tiles
                for call in [0, 1, 2, 3, 4, 6, 8, 10, 12, 13] {
                    let file = folder.file(&format!("{name} {call}"));
                    let error = stop(&experiment, &file, call).unwrap();
                    let cancelled =
                        matches!(error, CheckpointError::Run(RunError::Cancelled { .. }));
                    assert!(cancelled, "{name} {call}: {error}");
                    let step = Checkpoint::read(&file).unwrap().step();
                    assert_eq!(step, call / 4, "{name} {call}");
                    assert!(finish(&experiment, &file) == expected, "{name} {call}");
                    // and once more from the end
                    assert!(finish(&experiment, &file) == expected, "{name} {call}");
                }
            }
        }
    }
}

#[test]
fn stopped_at_every_call_in_turn() {
    let folder = Folder::new("often");
    let file = folder.file("run");
    let experiment = generated().keep_weights(true).build().unwrap();
    let expected = numbers_of(experiment.run().unwrap());
    // enough for one step and its spectrum, again and again
    let mut starts = 1;
    while stop(&experiment, &file, 5).is_some() {
        starts += 1;
        assert!(starts < 10);
    }
    assert!(starts >= 3, "{starts}");
    assert!(finish(&experiment, &file) == expected);
}

#[test]
fn killed_and_started_again() {
    let folder = Folder::new("killed");
    let whole = folder.file("whole.json");
    assert!(start_child(&folder.file("whole"), &whole).wait().unwrap().success());
    let expected = std::fs::read(&whole).unwrap();
    let (file, report) = (folder.file("run"), folder.file("run.json"));
    let mut kills = 0;
    for delay in [30, 60, 120, 200, 90, 250, 40] {
        let mut child = start_child(&file, &report);
        std::thread::sleep(Duration::from_millis(delay));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if file.exists() {
            Checkpoint::read(&file).unwrap();
        }
    }
    println!("killed {kills} times");
    assert!(kills >= 2);
    assert!(start_child(&file, &report).wait().unwrap().success());
    assert!(std::fs::read(&report).unwrap() == expected, "another report");
}

const FILE: &str = "LINEAR_WIDTH_TEST_CHECKPOINT";
const REPORT: &str = "LINEAR_WIDTH_TEST_REPORT";

fn start_child(file: &Path, report: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(FILE, file)
        .env(REPORT, report)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the processes do: nothing unless told where to write.
#[test]
fn child() {
    let (Ok(file), Ok(report)) = (std::env::var(FILE), std::env::var(REPORT)) else { return };
    let experiment = generated().width(300).dimension(200).steps([1.0; 8]).build().unwrap();
    let numbers = finish(&experiment, Path::new(&file));
    std::fs::write(report, serde_json::to_string(&numbers).unwrap()).unwrap();
}

#[test]
fn checkpoints_of_other_experiments_are_refused() {
    let folder = Folder::new("other");
    let file = folder.file("run");
    let experiment = generated().build().unwrap();
    stop(&experiment, &file, 5).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |other: ExperimentBuilder, expected: &str| {
        match other.build().unwrap().run_checkpointed(&file, &mut go_on) {
            Err(error @ CheckpointError::OtherExperiment { .. }) => {
                assert!(error.to_string().contains(expected), "{expected}: {error}");
            }
            other => panic!("{expected}: {other:?}"),
        }
        assert!(std::fs::read(&file).unwrap() == bytes, "{expected}: the file was changed");
    };
    refused(generated().seed(5), "seed is 4, not 5");
    refused(generated().width(25), "width is 24, not 25");
    refused(generated().samples(1101), "samples is 1100");
    refused(generated().steps([2.0, 3.0, 5.0]), "steps is");
    refused(generated().batches(BatchPolicy::Reused), "batches is");
    refused(generated().precision(Precision::F32), "precision is");
    refused(generated().triplets(3), "number of triplets is 6, not 3");
    refused(generated().keep_weights(true), "keeping of weights");
    refused(generated().activation(Tanh { scale: 2.0, shift: 0.25 }), "activation is");
    refused(generated().input_law(InputLaw::Uniform), "input law is");
    // functions of the same name
    let named = |f: fn(f64) -> f64| Target::single_index(Link::new("name", f)).noise(0.1);
    let sine = || DualFn::new("a", |z| z.sin());
    std::fs::remove_file(&file).unwrap();
    let experiment = generated().target(named(|z| z)).activation(sine()).build().unwrap();
    stop(&experiment, &file, 5).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |other: ExperimentBuilder, expected: &str| {
        let error = other.build().unwrap().run_checkpointed(&file, &mut go_on).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(std::fs::read(&file).unwrap() == bytes);
    };
    refused(generated().target(named(|z| z + z * z)).activation(sine()), "values of the samples");
    let other = DualFn::new("a", |z| z.sin() * z);
    refused(generated().target(named(|z| z)).activation(other), "values of the activation");
}

#[test]
fn other_data_of_the_same_shape_are_refused() {
    let folder = Folder::new("data");
    let file = folder.file("run");
    stop(&given().build().unwrap(), &file, 5).unwrap();
    let mut x = Array2::from_shape_fn((3300, 16), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = Array1::from_shape_fn(3300, |i| x[[i, 0]] * x[[i, 1]] + x[[i, 2]]);
    x[[3299, 15]] += 1e-15;
    let other = given().data(GivenData::new(x, y).unwrap()).build().unwrap();
    let error = other.run_checkpointed(&file, &mut go_on).unwrap_err();
    assert!(error.to_string().contains("values of the samples"), "{error}");
}

#[test]
fn damaged_files_are_errors_or_harmless() {
    let folder = Folder::new("damaged");
    let (file, good) = (folder.file("run"), folder.file("good"));
    let small = generated().width(4).dimension(3).samples(20).steps([2.0, 3.0]).keep_weights(true);
    let experiment = small.build().unwrap();
    let expected = numbers_of(experiment.run().unwrap());
    stop(&experiment, &good, 4).unwrap();
    let bytes = std::fs::read(&good).unwrap();
    assert_eq!(Checkpoint::read(&good).unwrap().step(), 1);
    let mut harmless = 0;
    let mut check = |damaged: &[u8], what: &str| {
        std::fs::write(&file, damaged).unwrap();
        match experiment.run_checkpointed(&file, &mut go_on) {
            Ok(report) => {
                harmless += 1;
                assert!(numbers_of(report) == expected, "{what}: another report");
            }
            Err(
                CheckpointError::NotACheckpoint { .. }
                | CheckpointError::Damaged { .. }
                | CheckpointError::OtherExperiment { .. },
            ) => assert!(std::fs::read(&file).unwrap() == damaged, "{what}: file changed"),
            Err(other) => panic!("{what}: {other}"),
        }
    };
    for at in 0..bytes.len() {
        for bit in [1, 8, 64] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            check(&damaged, &format!("bit {bit} of byte {at}"));
        }
    }
    for length in 0..bytes.len() {
        check(&bytes[..length], &format!("{length} bytes left"));
    }
    let mut longer = bytes.clone();
    longer.push(0);
    check(&longer, "a byte more");
    check(b"not a checkpoint at all", "text");
    // only white space of the head may change
    assert!(harmless <= 24, "{harmless} changes were not noticed");
    println!("{} bytes, {harmless} harmless changes", bytes.len());
}

#[test]
fn places_that_cannot_be_written_are_errors_before_anything_is_computed() {
    let folder = Folder::new("places");
    let experiment = generated().build().unwrap();
    let mut calls = 0;
    let mut count = |_: &Progress| {
        calls += 1;
        ControlFlow::Continue(())
    };
    let missing = folder.file("no/such/folder/run");
    match experiment.run_checkpointed(&missing, &mut count) {
        Err(CheckpointError::Write { path, checkpoint, .. }) => {
            assert_eq!((path, checkpoint.step()), (missing, 0));
        }
        other => panic!("{other:?}"),
    }
    for odd in [folder.0.clone(), "/dev/full".into(), "/dev/null/run".into()] {
        let error = experiment.run_checkpointed(&odd, &mut count).unwrap_err();
        assert!(matches!(error, CheckpointError::Read { .. }), "{odd:?}: {error}");
    }
    assert_eq!(calls, 0);
    assert!(matches!(Checkpoint::read(folder.file("none")), Err(CheckpointError::Read { .. })));
}

/// The place goes away in the middle of a run: what was computed is in the error, and can be
/// written elsewhere and gone on from.
#[test]
fn a_checkpoint_that_cannot_be_written_is_handed_over() {
    let folder = Folder::new("vanishing");
    let inner = folder.file("inner");
    std::fs::create_dir(&inner).unwrap();
    let file = inner.join("run");
    for precision in [Precision::F32, Precision::F64] {
        std::fs::create_dir_all(&inner).unwrap();
        let experiment = generated().precision(precision).keep_weights(true).build().unwrap();
        let mut vanish = |p: &Progress| {
            if p.step == 2 && p.phase == Phase::Gradient && p.tile == 1 {
                std::fs::remove_dir_all(&inner).unwrap();
            }
            ControlFlow::Continue(())
        };
        match experiment.run_checkpointed(&file, &mut vanish).unwrap_err() {
            CheckpointError::Write { checkpoint, source, .. } => {
                assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
                assert_eq!((checkpoint.step(), checkpoint.stages().len()), (2, 2));
                let other = folder.file(&format!("elsewhere {precision:?}"));
                checkpoint.write(&other).unwrap();
                assert!(finish(&experiment, &other) == numbers_of(experiment.run().unwrap()));
            }
            other => panic!("{other}"),
        }
    }
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
    let step = Checkpoint::read(&file).unwrap().step();
    assert!((1..3).contains(&step), "{step}");
    let experiment = generated().keep_weights(true).build().unwrap();
    assert!(finish(&experiment, &file) == numbers_of(experiment.run().unwrap()));
}

/// What the shell of the test above runs.
#[test]
fn full_disk_child() {
    let (Ok(file), Err(_)) = (std::env::var(FILE), std::env::var(REPORT)) else { return };
    let experiment = generated().keep_weights(true).build().unwrap();
    match experiment.run_checkpointed(&file, &mut go_on).unwrap_err() {
        CheckpointError::Write { checkpoint, .. } => {
            assert_eq!(checkpoint.step(), Checkpoint::read(&file).unwrap().step() + 1);
        }
        other => panic!("{other}"),
    }
}

/// As an ordinary user, whom permissions bind, also when the tests run as root.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_an_error() {
    let folder = Folder::new("read-only");
    let places = folder.file("places");
    std::fs::create_dir(&places).unwrap();
    let file = places.join("run");
    stop(&generated().build().unwrap(), &file, 5).unwrap();
    let before = std::fs::read(&file).unwrap();
    common::set_mode(&file, 0o444);
    common::set_mode(&places, 0o555);
    let status = common::as_ordinary_user(&folder, "read_only_child").env(FILE, &file).status();
    common::set_mode(&places, 0o755);
    assert!(status.unwrap().success());
    assert!(std::fs::read(&file).unwrap() == before);
}

/// What the ordinary user runs: from a checkpoint that can be read and not replaced.
#[test]
fn read_only_child() {
    let (Ok(file), Err(_)) = (std::env::var(FILE), std::env::var(REPORT)) else { return };
    let error = generated().build().unwrap().run_checkpointed(&file, &mut go_on).unwrap_err();
    match error {
        CheckpointError::Write { source, .. } => {
            assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
        }
        other => panic!("{other}"),
    }
}

/// A wish to stop is heard within a second: at the next tile, or after one decomposition.
#[test]
fn a_wish_to_stop_is_heard_soon() {
    let experiment = generated().width(600).dimension(400).samples(40_000).build().unwrap();
    for delay in [0, 50, 150, 300, 500] {
        let begin = Instant::now();
        let wish = begin + Duration::from_millis(delay);
        let mut calls_after = 0;
        let mut observer = |_: &Progress| {
            if Instant::now() < wish {
                return ControlFlow::Continue(());
            }
            calls_after += 1;
            ControlFlow::Break(())
        };
        let error = experiment.run_observed(&mut observer).unwrap_err();
        let waited = Instant::now().saturating_duration_since(wish);
        assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
        assert_eq!(calls_after, 1);
        println!("wish after {delay} ms, heard {:.0} ms later", 1e3 * waited.as_secs_f64());
        // a tenth of a second on an idle machine; a busy one is given time
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    }
}
