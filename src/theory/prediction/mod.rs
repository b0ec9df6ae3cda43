//! The parameter-free prediction of the whole spectrum after any number of steps (docs/theory.md,
//! sections 4 to 8, 10 and 13), by [`Problem::predict`] or, for an experiment that need not be run, by
//! [`Experiment::predict`](crate::Experiment::predict). [`Problem::states`] gives what it is computed
//! from. No simulation is read.

mod convergence;
mod options;
mod solved;
mod states;
mod validity;
mod white;

pub use super::error::PredictionError;
pub use super::observables::outlier::Outlier;
pub use super::problem::Problem;
pub use super::state::State;
pub use options::{BulkModel, Options};
pub use validity::{ErrorEstimate, Indicator};
pub(crate) use white::white_edge_law;

use super::dynamics::{nodes::Nodes, setup::Setup};
use super::observables::{EdgeShape, Sample, spectrum::Spectrum};
use crate::rmt::EdgeLaw;
use ndarray::{Array1, Array2};
use options::MOST_RIGHT_VECTORS;
use solved::{Solved, last_step, many_steps};
use std::sync::Arc;
use validity::ValidityInputs;

/// Share of the nodes that the comparison made with every prediction takes.
const FEWER_NODES: f64 = 0.75;

/// The predicted spectrum after the last step, with the constants of the setting and of its first step
/// (docs/theory.md, sections 4 and 5); [`Problem`] has an example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prediction {
    /// The model of the bulk that was used.
    pub bulk_model: BulkModel,
    /// Right edge of the bulk, as a singular value.
    pub edge: f64,
    /// Left edge of the bulk of the min(N, d) singular values; 0 when N = d.
    pub lower_edge: f64,
    /// The law of the largest squared singular value of the bulk (docs/theory.md, section 18.3): its
    /// fluctuation at this N and d around the edge, when the bulk is as predicted.
    pub edge_law: EdgeLaw,
    /// Outliers, largest first.
    pub outliers: Vec<Outlier>,
    /// How far one network of this size is expected to lie from this prediction.
    pub errors: ErrorEstimate,
    /// What makes up the expected deviation, and whether it is small.
    pub indicators: Vec<Indicator>,
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
    /// c*_1 = E[y z*], one entry per teacher direction.
    pub c_1_target: Array1<f64>,
    /// E y.
    pub label_mean: f64,
    /// E y^2.
    pub label_second_moment: f64,
    /// nu = |beta_1|^2 (2.3).
    pub beta_1_norm_squared: f64,
    /// rho_1 = E sigma''(z) E y (4.2).
    pub rho_1: f64,
    /// tau^2 = phi E[y^2] Var sigma'(z) (4.3).
    pub tau_squared: f64,
    /// <v_k, v_l> of the right vectors (5.10): R x R, graded over many decades when N is large.
    pub gram: Array2<f64>,
    /// <v_k, beta*_i> (5.11): teacher directions x R.
    pub target_projections: Array2<f64>,
    edge_shape: EdgeShape,
    spectrum: Arc<dyn Spectrum>,
}

impl Prediction {
    /// The law that the largest value of the bulk has in a network of d = `dimension` with so many
    /// outliers, the expected deviation of the edge included (18.15); of which the values of the bulk
    /// after its largest, `followers`, tell a part, if some are given (18.16).
    pub(crate) fn network_edge_law(
        &self,
        followers: &[f64],
        dimension: usize,
        outliers: usize,
        unit_rows: bool,
    ) -> EdgeLaw {
        let sample = Sample { dimension, outliers, unit_rows, deviation: 0.0 };
        self.edge_shape.law_beside(followers, self.errors.edge_of_theory, &sample)
    }

    /// Density of the bulk's singular values at each of `singular_values`, of mass one over the
    /// min(N, d) singular values; 0 outside the bulk.
    ///
    /// # Errors
    /// [`PredictionError::NotConverged`] with [`BulkModel::Structured`], when the equations cannot
    /// be followed into the bulk.
    pub fn density(&self, singular_values: &[f64]) -> Result<Array1<f64>, PredictionError> {
        Ok(self.spectrum.density(singular_values)?.into())
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
        let outlier = self.outliers.get(index);
        outlier.map(|outlier| self.spectrum.left_overlap(outlier, &f)).transpose()
    }

    /// Whether every indicator is trusted.
    pub fn is_trusted(&self) -> bool {
        self.indicators.iter().all(|indicator| indicator.trusted)
    }

    /// The largest relative change, from `other`, of the edge and of the singular values of outliers,
    /// and the largest absolute change of the overlaps of outliers that both have. Outliers are
    /// compared in order of size; one without counterpart is compared with the edge.
    pub fn change_from(&self, other: &Self) -> [f64; 2] {
        let [here, there] = [self, other].map(|p| (p.edge, &p.outliers[..]));
        convergence::change(here, there)
    }
}

impl Problem {
    /// Predicts the spectrum of W after all steps, in a fraction of a second and without a simulation
    /// (docs/theory.md, sections 5, 10, 13, 14 and 17).
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for a field out of range, [`PredictionError::LabelsVanish`] and
    /// [`PredictionError::NotFinite`] for an unfit link or activation, the others for equations that
    /// could not be solved.
    pub fn predict(&self, options: &Options) -> Result<Prediction, PredictionError> {
        self.check()?;
        options.check()?;
        if !options.compare_nodes {
            return evaluate(self, options);
        }
        let fewer = Options { node_factor: FEWER_NODES * options.node_factor, ..*options };
        let (prediction, other) =
            rayon::join(|| evaluate(self, options), || edge_and_outliers(self, &fewer));
        let mut prediction = prediction?;
        let exact = (prediction.edge, &prediction.outliers[..]);
        let change = other.map(|(edge, outliers)| convergence::change((edge, &outliers), exact));
        prediction.indicators.push(convergence::quadrature(FEWER_NODES, change));
        Ok(prediction)
    }

