//! Gradient steps: step sizes, batch reuse, the gradient by tiles, the update.
//!
//! W_t = W_{t-1} + eta_t G(W_{t-1}; X_t, y_t), where G is the descent direction
//! (1/n) \[(a r^T) o sigma'(W X^T)\] X with residual r = y - f(X); "o" is the entrywise product.
//!
//! ```
//! use std::ops::ControlFlow;
//! use linear_width::activation::Tanh;
//! use linear_width::data::{GeneratedBatch, InputLaw, Link, MixedBatch, Target};
//! use linear_width::network::{Initialisation, Network, Scaling, SecondLayerLaw};
//! use linear_width::training::{BatchPolicy, StepSize, gradient_step};
//!
//! let (width, dimension, samples, seed) = (60, 30, 90, 1);
//! let mut network = Network::<f64>::random(
//!     width, dimension, Initialisation::Sphere, &SecondLayerLaw::Gaussian,
//!     Tanh::default(), Scaling::MeanField, seed,
//! )?;
//! let teacher = Target::single_index(Link::hermite([0.0, 1.0])).teacher(dimension, seed)?;
//! let steps = [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)];
//! let batch = |t| GeneratedBatch::new(InputLaw::Gaussian, teacher.clone(), samples, seed, t);
//! let kept = BatchPolicy::PartlyReused { fraction: 0.5 }.kept_samples(samples);
//! for (t, step) in steps.iter().enumerate() {
//!     let batch = MixedBatch::new(batch(0)?, batch(t as u64)?, kept)?;
//!     gradient_step(&mut network, &batch, step.eta(width), t + 1, &mut |_, _| ControlFlow::Continue(()))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch_policy;
mod gradient;
mod step_size;

pub use batch_policy::BatchPolicy;
pub use gradient::{Change, TILE_SAMPLES, TrainingError, descent_direction, gradient_step};
pub use step_size::StepSize;
