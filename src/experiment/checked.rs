//! The type of a checked experiment.

use std::sync::Arc;

use super::data_source::Source;
use super::settings::Settings;
use crate::activation::Activation;
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
