//! Sweeps over experiments, written as TOML.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;

use rayon::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use super::spelling::spelled_one_way;
use super::{Sweep, SweepError};
use crate::config::locate::Source;
use crate::config::{ConfigError, ExperimentConfig, read_text};
use crate::experiment::{PredictedSpectrum, Report, Triplet};
use crate::linalg::backend_name;

mod grid;

/// A sweep over experiments: the settings of an experiment as in [`ExperimentConfig`], and a table
/// `sweep` with any of
///
/// - `grid`: dotted keys with the list of their values; every combination is a point;
/// - `points`: a list of tables of dotted keys with one value each, combined with the grid;
/// - `seeds`: a number of seeds, counted from the experiment's, or a list of them; every seed with
///   every point.
///
/// A key names a setting, as `width`, `batches`, `target.noise` or `steps.2.alpha`; steps count
/// from 1. Settings that are swept need no value outside the table.
///
/// Every point is checked when the sweep is read, as [`ExperimentConfig::from_toml`] does.
///
/// ```
/// use linear_width::sweep::ConfigSweep;
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
/// let sweep = ConfigSweep::from_toml(text)?;
/// assert_eq!(sweep.points().len(), 24);
/// // alpha_2 = 0.1 for both widths with four seeds each, then 0.2
/// assert_eq!(sweep.points()[4].config().settings.width, 60);
/// assert_eq!(sweep.points()[8].config().settings.steps[1].alpha, 0.2);
///
/// let error = ConfigSweep::from_toml(&text.replace("0.3]", "0.5]")).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 9, steps.2.alpha: alpha of step 2 is 0.5; it must lie in [0, 0.5)"
/// );
/// # Ok::<(), linear_width::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConfigSweep {
    points: Vec<ConfigPoint>,
    settings: toml::Table,
}

/// One point of a [`ConfigSweep`]. It serialises as its key: the settings that vary, and the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigPoint {
    key: BTreeMap<String, toml::Value>,
    config: ExperimentConfig,
}

impl Serialize for ConfigPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Key<'a> {
            #[serde(flatten)]
            varies: &'a BTreeMap<String, toml::Value>,
            seed: u64,
        }
        Key { varies: &self.key, seed: self.config.settings.seed }.serialize(serializer)
    }
}

impl ConfigPoint {
    /// All settings of this point.
    pub fn config(&self) -> &ExperimentConfig {
        &self.config
    }

    /// Runs the experiment of this point.
    ///
    /// # Errors
    /// The text of a [`ConfigError`] or [`RunError`](crate::experiment::RunError).
    pub fn run(&self) -> Result<PointReport, String> {
        let experiment = self.config.build().map_err(|error| error.to_string())?;
        let report = experiment.run().map_err(|error| error.to_string())?;
        Ok(PointReport::from(&report))
    }
}

impl ConfigSweep {
    /// Reads a sweep and checks every point.
    ///
    /// # Errors
    /// As [`ExperimentConfig::from_toml`]; a problem of several points is listed once.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let mut source = Source::parse(text)?;
        let settings = source.table.clone();
        let sweep = source.table.remove("sweep");
        let grid = grid::Grid::read(sweep, &source.table).map_err(|e| e.located(&source))?;
        let points: Vec<grid::Point> = grid.points(&source.table);
        let points: Vec<Result<ConfigPoint, ConfigError>> = points
            .into_par_iter()
            .map(|point| {
                let config = point.config(&source)?;
                config.build().map_err(|error| point.placed(error, &source))?;
                Ok(ConfigPoint { key: point.key(), config })
            })
            .collect();
        let mut good = Vec::with_capacity(points.len());
        let mut problems = Vec::new();
        for point in points {
            match point {
                Ok(point) => good.push(point),
                Err(ConfigError::Problems(new)) => {
                    for problem in new {
                        if !problems.contains(&problem) {
                            problems.push(problem);
                        }
                    }
                }
                Err(other) => return Err(other),
            }
        }
        if !problems.is_empty() {
            return Err(ConfigError::Problems(problems));
        }
        Ok(Self { points: good, settings })
    }

    /// Reads the file at `path` as [`from_toml`](Self::from_toml) does.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml), and [`ConfigError::Io`].
    pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Self::from_toml(&read_text(path.as_ref())?)
    }

    /// The points: those of `points`, for each the grid with its last key (in alphabetical order)
    /// running fastest, for each the seeds.
    pub fn points(&self) -> &[ConfigPoint] {
        &self.points
    }

    /// The sweep, ready to run with [`ConfigPoint::run`]. Its header holds the whole file, the
    /// version of this crate and the backend, so that results of different ones are not mixed.
    ///
    /// # Errors
    /// [`SweepError::SameKey`] when two points are the same experiment: a value or a seed is listed
    /// twice, in two spellings (0 and 0.0) or once left to its default.
    pub fn sweep(&self) -> Result<Sweep<ConfigPoint>, SweepError> {
        self.different()?;
        #[derive(Serialize)]
        struct Settings<'a> {
            crate_version: &'static str,
            backend: &'static str,
            file: &'a toml::Table,
        }
        Sweep::new(self.points.clone())?.settings(&Settings {
            crate_version: env!("CARGO_PKG_VERSION"),
            backend: backend_name(),
            file: &self.settings,
        })
    }

    /// No two points have equal settings, however they are written.
    fn different(&self) -> Result<(), SweepError> {
        let mut seen: HashMap<u64, usize> = HashMap::with_capacity(self.points.len());
        for (second, point) in self.points.iter().enumerate() {
            let text = serde_json::to_string(&point.config)
                .map_err(|error| SweepError::Key { index: second, why: error.to_string() })?;
            let mut hasher = fnv::FnvHasher::default();
            hasher.write(spelled_one_way(&text).as_bytes());
            let first = *seen.entry(hasher.finish()).or_insert(second);
            if first != second && self.points[first].config == point.config {
                let key = serde_json::to_string(point).unwrap_or(text);
                return Err(SweepError::SameKey { first, second, key });
            }
        }
        Ok(())
    }
}

/// The numbers of a [`Report`] that a sweep keeps: no times, no weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointReport {
    /// W_0, W_1, ..., W_T.
    pub stages: Vec<StageReport>,
    /// Why there is no prediction, when there is none.
    pub no_prediction: Option<String>,
    /// The notes of the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The numbers of a [`Stage`](crate::experiment::Stage) that a sweep keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// How many steps have been taken.
    pub step: usize,
    /// eta of the step that led here; `None` for W_0.
    pub eta: Option<f64>,
    /// How many outliers there are.
    pub outliers: usize,
    /// Singular values above this are outliers.
    pub threshold: f64,
    /// The leading triplets.
    pub triplets: Vec<Triplet>,
    /// The prediction.
    pub prediction: Option<PredictedSpectrum>,
}

impl From<&Report> for PointReport {
    fn from(report: &Report) -> Self {
        let stages = report.stages.iter().map(|stage| StageReport {
            step: stage.step,
            eta: stage.eta,
            outliers: stage.outliers.count,
            threshold: stage.outliers.threshold,
            triplets: stage.triplets.clone(),
            prediction: stage.prediction.clone(),
        });
        Self {
            stages: stages.collect(),
            no_prediction: report.no_prediction.clone(),
            notes: report.notes.clone(),
        }
    }
}
