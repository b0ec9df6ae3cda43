//! The question that the prediction answers: one or two steps at finite sizes (docs/theory.md,
//! section 1).

use super::error::{PredictionError, require};
use std::sync::Arc;

use crate::activation::Activation;
use crate::data::Target;
use crate::error::nonzero;
use crate::network::SecondLayerLaw;
use crate::training::BatchPolicy;

/// One or two gradient steps of a network of finite size (docs/theory.md, section 1), in mean-field
/// scaling and with Gaussian inputs.
#[derive(Clone, Debug)]
pub struct Problem {
    /// sigma. Its mean E sigma(z) is subtracted, as the theory assumes.
    pub activation: Arc<dyn Activation>,
    /// Link and noise of the labels, with 1 to 3 teacher directions. The directions themselves are
    /// not read: by rotation invariance the prediction does not depend on them.
    pub target: Target,
    /// Number N of hidden neurons, at least 2.
    pub width: usize,
    /// Dimension d of the inputs.
    pub dimension: usize,
    /// Number n of samples in one batch.
    pub samples: usize,
    /// Step sizes eta_1 and eta_2 as plain numbers (C N^alpha evaluated); eta_2 = 0 asks for W_1.
    pub step_sizes: [f64; 2],
    /// Whether the second batch is independent of the first, reused, or partly reused.
    pub batches: BatchPolicy,
    /// Law of b = sqrt(N) a; [`SecondLayerLaw::Fixed`] predicts one given network.
    pub second_layer: SecondLayerLaw,
}

impl Problem {
    /// gamma = N / d, rows of W per column.
    pub fn gamma(&self) -> f64 {
        self.width as f64 / self.dimension as f64
    }

    /// phi = d / n, dimensions per sample.
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
        Ok(self.second_layer.check(self.width)?)
    }
}
