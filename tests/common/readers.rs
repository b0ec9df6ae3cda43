//! What must hold for every text given to the readers of configurations and of results files. Used
//! by the tests and by the fuzz targets (`fuzz/`).

use std::path::PathBuf;

use linear_width::config::{ConfigError, ExperimentConfig};
use linear_width::sweep::{ConfigSweep, PointResult, Sweep, SweepError, merge, read_results};
use serde_json::Value;

/// A folder of its own, removed in the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("linear-width-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

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
        match ConfigSweep::from_toml(text) {
            Err(error) => check_error(&error, lines),
            Ok(sweep) => {
                assert!(!sweep.points().is_empty());
                match sweep.sweep() {
                    Ok(ready) => assert_eq!(ready.points().len(), sweep.points().len()),
                    Err(SweepError::SameKey { first, second, .. }) => assert!(first < second),
                    Err(other) => panic!("{other}"),
                }
            }
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
    config.predicted = false;
    let experiment = config.build().expect("what was read builds");
    let work = config.width.saturating_mul(config.dimension).saturating_mul(config.samples);
    let small = work <= 20_000 && config.width.max(config.dimension).max(config.samples) <= 64;
    if !small || config.steps.len() > 3 || config.left_powers.unwrap_or(0) > 1000 {
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
    Sweep::new((0..5).collect()).unwrap()
}

pub fn square(point: &u32) -> Result<f64, String> {
    if *point == 2 { Err("two".into()) } else { Ok(0.1 * f64::from(point * point)) }
}

/// Gives any bytes to everything that reads a results file.
pub fn results(bytes: &[u8], folder: &Folder) {
    let path = folder.file("results.jsonl");
    std::fs::write(&path, bytes).unwrap();
    let read = read_results::<Value, Value>(&path);
    match &read {
        Ok(points) => assert!(points.windows(2).all(|pair| pair[0].index < pair[1].index)),
        Err(error) => check_sweep_error(error, bytes),
    }
    merging(bytes, folder, read.as_ref().ok());
    resuming(bytes, folder, read.as_ref().ok());
}

fn check_sweep_error(error: &SweepError, bytes: &[u8]) {
    assert!(!error.to_string().is_empty());
    let lines = bytes.iter().filter(|b| **b == b'\n').count();
    match error {
        SweepError::NotResults { .. } | SweepError::OtherSweep { .. } => {}
        SweepError::Corrupt { line, .. } => assert!((2..=lines).contains(line), "{error}"),
        other => panic!("reading gave {other}"),
    }
}

/// A file merged with nothing else: refused, or the same points again.
fn merging(bytes: &[u8], folder: &Folder, read: Option<&Vec<PointResult<Value, Value>>>) {
    let (path, output) = (folder.file("results.jsonl"), folder.file("merged.jsonl"));
    let _ = std::fs::remove_file(&output);
    match merge(&[&path], &output) {
        Ok(summary) => {
            let points = read.expect("what can be merged can be read");
            assert_eq!(summary.total, points.len());
            let merged = read_results::<Value, Value>(&output).expect("what was merged is read");
            assert_eq!(&merged, points);
        }
        Err(SweepError::Incomplete { missing, points, first }) => {
            let read = read.expect("an incomplete file can be read");
            assert_eq!(points - read.len(), missing);
            assert!(first < points && read.iter().all(|point| point.index != first));
        }
        Err(error) => check_sweep_error(&error, bytes),
    }
}

/// The file taken up by a sweep: refused and left as it is, or completed with nothing lost.
fn resuming(bytes: &[u8], folder: &Folder, read: Option<&Vec<PointResult<Value, Value>>>) {
    let path = folder.file("results.jsonl");
    match squares().run(&path, square) {
        Ok(summary) => {
            assert_eq!((summary.total, summary.resumed + summary.computed), (5, 5));
            let all = read_results::<u32, Value>(&path).expect("a completed file is read");
            assert_eq!(all.iter().map(|point| point.key).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
            for point in read.into_iter().flatten() {
                assert_eq!(point.outcome, all[point.index].outcome, "a stored result was changed");
            }
        }
        Err(error) => {
            check_sweep_error(&error, bytes);
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "a refused file was changed");
        }
    }
}
