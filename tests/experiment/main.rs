//! Experiments: settings and their errors, runs and their reports, laws and functions of the user.

mod builder;
mod device;
mod error_texts;
mod extending;
mod features;
mod misuse;
mod odd_shapes;
mod outlier_test;
mod properties;
mod runs;

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/strategies.rs"]
mod strategies;
