//! Predicts and runs the experiment of a TOML file and prints JSON: text and report of the run, and the
//! predictions with the text that the command prints. With `predict` or `run` as a second argument it
//! only does that, and prints the seconds: of a run, or of each of 15 predictions.

use std::time::Instant;

use linear_width::Experiment;
use linear_width::experiment::PredictedSpectrum;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::predicted::PredictedReport;
use serde_json::{Value, json};

type Found = Result<Value, Box<dyn std::error::Error>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: reference FILE.toml [predict|run]";
    let file = std::env::args().nth(1).ok_or(usage)?;
    let experiment = ExperimentConfig::read(file)?.build()?;
    let found = match std::env::args().nth(2).as_deref() {
        None => all(&experiment)?,
        Some("predict") => json!({ "seconds": prediction_seconds(&experiment)? }),
        Some("run") => {
            let start = Instant::now();
            experiment.run()?;
            json!({ "seconds": [start.elapsed().as_secs_f64()] })
        }
        Some(_) => return Err(usage.into()),
    };
    println!("{found}");
    Ok(())
}

fn all(experiment: &Experiment) -> Found {
    let settings = experiment.settings();
    let options = settings.prediction_options.unwrap_or_default();
    let prediction = experiment.predict(settings.steps.len(), &options)?;
    let predicted = PredictedReport::new(experiment)?;
    let report = experiment.run()?;
    Ok(json!({
        "text": report.to_string(),
        "report": report,
        "prediction": PredictedSpectrum::from(&prediction),
        "predicted_text": predicted.to_string(),
    }))
}

fn prediction_seconds(experiment: &Experiment) -> Found {
    let settings = experiment.settings();
    let options = settings.prediction_options.unwrap_or_default();
    let one = |_| {
        let start = Instant::now();
        experiment.predict(settings.steps.len(), &options)?;
        Ok::<_, Box<dyn std::error::Error>>(start.elapsed().as_secs_f64())
    };
    Ok((0..15).map(one).collect::<Result<Vec<_>, _>>()?.into())
}
