//! Checkpoints: interrupted and resumed runs give the same bits; damaged and foreign files give typed
//! errors and stay as they are. Faults of disks: checkpoint_faults.rs.
#![cfg(feature = "checkpoint")]

use std::hash::Hasher;
use std::ops::ControlFlow;
use std::path::Path;

use linear_width::activation::{FnActivation, Tanh};
use linear_width::data::{Dataset, InputLaw, Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision, Progress, RunError, RunOptions};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, Report};
use ndarray::{Array1, Array2};
use serde_json::Value;

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
        .samples(1700)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(link()).noise(0.1))
        .steps([2.0, 3.0, 4.0])
        .with_prediction(false)
        .seed(4)
}

fn given() -> ExperimentBuilder {
    let x = Array2::from_shape_fn((5100, 16), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = Array1::from_shape_fn(5100, |i| x[[i, 0]] * x[[i, 1]] + x[[i, 2]]);
    Experiment::builder()
        .width(24)
        .samples(1700)
        .activation(Tanh::default())
        .data(Dataset::new(x, y).unwrap())
        .steps([2.0, 3.0, 4.0])
}

fn run(experiment: &Experiment, file: &Path) -> Result<Report, RunError> {
    experiment.run_with(RunOptions::new().checkpoint(file))
}

fn finish(experiment: &Experiment, file: &Path) -> Report {
    numbers_of(run(experiment, file).unwrap())
}

/// Stops a run at its call number `call` of the observer; `None` when it was done before.
fn stop(experiment: &Experiment, file: &Path, call: usize) -> Option<RunError> {
    let mut calls = 0;
    let observer = |_: &Progress| {
        calls += 1;
        if calls > call { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    experiment.run_with(RunOptions::new().observe(observer).checkpoint(file)).err()
}

/// The list of a file's tensors and metadata, and the bytes behind it.
fn parts(file: &[u8]) -> (&str, &[u8]) {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (std::str::from_utf8(&file[8..8 + length]).unwrap(), &file[8 + length..])
}

/// After how many steps the checkpoint was written.
fn step_of(file: &Path) -> usize {
    let file = std::fs::read(file).unwrap();
    let list: Value = serde_json::from_str(parts(&file).0).unwrap();
    let head: Value = serde_json::from_str(list["__metadata__"][HEAD].as_str().unwrap()).unwrap();
    head["checkpoint"]["step"].as_u64().unwrap() as usize
}

const HEAD: &str = "linear-width checkpoint";

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
                    assert!(matches!(error, RunError::Cancelled { .. }), "{name} {call}: {error}");
                    assert_eq!(step_of(&file), call / 4, "{name} {call}");
                    assert!(finish(&experiment, &file) == expected, "{name} {call}");
                    // and once more from the end
                    assert!(finish(&experiment, &file) == expected, "{name} {call}");
                }
            }
        }
    }
}

