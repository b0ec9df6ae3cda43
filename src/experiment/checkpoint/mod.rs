//! Runs that are written down after every gradient step.

mod file;
mod identity;

use crate::error::debug_is_display;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use fnv::FnvHasher;
use ndarray::Array2;
use serde_json::{Map, Value};
use thiserror::Error;

use self::file::{Contents, Stored};
use super::run::State;
use super::{Experiment, Observer, Precision, Report, RunError, Stage};
use crate::training::Change;

/// A run that stopped, or whose checkpoint could not be read or written.
#[derive(Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The run itself stopped. The checkpoint of the last step that was taken is in its file.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The file could not be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a checkpoint of this format version, and is left as it is.
    #[error("{}: not a checkpoint, format version {version}: {why}", .path.display())]
    NotACheckpoint {
        /// The file.
        path: PathBuf,
        /// The version that is understood.
        version: u32,
        /// What is missing.
        why: String,
    },
    /// The file is a checkpoint, but not as it was written. It is left as it is.
    #[error("{}: the checkpoint is damaged: {why}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file is a checkpoint of another experiment, and is left as it is.
    #[error("{}: the checkpoint of another experiment: its {what} is {found}, not {expected}", .path.display())]
    OtherExperiment {
        /// The file.
        path: PathBuf,
        /// What differs; for functions, laws and data a hash of numbers that come from them.
        what: String,
        /// What the file says.
        found: String,
        /// What this experiment says.
        expected: String,
    },
    /// The checkpoint could not be written. The one before it, if any, is still in the file, and
    /// this one is here: [`Checkpoint::write`] may find another place for it.
    #[error("{}: the checkpoint after step {} could not be written: {source}", .path.display(), .checkpoint.step())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What was to be written.
        checkpoint: Box<Checkpoint>,
    },
}

debug_is_display!(CheckpointError);

/// A run after some gradient steps: the weights bit for bit, the spectra measured before, and what
/// tells the experiment from others.
///
/// The file is in the safetensors format: the tensor `first_layer` (N x d) has the weights, and
/// Python reads it with `safetensors.numpy.load_file`.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    identity: Map<String, Value>,
    step: usize,
    change: Option<Change>,
    gradient_seconds: f64,
    stages: Vec<Stage>,
    weights: Weights,
}

/// Weights in the precision of their run.
#[derive(Clone, Debug)]
enum Weights {
    F32(Array2<f32>),
    F64(Array2<f64>),
}

impl Checkpoint {
    /// Reads a checkpoint. A number that was changed since it was written is noticed.
    ///
    /// # Errors
    /// [`CheckpointError::Read`], [`CheckpointError::NotACheckpoint`] and
    /// [`CheckpointError::Damaged`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        file::read(path.as_ref())
    }

    /// Writes the checkpoint: first to `path` with `.partial` added, from where it is moved once it
    /// is on the disk. A file that was at `path` is replaced whole or not at all.
    ///
    /// # Errors
    /// [`CheckpointError::Write`] when it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        let written = match &self.weights {
            Weights::F32(weights) => file::write(path, &self.contents(weights)),
            Weights::F64(weights) => file::write(path, &self.contents(weights)),
        };
        written.map_err(|source| {
            let checkpoint = Box::new(self.clone());
            CheckpointError::Write { path: path.to_owned(), source, checkpoint }
        })
    }

    /// How many gradient steps have been taken.
    pub fn step(&self) -> usize {
        self.step
    }

    /// W_0, ..., W_{step - 1} as measured.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn contents<'a, T>(&'a self, weights: &'a Array2<T>) -> Contents<'a, T> {
        Contents {
            identity: &self.identity,
            step: self.step,
            change: self.change,
            gradient_seconds: self.gradient_seconds,
            stages: &self.stages,
            weights,
        }
    }

    /// The state of `experiment` in this checkpoint, which must be its own.
    fn state<T: Stored>(
        self,
        experiment: &Experiment,
        identity: &Map<String, Value>,
        path: &Path,
    ) -> Result<State<T>, CheckpointError> {
        if let Some((what, found, expected)) = identity::difference(&self.identity, identity) {
            let path = path.to_owned();
            return Err(CheckpointError::OtherExperiment { path, what, found, expected });
        }
        let damaged = |why: &str| CheckpointError::Damaged { path: path.into(), why: why.into() };
        if self.step > experiment.steps.len() || self.stages.len() != self.step {
            return Err(damaged("its number of steps makes no sense"));
        }
        let weights = T::of_weights(self.weights);
        let weights = weights.ok_or_else(|| damaged("its weights are of another number type"))?;
        if weights.dim() != (experiment.width, experiment.dimension) {
            return Err(damaged("its weights have another shape"));
        }
        let network = experiment.start()?.network;
        let network = network.with_first_layer(weights).map_err(|e| damaged(&e.to_string()))?;
        let Self { step, change, gradient_seconds, stages, .. } = self;
        Ok(State { network, step, change, gradient_seconds, stages })
    }
}

