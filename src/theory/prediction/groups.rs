//! The samples of both batches, grouped by the steps that see them.
//!
//! Step two keeps a share of the n samples of the first batch. That leaves three groups: those that
//! both steps see, those of the first batch alone and those of the second batch alone. Independent
//! batches have no sample of the first kind, a reused batch has no other. Every average over the
//! samples is a sum over the groups, each with its share of n.
//!
//! Equations: docs/theory.md, (12.1), (12.2).

use super::activation::Sigma;
use super::error::PredictionError;
use super::label::Labels;
use super::law::Law;
use super::moments::{FirstStep, Moments};
use super::setting::Setting;

/// Samples that the same steps see.
pub(crate) struct Group {
    /// Their number over n.
    pub share: f64,
    /// Whether the first step sees them.
    pub first: bool,
    /// What the second step makes of them; `None` when it does not see them.
    pub second: Option<Moments>,
}

impl Group {
    /// Whether both steps see them.
    pub fn reused(&self) -> bool {
        self.first && self.second.is_some()
    }
}

/// Inputs of the averages over the preactivation.
pub(crate) struct GroupInput<'a> {
    pub setting: &'a Setting,
    pub activation: &'a Sigma<'a>,
    pub labels: &'a Labels,
    pub law: &'a Law,
    pub step: FirstStep,
    /// Bounds |s| over the nodes of the samples.
    pub largest_s: f64,
}

impl GroupInput<'_> {
    /// The groups that are not empty; after one step only, the first batch.
    pub fn groups(&self, nodes: &super::Nodes) -> Result<Vec<Group>, PredictionError> {
        if self.setting.step_sizes[1] == 0.0 {
            return Ok(vec![Group { share: 1.0, first: true, second: None }]);
        }
        let kept = self.setting.reused_share();
        let moments = |reused| Moments::new(self, reused, nodes);
        let mut groups = Vec::new();
        if kept > 0.0 {
            groups.push(Group { share: kept, first: true, second: Some(moments(true)?) });
        }
        if kept < 1.0 {
            groups.push(Group { share: 1.0 - kept, first: true, second: None });
            groups.push(Group { share: 1.0 - kept, first: false, second: Some(moments(false)?) });
        }
        Ok(groups)
    }
}
