//! TOML files, sweeps and results files.

mod config;
mod config_errors;
mod errors;
mod files;
mod properties_config;
mod reader_inputs;
mod sweep;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/readers.rs"]
mod readers;
#[path = "../../../tests/common/strategies.rs"]
mod strategies;
