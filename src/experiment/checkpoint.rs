//! Runs that are written down after every gradient step: a safetensors file, with everything but the
//! matrices as JSON in its metadata.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::hash::Hasher;
use std::io;
use std::path::PathBuf;

use fnv::FnvHasher;
use ndarray::{Array1, Array2};
use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::checked::Experiment;
use super::error::RunError;
use super::report::Record;
use super::settings::Settings;
use crate::activation::Activation;
use crate::data::Batch;
use crate::{backend_name, instruction_set};

/// The names in the metadata and among the tensors.
const HEAD: &str = "linear-width checkpoint";
const CHECKSUM: &str = "checksum";
const FIRST_LAYER: &str = "first_layer";

/// Everything in the file but the matrices.
#[derive(Serialize, Deserialize)]
struct Head<I, R> {
    identity: I,
    checkpoint: R,
}

type Identity = Map<String, Value>;
type Matrices = BTreeMap<String, Array2<f64>>;

/// A matrix on its way to the file.
struct Tensor<'a>(&'a Array2<f64>);

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F64
    }
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.0.iter().flat_map(|x| x.to_le_bytes()).collect()
    }
    fn data_len(&self) -> usize {
        8 * self.0.len()
    }
}

/// The file of one experiment's checkpoints.
pub(super) struct CheckpointFile<'a> {
    path: PathBuf,
    identity: Identity,
    settings: &'a Settings,
}

impl<'a> CheckpointFile<'a> {
    pub fn new(path: PathBuf, experiment: &'a Experiment) -> Result<Self, RunError> {
        Ok(Self { path, identity: identity(experiment)?, settings: &experiment.settings })
    }

    /// Writes a checkpoint: the record, the first layer, and the weights that the stages keep.
    pub fn write(&self, record: &mut Record, first_layer: Array2<f64>) -> Result<(), RunError> {
        let mut matrices = Matrices::from([(FIRST_LAYER.to_owned(), first_layer)]);
        for (k, stage) in record.stages.iter_mut().enumerate() {
            matrices.extend(stage.weights.take().map(|weights| (format!("stage_{k}"), weights)));
        }
        serde_json::to_string(&Head { identity: &self.identity, checkpoint: &*record })
            .map_err(io::Error::from)
            .and_then(|head| self.write_whole(head, &matrices))
            .map_err(|error| self.unusable(&error))?;
        put_back(record, &mut matrices);
        Ok(())
    }

