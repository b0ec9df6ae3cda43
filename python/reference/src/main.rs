//! Predicts and runs the experiment of a TOML file and prints JSON: text and report of the run, the
//! prediction of the last step, and the seconds that each took; the prediction's are the least of 9.

use std::time::Instant;

use linear_width::experiment::PredictedSpectrum;
use linear_width_runs::config::ExperimentConfig;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: reference FILE.toml")?;
    let experiment = ExperimentConfig::read(file)?.build()?;
    let settings = experiment.settings();
    let (last, options) = (settings.steps.len(), settings.prediction_options.unwrap_or_default());
    let mut least = f64::INFINITY;
    for _ in 0..9 {
        let start = Instant::now();
        experiment.predict(last, &options)?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    let prediction = PredictedSpectrum::from(&experiment.predict(last, &options)?);
    let start = Instant::now();
    let report = experiment.run()?;
    let seconds = start.elapsed().as_secs_f64();
    let text = report.to_string();
    let found = json!({
        "text": text, "report": report, "prediction": prediction,
        "run_seconds": seconds, "prediction_seconds": least,
    });
    println!("{found}");
    Ok(())
}
