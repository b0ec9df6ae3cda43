//! `linear-width predict FILE.toml`: predicts one experiment, without simulating it.

use std::path::PathBuf;

use clap::Args;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::files::Arrays;
use linear_width_runs::predicted::PredictedReport;

use crate::input::Input;
use crate::{output, picture};

/// Predict the spectra, outliers and test errors of the experiment of a TOML file; nothing is
/// simulated
#[derive(Args)]
pub struct Options {
    /// The file, as for run; - reads standard input
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    /// Print the predictions as JSON
    #[arg(long)]
    json: bool,
    /// Write densities, outliers, overlaps and errors as arrays for NumPy
    #[arg(long, value_name = "OUT.npz")]
    npz: Option<PathBuf>,
    /// Draw the predicted densities, edges and outliers
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<(), String> {
    options.plot.iter().try_for_each(|path| output::check_svg(path))?;
    options.npz.iter().try_for_each(|path| output::check_place(path))?;
    let input = Input::read(&options.file)?;
    let experiment = ExperimentConfig::from_toml(&input.text)
        .and_then(|config| config.build())
        .map_err(|error| input.wrong(error))?;
    let report = PredictedReport::new(&experiment).map_err(|error| input.wrong(error))?;
    if options.json {
        output::print_json(&report)?;
    } else {
        output::print(&report.to_string())?;
    }
    if let Some(path) = &options.npz {
        Arrays::of_predictions(&report).write_npz(path).map_err(|error| error.to_string())?;
    }
    if let Some(path) = &options.plot {
        picture::draw(None, &report, path)?;
    }
    match report.no_prediction.iter().chain(&report.no_feature_prediction).next() {
        None => Ok(()),
        Some(why) => Err(input.wrong(format!("not everything could be predicted: {why}"))),
    }
}
