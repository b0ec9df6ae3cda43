//! Nodes and weights.

/// A quadrature rule: `sum_i weights[i] f(nodes[i])`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// Nodes, in increasing order.
    pub nodes: Vec<f64>,
    /// Weights, one per node, all non-negative.
    pub weights: Vec<f64>,
}

impl Rule {
    /// The rule with these nodes whose weights are proportional to `weight` and sum to one.
    pub fn normalised(nodes: Vec<f64>, weight: impl Fn(f64) -> f64) -> Self {
        let mut weights: Vec<f64> = nodes.iter().map(|x| weight(*x)).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        Self { nodes, weights }
    }

    /// The weighted sum of `f` over the nodes.
    pub fn integrate(&self, mut f: impl FnMut(f64) -> f64) -> f64 {
        self.iter().map(|(x, w)| w * f(x)).sum()
    }

    /// Pairs (node, weight) in increasing order of the node.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.nodes.iter().copied().zip(self.weights.iter().copied())
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
}
