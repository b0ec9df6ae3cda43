//! Memory: the estimates against the peak, budgets, and what happens when there is no more.
//!
//! The tests run themselves again as processes of their own, one a measurement; Linux only, as the
//! peak is read from /proc.
#![cfg(target_os = "linux")]

use std::process::Command;

use linear_width::activation::Tanh;
use linear_width::data::{Dataset, Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision, RunError};
use linear_width::readout::Ridge;
use linear_width::spectral::SpectrumMethod;
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, InvalidSetting, backend_name};
use ndarray::{Array1, Array2};

const TASK: &str = "LINEAR_WIDTH_TEST_MEMORY";

/// This test binary again, doing `task` in `memory_child`; `prefix` is shell code before it.
fn spawn(prefix: &str, task: &str) -> String {
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("{prefix}exec \"$0\" --exact memory_child --nocapture --test-threads 1"),
        ])
        .arg(std::env::current_exe().unwrap())
        .env(TASK, task)
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{task}: {}\n{text}\n{errors}", output.status);
    text
}

/// What the processes do: nothing unless told.
#[test]
fn memory_child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (kind, rest) = task.split_once(' ').unwrap();
    match kind {
        "measure" => measure(rest),
        "limited" => limited(rest),
        other => panic!("{other}"),
    }
}

fn builder(width: usize, dimension: usize, samples: usize) -> ExperimentBuilder {
    Experiment::builder()
        .width(width)
        .dimension(dimension)
        .samples(samples)
        .activation(Tanh::default())
        .steps([2.0, 2.0])
        .batches(BatchPolicy::Reused)
        .with_prediction(false)
}

fn target() -> Target {
    Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1)
}

fn data(samples: usize, dimension: usize) -> Dataset {
    let x = Array2::from_shape_fn((samples, dimension), |(i, j)| ((i * 7 + j * j) as f64).sin());
    let y = Array1::from_shape_fn(samples, |i| (i as f64).cos());
    Dataset::new(x, y).unwrap()
}

/// Resident mebibytes: now and at most so far.
fn resident(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<f64>().unwrap() / 1024.0
}

/// Prints estimate and peak in mebibytes.
fn measure(case: &str) {
    let base = resident("VmRSS:");
    let needed = match case {
        "given" => {
            // X alone is 183 MiB
            let experiment = builder(600, 400, 1500).dimension(400).data(data(60_000, 400));
            let experiment = experiment.build().unwrap();
            experiment.run().unwrap();
            experiment.estimated_bytes()
        }
        "given f32" => {
            let experiment = builder(900, 400, 60_000).data(data(60_000, 400));
            let experiment = experiment.precision(Precision::F32).build().unwrap();
            experiment.run().unwrap();
            experiment.estimated_bytes()
        }
        "direct" => {
            let experiment = builder(1200, 800, 1500).target(target());
            let experiment = experiment.spectrum_method(SpectrumMethod::Direct);
            let experiment = experiment.keep_weights(true).build().unwrap();
            let report = experiment.run().unwrap();
            assert_eq!(report.stages.len(), 3);
            experiment.estimated_bytes()
        }
        "primal" | "dual" => {
            let (width, samples, ridge) = if case == "primal" {
                (1500, 4000, Ridge::new().primal())
            } else {
                (3000, 1200, Ridge::new().dual())
            };
            let experiment = builder(width, 100, samples).target(target()).build().unwrap();
            let network = experiment.initial_network::<f64>().unwrap();
            let batch = experiment.test_batch(0, samples).unwrap();
            let path = ridge.fit(&network, &batch).unwrap();
            assert!(path.readout(1.0).unwrap().weights().len() == width);
            ridge.estimated_bytes(&network, &batch) + 8 * (width * 100) as u128
        }
        other => panic!("{other}"),
    };
    let needed = needed as f64 / f64::from(1 << 20);
    println!("\nMEASURED {needed} {}", resident("VmHWM:") - base);
}

/// Megabytes that a process has besides: stacks, tables, the pool's queues.
const BESIDES: f64 = 24.0;

#[test]
fn memory_estimates_are_upper_and_not_far_from_the_peak() {
    for case in ["given", "given f32", "direct", "primal", "dual"] {
        let text = spawn("", &format!("measure {case}"));
        let numbers = text.lines().find_map(|line| line.strip_prefix("MEASURED ")).unwrap();
        let (needed, peak) = numbers.split_once(' ').unwrap();
        let (needed, peak): (f64, f64) = (needed.parse().unwrap(), peak.parse().unwrap());
        println!("{case:10} estimated {needed:6.0} MiB, peak {peak:6.0} MiB");
        // LAPACK has buffers of its own
        if backend_name() == "faer" {
            assert!(peak <= needed + BESIDES, "{case}: peak {peak}, estimated {needed}");
            assert!(needed <= 2.0 * peak, "{case}: peak {peak}, estimated {needed}");
        }
    }
}

