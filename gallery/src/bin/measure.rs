//! Time and peak memory of one run: two gradient steps and three spectra at the sizes given.
//!
//! `cargo run --release -p gallery --bin measure -- --width 4000 --dimension 2000 --samples 6000`

use std::ops::ControlFlow;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::experiment::{Precision, RunOptions};
use linear_width::training::StepSize;
use linear_width::{Experiment, backend_name};

#[derive(Parser)]
struct Options {
    /// Hidden neurons N.
    #[arg(long, default_value_t = 4000)]
    width: usize,
    /// Input dimension d.
    #[arg(long, default_value_t = 2000)]
    dimension: usize,
    /// Samples n of each of the two batches.
    #[arg(long, default_value_t = 6000)]
    samples: usize,
    /// Number type.
    #[arg(long, value_enum, default_value = "f64")]
    precision: Bits,
}

#[derive(Clone, Copy, ValueEnum)]
enum Bits {
    F32,
    F64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let precision = match options.precision {
        Bits::F32 => Precision::F32,
        Bits::F64 => Precision::F64,
    };
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    let experiment = Experiment::builder()
        .width(options.width)
        .dimension(options.dimension)
        .samples(options.samples)
        .activation(Tanh::default())
        .target(Target::single_index(link).noise(0.1))
        .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
        .precision(precision)
        .with_prediction(false)
        .build()?;
    let bar = ProgressBar::new(1000);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {percent} % {eta}")?);
    bar.enable_steady_tick(Duration::from_secs(1));
    let report = experiment.run_with(RunOptions::new().observe(|progress| {
        bar.set_position((1000.0 * progress.fraction) as u64);
        ControlFlow::Continue(())
    }))?;
    bar.finish_and_clear();

    let Options { width, dimension, samples, .. } = options;
    println!("N = {width}, d = {dimension}, n = {samples}, {precision:?}, {}", backend_name());
    println!("{:>6} {:>12} {:>12} {:>10}", "", "gradient, s", "spectrum, s", "outliers");
    for stage in &report.stages {
        println!(
            "W_{:<4} {:>12.2} {:>12.2} {:>10}",
            stage.step, stage.gradient_seconds, stage.spectrum_seconds, stage.outliers.count
        );
    }
    let estimate = experiment.estimated_bytes() as f64 / (1 << 20) as f64;
    match peak_mebibytes() {
        Some(peak) => println!("peak memory {peak:.0} MiB, estimated {estimate:.0} MiB"),
        None => println!("peak memory unknown on this system, estimated {estimate:.0} MiB"),
    }
    Ok(())
}

/// The largest resident set of this process so far; on Linux only.
fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}
