//! How many quadrature nodes the averages take.

use crate::quadrature::{Rule, SplitGaussian, gaussian_trapezoid};

/// Numbers of quadrature nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nodes {
    /// Values of b at which sigma is averaged, for up to ten right vectors; for more in proportion.
    pub second_layer: usize,
    /// Types of neurons, that is values of b in the state; at least two for every right vector.
    pub types: usize,
    /// Preactivation z.
    pub preactivation: usize,
    /// Each projection z* when there is one teacher direction, two, three.
    pub target: [usize; 3],
    /// Label noise.
    pub noise: usize,
    /// Component of beta_1 outside the span of the teacher, and the Gaussian part xi of h.
    pub orthogonal: usize,
    /// Multiplies the sizes of the interpolation tables.
    pub table_factor: f64,
    /// Labels that differ by less, in units of asinh(y / sqrt(E y^2)), are taken together.
    pub label_width: f64,
}

impl Nodes {
    /// `factor` times as many nodes as are enough for a relative accuracy of about 1e-4 (rounded up,
    /// at least 2).
    pub fn new(factor: f64) -> Self {
        let times = |n: usize| ((n as f64 * factor).ceil() as usize).max(2);
        Self {
            second_layer: times(20),
            types: times(96),
            preactivation: times(40),
            target: [48, 28, 20].map(times),
            noise: times(6),
            orthogonal: times(20),
            table_factor: factor,
            label_width: 0.04 / factor,
        }
    }

    /// The nodes for steps of size `eta`: a large step makes the error of an average large, so above
    /// 100 the averages over the preactivation get a quarter more nodes for every factor of ten.
    pub fn for_step(self, eta: f64) -> Self {
        let factor = 1.0 + 0.25 * (eta / 100.0).log10().max(0.0);
        Self {
            preactivation: (self.preactivation as f64 * factor).ceil() as usize,
            table_factor: self.table_factor * factor,
            ..self
        }
    }
}

/// A rule for N(0, 1) with about `nodes` nodes, split at `kinks` if there are any.
pub(crate) fn gaussian_rule(nodes: usize, kinks: &[f64]) -> Rule {
    if kinks.is_empty() { gaussian_trapezoid(nodes) } else { SplitGaussian::new(nodes).rule(kinks) }
}

#[cfg(test)]
mod tests {
    use super::Nodes;

    #[test]
    fn node_counts_scale() {
        let expected = Nodes {
            second_layer: 50,
            types: 240,
            preactivation: 100,
            target: [120, 70, 50],
            noise: 15,
            orthogonal: 50,
            table_factor: 2.5,
            label_width: 0.016,
        };
        assert_eq!(Nodes::new(2.5), expected);
        assert_eq!(Nodes::new(0.01).noise, 2);
        assert_eq!(Nodes::new(0.7).noise, 5);
    }
}
