//! Ridge regression on the features sigma(W x), predicted from the state of the first layer
//! (docs/theory.md, section 15).
//!
//! ```
//! use linear_width::activation::{Activation, Tanh};
//! use linear_width::data::{Link, Target};
//! use linear_width::network::SecondLayerLaw;
//! use linear_width::theory::features::FeaturePrediction;
//! use linear_width::theory::prediction::{Options, Problem};
//! use linear_width::training::BatchPolicy;
//!
//! let problem = Problem {
//!     activation: Tanh { scale: 2.0, shift: 0.5 }.centred()?,
//!     target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
//!     width: 3000,
//!     dimension: 1500,
//!     samples: 4500,
//!     step_sizes: vec![22.0, 49.0],
//!     batches: BatchPolicy::Independent,
//!     second_layer: SecondLayerLaw::Uniform,
//! };
//! let options = Options { node_factor: 0.6, ..Options::default() };
//! let mut test_errors = Vec::new();
//! for state in problem.states(&options)? {
//!     let features = FeaturePrediction::new(&state, &problem.activation, &problem.target, &options)?;
//!     test_errors.push(features.ridge(6000, 0.1)?.test_error);
//! }
//! // every step makes the features better
//! assert!(test_errors[0] > test_errors[1] && test_errors[1] > test_errors[2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod best_lambda;
mod conditional_moments;
pub(crate) mod continuation;
mod factors;
pub(crate) mod fixed_point;
mod mean_part;
pub(crate) mod neuron_types;
mod ridge;
pub(crate) mod sample_nodes;
pub(crate) mod spectrum;
pub(crate) mod square_matrix;
pub(crate) mod system;
mod weighted_sums;

#[cfg(test)]
mod tests;

pub use self::spectrum::{FeatureOutlier, FeatureSpectrum};

use self::ridge::Errors;
use self::system::FeatureSystem;
use crate::activation::Activation;
use crate::data::Target;
use crate::error::{InvalidSetting, nonzero};
use crate::quadrature::{QuadratureError, gaussian_expectation};
use crate::theory::error::{PredictionError, require};
use crate::theory::prediction::Options;
use crate::theory::state::State;
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::Arc;

/// Share of the nodes that the comparison made with every result takes.
const FEWER_NODES: f64 = 0.75;

/// What is predicted of the features sigma(W x) of a first layer. The [module](self) has an example.
#[derive(Clone, Debug)]
pub struct FeaturePrediction {
    pub(crate) system: FeatureSystem,
    /// The same with fewer nodes.
    fewer: Option<FeatureSystem>,
}

/// Errors of ridge regression on the features, predicted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RidgeErrors {
    /// E(y - prediction)^2 on a new sample, with the noise of its label (15.17).
    pub test_error: f64,
    /// Mean square residual on the samples of the fit (15.17).
    pub training_error: f64,
    /// |u|^2 of the coefficients u (15.17).
    pub norm_squared: f64,
    /// Relative change of the test error with three quarters of the quadrature nodes; `None` when
    /// [`Options::compare_nodes`] is off.
    pub numerical_error: Option<f64>,
}

