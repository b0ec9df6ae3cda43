//! The signal as a sum of spikes u_k v_k^T, as many as the answer needs (docs/theory.md, sections
//! 5.1 and 6).

use super::activation::Sigma;
use super::bulk::Bulk;
use super::error::{PredictionError, finite};
use super::groups::{Group, GroupInput};
use super::label::Labels;
use super::law::Law;
use super::moments::FirstStep;
use super::noise::RowVariance;
use super::setting::{BulkModel, Options, Setting};
use super::spikes::{SpikeInput, Spikes};
use super::truncation;
use crate::quadrature::Rule;

/// What the sums over the samples are made from, whatever the number of spikes.
pub(crate) struct Source<'a> {
    pub setting: &'a Setting,
    /// Node counts are taken as they are.
    pub options: &'a Options,
    pub activation: &'a Sigma<'a>,
    pub labels: &'a Labels,
    pub step: FirstStep,
    /// Nodes of the component of x along beta_1 outside the span of the targets.
    pub orthogonal: &'a Rule,
}

/// The expansion in spikes, with as many as are needed.
pub(crate) struct Expansion {
    pub law: Law,
    pub groups: Vec<Group>,
    pub spikes: Spikes,
    /// The bulk with isotropic noise.
    pub bulk: Bulk,
    /// What the spikes left out can change of a singular value.
    pub missing: f64,
}

impl Source<'_> {
    pub fn input<'a>(&'a self, law: &'a Law) -> SpikeInput<'a> {
        SpikeInput {
            labels: self.labels,
            law,
            step: self.step,
            eta: self.setting.step_sizes,
            orthogonal: self.orthogonal,
            weighted: self.options.bulk_model == BulkModel::Isotropic && self.options.target_column,
        }
    }

    /// Takes more spikes until those left out are below the tolerance, or there are no more.
    pub fn expansion(&self) -> Result<Expansion, PredictionError> {
        let options = self.options;
        let mut count = truncation::FIRST.min(options.spikes);
        loop {
            let expansion = self.expansion_of(count)?;
            match truncation::next(count, options.spikes) {
                Some(next) if expansion.missing > options.tolerance => count = next,
                _ => return Ok(expansion),
            }
        }
    }

    /// The expansion with at most `count` spikes.
    fn expansion_of(&self, count: usize) -> Result<Expansion, PredictionError> {
        let &Self { setting, options, activation, labels, step, .. } = self;
        let nodes = &options.nodes;
        let law = Law::new(
            &setting.second_layer,
            options.gaussian_tail,
            setting.width,
            nodes.second_layer.max((nodes.second_layer * count).div_ceil(10)),
            nodes.bulk.max(2 * count),
            count,
        )?;
        let input = self.input(&law);
        let largest_s = input.largest_s();
        let groups = GroupInput { setting, activation, labels, law: &law, step, largest_s };
        let groups = groups.groups(nodes)?;
        let spikes = input.spikes(&groups);
        finite(
            "the right vectors of the spikes",
            spikes.target.iter().chain(&spikes.perpendicular),
        )?;
        // fewer than asked for: the law of b has no more
        let complete = law.spikes() < count || setting.step_sizes[1] == 0.0;
        let variance = RowVariance { setting, activation, labels, law: &law, step };
        let d = variance.isotropic(&spikes.noise[0]);
        finite("the row variance of the bulk", &d)?;
        let bulk = Bulk::new(setting.gamma(), &law.fine, d);
        let missing = truncation::missing(&bulk, &law, &spikes, complete)?;
        Ok(Expansion { law, groups, spikes, bulk, missing })
    }
}
