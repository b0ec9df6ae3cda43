//! Gradient steps: step sizes, batch reuse, the gradient by tiles, the update.
//!
//! W_t = W_{t-1} + eta_t G(W_{t-1}; X_t, y_t) with the
//! [descent direction](crate::network::Network::descent_direction) G.
//!
//! ```
//! use linear_width::activation::Tanh;
//! use linear_width::data::{GeneratedBatch, Link, Target};
//! use linear_width::network::Network;
//! use linear_width::training::{BatchPolicy, StepSize};
//!
//! let (width, dimension, samples, seed) = (60, 30, 90, 1);
//! let mut network = Network::<f64>::random(width, dimension, Tanh::default(), seed)?;
//! let target = Target::single_index(Link::hermite([0.0, 1.0]));
//! let first = GeneratedBatch::new(&target, dimension, samples, seed)?;
//! let kept = BatchPolicy::PartlyReused { fraction: 0.5 }.kept_samples(samples);
//! let steps = [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)];
//! for (t, step) in steps.iter().enumerate() {
//!     let batch = first.clone().with_index(t as u64).reusing(kept)?;
//!     network.gradient_step(&batch, step.eta(width))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch_policy;
mod gradient_step;
mod step_size;

pub use batch_policy::BatchPolicy;
pub(crate) use gradient_step::TileObserver;
pub use gradient_step::{Change, TrainingError};
pub use step_size::StepSize;
