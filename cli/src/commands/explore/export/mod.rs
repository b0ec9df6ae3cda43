//! A setting as a file for the command, as a Rust program and as a Python program.

mod python;
mod rust;

use linear_width_runs::config::ExperimentConfig;
use serde::Serialize;

use super::settings::{self, Problem};

/// The three texts.
#[derive(Serialize)]
pub struct Exported {
    toml: String,
    rust: String,
    python: String,
}

/// Writes a setting, without what has its default. It is one that can be built.
pub fn export(config: &ExperimentConfig) -> Result<Exported, Vec<Problem>> {
    let failed = |error: &dyn std::fmt::Display| vec![Problem::new("top level", error.to_string())];
    let values = settings::essential(config).map_err(|error| failed(&error))?;
    let table = toml::to_string(&values).map_err(|error| failed(&error))?;
    Ok(Exported {
        toml: format!("# linear-width run experiment.toml, or predict in place of run\n{table}"),
        rust: rust::program(config),
        python: python::program(&values),
    })
}
