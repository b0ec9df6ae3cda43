//! What can go wrong: in the settings, in a run, in a prediction.

use std::path::PathBuf;

use thiserror::Error;

use crate::error::{InvalidSetting, debug_is_display, listed};
use crate::readout::ReadoutError;
use crate::spectral::SpectralError;
use crate::theory::prediction::PredictionError;

/// Everything that is wrong with the settings of an experiment.
#[derive(Clone, Error, PartialEq)]
#[error("{}", listed(.problems))]
pub struct BuildError {
    /// Every problem found, in the order of the settings; never empty.
    pub problems: Vec<InvalidSetting>,
}

debug_is_display!(BuildError);

/// Why an experiment has no prediction.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum NoPredictionError {
    /// The theory is for Gaussian inputs labelled by a link.
    #[error("the prediction is for Gaussian inputs labelled by a link; this run is on given data")]
    Dataset,
    /// The theory covers the steps that are taken, mean-field scaling and centred activations.
    #[error("the prediction {covered}")]
    NotCovered {
        /// What the prediction covers, and how this experiment differs.
        covered: String,
    },
    /// The prediction itself failed.
    #[error(transparent)]
    Failed(#[from] PredictionError),
}

debug_is_display!(NoPredictionError);

/// A run that did not come to its end.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// A weight became infinite or NaN.
    #[error(
        "step {step} diverged: the first layer has a non-finite weight; \
         use smaller steps or an activation whose derivative grows more slowly"
    )]
    Diverged {
        /// The step, from 1.
        step: usize,
    },
    /// A spectrum could not be computed.
    #[error("the spectrum of W_{step}: {source}")]
    Spectrum {
        /// After how many steps.
        step: usize,
        /// Why.
        source: SpectralError,
    },
    /// A readout could not be trained or tested, or the spectrum of the features not be computed.
    #[error("the features of W_{step}: {source}")]
    Features {
        /// After how many steps.
        step: usize,
        /// Why.
        source: ReadoutError,
    },
    /// The observer stopped the run.
    #[error("cancelled at step {step}")]
    Cancelled {
        /// The step, from 1 (0: the spectrum of W_0).
        step: usize,
    },
    /// A setting whose problem shows only in the run.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The card is not there, has not enough memory, or failed.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Cuda(#[from] crate::cuda::CudaError),
    /// The checkpoint could not be read or written. A checkpoint of an earlier step is left as it
    /// was.
    #[error("{}: {message}", .path.display())]
    CheckpointFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        message: String,
    },
    /// The file is not a checkpoint, or not as it was written. It is left as it is.
    #[error("{}: not a checkpoint, or a damaged one: {why}", .path.display())]
    DamagedCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is a checkpoint of another experiment. It is left as it is.
    #[error(
        "{}: the checkpoint of another experiment: its {what} is {found}, not {expected}",
        .path.display()
    )]
    ForeignCheckpoint {
        /// The file.
        path: PathBuf,
        /// What differs; for functions and data a hash of their values.
        what: String,
        /// What the file says.
        found: String,
        /// What this experiment says.
        expected: String,
    },
}

debug_is_display!(RunError);