impl Experiment {
    /// As [`run_observed`](Self::run_observed), with a checkpoint in the file `path`: written before
    /// the first step, so that a full disk or a missing folder shows itself at once, and after each
    /// gradient step. When the file is there already, the run goes on from it. Interrupted and
    /// started again as often as you like, the run gives the same report, bit for bit, as without
    /// interruption, timings apart.
    ///
    /// The last checkpoint stays; delete it when you have the report. Needs the feature
    /// `checkpoint`, and the disk one N x d matrix, or with
    /// [`keep_weights`](super::ExperimentBuilder::keep_weights) as many as the report. At most one
    /// more N x d matrix in `f64` is held in memory while a file is written, and twice the file
    /// while one is read.
    ///
    /// A run that is killed while it writes may leave a file beside `path`, named `.tmp` and some
    /// letters or as `path` with `.partial`; either may be deleted.
    ///
    /// # Errors
    /// [`CheckpointError`]. A checkpoint of another experiment, crate version, backend or
    /// [`instruction_set`](crate::instruction_set), none of which would give the same bits, is
    /// refused and left as it is.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use linear_width::experiment::{CheckpointError, Progress};
    /// use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    ///
    /// # let folder = std::env::temp_dir().join(format!("linear-width-doc-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let file = folder.join("run.safetensors");
    /// let experiment = Experiment::builder()
    ///     .width(40).dimension(20).samples(60)
    ///     .activation(Tanh::default())
    ///     .target(Target::single_index(Link::hermite([0.0, 1.0])))
    ///     .steps([2.0, 3.0])
    ///     .build()?;
    /// let stop = &mut |p: &Progress| if p.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    /// assert!(matches!(experiment.run_checkpointed(&file, stop), Err(CheckpointError::Run(_))));
    /// // the second start takes the second step alone
    /// let report = experiment.run_checkpointed(&file, &mut |_: &Progress| ControlFlow::Continue(()))?;
    /// assert_eq!(report.stages.len(), 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_checkpointed(
        &self,
        path: impl AsRef<Path>,
        observer: &mut dyn Observer,
    ) -> Result<Report, CheckpointError> {
        match self.precision {
            Precision::F32 => self.run_checkpointed_in::<f32>(path.as_ref(), observer),
            Precision::F64 => self.run_checkpointed_in::<f64>(path.as_ref(), observer),
        }
    }

    fn run_checkpointed_in<T: Stored>(
        &self,
        path: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Report, CheckpointError> {
        let identity = identity::of(self)?;
        let there = path
            .try_exists()
            .map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?;
        let start = if there {
            Checkpoint::read(path)?.state::<T>(self, &identity, path)?
        } else {
            self.start()?
        };
        self.run_on(start, observer, |state| {
            let State { network, step, change, gradient_seconds, stages } = state;
            let contents = Contents {
                identity: &identity,
                step: *step,
                change: *change,
                gradient_seconds: *gradient_seconds,
                stages,
                weights: network.first_layer(),
            };
            file::write(path, &contents).map_err(|source| {
                let checkpoint = Box::new(contents.owned());
                CheckpointError::Write { path: path.to_owned(), source, checkpoint }
            })
        })
    }
}

/// What was hashed, as it is written down.
fn checksum(hasher: &FnvHasher) -> String {
    format!("{:016x}", hasher.finish())
}
