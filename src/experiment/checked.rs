//! A checked experiment and the source of its samples.

use std::sync::{Arc, OnceLock};

use super::settings::Settings;
use crate::activation::Activation;
use crate::data::{Dataset, GeneratedBatch, Target};
use crate::memory;
use crate::theory::LeadingOrder;

/// A checked experiment: made by [`Experiment::builder`], run as often as wanted, always with the
/// same numbers.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Without open choices.
    pub(super) settings: Settings,
    pub(super) activation: Arc<dyn Activation>,
    pub(super) source: Source,
    pub(super) leading_order: LeadingOrder,
}

/// The samples of an experiment: generated from a seed, or a data set.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Generated {
        target: Target,
        /// The batch of the first step, with the realised directions that all batches share. Made
        /// when first asked for, so that an experiment too large to run can still be predicted.
        first: Arc<OnceLock<GeneratedBatch>>,
    },
    Dataset(Dataset),
}

impl Source {
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Generated { target, .. } => Some(target),
            Self::Dataset(_) => None,
        }
    }

    /// Name of the link, or of the data set.
    pub fn name(&self) -> &str {
        match self {
            Self::Generated { target, .. } => target.name(),
            Self::Dataset(data) => data.name(),
        }
    }

    /// A source of samples that are made from the seed of the settings when first asked for.
    pub fn generated(target: Target) -> Self {
        Self::Generated { target, first: Arc::default() }
    }

    /// The bytes of the samples that are held, or of what generates them: the directions, as the
    /// report has them, as the batches share them, in the precision of the run, and one to spare.
    pub fn bytes(&self, dimension: usize) -> u128 {
        match self {
            Self::Generated { target, .. } => {
                memory::total(4 * 8, &[(target.direction_count() as u128, dimension as u128)])
            }
            Self::Dataset(data) => data.bytes(),
        }
    }
}
