//! Inputs, labels, teachers and initial networks; data sets of the user.

mod dataset;
mod properties;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/strategies.rs"]
mod strategies;
