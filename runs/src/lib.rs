#![deny(missing_docs)]
#![forbid(unsafe_code)]

//! Experiments and sweeps of [`linear_width`] written as TOML, with results files that survive a
//! kill.
//!
//! - [`config`]: one experiment as a TOML file; a wrong key or value is named with its line.
//! - [`sweep`]: many points, of a TOML file or of your own function, within a memory budget, into one
//!   results file of JSON lines.
//! - [`predicted`]: what theory says about an experiment; nothing is simulated.
//! - [`files`]: results as .npz for NumPy, weights as safetensors.

pub mod config;
mod error;
pub mod files;
pub mod predicted;
pub mod sweep;
