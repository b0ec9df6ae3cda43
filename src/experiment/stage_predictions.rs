//! The predictions beside the measured spectra, and the outliers tested at them.

use super::bulk_law;
use super::checked::Experiment;
use super::error::NoPredictionError;
use super::report::{PredictedSpectrum, Stage};
use crate::error::InvalidSetting;
use crate::theory::prediction::{Prediction, PredictionError};

/// The predictions after every step of an experiment; no seed enters them.
pub(super) type Predictions = Result<Vec<Result<Prediction, PredictionError>>, NoPredictionError>;

/// The predictions that the settings ask for.
pub(super) fn of(experiment: &Experiment) -> Option<Predictions> {
    let settings = &experiment.settings;
    let options = settings.prediction_options.unwrap_or_default();
    settings.with_prediction.then(|| experiment.predictions(&options))
}

/// Puts the prediction, one of `shared` if there are any, beside every stage that has one, and tests
/// its outliers there; says why when one has none.
pub(super) fn add(
    experiment: &Experiment,
    shared: Option<&Predictions>,
    stages: &mut [Stage],
) -> Result<Option<String>, InvalidSetting> {
    let own = if shared.is_none() { of(experiment) } else { None };
    let predictions = match shared.or(own.as_ref()) {
        None => return Ok(None),
        Some(Err(why)) => return Ok(Some(why.to_string())),
        Some(Ok(predictions)) => predictions,
    };
    let mut missing = None;
    for (prediction, step) in predictions.iter().zip(1..) {
        let mut stages = stages.iter_mut().filter(|stage| stage.step == step);
        match (prediction, stages.next()) {
            (Ok(prediction), Some(stage)) => {
                bulk_law::test_at(experiment, stage, prediction)?;
                stage.prediction = Some(PredictedSpectrum::from(prediction));
            }
            (Err(why), _) => missing = missing.or_else(|| Some(why.to_string())),
            _ => {}
        }
    }
    Ok(missing)
}
