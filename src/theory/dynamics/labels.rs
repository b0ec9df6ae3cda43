//! The law of the labels reduced to nodes and moments (docs/theory.md, (1.2), (4.6), (8.1)).

use super::nodes::{Nodes, gaussian_rule};
use crate::data::Target;
use crate::quadrature::{Rule, gauss_hermite, gaussian_trapezoid};
use crate::theory::error::{PredictionError, finite, require};
use ndarray::Array2;

/// Most teacher directions that a label may depend on.
pub(crate) const MAX_DIRECTIONS: usize = 3;

/// A quadrature node of the projections z*, with the noiseless label there.
#[derive(Clone, Debug)]
pub(crate) struct LabelNode {
    /// z*, padded with zeros.
    pub z: [f64; MAX_DIRECTIONS],
    /// g(z*).
    pub link: f64,
    pub weight: f64,
}

/// The law of (z*, y) as nodes, with its low moments.
pub(crate) struct Labels {
    /// Number p of teacher directions.
    pub directions: usize,
    pub nodes: Vec<LabelNode>,
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

/// Variances of beta_1 over draws of the first batch.
pub(crate) struct SamplingVariance {
    /// Variance of ln |beta_1|.
    pub norm: f64,
    /// Variance of <beta_1, beta*> / |beta_1|, summed over the teacher directions.
    pub overlap: f64,
    /// Variance of the logarithm of the part of beta_1 outside the span of the teacher.
    pub across: f64,
}

impl Labels {
    /// s = <c*_1, z*> + spread zeta (4.6), (8.1).
    pub fn s(&self, z: &[f64], spread: f64, zeta: f64) -> f64 {
        self.linear.iter().zip(z).map(|(c, z)| c * z).sum::<f64>() + spread * zeta
    }

    /// Reduces the law to nodes, `counts` of them.
    pub fn new(target: &Target, counts: &Nodes) -> Result<Self, PredictionError> {
        let p = target.direction_count();
        let noise_std = target.noise_std();
        require(
            "the number of teacher directions",
            p as f64,
            (1..=MAX_DIRECTIONS).contains(&p),
            "between 1 and 3",
        )?;
        second_moment_exists(target)?;
        let kinks: Vec<f64> = target.kinks().iter().copied().filter(|x| x.is_finite()).collect();
        let axis = gaussian_rule(counts.target[p - 1], &kinks);
        let mut nodes = vec![LabelNode { z: [0.0; MAX_DIRECTIONS], link: 0.0, weight: 1.0 }];
        for i in 0..p {
            let along = |node: LabelNode| {
                axis.iter().map(move |(x, w)| {
                    let mut next = LabelNode { weight: node.weight * w, ..node.clone() };
                    next.z[i] = x;
                    next
                })
            };
            nodes = nodes.into_iter().flat_map(along).collect();
        }
        // nodes in the corners of the cube have no weight to speak of
        let largest = nodes.iter().map(|node| node.weight).fold(0.0, f64::max);
        let smallest = if p == 1 { 1e-16 } else { 1e-8 };
        nodes.retain(|node| node.weight > smallest * largest);
        let total: f64 = nodes.iter().map(|node| node.weight).sum();
        for node in &mut nodes {
            node.link = target.noiseless_label(&node.z[..p]);
            node.weight /= total;
        }
        finite("the link", nodes.iter().map(|node| &node.link))?;
        let noise_count = if p == 1 { counts.noise } else { (2 * counts.noise).div_ceil(3) };
        let variance = noise_std * noise_std;
        let sum = |start: f64, term: &dyn Fn(&LabelNode) -> f64| {
            nodes.iter().map(term).fold(start, |sum, term| sum + term)
        };
        let mean = sum(0.0, &|node| node.weight * node.link);
        let second_moment = sum(variance, &|node| node.weight * node.link * node.link);
        finite("a moment of the labels", [&mean, &second_moment])?;
        if second_moment < 1e-300 {
            return Err(PredictionError::LabelsVanish);
        }
        let linear = |i: usize| sum(0.0, &|node| node.weight * node.link * node.z[i]);
        let weighted = |(i, j): (usize, usize)| {
            sum(0.0, &|node| node.weight * node.link * node.z[i] * node.z[j])
        };
        let weighted_square = |(i, j): (usize, usize)| {
            let start = if i == j { variance } else { 0.0 };
            sum(start, &|node| node.weight * node.link * node.link * node.z[i] * node.z[j])
        };
        Ok(Self {
            directions: p,
            noise: noise_rule(noise_std, noise_count),
            mean,
            second_moment,
            linear: (0..p).map(linear).collect(),
            weighted: Array2::from_shape_fn((p, p), weighted),
            weighted_square: Array2::from_shape_fn((p, p), weighted_square),
            nodes,
        })
    }

