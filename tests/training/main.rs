//! The gradient step, the batch policies and the precision of a run.

mod gradient;
mod partial_reuse;
mod properties;
mod single_precision;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/strategies.rs"]
mod strategies;
