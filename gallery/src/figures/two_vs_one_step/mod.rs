//! One against two large gradient steps, with independent and with reused batches: simulates, prints the
//! comparison with the prediction, draws the spectra of W_0, W_1 and W_2.
//!
//! `linear-width figure two_vs_one_step` (`--help` for the options)

mod figure;
mod options;

use std::error::Error;
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};
use linear_width::experiment::RunOptions;
use linear_width::theory::prediction::{self, Prediction};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, Report};

use options::LinkChoice;
pub use options::Options;

/// A run, and the predictions for its W_1 and W_2 to draw densities from.
struct Run {
    report: Report,
    predictions: [Prediction; 2],
}

/// Two runs that differ in the batch of the second step only.
struct Comparison {
    independent: Run,
    reused: Run,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(options: &Options) -> Result<(), Box<dyn Error>> {
    let links = match options.link {
        Some(link) => vec![link],
        None => vec![LinkChoice::Tanh, LinkChoice::Cosine],
    };
    let mut comparisons = Vec::new();
    for link in links {
        let run = |policy| -> Result<Run, Box<dyn Error>> {
            let experiment = options.experiment(link, policy)?;
            let report = run_with_bar(&experiment, &format!("{link:?}, {policy}"))?;
            let predict = |step| experiment.predict(step, &prediction::Options::default());
            Ok(Run { report, predictions: [predict(1)?, predict(2)?] })
        };
        let comparison = Comparison {
            independent: run(BatchPolicy::Independent)?,
            reused: run(BatchPolicy::Reused)?,
        };
        print(&comparison);
        comparisons.push(comparison);
    }
    println!("wrote {}", figure::write(&comparisons, &options.output)?.display());
    Ok(())
}

fn run_with_bar(experiment: &Experiment, name: &str) -> Result<Report, Box<dyn Error>> {
    let bar = ProgressBar::new(1000);
    bar.set_style(ProgressStyle::with_template("{msg:32} {bar:40} {percent:>3} %  {elapsed}")?);
    let report = experiment.run_with(RunOptions::new().observe(|progress| {
        let doing = if progress.in_spectrum { "spectrum" } else { "gradient" };
        bar.set_message(format!("{name}: {doing} {}", progress.step));
        bar.set_position((1000.0 * progress.fraction) as u64);
        ControlFlow::Continue(())
    }))?;
    bar.finish_and_clear();
    Ok(report)
}

fn print(comparison: &Comparison) {
    let (independent, reused) = (&comparison.independent.report, &comparison.reused.report);
    let settings = &independent.settings;
    println!(
        "\n=== link {}: N = {}, d = {}, n = {}, {}, b {}, noise {}, seed {} ===",
        independent.link,
        settings.width,
        settings.dimension,
        settings.samples,
        independent.activation,
        settings.second_layer,
        independent.noise,
        settings.seed
    );
    print!("{}", independent.leading_order);
    let (target, left) = independent.chance_overlaps();
    println!(
        "\nmeasured (predicted), * outlier; chance gives overlaps of {target:.3} with the target, {left:.3} with powers of a:"
    );
    print!("{}", independent.stages[1]);
    print!("independent batches, {}", independent.stages[2]);
    print!("reused batch, {}", reused.stages[2]);
    if let Some(spikes) = &independent.leading_order.spikes {
        println!(
            "outliers of W_2: independent {} (predicted {}), reused {} (predicted {}); formula, for N to infinity: {} new + 1 = {}",
            independent.stages[2].outliers.count,
            comparison.independent.predictions[1].outliers.len(),
            reused.stages[2].outliers.count,
            comparison.reused.predictions[1].outliers.len(),
            spikes.count().new_directions,
            spikes.count().total
        );
    }
}
