//! Samples whose labels are so large that each makes a singular value of its own, and how these differ
//! from batch to batch (docs/theory.md, (7.15) to (7.17)).

use crate::numerics::roots::last_where;
use crate::theory::dynamics::labels::Labels;
use crate::theory::observables::isotropic::Bulk;
use crate::theory::problem::Problem;
use crate::theory::state::State;
use crate::training::BatchPolicy;

/// Midpoints of as many classes of equal probability stand for the law of the largest label.
const CLASSES: usize = 8;

/// ln of the first singular value of the noise.
pub(super) struct LogEdges {
    /// At the classes of the largest label.
    pub classes: Vec<f64>,
    /// At the label where the structured bulk cuts their law: half a sample of every step's is expected
    /// above it.
    pub cut: f64,
}

/// The first singular value of the noise beside the largest labels; `derivative_variance` is
/// Var sigma'(z).
pub(super) fn log_edges(
    problem: &Problem,
    derivative_variance: f64,
    labels: &Labels,
    state: &State,
    isotropic: &Bulk,
) -> LogEdges {
    let tail = Tail::new(labels);
    // a sample with label y and steps eta is a spike of the square eta^2 y^2 unit (7.15)
    let unit = derivative_variance * problem.phi() / problem.samples as f64;
    let groups = groups(problem);
    // logarithm of the number of spikes that are expected above a strength
    let above = |strength: f64| {
        let expected = groups.iter().map(|(samples, eta)| samples * tail.above(strength / eta));
        expected.sum::<f64>()
    };
    let eta = groups.iter().fold(0.0, |a: f64, (_, eta)| a.max(*eta));
    let largest = tail.largest() * eta;
    let edge = |strength: f64| location(strength * strength * unit, state, isotropic).ln();
    let class = |k: usize| {
        let expected = -((k as f64 + 0.5) / CLASSES as f64).ln();
        let strength = last_where(0.0, largest, 1e-6 * largest, |s| above(s) > expected);
        edge(strength)
    };
    let half = 0.5 / problem.samples as f64;
    let cut = last_where(0.0, largest, 1e-6 * largest, |s| tail.above(s / eta) > half);
    LogEdges { classes: (0..CLASSES).map(class).collect(), cut: edge(cut) }
}

/// Samples that the same steps see, and the root of the sum of the squares of these steps.
pub(super) fn groups(problem: &Problem) -> Vec<(f64, f64)> {
    let n = problem.samples as f64;
    let kept = match problem.batches {
        BatchPolicy::Independent => 0.0,
        BatchPolicy::Reused => n,
        BatchPolicy::PartlyReused { .. } => n * problem.reused_share(),
    };
    let steps = &problem.step_sizes;
    let all = steps.iter().map(|eta| eta * eta).sum::<f64>().sqrt();
    let alone = steps.iter().map(|eta| (n - kept, eta.abs()));
    alone.chain([(kept, all)]).filter(|(samples, eta)| *samples > 0.0 && *eta > 0.0).collect()
}

/// The singular value that a sample of strength `square` makes (7.16); the edge if it makes none.
fn location(square: f64, state: &State, bulk: &Bulk) -> f64 {
    let strength = |m: f64| {
        let types = state.weights.iter().zip(&state.b).zip(&bulk.d);
        -m * square * types.map(|((w, b), d)| w * b * b / (1.0 + m * d)).sum::<f64>()
    };
    if square <= 0.0 || strength(bulk.edge_m) <= 1.0 {
        return bulk.edge;
    }
    // ln(-m), from far outside
    let end = (-bulk.edge_m).ln();
    let m = -last_where(end - 600.0, end, 1e-9, |x| strength(-x.exp()) < 1.0).exp();
    bulk.zeta(m).sqrt().max(bulk.edge)
}

/// P(|y| > x), from the nodes of the labels: each node counts half at its own |y|, and the logarithm of
/// the probability is linear in between.
struct Tail {
    /// |y|, decreasing, with the logarithm of the probability above.
    steps: Vec<(f64, f64)>,
}

impl Tail {
    fn new(labels: &Labels) -> Self {
        let nodes = labels.nodes.iter().flat_map(|node| {
            labels.noise.iter().map(move |(e, w)| ((node.link + e).abs(), node.weight * w))
        });
        let mut nodes: Vec<(f64, f64)> = nodes.collect();
        nodes.sort_by(|a, b| b.0.total_cmp(&a.0));
        // the two sides of an even law
        nodes.dedup_by(|next, first| {
            let same = next.0 >= first.0 * (1.0 - 1e-9);
            first.1 += if same { next.1 } else { 0.0 };
            same
        });
        let mut sum = 0.0;
        let middle = |(y, weight): (f64, f64)| {
            sum += weight;
            (y, (sum - 0.5 * weight).max(1e-300).ln())
        };
        Self { steps: nodes.into_iter().map(middle).collect() }
    }

    fn largest(&self) -> f64 {
        self.steps[0].0
    }

