//! The law of the labels reduced to nodes and moments.
//!
//! Equations: docs/theory.md, (1.2), (4.6), (8.1).

use super::activation::gaussian_rule;
use super::error::{PredictionError, finite, require};
use super::setting::Nodes;
use crate::data::Target;
use crate::quadrature::{Rule, gauss_hermite, normal_density};
use ndarray::Array2;

/// Most directions a link may depend on.
pub const MAX_DIRECTIONS: usize = 3;

/// One node of the projections z* with the noiseless label there.
#[derive(Clone, Debug)]
pub(crate) struct Direction {
    /// z*, padded with zeros.
    pub z: [f64; MAX_DIRECTIONS],
    /// g(z*).
    pub link: f64,
    pub weight: f64,
}

/// The law of (z*, y) as nodes, with its low moments.
pub(crate) struct Labels {
    pub directions: usize,
    pub nodes: Vec<Direction>,
    /// Nodes of the noise, already scaled by its standard deviation.
    pub noise: Rule,
    /// E y.
    pub mean: f64,
    /// E y^2.
    pub second_moment: f64,
    /// c*_1 = E[y z*].
    pub linear: Vec<f64>,
    /// E[y z* z*^T].
    pub weighted: Array2<f64>,
    /// E[y^2 z* z*^T].
    pub weighted_square: Array2<f64>,
}

impl Labels {
    /// Reduces the law to nodes.
    pub fn new(target: &Target, nodes: &Nodes) -> Result<Self, PredictionError> {
        let (p, noise_std) = (target.projections(), target.noise_std());
        require(
            "the number of teacher directions",
            p as f64,
            (1..=MAX_DIRECTIONS).contains(&p),
            "between 1 and 3",
        )?;
        let kinks: Vec<f64> = target.kinks().iter().copied().filter(|x| x.is_finite()).collect();
        let axis = gaussian_rule(nodes.family, nodes.target[p - 1], &kinks);
        let mut list = vec![Direction { z: [0.0; MAX_DIRECTIONS], link: 0.0, weight: 1.0 }];
        for i in 0..p {
            list = list
                .iter()
                .flat_map(|node| {
                    axis.iter().map(move |(x, w)| {
                        let mut next = node.clone();
                        next.z[i] = x;
                        next.weight *= w;
                        next
                    })
                })
                .collect();
        }
        // The corners of the cube of nodes carry nothing.
        let largest = list.iter().map(|node| node.weight).fold(0.0, f64::max);
        let smallest = if p == 1 { 1e-16 } else { 1e-8 };
        list.retain(|node| node.weight > smallest * largest);
        let total: f64 = list.iter().map(|node| node.weight).sum();
        for node in &mut list {
            node.link = target.clean_label(&node.z[..p]);
            node.weight /= total;
        }
        finite("the link", list.iter().map(|node| &node.link))?;
        let noise =
            noise_rule(noise_std, if p == 1 { nodes.noise } else { (2 * nodes.noise).div_ceil(3) });

        let variance = noise_std * noise_std;
        let mut labels = Self {
            directions: p,
            nodes: list,
            noise,
            mean: 0.0,
            second_moment: variance,
            linear: vec![0.0; p],
            weighted: Array2::zeros((p, p)),
            weighted_square: Array2::from_diag_elem(p, variance),
        };
        for node in &labels.nodes {
            let (w, g) = (node.weight, node.link);
            labels.mean += w * g;
            labels.second_moment += w * g * g;
            for i in 0..p {
                labels.linear[i] += w * g * node.z[i];
                for j in 0..p {
                    labels.weighted[[i, j]] += w * g * node.z[i] * node.z[j];
                    labels.weighted_square[[i, j]] += w * g * g * node.z[i] * node.z[j];
                }
            }
        }
        finite("a moment of the labels", [&labels.mean, &labels.second_moment])?;
        if labels.second_moment < 1e-300 {
            return Err(PredictionError::LabelsVanish);
        }
        Ok(labels)
    }

    /// The quantile of |y| exceeded with probability `tail`, from the nodes (one projection: from a
    /// fine grid).
    pub fn absolute_quantile(&self, target: &Target, tail: f64) -> f64 {
        let mut masses: Vec<(f64, f64)> = Vec::new();
        if self.directions == 1 {
            let (count, half) = (2000, 8.5);
            let spacing = 2.0 * half / count as f64;
            for i in 0..=count {
                let z = -half + spacing * i as f64;
                let (g, weight) = (target.clean_label(&[z]), spacing * normal_density(z));
                masses.extend(self.noise.iter().map(|(e, w)| ((g + e).abs(), weight * w)));
            }
        } else {
            for node in &self.nodes {
                masses.extend(
                    self.noise.iter().map(|(e, w)| ((node.link + e).abs(), node.weight * w)),
                );
            }
        }
        masses.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut above = 0.0;
        for &(y, weight) in &masses {
            above += weight;
            if above >= tail {
                return y;
            }
        }
        masses.last().map_or(0.0, |&(y, _)| y)
    }
}

/// Gauss-Hermite nodes scaled to N(0, noise_std^2), or the single node 0.
fn noise_rule(noise_std: f64, nodes: usize) -> Rule {
    let single = Rule { nodes: vec![0.0], weights: vec![1.0] };
    if noise_std == 0.0 {
        return single;
    }
    let mut rule = gauss_hermite(nodes).unwrap_or(single);
    rule.nodes.iter_mut().for_each(|x| *x *= noise_std);
    rule
}