impl FeaturePrediction {
    /// The features of the first layer `state` with `activation`, and labels of `target`. The
    /// activation is taken as it is; networks of the theory have a
    /// [centred](Activation::centred) one.
    ///
    /// Of `options` the fields `node_factor` and `compare_nodes` are read.
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] when `target` has another number of directions than `state`, or
    /// labels without a finite second moment, or an option is out of range;
    /// [`PredictionError::LabelsVanish`] and [`PredictionError::NotFinite`] for an unfit link or
    /// activation.
    pub fn new(
        state: &State,
        activation: &Arc<dyn Activation>,
        target: &Target,
        options: &Options,
    ) -> Result<Self, PredictionError> {
        options.check()?;
        if let Some(problem) = target.problems(usize::MAX).into_iter().next() {
            return Err(problem.into());
        }
        second_moment_exists(target)?;
        let system = |factor: f64| FeatureSystem::new(state, activation, target, factor);
        let fewer = options.compare_nodes.then(|| system(FEWER_NODES * options.node_factor));
        Ok(Self { system: system(options.node_factor)?, fewer: fewer.transpose()? })
    }

    /// Errors of the coefficients u that minimise (1/m) |y - F u|^2 + lambda |u|^2 over m = `samples`
    /// samples, independent of those that made the first layer; F = sigma(X W^T) (15.1).
    /// [`Ridge`](crate::readout::Ridge) fits the same. lambda = 0 (least squares) is allowed for more
    /// samples than features.
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for no samples, for a lambda that is negative, not finite, or 0
    /// with no more samples than features; [`PredictionError::NotConverged`] when the equations could
    /// not be solved.
    pub fn ridge(&self, samples: usize, lambda: f64) -> Result<RidgeErrors, PredictionError> {
        Ok(self.ridge_curve(&[samples], &[lambda])?[[0, 0]])
    }

    /// [`ridge`](Self::ridge) for all numbers of samples (rows) and all lambdas (columns), which is
    /// cheaper than one after the other. The same bits for any number of threads.
    ///
    /// # Errors
    /// As [`ridge`](Self::ridge).
    pub fn ridge_curve(
        &self,
        samples: &[usize],
        lambdas: &[f64],
    ) -> Result<Array2<RidgeErrors>, PredictionError> {
        for (&samples, &lambda) in samples.iter().flat_map(|m| lambdas.iter().map(move |l| (m, l)))
        {
            self.check(samples, lambda)?;
        }
        samples.iter().try_for_each(|samples| nonzero("samples", *samples))?;
        let systems: Vec<&FeatureSystem> = [&self.system].into_iter().chain(&self.fewer).collect();
        let tasks = samples.iter().flat_map(|samples| systems.iter().map(move |s| (*samples, *s)));
        let tasks: Vec<_> = tasks.collect();
        let rows = tasks.par_iter().map(|(samples, s)| ridge::errors(s, *samples, lambdas));
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        Ok(Array2::from_shape_fn((samples.len(), lambdas.len()), |(i, k)| {
            let row = &rows[systems.len() * i..systems.len() * (i + 1)];
            RidgeErrors::new(row[0][k], row.get(1).map(|row| row[k]))
        }))
    }

    /// The lambda of the smallest test error, to about 0.1 %, with the errors there.
    ///
    /// The lambda is 0 when every lambda down to 1e-8 of the natural scale makes the test error larger,
    /// and infinite when no fit beats the prediction 0. With no more samples than features the errors
    /// at 0 are those of the smallest lambda.
    ///
    /// # Errors
    /// As [`ridge`](Self::ridge).
    pub fn best_lambda(&self, samples: usize) -> Result<(f64, RidgeErrors), PredictionError> {
        self.check(samples, 1.0)?;
        let found = best_lambda::search(&self.system, samples)?;
        let other = match &self.fewer {
            Some(fewer) if found.evaluated_at.is_finite() => {
                Some(ridge::errors(fewer, samples, &[found.evaluated_at])?[0])
            }
            Some(_) => Some(found.errors),
            None => None,
        };
        Ok((found.lambda, RidgeErrors::new(found.errors, other)))
    }

    fn check(&self, samples: usize, lambda: f64) -> Result<(), PredictionError> {
        nonzero("samples", samples)?;
        require("lambda", lambda, lambda >= 0.0, "a finite number, 0 or more")?;
        let determined = lambda > 0.0 || samples as f64 > self.system.width;
        require("lambda", lambda, determined, "above 0 with no more samples than features")
    }
}

/// Follows y^2 against the Gaussian density along the coordinate axes and the diagonals, until it dies
/// out or grows.
fn second_moment_exists(target: &Target) -> Result<(), PredictionError> {
    let p = target.direction_count();
    let refuse = |source| InvalidSetting::function(target.name())(source);
    for signs in 1..3_usize.pow(p as u32) {
        let ray: Vec<f64> =
            (0..p).map(|l| [0.0, 1.0, -1.0][signs / 3_usize.pow(l as u32) % 3]).collect();
        let length = ray.iter().map(|x| x * x).sum::<f64>().sqrt();
        let along = |z: f64| {
            let at: Vec<f64> = ray.iter().map(|x| x * z / length).collect();
            target.noiseless_label(&at).powi(2)
        };
        // an accuracy that is not reached is no sign of growth
        let found = gaussian_expectation(along, target.kinks(), 1e-3);
        if let Err(error @ (QuadratureError::NonFinite { .. } | QuadratureError::Growth { .. })) =
            found
        {
            return Err(refuse(error).into());
        }
    }
    Ok(())
}

impl RidgeErrors {
    fn new([test_error, training_error, norm_squared]: Errors, fewer: Option<Errors>) -> Self {
        let numerical_error = fewer.map(|fewer| (fewer[0] / test_error - 1.0).abs());
        Self { test_error, training_error, norm_squared, numerical_error }
    }
}
