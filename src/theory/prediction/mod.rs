//! The parameter-free prediction of the whole spectrum of W_1 or W_2 (docs/theory.md, sections 4 to
//! 8 and 10).
//!
//! [`predict`] turns a [`Setting`] into a [`Prediction`]: edge and density of the bulk, every
//! outlier with the overlaps of its singular vectors, the constants on the way, and signs of when
//! not to trust it. No simulation is read.
//!
//! The shortest way to one is through an experiment, which need not be run:
//!
//! ```
//! use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
//! use linear_width::network::SecondLayerLaw;
//! use linear_width::theory::prediction::Options;
//! use linear_width::training::StepSize;
//!
//! let experiment = Experiment::builder()
//!     .width(2000).dimension(1000).samples(3000)
//!     .activation(Tanh { scale: 2.0, shift: 0.5 })
//!     .target(Target::single_index(Link::from_activation(Tanh::default())).noise(0.1))
//!     .second_layer(SecondLayerLaw::Uniform)
//!     .steps([StepSize::scaled(2.0, 0.3)])
//!     .build()?;
//! let prediction = experiment.predict(1, &Options::default())?;
//! println!("the bulk of W_1 ends at {:.2}", prediction.edge);
//! for outlier in &prediction.outliers {
//!     let (s, overlap) = (outlier.singular_value, outlier.target_overlap);
//!     println!("outlier at {s:.2}, overlap {overlap:.2} with the direction of the target");
//! }
//! let density = prediction.density(&[0.5, 1.0, 1.5])?;
//! # assert_eq!(prediction.outliers.len(), 1);
//! # assert!(density.iter().all(|height| *height > 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activation;
mod bulk;
mod convergence;
mod custom_law;
mod error;
mod expansion;
mod groups;
mod independent;
mod label;
mod law;
mod moments;
mod noise;
mod outlier;
mod outliers;
mod reused;
mod setting;
mod spikes;
mod structured;
#[cfg(test)]
mod test_quadratic;
mod truncation;
mod validity;

pub use convergence::{Convergence, convergence};
pub use error::PredictionError;
pub use label::MAX_DIRECTIONS;
pub use law::GaussianTail;
pub use outlier::Outlier;
pub use setting::{BulkModel, NodeFamily, Nodes, Options, Setting};
pub use validity::{ErrorEstimate, Indicator, IndicatorKind, OutlierError};

use activation::Sigma;
use bulk::Bulk;
use expansion::{Expansion, Source};
use label::Labels;
use law::Law;
use moments::FirstStep;
use ndarray::{Array1, Array2};
use noise::RowVariance;
use outliers::SpikeProblem;
use spikes::Spikes;
use structured::Level2;
use validity::Evidence;

/// Constants of docs/theory.md, sections 4 and 5.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Intermediates {
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
    /// c*_1 = E[y z*], one entry per direction.
    pub c_1_target: Array1<f64>,
    /// E y.
    pub mean_y: f64,
    /// E y^2.
    pub second_moment_y: f64,
    /// nu = |beta_1|^2.
    pub beta_1_norm_squared: f64,
    /// rho_1 = E sigma''(z) E y.
    pub rho_1: f64,
    /// tau^2 = phi E[y^2] Var sigma'(z).
    pub tau_squared: f64,
    /// Gram matrix of the right vectors v_k (R x R), graded over many decades when N is large.
    pub gram: Array2<f64>,
    /// <v_k, beta*_i> (directions x R).
    pub target: Array2<f64>,
}

/// The predicted spectrum.
#[derive(Clone)]
#[non_exhaustive]
pub struct Prediction {
    /// Right edge of the bulk, as a singular value.
    pub edge: f64,
    /// Outliers, largest first.
    pub outliers: Vec<Outlier>,
    /// Constants on the way.
    pub intermediates: Intermediates,
    /// How far one network of this size is expected to lie from this prediction.
    pub errors: ErrorEstimate,
    /// What makes up the expected deviation, and whether it is small.
    pub indicators: Vec<Indicator>,
    solution: Solution,
}

