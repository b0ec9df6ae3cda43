//! The noise rows given the samples: what each sample adds to the rows, split into a part linear in the
//! first row and the rest.
//!
//! Equations: docs/theory.md, (17.1) to (17.6).

use ndarray::{Array1, Array2, ArrayView1};

use super::rows::Rows;
use super::sample::Sample;
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
use crate::theory::error::{PredictionError, finite};

/// The noise rows after all steps as sums over samples.
#[derive(Clone, Debug)]
pub(crate) struct NoiseStructure {
    /// Nodes of the second layer and their weights.
    pub b: Vec<f64>,
    pub b_weight: Vec<f64>,
    /// A(b): what is left of w_0 on average.
    pub stretch: Vec<f64>,
    /// g(b), the variance of the part that is not linear in w_0.
    pub profile: Vec<f64>,
    /// D(b).
    pub variance: Vec<f64>,
    /// b q_a(b): nodes x terms.
    pub terms: Array2<f64>,
    /// Probability of each node of a sample.
    pub weight: Vec<f64>,
    pub groups: Vec<SampleNoise>,
}

/// What the samples that the same steps see add to the rows.
#[derive(Clone, Debug)]
pub(crate) struct SampleNoise {
    /// Their number over n.
    pub share: f64,
    /// l_a: samples x terms.
    pub linear: Array2<f64>,
    /// Weights q of the rest; phi times their mean over all samples is 1.
    pub variance: Vec<f64>,
}

/// What one step did to samples that no other step sees: samples x coarse types.
#[derive(Clone)]
pub(super) struct Passed {
    /// r A E[sigma''].
    linear: Array2<f64>,
    /// r^2 Var sigma'.
    variance: Array2<f64>,
}

impl Passed {
    /// What the coming step does to the samples `new` that it alone sees, for rows as they are before it.
    pub fn new(new: &[Sample], rows: &[Rows]) -> Self {
        let size = (new.len(), rows.len());
        let (mut linear, mut variance) = (Array2::zeros(size), Array2::zeros(size));
        for (i, sample) in new.iter().enumerate() {
            let last = sample.history.residual.iter().zip(&sample.history.sums).next_back();
            if let Some((residual, types)) = last {
                for (c, at) in types.iter().enumerate() {
                    let start = rows[c].start.iter().next_back();
                    let start = start.map_or(1.0, |start| start[[0, 0]]);
                    linear[[i, c]] = residual * start * at.slope_by_mean[0];
                    variance[[i, c]] = residual * residual * at.covariances[0];
                }
            }
        }
        Self { linear, variance }
    }
}

/// The samples and the rows after the last step.
pub(super) struct Ends<'a> {
    pub law: &'a SecondLayerQuadrature,
    pub phi: f64,
    /// Noise rows at the coarse nodes of b.
    pub rows: &'a [Rows],
    /// Share of the batch that every step sees.
    pub share: f64,
    /// Samples that every step sees; none if there are none.
    pub kept: &'a [Sample],
    /// Samples that the last step alone sees.
    pub new: &'a [Sample],
    /// For each step, if there are such samples.
    pub passed: &'a [Passed],
}

