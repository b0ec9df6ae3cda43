//! The second layer trained by ridge regression, and its test error beside the best linear
//! predictor.
//!
//! A predictor is linear in p features, ŷ(x) = ⟨θ, φ(x)⟩ + b; the intercept b is 0 unless asked for.
//! For a [`Network`](crate::network::Network) the features are φ(x) = σ(W x)/√N (p = N), so that θ is
//! a second layer a in mean-field scaling. For [`LinearFeatures`] they are x/√d (p = d). On n
//! samples, ridge regression minimises
//!
//! ```text
//! (1/n) Σᵢ (yᵢ - ⟨θ, φ(xᵢ)⟩ - b)² + (λ/p) |θ|²,    λ > 0
//! ```
//!
//! (the scaling of Ba et al., [arXiv:2205.01445](https://arxiv.org/abs/2205.01445)); b is not
//! penalised. With u = θ/√p, the coefficients of the bare σ(W x) or x, the penalty is λ |u|²: the
//! same minimiser as other libraries' ridge regression of y on σ(W x) with penalty parameter n λ.
//!
//! One decomposition serves all lambdas:
//!
//! ```
//! use linear_width::Experiment;
//! use linear_width::activation::Tanh;
//! use linear_width::data::{Link, Target};
//! use linear_width::readout::{LinearFeatures, Ridge};
//! use linear_width::training::StepSize;
//!
//! let target = Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1);
//! let experiment = Experiment::builder()
//!     .width(100).dimension(50).samples(400)
//!     .activation(Tanh { scale: 2.0, shift: 0.5 })
//!     .target(target.clone())
//!     .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
//!     .build()?;
//! // three batches that no step has seen
//! let train = experiment.test_batch(0, 500)?;
//! let validation = experiment.test_batch(1, 500)?;
//! let test = experiment.test_batch(2, 1000)?;
//! for network in experiment.networks::<f64>() {
//!     let network = network?; // W_0, then W_1, then W_2
//!     let path = Ridge::new().fit(&network, &train)?;
//!     let readout = path.select(&[1e-3, 1e-2, 1e-1, 1.0], &validation)?;
//!     println!("{} at lambda = {}", readout.test_error(&test)?, readout.lambda());
//! }
//! let inputs = LinearFeatures::new(50)?;
//! let linear = Ridge::new().fit(&inputs, &train)?.least_squares()?.test_error(&test)?;
//! println!("linear: {linear}, in the limit {:?}", target.best_linear_error(false)?);
//! # assert!(linear.mean_square > 0.8 * 0.51);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A run trains and tests readouts at every stage, beside their prediction
//! ([`theory::features`](crate::theory::features)), when its settings name
//! [`readout_samples`](crate::experiment::ExperimentBuilder::readout_samples):
//!
//! ```
//! # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
//! # let target = Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1);
//! # let settings = Experiment::builder().width(60).dimension(30).samples(120).target(target);
//! let settings = settings.activation(Tanh { scale: 2.0, shift: 0.5 }).steps([2.0]);
//! let settings = settings.readout_samples([100, 300]).readout_lambdas([0.01, 0.1, 1.0]);
//! # let settings = settings.readout_test_samples(200);
//! let report = settings.feature_samples(200).build()?.run()?;
//! println!("{report}");
//! for stage in &report.stages {
//!     let best = stage.best_readout(300).unwrap();
//!     println!("W_{}: {} {:?}", stage.step, best.measured.test_error, best.predicted);
//! }
//! # assert!(report.stages[1].best_readout(300).unwrap().predicted.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod features;
mod moments;
mod normal_equations;
mod population;
mod predictor;
mod ridge;

pub use error::ReadoutError;
pub use features::{Features, LinearFeatures};
pub(crate) use moments::{Moments, centred_samples, feature_tiles};
pub(crate) use predictor::test_errors;
pub use predictor::{Readout, TestError};
pub use ridge::{Ridge, RidgePath};
