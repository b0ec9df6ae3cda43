//! The file: safetensors, with all that is not a matrix as JSON in its metadata.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};

use fnv::FnvHasher;
use ndarray::Array2;
use safetensors::tensor::{TensorView, View};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Checkpoint, CheckpointError, Weights, checksum};
use crate::Scalar;
use crate::experiment::Stage;
use crate::training::Change;

/// The version of the format; other versions are refused.
const VERSION: u32 = 1;
/// The names in the metadata.
const HEAD: &str = "linear-width checkpoint";
const CHECKSUM: &str = "checksum";
/// The names of the tensors.
const FIRST_LAYER: &str = "first_layer";

fn kept(stage: usize) -> String {
    format!("stage_{stage}")
}

/// What is written.
pub(super) struct Contents<'a, T> {
    pub identity: &'a Map<String, Value>,
    pub step: usize,
    pub change: Option<Change>,
    pub gradient_seconds: f64,
    pub stages: &'a [Stage],
    pub weights: &'a Array2<T>,
}

impl<T: Stored> Contents<'_, T> {
    pub fn owned(&self) -> Checkpoint {
        Checkpoint {
            identity: self.identity.clone(),
            step: self.step,
            change: self.change,
            gradient_seconds: self.gradient_seconds,
            stages: self.stages.to_vec(),
            weights: T::weights(self.weights.clone()),
        }
    }
}

/// All but the matrices.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    identity: Map<String, Value>,
    step: usize,
    gradient_seconds: f64,
    #[serde(default)]
    change: Option<Change>,
    /// Without weights.
    stages: Vec<Stage>,
}

/// A number type that the file knows.
pub(super) trait Stored: Scalar {
    const DTYPE: Dtype;
    fn weights(weights: Array2<Self>) -> Weights;
    fn of_weights(weights: Weights) -> Option<Array2<Self>>;
    fn bytes(numbers: &Array2<Self>) -> impl Iterator<Item = u8>;
    fn of_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! stored {
    ($t:ident, $name:ident) => {
        impl Stored for $t {
            const DTYPE: Dtype = Dtype::$name;
            fn weights(weights: Array2<Self>) -> Weights {
                Weights::$name(weights)
            }
            fn of_weights(weights: Weights) -> Option<Array2<Self>> {
                match weights {
                    Weights::$name(weights) => Some(weights),
                    _ => None,
                }
            }
            fn bytes(numbers: &Array2<Self>) -> impl Iterator<Item = u8> {
                numbers.iter().flat_map(|x| x.to_le_bytes())
            }
            fn of_bytes(bytes: &[u8]) -> Vec<Self> {
                let mut number = [0; size_of::<Self>()];
                let numbers = bytes.chunks_exact(number.len()).map(|bytes| {
                    number.copy_from_slice(bytes);
                    Self::from_le_bytes(number)
                });
                numbers.collect()
            }
        }
    };
}
stored!(f32, F32);
stored!(f64, F64);

/// A matrix on its way to the file.
enum Matrix<'a, T> {
    Weights(&'a Array2<T>),
    Kept(&'a Array2<f64>),
}

impl<T: Stored> Matrix<'_, T> {
    fn add_to(&self, hasher: &mut FnvHasher) {
        match self {
            Self::Weights(matrix) => T::bytes(matrix).for_each(|byte| hasher.write_u8(byte)),
            Self::Kept(matrix) => f64::bytes(matrix).for_each(|byte| hasher.write_u8(byte)),
        }
    }
}

impl<T: Stored> View for &Matrix<'_, T> {
    fn dtype(&self) -> Dtype {
        match self {
            Matrix::Weights(_) => T::DTYPE,
            Matrix::Kept(_) => Dtype::F64,
        }
    }
    fn shape(&self) -> &[usize] {
        match self {
            Matrix::Weights(matrix) => matrix.shape(),
            Matrix::Kept(matrix) => matrix.shape(),
        }
    }
    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Matrix::Weights(matrix) => T::bytes(matrix).collect(),
            Matrix::Kept(matrix) => f64::bytes(matrix).collect(),
        }
    }
    fn data_len(&self) -> usize {
        match self {
            Matrix::Weights(matrix) => matrix.len() * size_of::<T>(),
            Matrix::Kept(matrix) => matrix.len() * size_of::<f64>(),
        }
    }
}

