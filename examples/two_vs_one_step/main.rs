//! One against two large gradient steps, with fresh and with reused batches: simulates, prints the
//! comparison with leading-order theory, draws the spectra of W_0, W_1 and W_2.
//!
//! `cargo run --release --example two_vs_one_step` (`-- --help` for the options)

mod figure;
mod options;

use std::error::Error;
use std::ops::ControlFlow;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use linear_width::experiment::{Phase, Progress};
use linear_width::training::BatchPolicy;
use linear_width::{Experiment, Report};

use options::{LinkChoice, Options};

/// Two runs that differ in the batch of the second step only.
struct Comparison {
    independent: Report,
    reused: Report,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let links = match options.link {
        Some(link) => vec![link],
        None => vec![LinkChoice::Tanh, LinkChoice::Cosine],
    };
    let mut comparisons = Vec::new();
    for link in links {
        let run = |policy| -> Result<Report, Box<dyn Error>> {
            let experiment = options.experiment(link, policy)?;
            run_with_bar(&experiment, &format!("{link:?}, {policy}"))
        };
        let comparison = Comparison {
            independent: run(BatchPolicy::Independent)?,
            reused: run(BatchPolicy::Reused)?,
        };
        print(&comparison);
        comparisons.push(comparison);
    }
    for path in figure::write(&comparisons, &options.output)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn run_with_bar(experiment: &Experiment, name: &str) -> Result<Report, Box<dyn Error>> {
    let bar = ProgressBar::new(1000);
    bar.set_style(ProgressStyle::with_template("{msg:32} {bar:40} {percent:>3} %  {elapsed}")?);
    let report = experiment.run_observed(&mut |progress: &Progress| {
        let doing = match progress.phase {
            Phase::Gradient => "gradient",
            Phase::Spectrum => "spectrum",
        };
        bar.set_message(format!("{name}: {doing} {}", progress.step));
        bar.set_position((1000.0 * progress.fraction) as u64);
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    Ok(report)
}

fn print(comparison: &Comparison) {
    let Comparison { independent, reused } = comparison;
    let settings = &independent.settings;
    println!(
        "\n=== link {}: N = {}, d = {}, n = {}, {}, noise {}, seed {} ===",
        settings.link,
        settings.width,
        settings.dimension,
        settings.samples,
        settings.activation,
        settings.noise,
        settings.seed
    );
    print!("{}", independent.leading_order);
    let gamma = settings.width as f64 / settings.dimension as f64;
    if let Some(first) = independent.leading_order.first_step {
        match first.outlier(gamma) {
            Ok(Some(outlier)) => println!(
                "leading order, W_1: singular value {:.3}, overlap with the target {:.3}, with a {:.3}",
                outlier.singular_value,
                outlier.right_overlap * first.target_alignment,
                outlier.left_overlap
            ),
            _ => println!("leading order, W_1: below the threshold, no outlier"),
        }
    }
    println!("\nmeasured (* outlier):");
    print!("{}", independent.stages[1]);
    print!("independent batches, {}", independent.stages[2]);
    print!("reused batch, {}", reused.stages[2]);
    if let Some(spikes) = &independent.leading_order.spikes {
        println!(
            "outliers of W_2: {} independent, {} reused; formula, for N to infinity: {} new + 1 = {}",
            independent.stages[2].outliers.count,
            reused.stages[2].outliers.count,
            spikes.new_directions_of_second_step(),
            spikes.total_outliers_after_second_step()
        );
    }
}
