//! A file per subcommand, with its options and its work.

pub mod completions;
pub mod explore;
pub mod figure;
pub mod predict;
pub mod run;
pub mod spectrum;
pub mod sweep;
