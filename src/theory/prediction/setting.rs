//! What a prediction is made from.

use super::error::{PredictionError, require};
use super::law::GaussianTail;
use crate::activation::Activation;
use crate::data::Target;
use crate::error::nonzero;
use crate::network::SecondLayerLaw;
use crate::training::BatchPolicy;
use std::sync::Arc;

/// The largest number of spikes that may be asked for.
pub(crate) const MAX_SPIKES: usize = 96;

/// One setting of docs/theory.md, section 1, at finite sizes. Mean-field scaling, Gaussian inputs.
#[derive(Clone, Debug)]
pub struct Setting {
    /// sigma; E sigma(z) is subtracted, as the theory assumes.
    pub activation: Arc<dyn Activation>,
    /// Link and noise of the labels, 1 to 3 directions. Directions that are given are not read: by
    /// rotation invariance the prediction does not depend on them.
    pub target: Target,
    /// Hidden neurons N, at least 2.
    pub width: usize,
    /// Input dimension d.
    pub dimension: usize,
    /// Samples n of one batch.
    pub samples: usize,
    /// eta_1 and eta_2, plain numbers (C N^alpha evaluated); eta_2 = 0 predicts W_1.
    pub step_sizes: [f64; 2],
    /// Fresh, reused or partly reused batch in step two.
    pub batches: BatchPolicy,
    /// Law of b = sqrt(N) a; [`SecondLayerLaw::Fixed`] predicts one given network.
    pub second_layer: SecondLayerLaw,
}

impl Setting {
    /// gamma = N / d.
    pub fn gamma(&self) -> f64 {
        self.width as f64 / self.dimension as f64
    }

    /// phi = d / n.
    pub fn phi(&self) -> f64 {
        self.dimension as f64 / self.samples as f64
    }

    /// Share of the second batch that the first step has seen.
    pub(crate) fn reused_share(&self) -> f64 {
        self.batches.kept_samples(self.samples) as f64 / self.samples as f64
    }

    pub(crate) fn check(&self) -> Result<(), PredictionError> {
        require("the width", self.width as f64, self.width >= 2, "at least 2")?;
        nonzero("dimension", self.dimension)?;
        nonzero("samples", self.samples)?;
        if let Some(problem) = self.target.problems(usize::MAX).into_iter().next() {
            return Err(problem.into());
        }
        for eta in self.step_sizes {
            require("a step size eta", eta, eta >= 0.0, "a finite number, 0 or more")?;
        }
        self.batches.check()?;
        match self.second_layer.problem(self.width) {
            Some(problem) => Err(problem.into()),
            None => Ok(()),
        }
    }
}

/// Share by which [`Nodes::for_step`] raises counts for every factor of ten in the step size.
const GROWTH_PER_DECADE: f64 = 0.25;

/// Numbers of quadrature nodes. How much they matter is estimated with every prediction
/// ([`IndicatorKind::Quadrature`](super::IndicatorKind::Quadrature)) and measured by
/// [`convergence`](super::convergence).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Nodes {
    /// Values of b at which sigma is averaged, for up to ten spikes; more in proportion to the
    /// spikes.
    pub second_layer: usize,
    /// Values of b in the bulk and in K(m); at least two for every spike are taken.
    pub bulk: usize,
    /// Preactivation z.
    pub preactivation: usize,
    /// Each projection z* when there is one direction, two, three.
    pub target: [usize; 3],
    /// Label noise.
    pub noise: usize,
    /// Component of beta_1 outside the span of the targets, and the Gaussian part xi of h.
    pub orthogonal: usize,
    /// Multiplies the sizes of the interpolation tables, which are chosen from the range of their
    /// arguments.
    pub table_factor: f64,
    /// Which rule averages smooth functions of a Gaussian.
    pub family: NodeFamily,
}

/// Rules for averages of smooth functions of a Gaussian variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum NodeFamily {
    /// The trapezoidal rule: far more accurate than Gauss-Hermite at equal cost unless the function
    /// is a polynomial.
    #[default]
    Trapezoid,
    /// Gauss-Hermite.
    Hermite,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            second_layer: 20,
            bulk: 96,
            preactivation: 40,
            target: [48, 28, 20],
            noise: 6,
            orthogonal: 20,
            table_factor: 1.0,
            family: NodeFamily::Trapezoid,
        }
    }
}

impl Nodes {
    /// The nodes for steps of size `eta`: a large step makes the error of an average large, so above
    /// 100 the averages over the preactivation and their tables are made finer with its logarithm.
    pub(crate) fn for_step(self, eta: f64) -> Self {
        let factor = 1.0 + GROWTH_PER_DECADE * (eta / 100.0).log10().max(0.0);
        Self {
            preactivation: (self.preactivation as f64 * factor).ceil() as usize,
            table_factor: self.table_factor * factor,
            ..self
        }
    }

    /// All counts multiplied by `factor` (rounded up).
    pub fn scaled(self, factor: f64) -> Self {
        let times = |n: usize| ((n as f64 * factor).ceil() as usize).max(2);
        Self {
            second_layer: times(self.second_layer),
            bulk: times(self.bulk),
            preactivation: times(self.preactivation),
            target: self.target.map(times),
            noise: times(self.noise),
            orthogonal: times(self.orthogonal),
            table_factor: self.table_factor * factor,
            family: self.family,
        }
    }

