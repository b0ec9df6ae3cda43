//! What the structured bulk needs to know of the setting, the samples and the neurons.

use crate::theory::dynamics::averages::AverageTables;
use crate::theory::dynamics::right_vectors::NoiseAverages;
use crate::theory::dynamics::row_variance::RowVariance;
use crate::theory::dynamics::sample_groups::SampleGroup as Group;
use crate::theory::dynamics::sample_law::{LabelGroup, SampleNode};
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
use crate::theory::dynamics::setup::Setup;
use crate::theory::dynamics::two_steps::TwoSteps;
use ndarray::{Array1, Array2, Array3};
use rayon::prelude::*;

/// Terms of l(b) that are computed; [`solve`](super::solve) keeps at most as many.
const LINEAR_TERMS: usize = 3;

/// Everything the spectrum is computed from.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub model: Model,
    pub samples: SampleTable,
    pub neurons: NeuronTable,
}

impl Inputs {
    /// The inputs for the first layer after `steps`.
    pub fn new(setup: &Setup, steps: &TwoSteps) -> Self {
        let rows = RowVariance { setup, law: &steps.law };
        Self {
            model: Model::new(setup),
            samples: SampleTable::new(setup, &steps.law, &steps.groups),
            neurons: NeuronTable::new(&rows, &steps.noise),
        }
    }
}

/// Constants of the setting, named as in docs/theory.md, sections 1 and 4.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// N, the number of neurons (enters through b / sqrt N only; may be huge).
    pub width: f64,
    pub gamma: f64,
    pub phi: f64,
    pub eta_1: f64,
    /// Zero for one step.
    pub eta_2: f64,
    pub c_1: f64,
    /// E sigma''(z) = E[z sigma'(z)].
    pub curvature: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
    pub label_mean: f64,
    pub label_second_moment: f64,
    /// c*_1 = E[y z*], one entry per direction of the target.
    pub label_linear: Vec<f64>,
}

impl Model {
    /// The constants of `setup`.
    pub fn new(setup: &Setup) -> Self {
        let Setup { problem, activation, labels, .. } = setup;
        let [eta_1, eta_2] = problem.first_two();
        Self {
            width: problem.width as f64,
            gamma: problem.gamma(),
            phi: problem.phi(),
            eta_1,
            eta_2,
            c_1: activation.c_1,
            curvature: activation.curvature,
            derivative_variance: activation.derivative_variance,
            label_mean: labels.mean,
            label_second_moment: labels.second_moment,
            label_linear: labels.linear.clone(),
        }
    }

    /// |w|, the norm of the part of beta_1 orthogonal to the target directions.
    pub fn noise_norm(&self) -> f64 {
        (self.phi * self.label_second_moment).sqrt()
    }
}

/// Nodes of the second layer used in the bulk and in K.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NeuronTable {
    /// Probability of the node.
    pub weight: Vec<f64>,
    pub b: Vec<f64>,
    /// q_k(b), orthonormal under b^2 dP(b): nodes x R.
    pub polynomials: Array2<f64>,
    /// rho_2(b) = E[r z sigma'(z + t h)].
    pub rho_2: Vec<f64>,
    /// Squared norm of a noise row without its part along w, read with more than one term of l(b);
    /// `None`: the norm that follows from the weights of the samples.
    pub rest: Option<Vec<f64>>,
    /// What step two returns of step one's noise, over its variance; read with more than one term.
    pub echo_share: f64,
    /// sqrt(E b^2) = 1/q_0, close to 1 for the entries of one network.
    pub scale: f64,
}

impl NeuronTable {
    /// The nodes of `law`; the functions in `noise` are known at its coarse nodes.
    pub fn new(rows: &RowVariance, noise: &NoiseAverages) -> Self {
        let law = rows.law;
        Self {
            weight: law.fine.weights.clone(),
            b: law.fine.nodes.clone(),
            polynomials: law.polynomials.clone(),
            rho_2: law.at_fine(&noise.rho_2).to_vec(),
            rest: Some(rows.rest_with_echo(noise)),
            echo_share: rows.echo_share(noise),
            scale: law.scale,
        }
    }
}

/// Nodes of the law of a sample, one entry per node, and what the steps see of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SampleTable {
    /// Probability of the node.
    pub weight: Vec<f64>,
    /// E z* at the node, z* = B* x: nodes x directions.
    pub projections: Array2<f64>,
    /// E z*_i z*_k at the node: nodes x directions^2.
    pub projection_products: Array2<f64>,
    pub label: Vec<f64>,
    /// s, the (leave-one-out) projection on beta_1.
    pub s: Vec<f64>,
    /// The groups of samples, each with all nodes.
    pub groups: Vec<SampleGroup>,
}

/// Samples that the same steps see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SampleGroup {
    /// Their number over n.
    pub share: f64,
    /// Whether the first step sees them.
    pub first: bool,
    /// What the second step sees, if it sees them.
    pub second: Option<SecondStep>,
}

/// Averages of sigma' over the neurons' randomness in step two, at the nodes of a sample.
///
/// `<.>` below is the average over (z, xi) at fixed b, E_b[b^2 .] the one over the second layer with
/// weight b^2; in `linear_square`, `variance` and `covariance` it is divided by E b^2.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecondStep {
    /// r = y - F(y, s), what the second step sees.
    pub residual: Vec<f64>,
    /// S_k = E_b[b^2 q_k(b) <sigma'(z + t h)>]: nodes x R.
    pub spikes: Array2<f64>,
    /// E_b[b^2 q_a(b) S_z] with S_z = <z sigma'(z + t h)>: nodes x min(R, 3).
    pub linear: Array2<f64>,
    /// E_b[b^2 S_z^2].
    pub linear_square: Vec<f64>,
    /// E_b[b^2 (<sigma'(z + t h)^2> - S^2)].
    pub variance: Vec<f64>,
    /// E_b[b^2 (<sigma'(z) sigma'(z + t h)> - c_1 S)]; read for reused samples only.
    pub covariance: Vec<f64>,
}

