//! Inputs, labels, teachers and initial networks; data sets of the user; `.npy` files of the examples.

mod dataset;
mod properties;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/strategies.rs"]
mod strategies;
