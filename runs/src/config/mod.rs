//! Experiments written as TOML.
//!
//! The keys are the names of the builder's methods. Unknown keys, values of the wrong type and
//! values out of range are errors that name key and line.
//!
//! ```
//! use linear_width_runs::config::ExperimentConfig;
//!
//! let text = r#"
//! width = 120
//! dimension = 60
//! samples = 180
//! seed = 1
//! batches = "reused"                 # or "independent", { partly_reused = { fraction = 0.5 } }
//! activation = { tanh = { scale = 2.0, shift = 0.5 } }
//! steps = [{ constant = 2.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.4 }]
//!
//! [target]
//! link = { hermite = [0.0, 0.0, 0.5, 0.5] }
//! noise = 0.1
//! "#;
//! let config = ExperimentConfig::from_toml(text)?;
//! let report = config.build()?.run()?;
//! assert_eq!(report.stages.len(), 3);
//! assert_eq!(ExperimentConfig::from_toml(&config.to_toml()?)?, config);
//!
//! let error = ExperimentConfig::from_toml(&text.replace("0.4", "0.7")).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "line 8, steps.2.alpha: alpha of step 2 is 0.7; it must lie in [0, 0.5)"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod function;
pub(crate) mod locate;
mod target;

pub use error::{ConfigError, ConfigProblem, Reason};
pub use function::FunctionConfig;
pub use target::TargetConfig;

use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use linear_width::Experiment;
use linear_width::experiment::{ExperimentBuilder, Settings};
use locate::{Path, Segment, Source, dotted, path, typed};

/// An experiment as it is written in a file: the functions by name, and the keys of [`Settings`]
/// beside them. Closures cannot be written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentConfig {
    /// The activation.
    pub activation: FunctionConfig,
    /// Link, directions, noise.
    pub target: TargetConfig,
    /// Everything else.
    #[serde(flatten)]
    pub settings: Settings,
}

/// The keys without default.
const REQUIRED: [&str; 6] = ["width", "dimension", "samples", "steps", "activation", "target"];

impl ExperimentConfig {
    /// Reads a configuration and checks it as [`build`](Self::build) does.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`], or [`ConfigError::Problems`] with keys and lines.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let source = Source::parse(text)?;
        let config = Self::from_table(&source.table, &|path| source.line(path))?;
        config.build().map_err(|error| source.placed(error))?;
        Ok(config)
    }

    /// Reads the keys and values of TOML from another form, for example a JSON object. What
    /// [`build`](Self::build) checks is not checked here.
    ///
    /// # Errors
    /// [`ConfigError::Problems`] for keys that are unknown or missing, and for values of a wrong type
    /// or that TOML cannot hold.
    ///
    /// ```
    /// use linear_width_runs::config::ExperimentConfig;
    ///
    /// let error = ExperimentConfig::from_values(&serde_json::json!({
    ///     "width": 120, "dimension": 60, "samples": 180, "steps": [{"constant": 2.0, "alpha": "0"}],
    ///     "activation": "erf", "target": {"link": "erf"},
    /// }));
    /// let error = error.unwrap_err().to_string();
    /// assert!(error.contains("steps.1.alpha: invalid type: string"), "{error}");
    /// ```
    pub fn from_values(values: &impl Serialize) -> Result<Self, ConfigError> {
        let table = Table::try_from(values).map_err(|error| {
            let reason = Reason::Malformed(error.to_string());
            ConfigError::Problems(vec![ConfigProblem::at("top level", reason)])
        })?;
        Self::from_table(&table, &|_| None)
    }

    /// Reads the values of a table; `line` finds the line of a key. Nothing but types is checked.
    /// Not generic, so that it is compiled here and not again by whoever calls
    /// [`from_values`](Self::from_values).
    pub(crate) fn from_table(
        table: &Table,
        line: &dyn Fn(&[Segment]) -> Option<usize>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        for name in REQUIRED.iter().filter(|name| !table.contains_key(**name)) {
            let reason = Reason::Malformed(format!("missing field `{name}`"));
            problems.push(ConfigProblem::at("top level", reason));
        }
        let mut settings = table.clone();
        let activation = settings.remove("activation");
        let target = settings.remove("target");
        let activation = part(activation, "activation", line, &mut problems);
        let target = part(target, "target", line, &mut problems);
        let settings = part(Some(Value::Table(settings)), "", line, &mut problems);
        match (activation, target, settings) {
            (Some(activation), Some(target), Some(settings)) if problems.is_empty() => {
                Ok(Self { activation, target, settings })
            }
            _ => Err(ConfigError::Problems(problems)),
        }
    }

    /// Reads the file at `path` as [`from_toml`](Self::from_toml) does.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml), and [`ConfigError::Io`].
    pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Self::from_toml(&read_text(path.as_ref())?)
    }

    /// The configuration as TOML; reading it gives the same configuration.
    ///
    /// # Errors
    /// [`ConfigError::Write`] for a size above 2^63 - 1, which TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        // through a table, whose integers are those of TOML
        toml::Table::try_from(self)
            .and_then(|table| toml::to_string(&table))
            .map_err(|error| ConfigError::Write(error.to_string()))
    }

    /// The builder with these settings.
    ///
    /// # Errors
    /// [`ConfigError::Problems`] for parameters of the functions, which the builder does not see.
    pub fn builder(&self) -> Result<ExperimentBuilder, ConfigError> {
        let mut problems = self.activation.problems("activation");
        problems.extend(self.target.problems());
        if !problems.is_empty() {
            return Err(ConfigError::Problems(problems));
        }
        let target = self.target.target().map_err(|problem| {
            ConfigError::Problems(vec![ConfigProblem::at("target.link", problem)])
        })?;
        let activation = self.activation.activation();
        let settings = self.settings.clone();
        Ok(Experiment::builder().settings(settings).activation(activation).target(target))
    }

    /// The experiment with these settings.
    ///
    /// # Errors
    /// [`ConfigError::Problems`], each with its key.
    pub fn build(&self) -> Result<Experiment, ConfigError> {
        self.builder()?.build().map_err(|error| {
            ConfigError::Problems(error.problems.into_iter().map(Into::into).collect())
        })
    }

    /// What the run needs in memory, by [`Settings::estimated_bytes`].
    pub fn estimated_bytes(&self) -> u128 {
        self.settings.estimated_bytes()
    }
}

/// A part of a configuration, whose own key is `key`.
fn part<T: DeserializeOwned>(
    value: Option<Value>,
    key: &str,
    line: &dyn Fn(&[Segment]) -> Option<usize>,
    problems: &mut Vec<ConfigProblem>,
) -> Option<T> {
    let read = |(inner, message): (Path, String)| {
        let mut at = if key.is_empty() { Path::new() } else { path(key) };
        at.extend(inner);
        let (key, line) = (dotted(&at), line(&at));
        problems.push(ConfigProblem { key, line, reason: Reason::Malformed(message) });
    };
    typed(value?).map_err(read).ok()
}

pub(crate) fn read_text(path: &std::path::Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Io { path: path.to_owned(), source })
}
