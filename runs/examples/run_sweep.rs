//! Runs the sweep of a TOML file into a results file; run again, it goes on where it was stopped:
//!
//! ```sh
//! cargo run --release -p linear-width-runs --example run_sweep -- runs/examples/sweep.toml \
//!   --output results.jsonl
//! ```
//!
//! On a cluster, job i of 4 adds `--shard i/4` and takes a file of its own; afterwards
//!
//! ```sh
//! cargo run --release -p linear-width-runs --example run_sweep -- runs/examples/sweep.toml \
//!   --merge results-*.jsonl --output results.jsonl
//! ```

use std::ops::ControlFlow;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use linear_width_runs::sweep::{ConfigPoint, Progress, Shard, Sweep, merge};

/// Runs the sweep of a TOML file into a results file; run again, it goes on where it was stopped.
#[derive(Parser)]
struct Options {
    /// The file; runs/examples/sweep.toml is one
    file: PathBuf,
    /// The results file, one line of JSON a point
    #[arg(long)]
    output: PathBuf,
    /// Run every m-th point only, from the i-th on, as i/m with i from 1
    #[arg(long, default_value = "1/1", conflicts_with = "merge")]
    shard: Shard,
    /// Memory that the points running at once may need together, as in 4GiB
    #[arg(long, conflicts_with = "merge")]
    memory: Option<ByteSize>,
    /// Do not run, but merge these files of all shards into the output
    #[arg(long, num_args = 1..)]
    merge: Vec<PathBuf>,
}

fn main() {
    let options = Options::parse();
    let result = if options.merge.is_empty() {
        run(&options)
    } else {
        merge(&options.merge, &options.output).map_err(Into::into)
    };
    match result {
        Ok(Progress { total, resumed, computed, failed, .. }) => println!(
            "{total} points: {resumed} were there, {computed} computed, {failed} of all are errors"
        ),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}

fn run(options: &Options) -> Result<Progress, Box<dyn std::error::Error>> {
    let sweep = Sweep::read(&options.file)
        .map_err(|error| format!("{}: {error}", options.file.display()))?
        .shard(options.shard);
    let sweep = match options.memory {
        Some(budget) => sweep.memory(budget.as_u64(), |p| p.config().estimated_bytes()),
        None => sweep,
    };
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} points  {elapsed}, about {eta} left  {msg}",
    )?);
    let mut resumed = None;
    let observer = |progress: &Progress| {
        // what was there before says nothing about the speed
        if resumed.is_none() {
            bar.reset_eta();
        }
        resumed.get_or_insert(progress.resumed);
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done() as u64);
        let failed = match progress.failed {
            0 => String::new(),
            failed => format!(", {failed} errors"),
        };
        bar.set_message(format!("{} running{failed}", progress.running.len()));
        ControlFlow::Continue(())
    };
    let summary = sweep.run_observed(&options.output, ConfigPoint::run, observer)?;
    bar.finish();
    Ok(summary)
}
