//! Checkpoints: interrupted and resumed runs give the same bits; damaged, foreign and unwritable
//! files give typed errors and lose nothing.
#![cfg(feature = "checkpoint")]

use std::hash::Hasher;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use linear_width::activation::{FnActivation, Tanh};
use linear_width::data::{Dataset, InputLaw, Link, Target};
use linear_width::experiment::{
    Checkpoint, CheckpointError, ExperimentBuilder, Phase, Precision, Progress, RunError,
};
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
    refused(generated().samples(1701), "samples is 1700");
    refused(generated().steps([2.0, 3.0, 5.0]), "steps is");
    refused(generated().batches(BatchPolicy::Reused), "batches is");
    refused(generated().precision(Precision::F32), "precision is");
    refused(generated().triplets(3), "number of triplets is 6, not 3");
    refused(generated().keep_weights(true), "keeping of weights");
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
        let error = other.build().unwrap().run_checkpointed(&file, &mut go_on).unwrap_err();
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

/// The file `good` with `old` replaced by `new` in its head or in the list of its tensors, its
/// numbers changed by `change`, and a checksum that fits again.
fn forged(good: &[u8], old: &str, new: &str, change: fn(&mut Vec<u8>)) -> Vec<u8> {
    const HEAD: &str = "linear-width checkpoint";
    let length = u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let list = std::str::from_utf8(&good[8..8 + length]).unwrap();
    let mut numbers = good[8 + length..].to_vec();
    change(&mut numbers);
    let changed = list.replace(old, new);
    let mut list: Value = serde_json::from_str(&changed).unwrap();
    let mut hasher = fnv::FnvHasher::default();
    if let Some(head) = list["__metadata__"].get_mut(HEAD) {
        *head = head.as_str().unwrap().replace(old, new).into();
        hasher.write(head.as_str().unwrap().as_bytes());
    }
    for name in ["stage_0", "stage_1", "first_layer"] {
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

/// Files that are whole and make no sense: each is refused for its own reason and left alone.
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
        let error = experiment.run_checkpointed(&file, &mut go_on).unwrap_err().to_string();
        let error = error.strip_prefix(&format!("{}: ", file.display())).unwrap();
        assert!(error.starts_with(said), "{new}: {error}");
        assert!(std::fs::read(&file).unwrap() == bytes, "{new}: the file was changed");
    };
    let (no, damaged) = ("not a checkpoint, format version 1: ", "the checkpoint is damaged: ");
    let other = "the checkpoint of another experiment: ";
    let no_entry = |name: &str| format!("{no}there is no entry {name:?}");
    // the entries
    check("\"checksum\"", "\"sum\"", as_it_is, &no_entry("checksum"));
    check("linear-width ch", "Ch", as_it_is, &no_entry("linear-width checkpoint"));
    check("__metadata__\":{", "__metadata__\":{\"a\":\"b\"},\"b\":{", as_it_is, no);
    // the head
    let another_version = format!("{no}another version");
    check("\"version\":1", "\"version\":2", as_it_is, &another_version);
    check("\"version\":1", "\"version\" 1", as_it_is, &another_version);
    check("\"step\":1,\"g", "\"g", as_it_is, &format!("{damaged}missing field `step`"));
    for step in [0, 2, 3] {
        let said = format!("{damaged}its number of steps");
        check("\"step\":1,\"g", &format!("\"step\":{step},\"g"), as_it_is, &said);
    }
    check("\"seed\":4", "\"mood\":4", as_it_is, &format!("{other}its seed is absent, not 4"));
    let more = format!("{other}its mood is 4, not absent");
    check("\"seed\":4", "\"seed\":4,\"mood\":4", as_it_is, &more);
    // the matrices
    let whole = "\"F64\",\"shape\":[4,3],\"data_offsets\":[";
    let first = format!("\"first_layer\":{{\"dtype\":{whole}");
    let kept = format!("\"stage_0\":{{\"dtype\":{whole}");
    let wrong = |what: &str| format!("{damaged}a tensor of {what}");
    for tensor in [&first, &kept] {
        let with = |new: &str| tensor.replace("\"F64\",\"shape\":[4,3]", new);
        let said = wrong("shape [12] and type F64");
        check(tensor, &with("\"F64\",\"shape\":[12]"), as_it_is, &said);
        let said = wrong("shape [4, 3] and type I64");
        check(tensor, &with("\"I64\",\"shape\":[4,3]"), as_it_is, &said);
        let name = if *tensor == first { "first_layer" } else { "stage_0" };
        check(&format!("\"{name}\""), "\"stage_1\"", as_it_is, damaged);
    }
    let single = |tensor: &str| tensor.replace("F64", "F32").replace("[4,3]", "[4,6]");
    let said = format!("{damaged}its weights are of another number type");
    check(&first, &single(&first), as_it_is, &said);
    check(&kept, &single(&kept), as_it_is, &wrong("shape [4, 6] and type F32"));
    let turned = first.replace("[4,3]", "[3,4]");
    check(&first, &turned, as_it_is, &format!("{damaged}its weights have another shape"));
    // no entries, and more columns than an array may have
    let endless =
        kept.replace("[4,3]", "[0,9223372036854775808]").replace("s\":[", "s\":[96,96],\"x\":[");
    check(&kept, &endless, |numbers| numbers.truncate(96), &wrong("shape [0, 92"));
    let not_finite = |numbers: &mut Vec<u8>| {
        numbers[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    };
    check("nothing", "", not_finite, &format!("{damaged}a non-finite entry in the network"));
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
    // no name
    let error = experiment.run_checkpointed("", &mut count).unwrap_err();
    let CheckpointError::Write { checkpoint, .. } = error else { panic!("{error}") };
    assert_eq!(calls, 0);
    assert!(matches!(Checkpoint::read(folder.file("none")), Err(CheckpointError::Read { .. })));
    // a folder in the way
    let inner = folder.file("inner");
    std::fs::create_dir(&inner).unwrap();
    assert!(matches!(checkpoint.write(&inner), Err(CheckpointError::Write { .. })));
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1, "something was left behind");
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