impl SampleTable {
    /// One pass over the nodes of a sample, with the averages of every group there.
    pub fn new(setup: &Setup, law: &SecondLayerQuadrature, groups: &[Group]) -> Self {
        let grids: Vec<(&AverageTables, Array3<f64>)> = (groups.iter())
            .filter_map(|group| group.second.as_ref().map(|m| (m, grids(setup, law, group, m))))
            .collect();
        // the averages of every group that the second step sees, in the order of `grids`, at every node
        let of_label = |label: &LabelGroup| -> Vec<Vec<Array1<f64>>> {
            let lines = grids
                .iter()
                .map(|(moments, grid)| label.labels.map(|y| at_label(moments, grid, y)));
            let lines: Vec<[Array2<f64>; 3]> = lines.collect();
            let averages = |node: &SampleNode| -> Vec<Array1<f64>> {
                let shares = label.shares(node.y);
                let at_s = grids.iter().zip(&lines).map(|((moments, _), lines)| {
                    let mut basis = Array1::zeros(lines[0].ncols());
                    moments.s.basis(node.s, basis.as_slice_mut().unwrap_or_default());
                    let mut at = Array1::zeros(lines[0].nrows());
                    for (share, lines) in shares.iter().zip(lines) {
                        at.scaled_add(*share, &lines.dot(&basis));
                    }
                    at
                });
                at_s.collect()
            };
            label.nodes.iter().map(averages).collect()
        };
        let averages: Vec<Vec<Vec<Array1<f64>>>> = setup.samples.par_iter().map(of_label).collect();
        let averages: Vec<Vec<Array1<f64>>> = averages.into_iter().flatten().collect();
        let nodes = || setup.samples.iter().flat_map(|label| &label.nodes);
        let label: Vec<f64> = nodes().map(|node| node.y).collect();
        let mut grid = 0..grids.len();
        let mut second =
            || Some(SecondStep::new(law.polynomial_count(), &label, &averages, grid.next()?));
        let groups = groups.iter().map(|group| SampleGroup {
            share: group.share,
            first: group.first,
            second: group.second.as_ref().and_then(|_| second()),
        });
        let (n, p) = (label.len(), setup.labels.directions);
        let [mut projections, mut projection_products] =
            [p, p * p].map(|columns| Array2::zeros((n, columns)));
        for (i, node) in nodes().enumerate() {
            for k in 0..p {
                projections[[i, k]] = node.z[k];
                for j in 0..p {
                    projection_products[[i, k * p + j]] = node.zz[k][j];
                }
            }
        }
        Self {
            groups: groups.collect(),
            weight: nodes().map(|node| node.weight).collect(),
            projections,
            projection_products,
            s: nodes().map(|node| node.s).collect(),
            label,
        }
    }
}

impl SecondStep {
    /// From the averages of [`grids`] number `grid`, of which the first `r` are S_k.
    fn new(r: usize, label: &[f64], averages: &[Vec<Array1<f64>>], grid: usize) -> Self {
        let (n, terms) = (label.len(), r.min(LINEAR_TERMS));
        let average = |i: usize, k: usize| averages[i][grid][k];
        let column = |k: usize| (0..n).map(|i| average(i, r + terms + k)).collect();
        Self {
            residual: (0..n).map(|i| label[i] - average(i, r + terms)).collect(),
            spikes: Array2::from_shape_fn((n, r), |(i, k)| average(i, k)),
            linear: Array2::from_shape_fn((n, terms), |(i, k)| average(i, r + k)),
            linear_square: column(1),
            variance: column(2),
            covariance: column(3),
        }
    }
}

/// The averages at one label: averages x s grid.
fn at_label(moments: &AverageTables, grid: &Array3<f64>, label: f64) -> Array2<f64> {
    let (labels, averages, s) = grid.dim();
    let mut basis = vec![0.0; labels];
    moments.label_basis(label, &mut basis);
    let mut lines = Array2::zeros((averages, s));
    for (b, average) in basis.iter().zip(grid.outer_iter()) {
        lines.scaled_add(*b, &average);
    }
    lines
}

/// The averages of a group over the second layer, on (y grid) x (averages) x (s grid): S_k, linear,
/// F, then linear_square, variance and covariance.
fn grids(
    setup: &Setup,
    law: &SecondLayerQuadrature,
    group: &Group,
    moments: &AverageTables,
) -> Array3<f64> {
    let r = law.polynomial_count();
    let weights = |k: usize| law.right_weights.row(k).into_iter().copied();
    let mut list = moments.fields(law);
    let linear = |a| moments.sum(weights(a), |at| at.z_dsigma);
    list.splice(r..r, (0..r.min(LINEAR_TERMS)).map(linear));
    let square = || weights(0).map(|w| w / law.scale);
    list.push(moments.sum(square(), |at| at.z_dsigma * at.z_dsigma));
    list.push(moments.sum(square(), |at| at.dsigma_sq - at.dsigma * at.dsigma));
    list.push(if group.reused() {
        moments.sum(square(), |at| at.cross - at.dsigma * setup.step.c_1)
    } else {
        Array2::zeros(moments.grid())
    });
    let (labels, s) = moments.grid();
    Array3::from_shape_fn((labels, list.len(), s), |(i, k, j)| list[k][[i, j]])
}

#[cfg(test)]
mod tests;
