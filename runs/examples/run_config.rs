//! Runs the experiment of a TOML file and prints its report, as text or as JSON:
//!
//! ```sh
//! cargo run --release -p linear-width-runs --example run_config -- runs/examples/experiment.toml
//! ```

use std::path::PathBuf;

use clap::Parser;
use linear_width_runs::config::ExperimentConfig;

/// Runs the experiment of a TOML file and prints its report.
#[derive(Parser)]
struct Options {
    /// The file; runs/examples/experiment.toml shows every key
    file: PathBuf,
    /// Print JSON, with all singular values
    #[arg(long)]
    json: bool,
}

fn main() {
    let options = Options::parse();
    if let Err(error) = run(&options) {
        eprintln!("{}: {error}", options.file.display());
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let report = ExperimentConfig::read(&options.file)?.build()?.run()?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
