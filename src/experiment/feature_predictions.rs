//! The predictions beside the measured readouts and spectra of features.

use super::checked::Experiment;
use super::error::NoPredictionError;
use super::feature_report::PredictedFeatures;
use super::report::Stage;
use super::settings::Settings;
use crate::theory::features::FeaturePrediction;

/// Puts the prediction beside every readout and spectrum of features. Where one fails, the others are
/// made all the same; the error is that of the first.
pub(super) fn add(experiment: &Experiment, stages: &mut [Stage]) -> Result<(), NoPredictionError> {
    let settings = &experiment.settings;
    let asked = !settings.readout_samples.is_empty() || settings.feature_samples.is_some();
    if !settings.with_prediction || !asked {
        return Ok(());
    }
    let problem = experiment.prediction_setting()?;
    let options = settings.prediction_options.unwrap_or_default();
    let states = problem.states(&options)?;
    let predictions = states
        .iter()
        .map(|state| FeaturePrediction::new(state, &problem.activation, &problem.target, &options));
    let mut result = Ok(());
    for (stage, prediction) in stages.iter_mut().zip(predictions) {
        let added = match prediction {
            Ok(prediction) => {
                readouts(stage, &prediction, settings).and(spectrum(stage, &prediction))
            }
            Err(why) => Err(why.into()),
        };
        result = result.and(added);
    }
    result
}

fn readouts(
    stage: &mut Stage,
    prediction: &FeaturePrediction,
    settings: &Settings,
) -> Result<(), NoPredictionError> {
    let Settings { readout_samples, readout_lambdas, .. } = settings;
    if stage.readouts.is_empty() {
        return Ok(());
    }
    let errors = prediction.ridge_curve(readout_samples, readout_lambdas)?;
    for (readout, errors) in stage.readouts.iter_mut().zip(errors) {
        readout.predicted = Some(errors);
    }
    Ok(())
}

fn spectrum(stage: &mut Stage, prediction: &FeaturePrediction) -> Result<(), NoPredictionError> {
    if let Some(features) = &mut stage.features {
        let spectrum = prediction.spectrum(features.samples)?;
        features.predicted = Some(PredictedFeatures::from(&spectrum));
    }
    Ok(())
}
