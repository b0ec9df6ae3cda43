//! Inputs, labels, teachers and initial networks; data sets of the user; the `.npy` files of the
//! examples.

mod dataset;
mod npy_reader;
mod properties;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/strategies.rs"]
mod strategies;
