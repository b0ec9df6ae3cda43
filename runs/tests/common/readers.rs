//! What must hold for every text given to the readers of configurations and of results files. Used
//! by the tests and by the fuzz targets (`fuzz/`).

use std::path::Path;

use linear_width_runs::config::{ConfigError, ExperimentConfig};
use linear_width_runs::sweep::{Sweep, SweepError, merge, read_results};
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads a configuration and a sweep from any text. An error names a line that exists; an accepted
/// configuration is the same after writing and reading, builds, and runs when it is tiny.
pub fn configuration(text: &str) {
    let lines = text.lines().count().max(1);
    match ExperimentConfig::from_toml(text) {
        Err(error) => check_error(&error, lines),
        Ok(config) => {
            accepted(&config);
            let written = match config.to_toml() {
                Ok(written) => written,
                Err(ConfigError::Write(_)) => return,
                Err(other) => panic!("writing gave {other}"),
            };
            let again = ExperimentConfig::from_toml(&written);
            assert_eq!(again.expect("what was written is read"), config, "{written}");
        }
    }
    if sweep_size(text) <= 16 {
        match Sweep::from_toml(text) {
            Ok(sweep) => assert!(!sweep.points().is_empty()),
            Err(SweepError::Config(error)) => check_error(&error, lines),
            Err(SweepError::SameKey(first, second, _)) => assert!(first < second),
            Err(other) => panic!("{other}"),
        }
    }
}

fn check_error(error: &ConfigError, lines: usize) {
    assert!(!error.to_string().is_empty());
    match error {
        ConfigError::Syntax { line, column, message } => {
            // the end of the text may be an empty line more
            assert!((1..=lines + 1).contains(line) && *column >= 1, "{line} of {lines}: {message}");
        }
        ConfigError::Problems(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.key.is_empty());
                assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem}");
            }
        }
        other => panic!("reading a text gave {other}"),
    }
}

/// Runs a tiny experiment; its numbers are finite or its error is typed.
fn accepted(config: &ExperimentConfig) {
    let mut config = config.clone();
    config.settings.with_prediction = false;
    let experiment = config.build().expect("what was read builds");
    let work = config
        .settings
        .width
        .saturating_mul(config.settings.dimension)
        .saturating_mul(config.settings.samples);
    let small = work <= 20_000
        && config.settings.width.max(config.settings.dimension).max(config.settings.samples) <= 64;
    if !small || config.settings.steps.len() > 3 {
        return;
    }
    match experiment.run() {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(report) => {
            for stage in &report.stages {
                assert!(stage.singular_values.iter().all(|s| s.is_finite() && *s >= 0.0));
                assert!(stage.triplets.iter().all(|t| (0.0..=1.0).contains(&t.target_overlap)));
            }
            assert!(!report.to_string().is_empty());
        }
    }
}

/// How many points the text asks for, at least; every one would be checked.
fn sweep_size(text: &str) -> usize {
    fn of(value: &toml::Value) -> usize {
        match value {
            toml::Value::Array(list) => list.len().max(1),
            toml::Value::Table(table) => table.values().map(of).fold(1, usize::saturating_mul),
            _ => 1,
        }
    }
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return 0 };
    let Some(toml::Value::Table(sweep)) = table.get("sweep") else { return 0 };
    let part = |name: &str| match sweep.get(name) {
        Some(toml::Value::Integer(count)) => usize::try_from(*count).unwrap_or(0),
        Some(value) => of(value),
        None => 1,
    };
    ["grid", "points", "seeds"].map(part).into_iter().fold(1, usize::saturating_mul)
}

/// The sweep whose files the seeds of the corpus are: five points, the third of which fails.
pub fn squares() -> Sweep<u32> {
    Sweep::new((0..5).collect(), &()).unwrap()
}

pub fn square(point: &u32) -> Result<f64, String> {
    if *point == 2 { Err("two".into()) } else { Ok(0.1 * f64::from(point * point)) }
}

/// The points of a file as text: index, key, result or error. JSON can hold numbers that no type
/// can, so that reading them into one may fail where this does not.
type Points = Vec<(usize, String, Result<String, String>)>;

fn read(path: &Path) -> Result<Points, SweepError> {
    let points = read_results::<Box<RawValue>, Box<RawValue>>(path)?;
    let text = |value: Box<RawValue>| value.get().to_owned();
    let outcome = |result: Option<Box<RawValue>>, error: Option<String>| {
        result.map(text).ok_or_else(|| error.unwrap())
    };
    Ok(points.into_iter().map(|p| (p.index, text(p.key), outcome(p.result, p.error))).collect())
}

/// Gives any bytes to everything that reads a results file.
pub fn results(bytes: &[u8], folder: &Path) {
    let path = folder.join("results.jsonl");
    std::fs::write(&path, bytes).unwrap();
    let points = read(&path);
    match &points {
        Ok(points) => assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0)),
        Err(error) => check_sweep_error(error, bytes),
    }
    if let Err(error) = read_results::<Value, Value>(&path) {
        check_sweep_error(&error, bytes);
    }
    let points = points.ok();
    merging(bytes, folder, points.as_ref());
    resuming(bytes, folder, points.as_ref());
}

fn check_sweep_error(error: &SweepError, bytes: &[u8]) {
    assert!(!error.to_string().is_empty());
    let lines = bytes.iter().filter(|b| **b == b'\n').count();
    let SweepError::Refused { why, .. } = error else { panic!("reading gave {error}") };
    if let Some(number) = why.strip_prefix("line ") {
        let number: usize = number.split_once(':').unwrap().0.parse().unwrap();
        assert!((2..=lines).contains(&number), "{error}");
    }
}

/// A file merged with nothing else: refused, or the same points again.
fn merging(bytes: &[u8], folder: &Path, points: Option<&Points>) {
    let (path, output) = (folder.join("results.jsonl"), folder.join("merged.jsonl"));
    let _ = std::fs::remove_file(&output);
    match merge(&[&path], &output) {
        Ok(summary) => {
            let points = points.expect("what can be merged can be read");
            assert_eq!(summary.total, points.len());
            assert_eq!(&read(&output).expect("what was merged is read"), points);
        }
        Err(SweepError::Incomplete(missing, all, first)) => {
            let points = points.expect("an incomplete file can be read");
            assert_eq!(all - points.len(), missing);
            assert!(first < all && points.iter().all(|point| point.0 != first));
        }
        Err(error) => check_sweep_error(&error, bytes),
    }
}

/// The file taken up by a sweep: refused and left as it is, or completed with nothing lost.
fn resuming(bytes: &[u8], folder: &Path, points: Option<&Points>) {
    let path = folder.join("results.jsonl");
    match squares().run(&path, square) {
        Ok(summary) => {
            assert_eq!((summary.total, summary.resumed + summary.computed), (5, 5));
            let all = read(&path).expect("a completed file is read");
            assert!(all.iter().map(|p| p.1.as_str()).eq(["0", "1", "2", "3", "4"]));
            for point in points.into_iter().flatten() {
                assert_eq!(point, &all[point.0], "a stored result was changed");
            }
        }
        Err(error) => {
            check_sweep_error(&error, bytes);
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "a refused file was changed");
        }
    }
}