/// Readouts and spectra of features that were measured before the interruption are kept.
#[test]
fn readouts_survive_an_interruption() {
    let folder = Folder::new("readouts");
    let builder = generated().samples(60).readout_samples([50]).readout_lambdas([0.1, 1.0]);
    let builder = builder.readout_test_samples(80).feature_samples(40);
    let experiment = builder.build().unwrap();
    let expected = numbers_of(experiment.run().unwrap());
    assert_eq!(expected.stages[3].readouts.len(), 2);
    // a stage has two calls of its spectrum and four of its features
    for call in [2, 5, 9, 20] {
        let file = folder.file(&format!("{call}"));
        stop(&experiment, &file, call).unwrap();
        assert!(finish(&experiment, &file) == expected, "{call}");
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
fn checkpoints_of_other_experiments_are_refused() {
    let folder = Folder::new("other");
    let file = folder.file("run");
    let experiment = generated().build().unwrap();
    stop(&experiment, &file, 5).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |other: ExperimentBuilder, expected: &str| {
        match run(&other.build().unwrap(), &file) {
            Err(error @ RunError::ForeignCheckpoint { .. }) => {
                assert!(error.to_string().contains(expected), "{expected}: {error}");
            }
            other => panic!("{expected}: {other:?}"),
        }
        assert!(std::fs::read(&file).unwrap() == bytes, "{expected}: the file was changed");
    };
    refused(generated().seed(5), "seed is 4, not 5");
    refused(generated().width(25), "width is 24, not 25");
    refused(generated().samples(1701), "samples is 1700");
    refused(generated().steps([2.0, 3.0, 5.0]), "steps is");
    refused(generated().batches(BatchPolicy::Reused), "batches is");
    refused(generated().precision(Precision::F32), "precision is");
    refused(generated().triplets(3), "triplets is 6, not 3");
    refused(generated().keep_weights(true), "keep weights is false, not true");
    refused(generated().activation(Tanh { scale: 2.0, shift: 0.25 }), "activation is");
    refused(generated().input_law(InputLaw::Uniform), "input law is");
    // functions of the same name
    let named = |f: fn(f64) -> f64| Target::single_index(Link::new("name", f)).noise(0.1);
    let sine = || FnActivation::from_formula("a", |z| z.sin());
    std::fs::remove_file(&file).unwrap();
    let experiment = generated().target(named(|z| z)).activation(sine()).build().unwrap();
    stop(&experiment, &file, 5).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |other: ExperimentBuilder, expected: &str| {
        let error = run(&other.build().unwrap(), &file).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(std::fs::read(&file).unwrap() == bytes);
    };
    refused(generated().target(named(|z| z + z * z)).activation(sine()), "values of the samples");
    let other = FnActivation::from_formula("a", |z| z.sin() * z);
    refused(generated().target(named(|z| z)).activation(other), "values of the activation");
}

#[test]
fn other_data_of_the_same_shape_are_refused() {
    let folder = Folder::new("data");
    let file = folder.file("run");
    stop(&given().build().unwrap(), &file, 5).unwrap();
    let mut x = Array2::from_shape_fn((5100, 16), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    let y = Array1::from_shape_fn(5100, |i| x[[i, 0]] * x[[i, 1]] + x[[i, 2]]);
    x[[3299, 15]] += 1e-15;
    let other = given().data(Dataset::new(x, y).unwrap()).build().unwrap();
    let error = run(&other, &file).unwrap_err();
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
    assert_eq!(step_of(&good), 1);
    let mut harmless = 0;
    let mut check = |damaged: &[u8], what: &str| {
        std::fs::write(&file, damaged).unwrap();
        match run(&experiment, &file) {
            Ok(report) => {
                harmless += 1;
                assert!(numbers_of(report) == expected, "{what}: another report");
            }
            Err(RunError::DamagedCheckpoint { .. } | RunError::ForeignCheckpoint { .. }) => {
                assert!(std::fs::read(&file).unwrap() == damaged, "{what}: file changed")
            }
            Err(other) => panic!("{what}: {other}"),
        }
    };
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        let bit = 1 << (at % 7);
        damaged[at] ^= bit;
        check(&damaged, &format!("bit {bit} of byte {at}"));
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

/// The file `good` with `old` replaced by `new` in its head or in the list of its tensors, its
/// numbers changed by `change`, and a checksum that fits again.
fn forged(good: &[u8], old: &str, new: &str, change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let (list, numbers) = parts(good);
    let mut numbers = numbers.to_vec();
    change(&mut numbers);
    let mut list: Value = serde_json::from_str(&list.replace(old, new)).unwrap();
    let mut hasher = fnv::FnvHasher::default();
    if let Some(head) = list["__metadata__"].get_mut(HEAD) {
        *head = head.as_str().unwrap().replace(old, new).into();
        hasher.write(head.as_str().unwrap().as_bytes());
    }
    for name in ["first_layer", "stage_0", "stage_1"] {
        if let Some(tensor) = list.get(name) {
            let at = |k| usize::try_from(tensor["data_offsets"][k].as_u64().unwrap()).unwrap();
            hasher.write(&numbers[at(0)..at(1)]);
        }
    }
    if let Some(checksum) = list["__metadata__"].get_mut("checksum") {
        *checksum = format!("{:016x}", hasher.finish()).into();
    }
    let list = list.to_string();
    [&(list.len() as u64).to_le_bytes(), list.as_bytes(), &numbers].concat()
}

/// Whole files whose contents make no sense: each is refused for its own reason and left alone.
#[test]
fn checkpoints_that_make_no_sense_are_refused() {
    let folder = Folder::new("forged");
    let (file, good) = (folder.file("run"), folder.file("good"));
    let small = generated().width(4).dimension(3).samples(20).steps([2.0, 3.0]).keep_weights(true);
    let experiment = small.build().unwrap();
    stop(&experiment, &good, 4).unwrap();
    let good = std::fs::read(&good).unwrap();
    let as_it_is = |_: &mut Vec<u8>| {};
    std::fs::write(&file, forged(&good, "nothing", "", as_it_is)).unwrap();
    assert!(finish(&experiment, &file) == numbers_of(experiment.run().unwrap()));

    let check = |old: &str, new: &str, change: fn(&mut Vec<u8>), said: &str| {
        let bytes = forged(&good, old, new, change);
        assert!(bytes != forged(&good, "nothing", "", as_it_is), "{old}: nothing changed");
        std::fs::write(&file, &bytes).unwrap();
        let error = run(&experiment, &file).unwrap_err().to_string();
        assert!(error.contains(said), "{new}: {error}");
        assert!(std::fs::read(&file).unwrap() == bytes, "{new}: the file was changed");
    };
    let damaged = "not a checkpoint, or a damaged one: ";
    let other = "the checkpoint of another experiment: ";
    // the metadata
    check("\"checksum\"", "\"sum\"", as_it_is, "its checksum is another");
    check("linear-width ch", "Ch", as_it_is, "there is no entry");
    check("\"step\":1,\"c", "\"c", as_it_is, &format!("{damaged}missing field `step`"));
    for step in [0, 2, 3] {
        let said = format!("{damaged}its number of steps");
        check("\"step\":1,\"c", &format!("\"step\":{step},\"c"), as_it_is, &said);
    }
    check("\"seed\":4", "\"mood\":4", as_it_is, &format!("{other}its seed is absent, not 4"));
    let more = format!("{other}its mood is 4, not absent");
    check("\"seed\":4", "\"seed\":4,\"mood\":4", as_it_is, &more);
    // the matrices
    let tensor = "\"first_layer\":{\"dtype\":\"F64\",\"shape\":[4,3]";
    for (new, said) in
        [("\"F64\",\"shape\":[12]", "no matrix"), ("\"I64\",\"shape\":[4,3]", "no matrix")]
    {
        check(tensor, &tensor.replace("\"F64\",\"shape\":[4,3]", new), as_it_is, said);
    }
    check(tensor, &tensor.replace("[4,3]", "[3,4]"), as_it_is, "no weights of this shape");
    check("\"first_layer\"", "\"stage_1\"", as_it_is, damaged);
    let not_finite = |numbers: &mut Vec<u8>| {
        numbers[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    };
    check("nothing", "", not_finite, "a non-finite entry in the network");
}