fn reserved(bytes: usize) -> Option<Vec<u8>> {
    let mut taken = Vec::new();
    taken.try_reserve_exact(bytes).ok()?;
    Some(taken)
}

/// Under a limit on the address space: whatever is built also runs to its end, however little is
/// left over.
fn limited(case: &str) {
    // with the pool and its memory in place
    builder(40, 20, 60).target(target()).build().unwrap().run().unwrap();
    let (direct, precision, ratio) = match case {
        "direct f64" => (SpectrumMethod::Direct, Precision::F64, 1),
        "direct f32" => (SpectrumMethod::Direct, Precision::F32, 3),
        "automatic f64" => (SpectrumMethod::Automatic, Precision::F64, 2),
        other => panic!("{other}"),
    };
    let built = |dimension: usize| {
        let width = ratio * dimension;
        let builder = builder(width, dimension, 300).target(target()).precision(precision);
        builder.spectrum_method(direct).build().unwrap()
    };
    let refused =
        |error: &RunError| matches!(error, RunError::Invalid(InvalidSetting::Memory { .. }));
    // asked by the first network, as by a run
    let start = |dimension: usize| built(dimension).networks::<f32>().next().map(|n| n.map(drop));
    let (mut fits, mut too_large) = (8, 4096);
    while too_large - fits > 4 {
        let middle = (fits + too_large) / 2;
        match start(middle).unwrap() {
            Ok(()) => fits = middle,
            Err(error) => {
                assert!(refused(&error), "{error}");
                assert!(error.to_string().contains("this machine does not give"), "{error}");
                too_large = middle;
            }
        }
    }
    // what can be had at the edge changes a little from one moment to the next: then it is an error
    let mut tries = (0..8).map(|k| fits - k * fits / 16).map(|d| (d, built(d)));
    let (fits, experiment) = tries
        .find(|(_, experiment)| match experiment.run() {
            Ok(report) => report.stages.len() == 3,
            Err(error) => {
                assert!(refused(&error), "{error}");
                false
            }
        })
        .expect("one of them runs");
    println!("{case}: d = {fits} needs {} bytes and runs", experiment.estimated_bytes());
    let network = experiment.initial_network::<f64>().unwrap();
    // memory that was there when the experiment was built and is not when it runs
    let mut taken: Vec<Vec<u8>> = Vec::new();
    let piece = experiment.estimated_bytes() as usize / 4;
    while let (true, Some(bytes)) = (taken.len() < 64, reserved(piece)) {
        taken.push(bytes);
    }
    let error = experiment.run().unwrap_err();
    assert!(refused(&error) && error.to_string().contains("this machine does not give"), "{error}");
    let batch = experiment.test_batch(0, 1_000_000_000).unwrap();
    let error = Ridge::new().dual().fit(&network, &batch).unwrap_err();
    assert!(error.to_string().contains("this machine does not give"), "{error}");
    drop(taken);
    println!("\nALIVE");
}

#[test]
fn memory_that_cannot_be_allocated_is_an_error_and_no_crash() {
    if backend_name() != "faer" {
        println!("SKIPPED: nothing is promised of the buffers of LAPACK and BLAS");
        return;
    }
    // the product takes twice as much a thread, and the library counts on at most 64 MiB
    let cache = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size");
    let kibibytes = cache.ok().and_then(|text| text.trim().strip_suffix('K')?.parse::<u64>().ok());
    if kibibytes.is_some_and(|size| size > 32 << 10) {
        println!("SKIPPED: the third-level cache is larger than 32 MiB");
        return;
    }
    for case in ["direct f64", "direct f32", "automatic f64"] {
        // kibibytes of address space
        let text = spawn("ulimit -v 700000; ", &format!("limited {case}"));
        assert!(text.contains("ALIVE"), "{text}");
        println!("{}", text.lines().find(|line| line.contains("and runs")).unwrap());
    }
}

#[test]
fn memory_budget_counts_the_dataset() {
    let data = data(5000, 20);
    let build = |limit: usize| builder(30, 20, 100).data(data.clone()).memory_limit(limit).build();
    let needed = build(usize::MAX).unwrap().estimated_bytes() as usize;
    assert!(needed > 8 * 5000 * 21);
    assert!(build(needed).is_ok());
    let error = build(needed - 1).unwrap_err();
    let limit = &error.problems[0];
    let limit = match limit {
        InvalidSetting::Memory { limit, .. } => limit.clone(),
        other => panic!("{other}"),
    };
    assert!(limit.contains(&format!("({} bytes)", needed - 1)), "{limit}");
    assert_eq!(error.problems, [InvalidSetting::Memory { needed: needed as u128, limit }]);
}
