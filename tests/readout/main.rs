//! Ridge regression on the features of a network.

mod properties;
mod ridge;

#[path = "../common/strategies.rs"]
mod strategies;
