//! What tells an experiment, and the machine's way to compute it, from another.

use std::hash::Hasher;

use fnv::FnvHasher;
use ndarray::{Array1, Array2};
use serde_json::{Map, Value, json};

use super::{CheckpointError, checksum};
use crate::activation::Activation;
use crate::data::Batch;
use crate::experiment::{Experiment, RunError};
use crate::instruction_set;

/// Samples of each step's batch that are looked at.
const SAMPLES: usize = 64;

/// Everything that decides the numbers of a report. Functions and laws have only names that can be
/// written down, so numbers that come from them are hashed.
pub(super) fn of(experiment: &Experiment) -> Result<Map<String, Value>, CheckpointError> {
    let settings = experiment.settings();
    let mut identity = match serde_json::to_value(&settings) {
        Ok(Value::Object(entries)) => entries,
        // no form by entries: compared as a whole
        _ => Map::from_iter([("settings".to_owned(), json!(format!("{settings:?}")))]),
    };
    let measured = json!({
        "crate version": env!("CARGO_PKG_VERSION"),
        "instruction set": instruction_set(),
        "number of triplets": experiment.triplets,
        "left powers": experiment.second_layer_powers,
        "outlier rule": experiment.outlier_rule,
        "prediction": experiment.prediction,
        "spectrum method": experiment.spectrum_method,
        "keeping of weights": experiment.keep_weights,
        "values of the activation": activation(experiment),
        "values of the samples": samples(experiment).map_err(CheckpointError::Run)?,
    });
    if let Value::Object(measured) = measured {
        identity.extend(measured);
    }
    Ok(identity)
}

/// The first entry that differs: its name, and the values on both sides.
pub(super) fn difference(
    found: &Map<String, Value>,
    expected: &Map<String, Value>,
) -> Option<(String, String, String)> {
    let names = expected.keys().chain(found.keys());
    let of =
        |map: &Map<String, Value>, name| map.get(name).map_or("absent".into(), Value::to_string);
    names
        .map(|name| (name.replace('_', " "), of(found, name), of(expected, name)))
        .find(|(_, found, expected)| found != expected)
}

fn activation(experiment: &Experiment) -> String {
    let mut hasher = FnvHasher::default();
    for z in -64..=64 {
        let z = f64::from(z) / 8.0 + 0.01;
        add(&mut hasher, experiment.activation.value(z));
        add(&mut hasher, experiment.activation.derivative(z));
    }
    checksum(&hasher)
}

/// Teacher, and the first samples of each step; given data whole.
fn samples(experiment: &Experiment) -> Result<String, RunError> {
    let mut hasher = FnvHasher::default();
    if let Some(data) = experiment.dataset() {
        data.inputs().iter().chain(data.labels()).for_each(|x| add(&mut hasher, *x));
        data.directions().iter().flatten().for_each(|x| add(&mut hasher, *x));
        return Ok(checksum(&hasher));
    }
    experiment.teacher().iter().flatten().for_each(|x| add(&mut hasher, *x));
    for step in 1..=experiment.steps.len() {
        let batch = experiment.batch(step)?;
        let count = experiment.samples.min(SAMPLES);
        let mut x = Array2::<f64>::zeros((count, experiment.dimension));
        let mut y = Array1::zeros(count);
        // the last ones, which are a step's own where a part is reused
        batch
            .read(experiment.samples - count, x.view_mut(), y.view_mut())
            .map_err(RunError::from)?;
        x.iter().chain(&y).for_each(|x| add(&mut hasher, *x));
    }
    Ok(checksum(&hasher))
}

fn add(hasher: &mut FnvHasher, x: f64) {
    hasher.write(&x.to_le_bytes());
}
