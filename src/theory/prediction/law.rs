//! The law of the second layer b = sqrt(N) a: its nodes, its orthonormal polynomials, and how a
//! function of b is averaged.
//!
//! Equations: docs/theory.md, (5.1), (6.4).

use super::custom_law;
use super::error::{PredictionError, require};
use crate::error::InvalidSetting;
use crate::network::SecondLayerLaw;
use crate::quadrature::{
    Interpolation, Rule, chebyshev_points, gauss_hermite, gauss_legendre, normal_density,
    normal_quantile,
};
use ndarray::{Array2, Axis};

/// How Gaussian second-layer entries, whose law is unbounded, are represented.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum GaussianTail {
    /// The law is cut at |b| <= the 1 - 1/(2N) quantile, everywhere. N neurons exceed it once on
    /// average, and it is the largest value of the stratified sample of N, the best deterministic
    /// stand-in for the realised b; the edge depends on that largest value.
    #[default]
    Width,
    /// `nodes` Gauss-Hermite nodes; those of weight below `smallest_weight` are dropped, and the
    /// rest renormalised, in the bulk and in K(m) but not in S_k and the Gram matrix.
    Hermite {
        /// Number of Gauss-Hermite nodes.
        nodes: usize,
        /// Weight below which a node is dropped from the bulk and from K(m).
        smallest_weight: f64,
    },
}

impl GaussianTail {
    pub(crate) fn check(&self) -> Result<(), PredictionError> {
        let Self::Hermite { nodes, smallest_weight } = *self else { return Ok(()) };
        let rule = gauss_hermite(nodes).ok_or(InvalidSetting::OutOfRange {
            name: "prediction_options.gaussian_tail.hermite.nodes",
            value: nodes as f64,
            allowed: "between 1 and 600",
        })?;
        let kept = rule.weights.iter().filter(|weight| **weight >= smallest_weight).count();
        require(
            "prediction_options.gaussian_tail.hermite.smallest_weight",
            smallest_weight,
            kept >= 2,
            "small enough to keep two nodes",
        )
    }
}

/// Everything needed of the law of b. Functions of b that are expensive live on a few coarse nodes
/// and are interpolated.
#[derive(Clone)]
pub(crate) struct Law {
    /// Nodes b_c at which the expensive functions are evaluated.
    pub coarse: Vec<f64>,
    /// R x coarse: averages f(b_c) to E[b^2 q_k(b) f(b)].
    pub spike_weights: Array2<f64>,
    /// Averages f(b_c) to E[b f(b)].
    pub output_weights: Vec<f64>,
    /// sqrt(E b^2) = 1 / q_0.
    pub scale: f64,
    /// Nodes of b in the bulk and in K(m), with weights summing to one.
    pub fine: Rule,
    /// fine x coarse: interpolates f(b_c) to the fine nodes.
    pub to_fine: Array2<f64>,
    /// fine x R: q_k at the fine nodes, orthonormal under b^2 dP(b).
    pub polynomials: Array2<f64>,
}

impl Law {
    /// Reduces the law for a network of `width` neurons to `coarse` and `fine` nodes with at most
    /// `spikes` polynomials.
    pub fn new(
        law: &SecondLayerLaw,
        tail: GaussianTail,
        width: usize,
        coarse: usize,
        fine: usize,
        spikes: usize,
    ) -> Result<Self, PredictionError> {
        let interval = |half: f64| gauss_legendre(coarse, -half, half).nodes;
        let (full, bulk, nodes) = match law {
            SecondLayerLaw::Uniform => {
                let half = 3f64.sqrt();
                let rule = normalised(gauss_legendre(fine, -half, half));
                (rule.clone(), rule, interval(half))
            }
            SecondLayerLaw::Rademacher => {
                let rule = Rule { nodes: vec![-1.0, 1.0], weights: vec![0.5, 0.5] };
                (rule.clone(), rule, vec![-1.0, 1.0])
            }
            SecondLayerLaw::Gaussian => match tail {
                GaussianTail::Width => {
                    let half = -normal_quantile(0.5 / width as f64);
                    let half = half.max(1.0);
                    let mut rule = gauss_legendre(fine, -half, half);
                    for (x, w) in rule.nodes.iter().zip(&mut rule.weights) {
                        *w *= normal_density(*x);
                    }
                    let rule = normalised(rule);
                    (rule.clone(), rule, interval(half))
                }
                GaussianTail::Hermite { nodes, smallest_weight } => {
                    let rule = gauss_hermite(nodes).ok_or(InvalidSetting::OutOfRange {
                        name: "gaussian_tail.nodes",
                        value: nodes as f64,
                        allowed: "between 1 and 600",
                    })?;
                    let full = normalised(keep(&rule, 1e-15));
                    let bulk = normalised(keep(&rule, smallest_weight));
                    require(
                        "gaussian_tail.smallest_weight",
                        smallest_weight,
                        bulk.len() >= 2,
                        "small enough to keep two nodes",
                    )?;
                    let nodes = full.nodes.clone();
                    (full, bulk, nodes)
                }
            },
            SecondLayerLaw::Fixed(values) => {
                let rule = empirical(&values.to_vec())?;
                let (low, high) = (rule.nodes[0], rule.nodes[rule.len() - 1]);
                let nodes = if rule.len() <= coarse {
                    rule.nodes.clone()
                } else {
                    chebyshev_points(coarse, low, high)
                };
                (rule.clone(), rule, nodes)
            }
            SecondLayerLaw::Custom(law) => {
                let (rule, nodes) = custom_law::nodes(law, width, coarse, fine)?;
                (rule.clone(), rule, nodes)
            }
        };

        let scale = full.integrate(|b| b * b).sqrt();
        let (q_full, q_bulk) = orthonormal(&full, &bulk.nodes, spikes);
        let r = q_full.ncols();
        let interpolation = Interpolation::new(nodes);
        let to_full = interpolation.matrix(&full.nodes);
        let n = interpolation.nodes().len();
        let mut spike_weights = Array2::zeros((r, n));
        let mut output_weights = vec![0.0; n];
        for (i, (b, w)) in full.iter().enumerate() {
            for c in 0..n {
                let share = w * to_full[[i, c]];
                output_weights[c] += b * share;
                for k in 0..r {
                    spike_weights[[k, c]] += b * b * q_full[[i, k]] * share;
                }
            }
        }
        let to_fine = interpolation.matrix(&bulk.nodes);
        Ok(Self {
            coarse: interpolation.nodes().to_vec(),
            spike_weights,
            output_weights,
            scale,
            fine: bulk,
            to_fine,
            polynomials: q_bulk,
        })
    }

