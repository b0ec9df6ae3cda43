//! Gradient steps: step sizes, batch reuse, the gradient by tiles, the update.
//!
//! W_t = W_{t-1} + eta_t G(W_{t-1}; X_t, y_t), where G is the ascent direction
//! (1/n) \[(a r^T) o sigma'(W X^T)\] X with residual r = y - f(X); "o" is the entrywise product.
//!
//! ```
//! use std::ops::ControlFlow;
//! use linear_width::activation::{SharedActivation, Tanh};
//! use linear_width::data::{GeneratedBatch, InputLaw, Link, Target};
//! use linear_width::network::{FirstLayerLaw, Network, Scaling, SecondLayerLaw};
//! use linear_width::training::{BatchPolicy, StepSize, ascend};
//!
//! let (width, dimension, samples, seed) = (60, 30, 90, 1);
//! let mut network = Network::<f64>::random(
//!     width, dimension, FirstLayerLaw::Sphere, &SecondLayerLaw::Gaussian,
//!     SharedActivation::new(Tanh::default()), Scaling::MeanField, seed,
//! )?;
//! let teacher = Target::single_index(Link::hermite([0.0, 1.0])).teacher(dimension, seed)?;
//! let steps = [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)];
//! for (t, step) in steps.iter().enumerate() {
//!     let index = BatchPolicy::Reused.batch_index(t);
//!     let batch = GeneratedBatch::new(InputLaw::Gaussian, teacher.clone(), samples, seed, index)?;
//!     ascend(&mut network, &batch, step.eta(width), t + 1, &mut |_, _| ControlFlow::Continue(()))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod gradient;
mod step_size;

pub use gradient::{TILE_SAMPLES, TrainingError, ascend, ascent_direction};
pub use step_size::StepSize;

/// Which samples each step sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum BatchPolicy {
    /// Every step draws a fresh batch.
    #[default]
    Independent,
    /// Every step uses the batch of the first.
    Reused,
}

impl BatchPolicy {
    /// The index of the batch that step `step` (from 0) uses.
    pub fn batch_index(self, step: usize) -> u64 {
        match self {
            Self::Independent => step as u64,
            Self::Reused => 0,
        }
    }
}

impl std::fmt::Display for BatchPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Independent => "independent",
            Self::Reused => "reused",
        })
    }
}