impl Ends<'_> {
    /// Each group's share, and the linear part and the variance of the rest (17.2), (17.3): samples x
    /// coarse types.
    fn parts(&self) -> Vec<(f64, Array2<f64>, Array2<f64>)> {
        let response = |rows: &Rows| -> Vec<f64> {
            let last = rows.response.at.iter().next_back().into_iter().flatten();
            last.map(|xi| xi[[0, 0]]).collect()
        };
        let mut parts = Vec::new();
        if !self.kept.is_empty() {
            let size = (self.kept.len(), self.rows.len());
            let (mut linear, mut variance) = (Array2::zeros(size), Array2::zeros(size));
            for (c, rows) in self.rows.iter().enumerate() {
                let xi = response(rows);
                for (i, sample) in self.kept.iter().enumerate() {
                    let history = &sample.history;
                    let factor: Vec<f64> =
                        xi.iter().zip(&history.residual).map(|(xi, r)| xi * r).collect();
                    let (mut l, mut q) = (0.0, 0.0);
                    for (t, types) in history.sums.iter().enumerate() {
                        let at = &types[c];
                        for s in 0..=t {
                            l += factor[t] * rows.start[s][[0, 0]] * at.slope_by_mean[s];
                            let both = if s < t { 2.0 } else { 1.0 };
                            q += both * factor[t] * factor[s] * at.covariances[s];
                        }
                    }
                    (linear[[i, c]], variance[[i, c]]) = (l, q - l * l);
                }
            }
            parts.push((self.share, linear, variance));
        }
        for (t, passed) in self.passed.iter().enumerate() {
            let Passed { mut linear, mut variance } = passed.clone();
            for (c, rows) in self.rows.iter().enumerate() {
                let xi = response(rows)[t];
                linear.column_mut(c).mapv_inplace(|l| xi * l);
                variance.column_mut(c).mapv_inplace(|q| xi * xi * q);
            }
            variance.zip_mut_with(&linear, |q, l| *q -= l * l);
            parts.push((1.0 - self.share, linear, variance));
        }
        parts
    }

    /// The structure with at most `terms` terms of the linear part.
    pub fn structure(&self, terms: usize) -> Result<NoiseStructure, PredictionError> {
        let Self { law, phi, .. } = *self;
        let left = law.left();
        let count = terms.min(left.ncols());
        let projections: Vec<Array1<f64>> =
            (0..count).map(|a| law.coarse_weights(left.column(a))).collect();
        let all = law.coarse_weights(Array1::ones(law.fine.len()).view());
        let samples = if self.kept.is_empty() { self.new } else { self.kept };
        let weight: Vec<f64> = samples.iter().map(|sample| sample.weight).collect();
        let mut profile = Array1::zeros(self.rows.len());
        let mut groups = Vec::new();
        for (share, linear, variance) in self.parts() {
            let variance = variance.mapv(|q| q.max(0.0));
            profile.scaled_add(phi * share, &variance.t().dot(&ArrayView1::from(&weight)));
            let mut l = Array2::zeros((weight.len(), count));
            for (mut column, projection) in l.columns_mut().into_iter().zip(&projections) {
                column.assign(&linear.dot(projection));
            }
            let variance = variance.dot(&all).mapv(|q| q.max(0.0)).to_vec();
            groups.push(SampleNoise { share, linear: l, variance });
        }
        let mean: f64 = all.dot(&profile);
        for q in groups.iter_mut().flat_map(|group| &mut group.variance) {
            *q = if mean > 0.0 { *q / mean } else { 0.0 };
        }
        let profile: Vec<f64> = law.at_fine(&profile.to_vec()).iter().map(|g| g.max(0.0)).collect();
        let of_rows = |f: &dyn Fn(&Rows) -> f64| -> Vec<f64> {
            law.at_fine(&self.rows.iter().map(f).collect::<Vec<f64>>()).to_vec()
        };
        let stretch = of_rows(&|rows| rows.start.iter().next_back().map_or(1.0, |a| a[[0, 0]]));
        let variance = of_rows(&|rows| rows.variance()[[0, 0]]);
        finite("the structure of the noise", profile.iter().chain(&stretch).chain(&variance))?;
        Ok(NoiseStructure {
            b: law.fine.nodes.clone(),
            b_weight: law.fine.weights.clone(),
            stretch,
            profile,
            variance,
            terms: left.slice_axis(ndarray::Axis(1), (..count).into()).to_owned(),
            weight,
            groups,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NoiseRequest, noise_structures};
    use crate::activation::{Activation, Tanh};
    use crate::data::{Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::dynamics::nodes::Nodes;
    use crate::theory::problem::Problem;
    use crate::training::BatchPolicy;

    /// The samples' parts make up the variance of the rows, which comes from the recursion:
    /// D = A^2 + phi E[l^2] + g (17.5).
    #[test]
    fn parts_make_up_the_variance() {
        let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
        let half = BatchPolicy::PartlyReused { fraction: 0.5 };
        for batches in [BatchPolicy::Independent, half, BatchPolicy::Reused] {
            let problem = Problem {
                activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
                target: Target::single_index(link.clone()).noise(0.1),
                width: 1000,
                dimension: 500,
                samples: 1000,
                step_sizes: vec![20.0; 3],
                batches,
                second_layer: SecondLayerLaw::Rademacher,
            };
            let noise = NoiseRequest { terms: 2, first: 3 };
            let found = noise_structures(&problem, Nodes::new(1.0), noise).unwrap().swap_remove(0);
            let phi = problem.phi();
            let mut mean = 0.0;
            for j in 0..found.b.len() {
                let mut linear = 0.0;
                for group in &found.groups {
                    for ((w, l), q) in
                        found.weight.iter().zip(group.linear.rows()).zip(&group.variance)
                    {
                        linear += group.share * w * l.dot(&found.terms.row(j)).powi(2);
                        mean += found.b_weight[j] * group.share * w * q;
                    }
                }
                let sum = found.stretch[j].powi(2) + phi * linear + found.profile[j];
                assert!(found.profile[j] > 0.02 && linear > 0.02, "{found:?}");
                assert!((sum / found.variance[j] - 1.0).abs() < 1e-3, "{batches:?} {j}: {sum}");
            }
            assert!((phi * mean - 1.0).abs() < 1e-10, "{mean}");
            let steps = problem.step_sizes.len();
            let groups = [1, 1 + steps, steps];
            let at = groups[(problem.reused_share() < 1.0) as usize
                + (problem.reused_share() == 0.0) as usize];
            assert_eq!(found.groups.len(), at);
        }
    }
}
