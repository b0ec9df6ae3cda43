//! The samples of both batches, grouped by the steps that see them.
//!
//! There are three groups: samples that both steps see, samples of the first batch alone, and samples
//! of the second batch alone. Every average over the samples is a sum over the groups, each with its
//! share of n (docs/theory.md, (12.1), (12.2)).

use super::averages::AverageTables;
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;
use crate::theory::error::PredictionError;

/// Samples that the same steps see.
pub(crate) struct SampleGroup {
    /// Their number over n.
    pub share: f64,
    /// Whether the first step sees them.
    pub first: bool,
    /// Their averages before the second step; `None` when that step does not see them.
    pub second: Option<AverageTables>,
}

impl SampleGroup {
    /// Whether both steps see them.
    pub fn reused(&self) -> bool {
        self.first && self.second.is_some()
    }
}

/// The groups that are not empty; after one step only, the first batch.
pub(crate) fn sample_groups(
    setup: &Setup,
    law: &SecondLayerQuadrature,
) -> Result<Vec<SampleGroup>, PredictionError> {
    if setup.problem.first_two()[1] == 0.0 {
        return Ok(vec![SampleGroup { share: 1.0, first: true, second: None }]);
    }
    let kept = setup.problem.reused_share();
    let averages = |reused| AverageTables::new(setup, law, reused).map(Some);
    let mut groups = Vec::new();
    if kept > 0.0 {
        groups.push(SampleGroup { share: kept, first: true, second: averages(true)? });
    }
    if kept < 1.0 {
        let share = 1.0 - kept;
        groups.push(SampleGroup { share, first: true, second: None });
        groups.push(SampleGroup { share, first: false, second: averages(false)? });
    }
    Ok(groups)
}
