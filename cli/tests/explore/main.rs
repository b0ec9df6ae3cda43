//! `linear-width explore`, asked without a browser.

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod exports;
mod refusals;
mod server;
mod simulations;
