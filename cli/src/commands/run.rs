//! `linear-width run FILE.toml`: runs one experiment.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use linear_width::experiment::RunOptions;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::files::{Arrays, write_weights};
use linear_width_runs::predicted::PredictedReport;

use crate::input::Input;
use crate::{output, picture};

/// Run the experiment of a TOML file and print its report, measured beside predicted
#[derive(Args)]
pub struct Options {
    /// The file; runs/examples/experiment.toml shows every key; - reads standard input
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    /// Print the report as JSON, with all singular values
    #[arg(long)]
    json: bool,
    /// Write singular values, densities, outliers, overlaps and errors as arrays for NumPy
    #[arg(long, value_name = "OUT.npz")]
    npz: Option<PathBuf>,
    /// Draw the spectra with their predicted densities, edges and outliers
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
    /// Write W_0, W_1, ... and the second layer
    #[arg(long, value_name = "OUT.safetensors")]
    weights: Option<PathBuf>,
    /// Keep a checkpoint after every step, and go on from it if it is there
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<(), String> {
    options.plot.iter().try_for_each(|path| output::check_svg(path))?;
    let places = options.npz.iter().chain(&options.weights).chain(&options.checkpoint);
    places.into_iter().try_for_each(|path| output::check_place(path))?;
    let input = Input::read(&options.file)?;
    let mut config = ExperimentConfig::from_toml(&input.text).map_err(|e| input.wrong(e))?;
    let keep_weights = config.settings.keep_weights;
    config.settings.keep_weights |= options.weights.is_some();
    let experiment = config.build().map_err(|error| input.wrong(error))?;

    let bar = gallery::progress::bar(1000, "").map_err(|error| error.to_string())?;
    let mut how = RunOptions::new().observe(|progress| {
        let doing = if progress.in_spectrum { "spectrum of W_" } else { "gradient step " };
        bar.set_message(format!("{doing}{}", progress.step));
        bar.set_position((1000.0 * progress.fraction) as u64);
        ControlFlow::Continue(())
    });
    if let Some(path) = &options.checkpoint {
        how = how.checkpoint(path);
    }
    let report = experiment.run_with(how);
    bar.finish_and_clear();
    let mut report = report.map_err(|error| input.wrong(error))?;

    let written = options.weights.iter().try_for_each(|path| write_weights(path, &report));
    if !keep_weights {
        // the report of the file's own settings
        report.settings.keep_weights = false;
        report.stages.iter_mut().for_each(|stage| stage.weights = None);
    }
    if options.json {
        output::print_json(&report)?;
    } else {
        output::print(&report.to_string())?;
    }
    written.map_err(|error| error.to_string())?;
    if options.npz.is_some() || options.plot.is_some() {
        let predicted =
            PredictedReport::of_run(&experiment, &report).map_err(|error| input.wrong(error))?;
        if let Some(path) = &options.npz {
            Arrays::of_run(&report, &predicted).write_npz(path).map_err(|e| e.to_string())?;
        }
        if let Some(path) = &options.plot {
            picture::draw(Some(&report), &predicted, path)?;
        }
    }
    Ok(())
}