    /// Predicts the spectra of W_1, ..., W_T, as [`predict`](Self::predict) does for the steps up to
    /// each, but with one pass over the steps for all stages after the second. Of stages that cannot
    /// be predicted the error is in their place.
    ///
    /// Number `t - 1` of the result is close to, but after more than two steps not to the last digit,
    /// what [`predict`](Self::predict) gives for `t` steps: nodes and right vectors are those that all
    /// steps together need.
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for a field out of range.
    pub fn predictions(
        &self,
        options: &Options,
    ) -> Result<Vec<Result<Prediction, PredictionError>>, PredictionError> {
        self.check()?;
        options.check()?;
        let mut stages = evaluate_all(self, options);
        if options.compare_nodes {
            let fewer = Options { node_factor: FEWER_NODES * options.node_factor, ..*options };
            for (stage, other) in stages.iter_mut().zip(evaluate_all(self, &fewer)) {
                if let Ok(stage) = stage {
                    let change = other.map(|other| other.change_from(stage));
                    stage.indicators.push(convergence::quadrature(FEWER_NODES, change));
                }
            }
        }
        Ok(stages)
    }

    /// Whether a prediction with `options` has converged: its [`change_from`](Prediction::change_from)
    /// a prediction with twice the nodes, a tenth of the tolerance, and as many right vectors as are
    /// allowed. Costs ten to thirty times one prediction.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn convergence(&self, options: &Options) -> Result<[f64; 2], PredictionError> {
        self.check()?;
        options.check()?;
        let finer = Options {
            node_factor: 2.0 * options.node_factor,
            right_vectors: MOST_RIGHT_VECTORS,
            tolerance: 0.1 * options.tolerance,
            ..*options
        };
        Ok(evaluate(self, options)?.change_from(&evaluate(self, &finer)?))
    }
}

/// The prediction with one set of nodes; neither problem nor options are checked.
fn evaluate(problem: &Problem, options: &Options) -> Result<Prediction, PredictionError> {
    let setup = Setup::new(problem, Nodes::new(options.node_factor))?;
    let solved = last_step(&setup, options)?;
    with_constants(&setup, solved, options)
}

/// The edge and the outliers alone, which are what a comparison with other nodes reads.
fn edge_and_outliers(
    problem: &Problem,
    options: &Options,
) -> Result<(f64, Vec<Outlier>), PredictionError> {
    let setup = Setup::new(problem, Nodes::new(options.node_factor))?;
    let spectrum = last_step(&setup, options)?.spectrum;
    Ok((spectrum.edge(), spectrum.outliers()?))
}

/// The predictions after every step with one set of nodes; neither problem nor options are checked.
fn evaluate_all(problem: &Problem, options: &Options) -> Vec<Result<Prediction, PredictionError>> {
    let mut stages: Vec<_> =
        (1..=problem.steps().min(2)).map(|t| evaluate(&problem.up_to(t), options)).collect();
    // the pass over all steps; when it cannot be finished, the longest one that can
    let mut failed = Vec::new();
    for steps in (3..=problem.steps()).rev() {
        match many_steps(&problem.up_to(steps), 3, options) {
            Ok(solved) => {
                stages.extend(solved.into_iter().zip(3..).map(|(solved, t)| {
                    let problem = problem.up_to(t);
                    let setup = Setup::new(&problem, Nodes::new(options.node_factor))?;
                    with_constants(&setup, solved?, options)
                }));
                break;
            }
            Err(error) => failed.push(Err(error)),
        }
    }
    stages.extend(failed.into_iter().rev());
    stages
}

/// A solved spectrum with its outliers, its expected errors and the constants of the first step.
fn with_constants(
    setup: &Setup,
    solved: Solved,
    options: &Options,
) -> Result<Prediction, PredictionError> {
    let problem = setup.problem;
    let Solved { bulk_model, state, isotropic, spectrum, kept, missing } = solved;
    let edge = spectrum.edge();
    let edge_shape = spectrum.edge_shape()?;
    let outliers = spectrum.outliers()?;
    let Setup { activation, labels, step, .. } = setup;
    let inputs = ValidityInputs {
        problem,
        bulk_model,
        state: &state,
        labels,
        derivative_variance: activation.derivative_variance,
        edge,
        isotropic: &isotropic.bulk,
        outliers: &outliers,
    };
    let (errors, mut indicators) = inputs.judge();
    indicators.extend(convergence::few_neurons(problem.width, &outliers));
    indicators.push(convergence::truncation(missing, options.tolerance, kept, outliers.len()));
    Ok(Prediction {
        bulk_model,
        edge,
        lower_edge: spectrum.lower_edge()?,
        edge_law: edge_shape.law(&Sample::of_dimension(problem.dimension)),
        edge_shape,
        outliers,
        errors,
        indicators,
        c_1: step.c_1,
        derivative_variance: activation.derivative_variance,
        c_1_target: labels.linear.iter().copied().collect(),
        label_mean: labels.mean,
        label_second_moment: labels.second_moment,
        beta_1_norm_squared: labels.linear.iter().map(|c| c * c).sum::<f64>()
            + problem.phi() * labels.second_moment,
        rho_1: step.rho_1,
        tau_squared: step.tau * step.tau,
        gram: state.gram(),
        target_projections: state.target_projections(),
        spectrum,
    })
}