    fn above(&self, x: f64) -> f64 {
        let larger = self.steps.partition_point(|(y, _)| *y > x);
        match (larger.checked_sub(1).map(|i| self.steps[i]), self.steps.get(larger)) {
            (None, _) => 0.0,
            (Some((y, at)), Some(&(below, at_below))) => {
                (at + (at_below - at) * (y - x) / (y - below)).exp()
            }
            (Some(_), None) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Tanh};
    use crate::data::{Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::rmt::SpikedMatrix;
    use crate::theory::dynamics::nodes::Nodes;
    use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
    use ndarray::Array2;

    fn problem(target: Target, batches: BatchPolicy, step_sizes: Vec<f64>) -> Problem {
        Problem {
            activation: Tanh::default().shared(),
            target,
            width: 1600,
            dimension: 400,
            samples: 800,
            step_sizes,
            batches,
            second_layer: SecondLayerLaw::Rademacher,
        }
    }

    /// Rows of variance 1 and b = +-1.
    fn white() -> (State, Bulk) {
        let law = SecondLayerQuadrature::new(&SecondLayerLaw::Rademacher, 1600, 8, 96, 1).unwrap();
        let state = State {
            width: 1600,
            dimension: 400,
            directions: 1,
            left: law.left(),
            right: Array2::eye(1),
            noise: vec![1.0; law.fine.nodes.len()],
            b: law.fine.nodes,
            weights: law.fine.weights,
            noise_along_targets: None,
            whole_projection: false,
        };
        let bulk = Bulk::new(4.0, state.weights.clone(), state.noise.clone());
        (state, bulk)
    }

    /// On white noise a sample is a spike of one spiked matrix, with the threshold 4^(1/4).
    #[test]
    fn location_of_one_sample() {
        let (state, bulk) = white();
        let law = SpikedMatrix::new(4.0).unwrap();
        for square in [0.0f64, 1.9, 2.1, 5.0, 1e6] {
            let exact = law.spike(square.sqrt()).unwrap().map_or(3.0, |spike| spike.singular_value);
            let found = location(square, &state, &bulk);
            assert!((found / exact - 1.0).abs() < 1e-6, "{square}: {found} {exact}");
        }
    }

    /// Edges of the classes with y = z^3, from the quantiles of |z| at 1 - 1/n ln(1/p), and steps that
    /// see the same or other samples.
    #[test]
    fn classes_of_the_largest_label() {
        let (state, bulk) = white();
        let cube = || Target::single_index(Link::new("cube", |z: f64| z.powi(3)));
        let edges = |batches, steps: Vec<f64>| {
            let problem = problem(cube(), batches, steps);
            let labels = Labels::new(&problem.target, &Nodes::new(1.0)).unwrap();
            log_edges(&problem, 0.01, &labels, &state, &bulk).classes
        };
        let one = edges(BatchPolicy::Independent, vec![20.0]);
        // ln(16/9) / 800: |z| = 3.38; ln(16/15) / 800: 3.946 (normal quantiles)
        let law = SpikedMatrix::new(4.0).unwrap();
        for (k, z) in [(4, 3.3825f64), (7, 3.9435)] {
            let theta = 20.0 * z.powi(3) * (0.01 * 0.5 / 800.0f64).sqrt();
            let exact = law.spike(theta).unwrap().map_or(3.0, |spike| spike.singular_value);
            assert!((one[k].exp() / exact - 1.0).abs() < 0.03, "{k}: {} {exact}", one[k].exp());
        }
        assert!(one.windows(2).all(|pair| pair[0] <= pair[1]) && one[0] >= 3f64.ln());
        // the same samples again: a step of the size of both
        let reused = edges(BatchPolicy::Reused, vec![12.0, 16.0]);
        let again = edges(BatchPolicy::PartlyReused { fraction: 1.0 }, vec![12.0, 16.0]);
        assert_eq!((&reused, &again), (&one, &one));
        // other samples: more of them, but with one step each
        let other = edges(BatchPolicy::Independent, vec![12.0, 16.0]);
        assert!(other.iter().zip(&one).all(|(a, b)| a <= b) && other[7] < one[7]);
        assert_eq!(edges(BatchPolicy::Independent, vec![0.0]), vec![3f64.ln(); CLASSES]);
    }

    /// P(|z| > x) and P(|z^3| > x) from quadrature nodes, within 15 %, which moves the quantile of
    /// |y| by a few percent.
    #[test]
    fn tail_of_labels() {
        let table = [(0.5, 0.617075), (1.0, 0.317311), (2.0, 0.0455003), (3.0, 2.69980e-3)];
        for power in [1, 3] {
            let link = Link::new("power", move |z: f64| z.powi(power));
            let labels = Labels::new(&Target::single_index(link), &Nodes::new(1.0)).unwrap();
            let tail = Tail::new(&labels);
            for (x, exact) in table.into_iter().chain([(3.5f64, 4.65258e-4)]) {
                let found = tail.above(x.powi(power));
                assert!((found / exact - 1.0).abs() < 0.15, "{power} {x}: {found}");
            }
            assert_eq!((tail.above(1e9), tail.above(0.0)), (0.0, 1.0));
        }
    }
}