/// Writes beside `path`, waits for the disk, and moves the file to its place.
pub(super) fn write<T: Stored>(path: &Path, contents: &Contents<'_, T>) -> io::Result<()> {
    let head = Head {
        version: VERSION,
        identity: contents.identity.clone(),
        step: contents.step,
        change: contents.change,
        gradient_seconds: contents.gradient_seconds,
        stages: contents.stages.iter().map(without_weights).collect(),
    };
    let head = serde_json::to_string(&head)?;
    let weights = contents.stages.iter().enumerate();
    let weights = weights.filter_map(|(k, s)| Some((kept(k), Matrix::Kept(s.weights.as_ref()?))));
    let mut matrices: Vec<(String, Matrix<'_, T>)> = weights.collect();
    matrices.push((FIRST_LAYER.to_owned(), Matrix::Weights(contents.weights)));

    let mut hasher = FnvHasher::default();
    hasher.write(head.as_bytes());
    matrices.iter().for_each(|(_, matrix)| matrix.add_to(&mut hasher));
    let checksum = checksum(&hasher);
    let metadata = HashMap::from([(HEAD.to_owned(), head), (CHECKSUM.to_owned(), checksum)]);

    let path = std::path::absolute(path)?;
    let partial = partial(&path);
    let tensors = matrices.iter().map(|(name, matrix)| (name, matrix));
    let written = safetensors::serialize_to_file(tensors, Some(metadata), &partial)
        .map_err(|error| match error {
            SafeTensorError::IoError(error) => error,
            other => io::Error::other(other),
        })
        .and_then(|()| File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, &path));
    if written.is_err() {
        // it is of no use, and the error that counts is the first
        let _ = fs::remove_file(&partial);
    }
    written?;
    sync_folder(&path)
}

fn partial(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".partial");
    name.into()
}

/// Makes the new name last, too.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn without_weights(stage: &Stage) -> Stage {
    Stage {
        step: stage.step,
        eta: stage.eta,
        change: stage.change,
        singular_values: stage.singular_values.clone(),
        outliers: stage.outliers.clone(),
        triplets: stage.triplets.clone(),
        prediction: None,
        weights: None,
        gradient_seconds: stage.gradient_seconds,
        spectrum_seconds: stage.spectrum_seconds,
    }
}

/// Reads and checks a file.
pub(super) fn read(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let io = |source| CheckpointError::Read { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(io(io::Error::other("not a regular file")));
    }
    let bytes = fs::read(path).map_err(io)?;
    let not_a_checkpoint = |why: String| CheckpointError::NotACheckpoint {
        path: path.to_owned(),
        version: VERSION,
        why,
    };
    let damaged = |why: String| CheckpointError::Damaged { path: path.to_owned(), why };
    let parts = Parts::of(&bytes).map_err(not_a_checkpoint)?;
    let names = || parts.tensors.iter().map(|(name, _)| name);
    let mut hasher = FnvHasher::default();
    hasher.write(parts.head.as_bytes());
    let kept_stages = names().filter(|name| *name != FIRST_LAYER).count();
    let order = (0..kept_stages).map(kept).chain([FIRST_LAYER.to_owned()]);
    for name in order {
        hasher.write(parts.tensor(&name).map_err(damaged)?.data());
    }
    if checksum(&hasher) != parts.checksum {
        return Err(damaged("its checksum is another".into()));
    }
    let version = serde_json::from_str::<Value>(&parts.head).ok();
    let version = version.and_then(|head| head.get("version").and_then(Value::as_u64));
    if version != Some(u64::from(VERSION)) {
        return Err(not_a_checkpoint("another version".into()));
    }
    let head: Head = serde_json::from_str(&parts.head).map_err(|e| damaged(e.to_string()))?;
    let mut stages = head.stages;
    for (k, stage) in stages.iter_mut().enumerate().take(kept_stages) {
        stage.weights = Some(matrix(&parts.tensor(&kept(k)).map_err(damaged)?).map_err(damaged)?);
    }
    let weights = parts.tensor(FIRST_LAYER).map_err(damaged)?;
    let weights = match weights.dtype() {
        Dtype::F32 => Weights::F32(matrix(&weights).map_err(damaged)?),
        _ => Weights::F64(matrix(&weights).map_err(damaged)?),
    };
    let Head { identity, step, change, gradient_seconds, .. } = head;
    Ok(Checkpoint { identity, step, change, gradient_seconds, stages, weights })
}

/// A file taken apart, its numbers not looked at yet.
struct Parts<'a> {
    tensors: SafeTensors<'a>,
    head: String,
    checksum: String,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let get = |name: &str| {
            let value = metadata.metadata().as_ref().and_then(|entries| entries.get(name));
            value.cloned().ok_or_else(|| format!("there is no entry {name:?}"))
        };
        Ok(Self { tensors, head: get(HEAD)?, checksum: get(CHECKSUM)? })
    }

    fn tensor(&self, name: &str) -> Result<TensorView<'a>, String> {
        self.tensors.tensor(name).map_err(|error| error.to_string())
    }
}

fn matrix<T: Stored>(tensor: &TensorView<'_>) -> Result<Array2<T>, String> {
    let wrong = || format!("a tensor of shape {:?} and type {:?}", tensor.shape(), tensor.dtype());
    match tensor.shape() {
        [rows, columns] if tensor.dtype() == T::DTYPE => {
            Array2::from_shape_vec((*rows, *columns), T::of_bytes(tensor.data()))
                .map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}
