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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Link, MultiIndexLink};
    use crate::quadrature::normal_quantile;

    /// y = z_0 z_1 + 0.3 z_0 + 0.2 + noise of variance 0.25, with Gaussian moments by hand.
    #[test]
    fn moments_of_two_directions() {
        let link = MultiIndexLink::new("two", 2, |z| z[0] * z[1] + 0.3 * z[0] + 0.2);
        let target = Target::multi_index(link).noise(0.5);
        let labels = Labels::new(&target, &Nodes::default()).unwrap();
        let close =
            |found: f64, exact: f64| assert!((found - exact).abs() < 1e-4, "{found} {exact}");
        let total: f64 = labels.nodes.iter().map(|node| node.weight).sum();
        assert!((total - 1.0).abs() < 1e-12);
        close(labels.mean, 0.2);
        // 1 + 0.09 + 0.04 + 0.25
        close(labels.second_moment, 1.38);
        close(labels.linear[0], 0.3);
        close(labels.linear[1], 0.0);
        for (at, exact) in [([0, 0], 0.2), ([0, 1], 1.0), ([1, 0], 1.0), ([1, 1], 0.2)] {
            close(labels.weighted[at], exact);
        }
        // E y^2 z_0^2 = 3 + 0.27 + 0.04 + 0.25, z_1^2: 3 + 0.09 + 0.04 + 0.25, z_0 z_1: 2 x 0.2
        for (at, exact) in [([0, 0], 3.56), ([0, 1], 0.4), ([1, 0], 0.4), ([1, 1], 3.38)] {
            close(labels.weighted_square[at], exact);
        }
        let noise = labels.noise.integrate(|e| e.powi(4));
        close(noise, 3.0 * 0.5f64.powi(4));
    }

    /// y = z: the quantile of |z|; a second direction that does not matter gives the nodes of z.
    #[test]
    fn quantiles_of_a_normal_label() {
        let one = Target::single_index(Link::hermite([0.0, 1.0]));
        let two = Target::multi_index(MultiIndexLink::new("two", 2, |z| z[0]));
        let nodes = Nodes::default();
        for tail in [0.5, 0.1, 1e-3, 1e-5] {
            let exact = -normal_quantile(0.5 * tail);
            for (target, spacing) in [(&one, 0.0086), (&two, 0.5)] {
                let labels = Labels::new(target, &nodes).unwrap();
                let found = labels.absolute_quantile(target, tail);
                assert!((found - exact).abs() < spacing, "{tail}: {found} {exact}");
            }
        }
        // with noise of variance 3 twice as large, but by 6 nodes of the noise
        for target in [&one, &two] {
            let noisy = target.clone().noise(3f64.sqrt());
            let labels = Labels::new(&noisy, &nodes).unwrap();
            let found = labels.absolute_quantile(&noisy, 0.1);
            assert!((found + 2.0 * normal_quantile(0.05)).abs() < 0.25, "{found}");
        }
        // nothing lies beyond the outermost node
        let labels = Labels::new(&one, &nodes).unwrap();
        assert!(labels.absolute_quantile(&one, 2.0) < 0.01);
        assert_eq!(labels.absolute_quantile(&one, 0.0), 8.5);
    }

    #[test]
    fn what_is_refused() {
        let nodes = Nodes::default();
        let four = Target::multi_index(MultiIndexLink::new("four", 4, |z| z[3]));
        assert!(matches!(Labels::new(&four, &nodes), Err(PredictionError::Invalid(_))));
        let zero = Target::single_index(Link::new("0", |_| 0.0));
        assert!(matches!(Labels::new(&zero, &nodes), Err(PredictionError::LabelsVanish)));
        let tiny = Target::single_index(Link::new("tiny", |_| 1e-149));
        assert!(Labels::new(&tiny, &nodes).is_ok());
    }
}
