//! `linear-width sweep FILE.toml`: runs many experiments into one results file.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::str::FromStr;

use bytesize::ByteSize;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use linear_width_runs::sweep::{ConfigPoint, Progress, Shard, Sweep, SweepError, merge};
use serde_json::json;

use crate::input::Input;
use crate::output;

/// Run the sweep of a TOML file into a results file; run again, it goes on where it was stopped
#[derive(Args)]
pub struct Options {
    /// The file; runs/examples/sweep.toml is one; - reads standard input
    #[arg(value_name = "FILE.toml", required_unless_present = "merge", conflicts_with = "merge")]
    file: Option<PathBuf>,
    /// The results file, one line of JSON a point
    #[arg(long, value_name = "RESULTS.jsonl")]
    output: PathBuf,
    /// Run every m-th point only, from the i-th on, as i/m with i from 1; auto: the i-th of the m
    /// tasks of the Slurm job array that this is one of
    #[arg(long, default_value = "1/1", value_name = "I/M|auto", conflicts_with = "merge")]
    shard: Choice,
    /// Memory that the points running at once may need together, as in 4GiB
    #[arg(long, value_name = "SIZE", conflicts_with = "merge")]
    memory: Option<ByteSize>,
    /// Do not run, but merge these files of all shards into the output
    #[arg(long, num_args = 1.., value_name = "RESULTS.jsonl")]
    merge: Vec<PathBuf>,
    /// Print the counts of points as JSON
    #[arg(long)]
    json: bool,
}

/// A shard on the command line.
#[derive(Clone, Copy)]
enum Choice {
    Slurm,
    Given(Shard),
}

impl FromStr for Choice {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        if text == "auto" { Ok(Self::Slurm) } else { text.parse().map(Self::Given) }
    }
}

pub fn run(options: &Options) -> Result<(), String> {
    let progress = match &options.file {
        Some(file) => sweep(options, Input::read(file)?)?,
        None => merge(&options.merge, &options.output).map_err(|error| error.to_string())?,
    };
    let Progress { total, resumed, computed, failed, .. } = progress;
    if options.json {
        let counts = json!({
            "points": total, "resumed": resumed, "computed": computed, "failed": failed,
        });
        return output::print_json(&counts);
    }
    output::print(&format!(
        "{total} points: {resumed} were there, {computed} computed, {failed} of all are errors\n"
    ))
}

fn sweep(options: &Options, input: Input) -> Result<Progress, String> {
    let shard = match options.shard {
        Choice::Given(shard) => shard,
        Choice::Slurm => Shard::of_slurm_task(|name| std::env::var(name).ok())
            .map_err(|error| format!("--shard auto: {error}"))?,
    };
    let sweep = Sweep::from_toml(&input.text).map_err(|error| input.wrong(error))?.shard(shard);
    let sweep = match options.memory {
        Some(budget) => sweep.memory(budget.as_u64(), |p| p.config().estimated_bytes()),
        None => sweep,
    };
    let bar = ProgressBar::new(0);
    let style = "{bar:40} {pos}/{len} points  {elapsed}, about {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(style).map_err(|error| error.to_string())?);
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
    let result = sweep.run_observed(&options.output, ConfigPoint::run, observer);
    bar.finish_and_clear();
    result.map_err(|error| match error {
        // those of files name theirs
        SweepError::Memory(..) | SweepError::Json(_) => input.wrong(error),
        error => error.to_string(),
    })
}