/// What further questions are answered from.
#[derive(Clone)]
enum Solution {
    Isotropic { bulk: Bulk, law: Box<Law> },
    Structured(Box<Level2>),
}

impl std::fmt::Debug for Prediction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prediction")
            .field("bulk_model", &self.bulk_model())
            .field("edge", &self.edge)
            .field("outliers", &self.outliers)
            .field("intermediates", &self.intermediates)
            .field("errors", &self.errors)
            .field("indicators", &self.indicators)
            .finish_non_exhaustive()
    }
}

impl Prediction {
    /// The model of the bulk behind this prediction.
    pub fn bulk_model(&self) -> BulkModel {
        match self.solution {
            Solution::Isotropic { .. } => BulkModel::Isotropic,
            Solution::Structured(_) => BulkModel::Structured,
        }
    }

    /// Left edge of the bulk of the min(N, d) singular values (0 when N = d) with
    /// [`BulkModel::Isotropic`]; `None` with [`BulkModel::Structured`], which does not compute it.
    pub fn lower_edge(&self) -> Option<f64> {
        match &self.solution {
            Solution::Isotropic { bulk, .. } => Some(bulk.lower_edge()),
            Solution::Structured(_) => None,
        }
    }

    /// Density of the bulk's singular values at each of `singular_values`, of mass one over the
    /// min(N, d) singular values; 0 outside the bulk.
    ///
    /// # Errors
    /// [`PredictionError::NotConverged`] with [`BulkModel::Structured`], when the equations cannot
    /// be followed into the bulk.
    pub fn density(&self, singular_values: &[f64]) -> Result<Array1<f64>, PredictionError> {
        match &self.solution {
            Solution::Isotropic { bulk, .. } => {
                Ok(singular_values.iter().map(|x| bulk.density(*x)).collect())
            }
            Solution::Structured(structured) => {
                Ok(structured.bulk_density(singular_values)?.into())
            }
        }
    }

    /// Overlap of the left singular vector of outlier `index` (from 0) with the vector of entries
    /// f(b_j), normalised; `None` if there is no such outlier.
    ///
    /// # Errors
    /// [`PredictionError::NotConverged`] with [`BulkModel::Structured`], when the equations cannot
    /// be solved again at the outlier.
    pub fn left_overlap(
        &self,
        index: usize,
        f: impl Fn(f64) -> f64,
    ) -> Result<Option<f64>, PredictionError> {
        let Some(outlier) = self.outliers.get(index) else { return Ok(None) };
        match &self.solution {
            Solution::Isotropic { bulk, law } => {
                Ok(Some(outliers::left_overlap(bulk, law, outlier, f)))
            }
            Solution::Structured(structured) => structured.left_overlap(outlier, f).map(Some),
        }
    }

    /// True when no indicator exceeds its threshold: singular values, overlaps and edge of one
    /// network are expected within 5 %, 0.1 and 5 %, and the edge is known well enough to tell the
    /// weakest outlier from it.
    pub fn is_trusted(&self) -> bool {
        self.indicators.iter().all(|indicator| indicator.trusted)
    }
}

/// Predicts the spectrum of W_1 (eta_2 = 0) or W_2 for one setting, in milliseconds and without a
/// simulation (docs/theory.md, sections 5 and 10).
///
/// # Errors
/// [`PredictionError::Invalid`] names the field of the setting or the options that makes no sense,
/// [`PredictionError::LabelsVanish`] and [`PredictionError::NotFinite`] speak of the link and the
/// activation, the others of equations that could not be solved.
///
/// ```
/// use linear_width::activation::{Activation, Tanh};
/// use linear_width::data::{Link, Target};
/// use linear_width::network::SecondLayerLaw;
/// use linear_width::theory::prediction::{Options, Setting, predict};
/// use linear_width::training::BatchPolicy;
///
/// let prediction = predict(
///     &Setting {
///         activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
///         target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
///         width: 3000,
///         dimension: 1500,
///         samples: 4500,
///         step_sizes: [22.0, 49.0],
///         batches: BatchPolicy::Reused,
///         second_layer: SecondLayerLaw::Uniform,
///     },
///     &Options::default(),
/// )?;
/// assert!(prediction.outliers[0].singular_value > prediction.edge);
/// assert!(prediction.outliers[0].target_overlap > 0.9);
/// # Ok::<(), linear_width::theory::prediction::PredictionError>(())
/// ```
pub fn predict(setting: &Setting, options: &Options) -> Result<Prediction, PredictionError> {
    setting.check()?;
    options.check()?;
    let mut prediction = evaluate(setting, options)?;
    if options.compare_nodes {
        let indicator = convergence::quadrature(setting, options, &prediction);
        prediction.indicators.push(indicator);
    }
    Ok(prediction)
}