    fn check(&self) -> Result<(), PredictionError> {
        let counts = [
            ("prediction_options.nodes.second_layer", self.second_layer),
            ("prediction_options.nodes.bulk", self.bulk),
            ("prediction_options.nodes.preactivation", self.preactivation),
            ("prediction_options.nodes.noise", self.noise),
            ("prediction_options.nodes.orthogonal", self.orthogonal),
        ];
        let target = self.target.map(|count| ("prediction_options.nodes.target", count));
        for (name, count) in counts.into_iter().chain(target) {
            require(name, count as f64, (2..=2000).contains(&count), "between 2 and 2000")?;
        }
        let noise = self.noise as f64;
        require("prediction_options.nodes.noise", noise, self.noise <= 600, "at most 600")?;
        require(
            "prediction_options.nodes.table_factor",
            self.table_factor,
            (0.1..=20.0).contains(&self.table_factor),
            "between 0.1 and 20",
        )
    }
}

/// How the rows of the bulk are modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum BulkModel {
    /// Independent rows of covariance D(b) I / d (docs/theory.md, section 5): level 1. Fast; good
    /// for links with a linear part.
    Isotropic,
    /// Rows with the covariance that the batch gives them (docs/theory.md, section 10): level 2.
    /// The better one for links without linear part and for the edge of the bulk. Costs about a
    /// fifth of a second for one teacher direction, but seconds for two or three.
    #[default]
    Structured,
}

/// How the prediction is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Options {
    /// Model of the bulk.
    pub bulk_model: BulkModel,
    /// With [`BulkModel::Isotropic`]: treat the columns of the bulk along the teacher directions
    /// separately (docs/theory.md, section 7). [`BulkModel::Structured`] contains this.
    pub target_column: bool,
    /// With [`BulkModel::Structured`]: terms kept of the expansion in b of the linear part of the
    /// noise, 1 to 3 (docs/theory.md, sections 10.3 and 10.8). Two agree best with simulations.
    pub linear_terms: usize,
    /// Largest number R of polynomials q_k, that is of spikes that are told apart, 1 to 96. As
    /// many are taken as `tolerance` asks for; when they are more than this, the indicator
    /// [`Truncation`](super::IndicatorKind::Truncation) says so.
    pub spikes: usize,
    /// Relative change of the singular values of outliers that spikes left out may make; above 0.
    pub tolerance: f64,
    /// Predict a second time with three quarters of the nodes, and say in the indicator
    /// [`Quadrature`](super::IndicatorKind::Quadrature) how much that changes. It takes about half
    /// the time of the prediction itself.
    pub compare_nodes: bool,
    /// Representation of a Gaussian second layer.
    pub gaussian_tail: GaussianTail,
    /// Node counts.
    pub nodes: Nodes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bulk_model: BulkModel::default(),
            target_column: true,
            linear_terms: 2,
            spikes: 64,
            tolerance: 5e-3,
            compare_nodes: true,
            gaussian_tail: GaussianTail::default(),
            nodes: Nodes::default(),
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), PredictionError> {
        let (spikes, terms) = (self.spikes, self.linear_terms);
        let fine = (1..=MAX_SPIKES).contains(&spikes);
        require("prediction_options.spikes", spikes as f64, fine, "between 1 and 96")?;
        let fine = self.tolerance > 0.0;
        let allowed = "a finite number above 0";
        require("prediction_options.tolerance", self.tolerance, fine, allowed)?;
        let fine = (1..=3).contains(&terms);
        require("prediction_options.linear_terms", terms as f64, fine, "between 1 and 3")?;
        self.gaussian_tail.check()?;
        self.nodes.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_options() {
        let allowed = |options: Options| options.check().is_ok();
        let with = |nodes: Nodes| allowed(Options { nodes, ..Options::default() });
        assert!(allowed(Options::default()));
        for (spikes, good) in [(0, false), (1, true), (96, true), (97, false)] {
            assert_eq!(allowed(Options { spikes, ..Options::default() }), good);
        }
        for (tolerance, good) in [(0.0, false), (1e-9, true), (f64::INFINITY, false)] {
            assert_eq!(allowed(Options { tolerance, ..Options::default() }), good);
        }
        for (terms, good) in [(0, false), (1, true), (3, true), (4, false)] {
            assert_eq!(allowed(Options { linear_terms: terms, ..Options::default() }), good);
        }
        for (count, good) in [(1, false), (2, true), (2000, true), (2001, false)] {
            assert_eq!(with(Nodes { bulk: count, ..Nodes::default() }), good);
            assert_eq!(with(Nodes { target: [48, 28, count], ..Nodes::default() }), good);
        }
        for (noise, good) in [(600, true), (601, false)] {
            assert_eq!(with(Nodes { noise, ..Nodes::default() }), good);
        }
        for (table_factor, good) in [(0.1, true), (20.0, true), (0.09, false), (20.1, false)] {
            assert_eq!(with(Nodes { table_factor, ..Nodes::default() }), good);
        }
    }

    #[test]
    fn scaled_nodes() {
        let expected = Nodes {
            second_layer: 50,
            bulk: 240,
            preactivation: 100,
            target: [120, 70, 50],
            noise: 15,
            orthogonal: 50,
            table_factor: 2.5,
            family: NodeFamily::Trapezoid,
        };
        assert_eq!(Nodes::default().scaled(2.5), expected);
        assert_eq!(Nodes::default().scaled(0.01).noise, 2);
        assert_eq!(Nodes::default().scaled(0.7).noise, 5);
    }
}
