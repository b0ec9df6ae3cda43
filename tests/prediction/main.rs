//! The prediction without any simulation: closed forms, limits, reference numbers, its own errors.

mod closed_form;
mod convergence;
mod error_estimates;
mod golden;
mod golden_steps;
mod limits;
mod many_steps;

#[path = "../common/mod.rs"]
mod common;