    /// Variances over draws of `samples` samples in `dimension` dimensions (docs/theory.md, section
    /// 7.1).
    pub fn sampling(&self, samples: usize, dimension: usize) -> SamplingVariance {
        let (n, d) = (samples as f64, dimension as f64);
        let phi = d / n;
        // labels of variance one
        let unit = self.second_moment.sqrt();
        let linear: f64 = self.linear.iter().map(|c| (c / unit).powi(2)).sum();
        let norm = linear + phi;
        let (mut along, mut fourth) = (0.0, 0.0);
        for node in &self.nodes {
            let slope: f64 = self.linear.iter().zip(&node.z).map(|(c, z)| c / unit * z).sum();
            for (e, w) in self.noise.iter() {
                let y = (node.link + e) / unit;
                let weight = node.weight * w;
                along += weight * (2.0 * slope * y + phi * y * y).powi(2);
                fourth += weight * y.powi(4);
            }
        }
        let square = self.weighted_square.diag().sum() / self.second_moment;
        // Var(2 c y z* + phi y^2) / n, and the length of a vector in d dimensions
        let variance = (along - (2.0 * linear + phi).powi(2)).max(0.0) / n + 2.0 * phi * phi / d;
        SamplingVariance {
            norm: variance / (2.0 * norm).powi(2),
            overlap: (square - linear).max(0.0) / (n * norm),
            across: ((fourth - 1.0).max(0.0) / n + 2.0 / d) / 4.0,
        }
    }
}

/// An error when y^2 grows so fast along a teacher direction, the others being 1, or along their
/// diagonal, that what lies beyond |z*| = 8, where no sample of a batch is, makes more than a hundredth
/// of E y^2.
fn second_moment_exists(target: &Target) -> Result<(), PredictionError> {
    let p = target.direction_count();
    let rule = gaussian_trapezoid(200);
    for line in 0..=p {
        let square = |z: f64| {
            let coordinate = |i: usize| match line {
                line if line == p => z / (p as f64).sqrt(),
                line if line == i => z,
                _ => 1.0,
            };
            let place: Vec<f64> = (0..p).map(coordinate).collect();
            target.noiseless_label(&place).powi(2)
        };
        let all = rule.integrate(square);
        let far = rule.integrate(|z| if z.abs() > 8.0 { square(z) } else { 0.0 });
        if !all.is_finite() || far > 0.01 * all {
            return Err(PredictionError::NotFinite { quantity: "E y^2" });
        }
    }
    Ok(())
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
    use crate::data::Link;

    /// y = z_0 z_1 + 0.3 z_0 + 0.2 + noise of variance 0.25, with Gaussian moments by hand.
    #[test]
    fn moments_of_two_directions() {
        let target = Target::multi_index("two", 2, |z| z[0] * z[1] + 0.3 * z[0] + 0.2);
        let target = target.noise(0.5);
        let labels = Labels::new(&target, &Nodes::new(1.0)).unwrap();
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

    /// y = 2 z_0 + noise of variance 4, over sqrt 8: everything by hand; other units change nothing.
    #[test]
    fn sampling_of_a_linear_label() {
        for unit in [1.0, 1e-100, 1e60] {
            let target = Target::multi_index("two", 2, move |z| 2.0 * unit * z[0]);
            let target = target.noise(2.0 * unit);
            let found = Labels::new(&target, &Nodes::new(1.0)).unwrap().sampling(100, 50);
            // c = 1/sqrt 2, phi = 1/2: |beta_1|^2 = 1. y = c (z + e): E y^4 = 3, E y^2 z^2 = 2,
            // E y^3 z = 3 c; Var(2 c y z + y^2 / 2) = 4 c^2 2 + 2 c 3 c + 3/4 - (3/2)^2
            let variance = (4.0 + 3.0 + 0.75 - 2.25) / 100.0 + 2.0 * 0.25 / 50.0;
            let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-3, "{unit} {a} {b}");
            close(found.norm, variance / 4.0);
            // E y^2 (z_0^2 + z_1^2) = 3 c^2 + c^2 + 1 = 3, less c^2
            close(found.overlap, 2.5 / 100.0);
            close(found.across, (2.0 / 100.0 + 2.0 / 50.0) / 4.0);
        }
    }

    #[test]
    fn what_is_refused() {
        let nodes = Nodes::new(1.0);
        let four = Target::multi_index("four", 4, |z| z[3]);
        assert!(matches!(Labels::new(&four, &nodes), Err(PredictionError::Invalid(_))));
        let zero = Target::single_index(Link::new("0", |_| 0.0));
        assert!(matches!(Labels::new(&zero, &nodes), Err(PredictionError::LabelsVanish)));
        for (rate, allowed) in [(0.15, true), (0.26, false), (1.0, false), (10.0, false)] {
            let link = move |z: &[f64]| z[0] * (rate * z[1] * z[1]).exp();
            let labels = Labels::new(&Target::multi_index("growing", 2, link), &nodes);
            assert_eq!(labels.is_ok(), allowed, "{rate}");
        }
        let tiny = Target::single_index(Link::new("tiny", |_| 1e-149));
        assert!(Labels::new(&tiny, &nodes).is_ok());
    }
}
