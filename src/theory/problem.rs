//! Gradient steps at finite sizes (docs/theory.md, section 1), to be predicted.

use super::error::{PredictionError, require};
use std::sync::Arc;

use crate::activation::Activation;
use crate::data::Target;
use crate::error::nonzero;
use crate::network::SecondLayerLaw;
use crate::training::BatchPolicy;

/// Gradient steps of a network of finite size (docs/theory.md, section 1), in mean-field
/// scaling and with Gaussian inputs.
///
/// ```
/// use linear_width::activation::{Activation, Tanh};
/// use linear_width::data::{Link, Target};
/// use linear_width::network::SecondLayerLaw;
/// use linear_width::theory::prediction::{BulkModel, Options, Problem};
/// use linear_width::training::BatchPolicy;
///
/// let problem = Problem {
///     activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
///     target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
///     width: 3000,
///     dimension: 1500,
///     samples: 4500,
///     step_sizes: vec![22.0, 49.0],
///     batches: BatchPolicy::Reused,
///     second_layer: SecondLayerLaw::Uniform,
/// };
/// let prediction = problem.predict(&Options::default())?;
/// assert!(prediction.outliers[0].singular_value > prediction.edge);
/// assert!(prediction.outliers[0].target_overlap > 0.9);
/// assert!(prediction.density(&[0.5, 1.0, 1.5])?.iter().all(|height| *height > 0.0));
///
/// let problem = Problem { batches: BatchPolicy::Independent, ..problem };
/// let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
/// let [singular_values, overlaps] = problem.convergence(&options)?;
/// assert!(singular_values < 1e-2 && overlaps < 1e-2);
/// # Ok::<(), linear_width::theory::prediction::PredictionError>(())
/// ```
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
    /// Step sizes eta_1, ..., eta_T as plain numbers (C N^alpha evaluated); at least one.
    pub step_sizes: Vec<f64>,
    /// Whether later batches are independent of the first, the same one, or partly the same.
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

    /// Number T of steps.
    pub(crate) fn steps(&self) -> usize {
        self.step_sizes.len()
    }

    /// The same with the first `steps` steps alone.
    pub(crate) fn up_to(&self, steps: usize) -> Self {
        Self { step_sizes: self.step_sizes[..steps].to_vec(), ..self.clone() }
    }

    /// eta_1 and eta_2; 0 for a step that is not taken.
    pub(crate) fn first_two(&self) -> [f64; 2] {
        std::array::from_fn(|step| self.step_sizes.get(step).copied().unwrap_or(0.0))
    }

    pub(crate) fn check(&self) -> Result<(), PredictionError> {
        require("the width", self.width as f64, self.width >= 2, "at least 2")?;
        nonzero("dimension", self.dimension)?;
        nonzero("samples", self.samples)?;
        if let Some(problem) = self.target.problems(self.dimension).into_iter().next() {
            return Err(problem.into());
        }
        nonzero("the number of steps", self.step_sizes.len())?;
        for &eta in &self.step_sizes {
            require("a step size eta", eta, eta >= 0.0, "a finite number, 0 or more")?;
        }
        self.batches.check()?;
        Ok(self.second_layer.check(self.width)?)
    }
}
