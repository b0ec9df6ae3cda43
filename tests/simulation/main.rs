//! Simulated means against those of another program and against the prediction. Long comparisons are
//! ignored by default.

mod false_alarms;
mod feature_means;
mod feature_prediction;
mod features;
mod golden;
mod left_edge;
mod many_steps;
mod partial_reuse;
mod prediction;
mod step_edges;
mod stored_means;

#[path = "../common/mod.rs"]
mod common;
