//! The options every example of the gallery has.

use std::path::PathBuf;

use clap::Args;

/// Flatten it into the options of an example: `#[command(flatten)] common: CommonOptions`.
#[derive(Args, Clone, Debug)]
pub struct CommonOptions {
    /// Small sizes and few points: seconds instead of minutes
    #[arg(long)]
    pub quick: bool,
    /// Folder for pictures and data, made if missing
    #[arg(long, default_value = "figures")]
    pub output: PathBuf,
    /// Seed of everything random; further networks take the seeds that follow
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl CommonOptions {
    /// `quick` with --quick, else `full`.
    pub fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// `count` seeds from the one given on.
    pub fn seeds(&self, count: u64) -> Vec<u64> {
        (0..count).map(|i| self.seed.wrapping_add(i)).collect()
    }
}
