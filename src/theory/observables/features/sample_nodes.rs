//! Nodes of a sample: its coordinates kappa on the directions of the neurons, and the label's moments
//! there (docs/theory.md, section 15.1).

use super::neuron_types::NeuronTypes;
use crate::data::Target;
use crate::quadrature::gauss_hermite;
use crate::theory::dynamics::labels::Labels;
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::error::{Fallible, PredictionError, require};
use ndarray::Array2;

/// Nodes of less weight are left out.
const NEGLIGIBLE: f64 = 1e-9;

/// Nodes of kappa ~ N(0, I), the teacher's coordinates first.
#[derive(Clone, Debug)]
pub(crate) struct SampleNodes {
    /// Nodes x coordinates.
    pub kappa: Array2<f64>,
    /// Weights, summing to one.
    pub weights: Vec<f64>,
    /// E[y | kappa].
    pub label: Vec<f64>,
    /// Variance of the label noise.
    pub noise: f64,
}

impl SampleNodes {
    /// About 28 nodes for one teacher direction (20 and 14 for each of two and three), and more for
    /// neurons with a large component along it; fewer for the other directions.
    pub fn new(types: &NeuronTypes, target: &Target, factor: f64) -> Fallible<Self> {
        let p = types.directions;
        let fits = target.direction_count() == p;
        let name = "the number of teacher directions of the target";
        require(name, target.direction_count() as f64, fits, "that of the state")?;
        let times = |n: f64| ((n * factor).ceil() as usize).max(2);
        // largest omega over the deviation of the noise, for each direction
        let reach = |l: usize| {
            let each = types.omega.column(l).into_iter().zip(&types.noise).map(|(omega, d)| {
                omega.abs() / d.max(1e-12).sqrt()
            });
            each.fold(0.0, f64::max).min(12.0)
        };
        let along = (0..p).map(reach).fold(0.0, f64::max);
        let target_nodes = [28.0, 20.0, 14.0].map(|n| times(n * (0.7 + 0.3 * along).max(1.0)));
        let labels = Labels::new(target, &Nodes { target: target_nodes, ..Nodes::new(factor) })?;
        let mut nodes: Vec<(Vec<f64>, f64, f64)> = (labels.nodes.iter())
            .map(|node| (node.z[..p].to_vec(), node.weight, node.link))
            .collect();
        for l in p..types.coordinates() {
            let count = times((4.0 + 4.0 * reach(l)).min(24.0)).max(3);
            let rule = gauss_hermite(count);
            let rule = rule.ok_or(PredictionError::NotFinite { quantity: "a rule" })?;
            let mut next = Vec::with_capacity(nodes.len() * count);
            for (kappa, weight, link) in &nodes {
                for (x, w) in rule.iter().filter(|(_, w)| w * weight > NEGLIGIBLE) {
                    next.push(([kappa.as_slice(), &[x]].concat(), weight * w, *link));
                }
            }
            nodes = next;
        }
        let total: f64 = nodes.iter().map(|node| node.1).sum();
        Ok(Self {
            kappa: Array2::from_shape_fn((nodes.len(), types.coordinates()), |(k, l)| {
                nodes[k].0[l]
            }),
            weights: nodes.iter().map(|node| node.1 / total).collect(),
            label: nodes.iter().map(|node| node.2).collect(),
            noise: target.noise_std().powi(2),
        })
    }

    /// E y^2.
    pub fn second_moment(&self) -> f64 {
        let squares = self.label.iter().zip(&self.weights).map(|(y, w)| w * y * y);
        self.noise + squares.sum::<f64>()
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.weights.len()
    }
}
