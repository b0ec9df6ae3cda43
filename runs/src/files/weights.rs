//! The weights of a run as safetensors.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use linear_width::Report;
use linear_width::experiment::Precision;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::{FileError, write_whole};

/// Writes the weights of a run as safetensors, for `safetensors.numpy.load_file` and all that read
/// this format: tensors `first_layer_0` (W_0) to `first_layer_T`, each N x d, and `second_layer` (a, N),
/// F32 or F64 as the run's precision; bit for bit. The metadata entry `settings` is the JSON of the
/// run's settings.
///
/// # Errors
/// [`FileError`], also when the run did not keep its weights
/// ([`keep_weights`](linear_width::experiment::Settings::keep_weights)).
pub fn write_weights(path: impl AsRef<Path>, report: &Report) -> Result<(), FileError> {
    let path = path.as_ref();
    let at = |why: String| FileError { path: path.to_owned(), why };
    let precision = report.settings.precision;
    let mut tensors = Vec::new();
    for stage in &report.stages {
        let Some(weights) = &stage.weights else {
            let why =
                format!("the run did not keep the weights W_{}: set keep_weights", stage.step);
            return Err(at(why));
        };
        let bytes = bytes(weights.iter().copied(), precision);
        tensors.push((format!("first_layer_{}", stage.step), weights.shape().to_vec(), bytes));
    }
    let second = bytes(report.second_layer.iter().copied(), precision);
    tensors.push(("second_layer".into(), vec![report.second_layer.len()], second));
    let kind = match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    };
    let views: Vec<(&str, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(kind, shape.clone(), bytes)?))
        })
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(|error| at(error.to_string()))?;
    let settings =
        serde_json::to_string(&report.settings).map_err(|error| at(error.to_string()))?;
    // one entry: the order of several would differ from run to run
    let metadata = HashMap::from([("settings".to_owned(), settings)]);
    let file = serialize(views, Some(metadata)).map_err(|error| at(error.to_string()))?;
    write_whole(path, |writer| writer.write_all(&file))
}

/// The entries in row order, little-endian. Weights of an F32 run have no more digits than an f32.
fn bytes(entries: impl Iterator<Item = f64>, precision: Precision) -> Vec<u8> {
    match precision {
        Precision::F32 => entries.flat_map(|w| (w as f32).to_le_bytes()).collect(),
        Precision::F64 => entries.flat_map(f64::to_le_bytes).collect(),
    }
}