/// The prediction for nodes that are taken as they are.
fn evaluate(setting: &Setting, options: &Options) -> Result<Prediction, PredictionError> {
    let [eta_1, eta_2] = setting.step_sizes;
    let options = &Options { nodes: options.nodes.for_step(eta_1.max(eta_2)), ..*options };
    let nodes = &options.nodes;
    let isotropic = options.bulk_model == BulkModel::Isotropic;
    let separate_columns = isotropic && options.target_column;
    let activation = Sigma::new(&setting.activation, 4 * nodes.preactivation)?;
    let labels = Labels::new(&setting.target, nodes)?;
    let step = FirstStep {
        unit: eta_1 / (setting.width as f64).sqrt(),
        phi: setting.phi(),
        c_1: activation.c_1,
        rho_1: activation.curvature * labels.mean,
        tau: (setting.phi() * labels.second_moment * activation.derivative_variance).sqrt(),
    };
    let orthogonal = activation::gaussian_rule(nodes.family, nodes.orthogonal, &[]);
    let (activation, labels, orthogonal) = (&activation, &labels, &orthogonal);
    let source = Source { setting, options, activation, labels, step, orthogonal };
    let Expansion { law, groups, spikes, bulk, missing } = source.expansion()?;
    let law = &law;
    let input = source.input(law);

    let variance = RowVariance { setting, activation, labels, law, step };
    let (edge, outliers, solution) = if isotropic {
        let special =
            separate_columns.then(|| (setting.gamma(), variance.along_targets(&spikes.noise[1..])));
        let outliers = SpikeProblem::new(&bulk, law, &spikes, special).solve()?;
        (
            bulk.edge(),
            outliers,
            Solution::Isotropic { bulk: bulk.clone(), law: Box::new(law.clone()) },
        )
    } else {
        let structured = Level2::new(
            &structured::model(setting, activation, &input),
            &structured::samples(&input, &groups),
            &structured::neurons(law, &variance, &spikes.noise[0]),
            &structured::Choices::new(setting.samples as f64, options.linear_terms),
        )?;
        (structured.bulk_edge(), structured.outliers()?, Solution::Structured(Box::new(structured)))
    };

    let spread = setting.phi() * labels.second_moment;
    let linear_square: f64 = labels.linear.iter().map(|c| c * c).sum();
    let evidence = Evidence {
        setting,
        bulk_model: options.bulk_model,
        law,
        labels,
        edge,
        level_1: &bulk,
        outliers: &outliers,
    };
    let errors = evidence.errors();
    let mut indicators = evidence.indicators(&errors);
    indicators.extend(convergence::few_neurons(setting.width, &outliers));
    let (kept, found) = (law.spikes(), outliers.len());
    indicators.push(convergence::truncation(missing, options.tolerance, kept, found));
    let intermediates = Intermediates {
        c_1: step.c_1,
        derivative_variance: activation.derivative_variance,
        c_1_target: labels.linear.iter().copied().collect(),
        mean_y: labels.mean,
        second_moment_y: labels.second_moment,
        beta_1_norm_squared: linear_square + spread,
        rho_1: step.rho_1,
        tau_squared: step.tau * step.tau,
        gram: spikes.gram(),
        target: spikes.target,
    };
    Ok(Prediction { edge, outliers, intermediates, errors, indicators, solution })
}

impl Spikes {
    /// The Gram matrix of the right vectors.
    fn gram(&self) -> Array2<f64> {
        self.target.t().dot(&self.target) + self.perpendicular.t().dot(&self.perpendicular)
    }
}
