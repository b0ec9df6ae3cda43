//! The parameter-free prediction of the whole spectrum after any number of steps (docs/theory.md,
//! sections 4 to 8, 10 and 13), by [`Problem::predict`] or, for an experiment that need not be run, by
//! [`Experiment::predict`](crate::Experiment::predict). [`Problem::states`] gives what it is computed
//! from. No simulation is read.

mod convergence;
mod options;
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

use super::dynamics::reused_steps::NoiseRequest;
use super::dynamics::{nodes::Nodes, setup::Setup, two_steps::TwoSteps};
use super::observables::isotropic::IsotropicSpectrum;
use super::observables::{EdgeShape, Sample, spectrum::Spectrum, structured};
use crate::rmt::EdgeLaw;
use ndarray::{Array1, Array2};
use options::MOST_RIGHT_VECTORS;
use states::{Expanded, expanded};
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

/// A solved spectrum with what it was computed from.
struct Solved {
    bulk_model: BulkModel,
    state: State,
    isotropic: Arc<IsotropicSpectrum>,
    spectrum: Arc<dyn Spectrum>,
    /// Number of right vectors kept.
    kept: usize,
    /// The largest relative change that the next ones can make to a singular value.
    missing: f64,
}

/// The spectrum after one or two steps.
fn two_steps(setup: &Setup, options: &Options) -> Result<Solved, PredictionError> {
    let (steps, isotropic, missing) = expand(setup, options)?;
    let isotropic = Arc::new(isotropic);
    let bulk_model = options.bulk_model;
    let spectrum: Arc<dyn Spectrum> = match bulk_model {
        BulkModel::Isotropic => isotropic.clone(),
        BulkModel::Structured => {
            let inputs = structured::Inputs::new(setup, &steps);
            let tail = 0.5 / setup.problem.samples as f64;
            structured::solve(inputs, tail, options.linear_terms)?
        }
    };
    let kept = steps.law.polynomial_count();
    Ok(Solved { bulk_model, state: steps.state, isotropic, spectrum, kept, missing })
}

/// The spectra after step `first` and every later one from one pass over the steps.
fn many_steps(
    problem: &Problem,
    first: usize,
    options: &Options,
) -> Result<Vec<Result<Solved, PredictionError>>, PredictionError> {
    let Options { bulk_model, linear_terms, node_factor, .. } = *options;
    let noise = NoiseRequest { terms: linear_terms, first };
    let structured = bulk_model == BulkModel::Structured;
    let Expanded { trajectory, count, kept, missing } =
        expanded(problem, options, structured.then_some(noise))?;
    let nodes = Nodes::new(node_factor);
    let nodes = Nodes { types: nodes.types.max(2 * count), ..nodes };
    let (states, structures) = match structured {
        true => trajectory.noise(problem, nodes, noise)?,
        false => (trajectory.states, Vec::new()),
    };
    let tail = 0.5 / problem.samples as f64;
    let solved = |(i, (mut state, missing)): (usize, (State, f64))| {
        if bulk_model == BulkModel::Isotropic && !options.target_column {
            state.noise_along_targets = None;
        }
        let isotropic = Arc::new(IsotropicSpectrum::new(&state));
        let spectrum: Arc<dyn Spectrum> = match structures.get(i) {
            None => isotropic.clone(),
            Some(noise) => structured::solve_many(&state, noise, problem.phi(), tail)?,
        };
        Ok(Solved { bulk_model, state, isotropic, spectrum, kept, missing })
    };
    Ok(states.into_iter().zip(missing).skip(first).enumerate().map(solved).collect())
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

/// The spectrum after the last step.
fn last_step(setup: &Setup, options: &Options) -> Result<Solved, PredictionError> {
    match setup.problem.steps() {
        ..=2 => two_steps(setup, options),
        steps => many_steps(setup.problem, steps, options)?.swap_remove(0),
    }
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

/// Share of the nodes that is enough to see how many right vectors are needed.
const SCOUTING_NODES: f64 = 0.4;

/// The steps with as many right vectors as they need: how many, is first seen with few nodes.
fn expand(
    setup: &Setup,
    options: &Options,
) -> Result<(TwoSteps, IsotropicSpectrum, f64), PredictionError> {
    let first = convergence::FIRST.min(options.right_vectors);
    let few = Nodes {
        second_layer: setup.nodes.second_layer,
        types: setup.nodes.types,
        ..Nodes::new(SCOUTING_NODES * options.node_factor)
    };
    let scout = Setup::new(setup.problem, few).and_then(|few| expand_from(first, &few, options));
    let (expanded, _) = expand_from(scout.map_or(first, |(_, count)| count), setup, options)?;
    Ok(expanded)
}

/// Takes more right vectors than `count` until the next ones matter less than the tolerance, or there are
/// no more; also returns how many were asked for. The last number of the expansion is the largest relative
/// change that the next ones can make to a singular value.
fn expand_from(
    mut count: usize,
    setup: &Setup,
    options: &Options,
) -> Result<((TwoSteps, IsotropicSpectrum, f64), usize), PredictionError> {
    loop {
        let steps = TwoSteps::new(setup, count, options.separate_columns())?;
        let isotropic = IsotropicSpectrum::new(&steps.state);
        // complete: after one step, or when the law of b has no more polynomials
        let found = steps.law.polynomial_count();
        let complete = found < count || setup.problem.first_two()[1] == 0.0;
        let missing = if complete { 0.0 } else { convergence::missing(&isotropic, found)? };
        match convergence::next(count, options.right_vectors) {
            Some(next) if missing > options.tolerance => count = next,
            _ => return Ok(((steps, isotropic, missing), count)),
        }
    }
}