    /// Number of polynomials R, at most the number of distinct nonzero values of b.
    pub fn spikes(&self) -> usize {
        self.polynomials.ncols()
    }

    /// The law with the first `spikes` polynomials only.
    pub fn truncated(&self, spikes: usize) -> Self {
        Self {
            spike_weights: self.spike_weights.slice_axis(Axis(0), (..spikes).into()).to_owned(),
            polynomials: self.polynomials.slice_axis(Axis(1), (..spikes).into()).to_owned(),
            ..self.clone()
        }
    }
}

fn normalised(mut rule: Rule) -> Rule {
    let total: f64 = rule.weights.iter().sum();
    rule.weights.iter_mut().for_each(|w| *w /= total);
    rule
}

fn keep(rule: &Rule, smallest: f64) -> Rule {
    let (nodes, weights) = rule.iter().filter(|&(_, w)| w >= smallest).unzip();
    Rule { nodes, weights }
}

/// The empirical law of `values`, equal values merged.
fn empirical(values: &[f64]) -> Result<Rule, PredictionError> {
    for &b in values {
        require("second_layer", b, true, "finite")?;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut rule = Rule { nodes: Vec::new(), weights: Vec::new() };
    let share = 1.0 / sorted.len().max(1) as f64;
    for b in sorted {
        match (rule.nodes.last(), rule.weights.last_mut()) {
            (Some(&last), Some(weight)) if last == b => *weight += share,
            _ => {
                rule.nodes.push(b);
                rule.weights.push(share);
            }
        }
    }
    let largest = rule.nodes.iter().fold(0f64, |a, b| a.max(b.abs()));
    require("second_layer", largest, largest > 0.0, "not identically zero")?;
    Ok(rule)
}

/// The polynomials orthonormal under b^2 dP(b), by the Stieltjes procedure, at the nodes of `rule`
/// and at `points`. Stops early when the law has no more distinct nonzero values.
fn orthonormal(rule: &Rule, points: &[f64], count: usize) -> (Array2<f64>, Array2<f64>) {
    let weights: Vec<f64> = rule.iter().map(|(b, w)| b * b * w).collect();
    let distinct = rule.iter().filter(|&(b, w)| b != 0.0 && w > 0.0).count();
    let count = count.min(distinct);
    let product = |p: &[f64], q: &[f64]| -> f64 {
        weights.iter().zip(p).zip(q).map(|((w, p), q)| w * p * q).sum()
    };
    let largest = rule.nodes.iter().fold(0f64, |a, b| a.max(b.abs()));
    let mut at_nodes: Vec<Vec<f64>> = Vec::new();
    let mut at_points: Vec<Vec<f64>> = Vec::new();
    let mut p = vec![1.0; rule.len()];
    let mut q = vec![1.0; points.len()];
    for k in 0..count {
        let before = product(&p, &p).sqrt();
        // Two sweeps of orthogonalisation against all previous ones.
        for _ in 0..2 {
            for (old, old_points) in at_nodes.iter().zip(&at_points) {
                let overlap = product(&p, old);
                p.iter_mut().zip(old).for_each(|(p, old)| *p -= overlap * old);
                q.iter_mut().zip(old_points).for_each(|(q, old)| *q -= overlap * old);
            }
        }
        let norm = product(&p, &p).sqrt();
        if k > 0 && norm <= 1e-9 * before.max(f64::MIN_POSITIVE) {
            break;
        }
        p.iter_mut().for_each(|p| *p /= norm);
        q.iter_mut().for_each(|q| *q /= norm);
        at_nodes.push(p.clone());
        at_points.push(q.clone());
        p.iter_mut().zip(&rule.nodes).for_each(|(p, b)| *p *= b / largest);
        q.iter_mut().zip(points).for_each(|(q, b)| *q *= b / largest);
    }
    let table = |columns: &[Vec<f64>], rows: usize| {
        Array2::from_shape_fn((rows, columns.len()), |(i, k)| columns[k][i])
    };
    (table(&at_nodes, rule.len()), table(&at_points, points.len()))
}

#[cfg(test)]
#[path = "law_tests.rs"]
mod tests;