    /// Writes beside the path, waits for the disk, and renames the file.
    fn write_whole(&self, head: String, matrices: &Matrices) -> io::Result<()> {
        let checksum = hash(&head, matrices.values().flatten().copied());
        let metadata = HashMap::from([(HEAD.into(), head), (CHECKSUM.into(), checksum)]);
        let tensors = matrices.iter().map(|(name, matrix)| (name, Tensor(matrix)));
        let path = std::path::absolute(&self.path)?;
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let written = safetensors::serialize_to_file(tensors, Some(metadata), partial.as_ref())
            .map_err(|error| match error {
                SafeTensorError::IoError(error) => error,
                other => io::Error::other(other),
            })
            .and_then(|()| File::open(&partial)?.sync_all())
            .and_then(|()| fs::rename(&partial, &path));
        if written.is_err() {
            // the first error counts, not one of the removal
            let _ = fs::remove_file(&partial);
        }
        written?;
        match path.parent() {
            // the new name must last, too
            Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// The record and the first layer in the file; `None` when there is no file.
    pub fn read(&self) -> Result<Option<(Record, Array2<f64>)>, RunError> {
        let bytes = match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => fs::read(&self.path),
            // a device may have no end
            Ok(_) => Err(io::Error::other("not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
        };
        let bytes = bytes.map_err(|error| self.unusable(&error))?;
        let damaged = |why: String| RunError::DamagedCheckpoint { path: self.path.clone(), why };
        let (head, mut matrices) = parsed(&bytes).map_err(damaged)?;
        self.compare(&head.identity)?;
        let mut record: Record =
            serde_json::from_value(head.checkpoint).map_err(|error| damaged(error.to_string()))?;
        let Settings { width, dimension, ref steps, .. } = *self.settings;
        if record.step > steps.len() || record.stages.len() != record.step {
            return Err(damaged("its number of steps makes no sense".into()));
        }
        let first_layer = matrices.remove(FIRST_LAYER).filter(|w| w.dim() == (width, dimension));
        let first_layer =
            first_layer.ok_or_else(|| damaged("it has no weights of this shape".into()))?;
        put_back(&mut record, &mut matrices);
        match matrices.first_key_value() {
            None => Ok(Some((record, first_layer))),
            Some((name, _)) => Err(damaged(format!("it has an unknown tensor {name:?}"))),
        }
    }

    fn unusable(&self, error: &io::Error) -> RunError {
        RunError::CheckpointFile { path: self.path.clone(), message: error.to_string() }
    }

    /// Refuses the checkpoint of another experiment, naming the first entry that differs.
    fn compare(&self, theirs: &Identity) -> Result<(), RunError> {
        let ours = &self.identity;
        let differs = |name: &&String| ours.get(*name) != theirs.get(*name);
        let Some(name) = ours.keys().chain(theirs.keys()).find(differs) else { return Ok(()) };
        let text = |value: Option<&Value>| value.map_or("absent".into(), Value::to_string);
        Err(RunError::ForeignCheckpoint {
            path: self.path.clone(),
            what: name.replace('_', " "),
            found: text(theirs.get(name)),
            expected: text(ours.get(name)),
        })
    }
}

/// Moves kept weights to their stages.
fn put_back(record: &mut Record, matrices: &mut Matrices) {
    for (k, stage) in record.stages.iter_mut().enumerate() {
        stage.weights = matrices.remove(&format!("stage_{k}"));
    }
}

/// Head and matrices of a file that is as it was written.
fn parsed(bytes: &[u8]) -> Result<(Head<Identity, Value>, Matrices), String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let entry = |name: &str| metadata.metadata().as_ref()?.get(name).cloned();
    let matrix = |view: safetensors::tensor::TensorView<'_>| {
        let (Dtype::F64, &[rows, columns]) = (view.dtype(), view.shape()) else { return None };
        let number = |bytes: &[u8]| bytes.try_into().map(f64::from_le_bytes).ok();
        let numbers = view.data().chunks_exact(8).map(number).collect::<Option<_>>()?;
        Array2::from_shape_vec((rows, columns), numbers).ok()
    };
    let matrices = tensors.iter().map(|(name, view)| Some((name.to_owned(), matrix(view)?)));
    let matrices = matrices.collect::<Option<Matrices>>().ok_or("a tensor is no matrix of f64")?;
    let head = entry(HEAD).ok_or_else(|| format!("there is no entry {HEAD:?}"))?;
    if entry(CHECKSUM) != Some(hash(&head, matrices.values().flatten().copied())) {
        return Err("its checksum is another".into());
    }
    Ok((serde_json::from_str(&head).map_err(|error| error.to_string())?, matrices))
}

/// The fingerprint of an experiment: settings, versions and hashes that must match before a
/// checkpoint may be resumed. Functions and data cannot be written down; their values are hashed.
fn identity(experiment: &Experiment) -> Result<Identity, RunError> {
    let settings = &experiment.settings;
    let mut identity = match serde_json::to_value(settings) {
        Ok(Value::Object(entries)) => entries,
        _ => Map::from_iter([("settings".to_owned(), json!(format!("{settings:?}")))]),
    };
    let activation = &experiment.activation;
    let places = (-64..=64).map(|z| f64::from(z) / 8.0 + 0.01);
    let values = places.flat_map(|z| [activation.value(z), activation.derivative(z)]);
    identity.extend([
        ("crate version".into(), json!(env!("CARGO_PKG_VERSION"))),
        ("backend".into(), json!(backend_name())),
        ("instruction set".into(), json!(instruction_set())),
        ("activation".into(), json!(activation.name())),
        ("link or data set".into(), json!(experiment.source.name())),
        ("values of the activation".into(), json!(hash("", values))),
        ("values of the samples".into(), json!(hash("", samples(experiment)?))),
    ]);
    Ok(identity)
}

/// The data set, or the teacher and some samples of each step.
fn samples(experiment: &Experiment) -> Result<Vec<f64>, RunError> {
    if let Some(data) = experiment.dataset() {
        let mut numbers: Vec<f64> = data.inputs().iter().chain(data.labels()).copied().collect();
        numbers.extend(data.directions().iter().flatten());
        return Ok(numbers);
    }
    let settings = &experiment.settings;
    let count = settings.samples.min(64);
    let mut numbers: Vec<f64> = experiment.teacher().iter().flatten().copied().collect();
    for step in 1..=settings.steps.len() {
        let mut x = Array2::<f64>::zeros((count, settings.dimension));
        let mut y = Array1::zeros(count);
        // the last samples belong to this step alone where a part of the batch is reused
        let first = settings.samples - count;
        experiment.batch(step)?.read(first, x.view_mut(), y.view_mut())?;
        numbers.extend(x.iter().chain(&y));
    }
    Ok(numbers)
}

/// A checksum of a text and of numbers that is the same on every machine.
fn hash(text: &str, numbers: impl IntoIterator<Item = f64>) -> String {
    let mut hasher = FnvHasher::default();
    hasher.write(text.as_bytes());
    numbers.into_iter().for_each(|x| hasher.write(&x.to_le_bytes()));
    format!("{:016x}", hasher.finish())
}
