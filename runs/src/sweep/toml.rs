//! Sweeps over experiments, written as TOML.

use std::collections::{BTreeMap, HashSet};

use linear_width::{Report, backend_name};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;
use toml::Value;

use super::grid::{self, Override, apply};
use super::{Sweep, SweepError, all_differ};
use crate::config::locate::{Segment, Source, dotted, path};
use crate::config::{ConfigError, ConfigProblem, ExperimentConfig, Reason, read_text};

/// One point of a sweep over experiments. It serialises as its key: the settings that vary, and the
/// seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ConfigPoint {
    key: BTreeMap<String, Value>,
    #[serde(skip)]
    config: ExperimentConfig,
}

impl ConfigPoint {
    /// All settings of this point.
    pub fn config(&self) -> &ExperimentConfig {
        &self.config
    }

    /// Runs the experiment of this point. The report keeps counts, triplets, predictions and notes;
    /// what is large (singular values, weights, teacher, second layer) is empty, and times, which no
    /// other run would have, are 0.
    ///
    /// # Errors
    /// The text of a [`ConfigError`] or [`RunError`](linear_width::experiment::RunError).
    pub fn run(&self) -> Result<Report, String> {
        let experiment = self.config.build().map_err(|error| error.to_string())?;
        let mut report = experiment.run().map_err(|error| error.to_string())?;
        report.second_layer = Array1::zeros(0);
        report.teacher = Array2::zeros((0, 0));
        for stage in &mut report.stages {
            stage.singular_values = Array1::zeros(0);
            stage.weights = None;
            (stage.gradient_seconds, stage.spectrum_seconds) = (0.0, 0.0);
            stage.feature_seconds = 0.0;
        }
        Ok(report)
    }

    /// The point with these overrides, checked; problems have the lines of the file.
    fn new(overrides: &[Override], source: &Source<'_>) -> Result<Self, ConfigError> {
        let line = |at: &[Segment]| {
            let meets = |change: &&Override| {
                let key = path(&change.key);
                !at.is_empty() && (at.starts_with(&key) || key.starts_with(at))
            };
            let change = overrides.iter().find(meets);
            source.line(change.map_or(at, |change| &change.place))
        };
        let mut table = source.table.clone();
        for change in overrides {
            apply(&mut table, change)
                .map_err(|text| malformed(source.line(&change.place), &change.place, text))?;
        }
        let config = ExperimentConfig::from_table(&table, &line)?;
        config.build().map_err(|mut error| {
            if let ConfigError::Problems(problems) = &mut error {
                problems.iter_mut().for_each(|problem| problem.line = line(&path(&problem.key)));
            }
            error
        })?;
        let key = overrides.iter().map(|change| (change.key.clone(), change.value.clone()));
        Ok(Self { key: key.collect(), config })
    }
}

/// An error at one place of the file.
fn malformed(line: Option<usize>, place: &[Segment], text: String) -> ConfigError {
    let (key, reason) = (dotted(place), Reason::Malformed(text));
    ConfigError::Problems(vec![ConfigProblem { key, line, reason }])
}

impl Sweep<ConfigPoint> {
    /// Reads a sweep over experiments: the settings of an experiment as in [`ExperimentConfig`], and
    /// a table `sweep` with any of
    ///
    /// - `grid`: dotted keys with the list of their values; every combination is a point;
    /// - `points`: a list of tables of dotted keys with one value each, combined with the grid;
    /// - `seeds`: a number of seeds, counted from the experiment's, or a list of them; every seed with
    ///   every point.
    ///
    /// A key names a setting, as `width`, `batches`, `target.noise` or `steps.2.alpha`; steps count
    /// from 1. Settings that are swept need no value outside the table. The seed runs fastest, then
    /// the last key of the grid in alphabetical order, and the entries of `points` slowest.
    ///
    /// Every point is checked here, as [`ExperimentConfig::from_toml`] does. The header of the
    /// results file holds the whole text, the version of this crate and the backend, so that their
    /// results are not mixed. Run the sweep with [`ConfigPoint::run`].
    ///
    /// # Errors
    /// [`SweepError::Config`]; a problem of several points is listed once. [`SweepError::SameKey`]
    /// when two points have equal settings, also in two spellings (0 and 0.0) or once by default.
    ///
    /// ```
    /// use linear_width_runs::sweep::Sweep;
    ///
    /// let text = r#"
    /// dimension = 30
    /// samples = 90
    /// activation = { tanh = {} }
    /// target = { link = { hermite = [0.0, 1.0] } }
    /// steps = [{ constant = 1.0, alpha = 0.3 }, { constant = 1.0, alpha = 0.0 }]
    ///
    /// [sweep]
    /// grid = { width = [40, 60], "steps.2.alpha" = [0.1, 0.2, 0.3] }
    /// seeds = 4
    /// "#;
    /// let sweep = Sweep::from_toml(text)?;
    /// assert_eq!(sweep.points().len(), 24);
    /// assert_eq!(sweep.points()[4].config().settings.width, 60); // after four seeds of width 40
    /// # Ok::<(), linear_width_runs::sweep::SweepError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, SweepError> {
        let mut source = Source::parse(text)?;
        let file = source.table.clone();
        let sweep = source.table.remove("sweep");
        let points = grid::points(sweep, &source.table)
            .map_err(|(place, text)| malformed(source.line(&place), &place, text))?;
        let checked: Vec<Result<ConfigPoint, ConfigError>> =
            points.par_iter().map(|overrides| ConfigPoint::new(overrides, &source)).collect();
        let mut points = Vec::with_capacity(checked.len());
        let mut problems = Vec::new();
        for point in checked {
            match point {
                Ok(point) => points.push(point),
                Err(error) => problems.extend_from_slice(error.problems()),
            }
        }
        if !problems.is_empty() {
            let mut seen = HashSet::new();
            problems.retain(|problem| seen.insert(problem.to_string()));
            return Err(ConfigError::Problems(problems).into());
        }
        let configs = points.iter().map(|point| serde_json::to_string(&point.config));
        let configs: Vec<String> = configs.collect::<Result<_, _>>()?;
        let key = |number: usize| serde_json::to_string(&points[number]).unwrap_or_default();
        all_differ(configs.iter().map(String::as_str), key)?;
        let (version, backend) = (env!("CARGO_PKG_VERSION"), backend_name());
        let settings = json!({ "crate_version": version, "backend": backend, "file": file });
        Sweep::new(points, &settings)
    }

    /// Reads the file at `path` as [`from_toml`](Self::from_toml) does; another error is
    /// [`ConfigError::Io`].
    pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, SweepError> {
        Self::from_toml(&read_text(path.as_ref())?)
    }
}
