//! From keyword arguments to an experiment.

use std::sync::Arc;

use linear_width::activation::Activation;
use linear_width::data::{Dataset, Target};
use linear_width::experiment::Settings;
use linear_width::{Experiment, InvalidSetting};
use linear_width_runs::config::{ConfigError, ConfigProblem, ExperimentConfig};
use pyo3::prelude::*;

/// Functions and data that have no name in TOML. In the settings something with a name stands in the
/// place of each.
#[derive(Default)]
pub struct Extras {
    pub activation: Option<Arc<dyn Activation>>,
    pub link: Option<Arc<dyn Activation>>,
    /// The link is of several numbers; noise and directions are those of the settings.
    pub multi_index: Option<Target>,
    pub data: Option<Dataset>,
}

/// Reads and checks.
pub fn build(
    values: &toml::Table,
    extras: Extras,
) -> Result<(ExperimentConfig, Experiment), ConfigError> {
    let config = ExperimentConfig::from_values(values)?;
    let mut builder = config.builder()?;
    if let Some(data) = extras.data {
        // the same without the target that stands in the place of the data
        let settings = config.settings.clone();
        builder = Experiment::builder().settings(settings).data(data);
        builder = builder.activation(config.activation.activation());
    }
    if let Some(activation) = extras.activation {
        builder = builder.activation(activation);
    }
    if let Some(link) = extras.link {
        let at_link = |problem: InvalidSetting| {
            let (key, reason) = ("target.link".into(), problem.into());
            ConfigError::Problems(vec![ConfigProblem { key, line: None, reason }])
        };
        builder = builder.target(config.target.target_with(link).map_err(at_link)?);
    }
    if let Some(target) = extras.multi_index {
        builder = builder.target(config.target.placed(target));
    }
    let experiment = builder.build().map_err(|error| {
        ConfigError::Problems(error.problems.into_iter().map(Into::into).collect())
    })?;
    Ok((config, experiment))
}

/// The names of all settings but `activation`, `target` and `data`.
#[pyfunction]
pub fn setting_names() -> Vec<&'static str> {
    Settings::NAMES.to_vec()
}
