//! The law of a sample as nodes in (y, s): the steps see a sample through its label y and s =
//! <beta_1, x> alone, so of z* only moments at given (y, s) are needed (docs/theory.md, section 6).
//!
//! Samples of about the same label are taken together, and have one Gauss rule for s. At each of its nodes
//! two labels stand for all: their mean and variance are right, so that the error is of third order in the
//! width of the group.

use super::labels::{Labels, MAX_DIRECTIONS};
use crate::quadrature::{DiscreteGauss, Rule};
use ndarray::Array2;
use rayon::prelude::*;

/// Nodes of (z*, zeta) of less weight are left out.
const LEAST_WEIGHT: f64 = 1e-13;
/// A node with less of the weight of its group is left out.
const LEAST_SHARE: f64 = 1e-30;
/// Labels that differ by less, in units of sqrt(E y^2), are one.
const LEAST_WIDTH: f64 = 1e-7;

/// Samples of about one label.
#[derive(Clone, Debug)]
pub(crate) struct LabelGroup {
    /// Labels at which functions of the label are evaluated: the ends and the middle.
    pub labels: [f64; 3],
    pub nodes: Vec<SampleNode>,
}

impl LabelGroup {
    /// Shares of the values at `labels` in the value at `y`: parabolas.
    pub fn shares(&self, y: f64) -> [f64; 3] {
        let [low, middle, high] = self.labels;
        if low == high {
            return [0.0, 1.0, 0.0];
        }
        let x = (y - middle) / (high - middle);
        [0.5 * x * (x - 1.0), 1.0 - x * x, 0.5 * x * (x + 1.0)]
    }
}

/// Samples of one label and one s.
#[derive(Clone, Debug, Default)]
pub(crate) struct SampleNode {
    pub y: f64,
    pub s: f64,
    pub weight: f64,
    /// E z* at this node.
    pub z: [f64; MAX_DIRECTIONS],
    /// E z* z*^T at this node.
    pub zz: [[f64; MAX_DIRECTIONS]; MAX_DIRECTIONS],
}

/// A sample before it is taken together with others: y, weight and the node of z*.
struct Item {
    y: f64,
    weight: f64,
    node: usize,
}

/// What the law of (y, s) is made from.
pub(super) struct SampleSource<'a> {
    pub labels: &'a Labels,
    /// Nodes of zeta, the part of s across the teacher in units of its deviation.
    pub orthogonal: &'a Rule,
    /// That deviation.
    pub spread: f64,
    /// Labels of one group differ by at most this, in asinh(y / sqrt(E y^2)).
    pub label_width: f64,
}

/// The nodes of a sample; the weights sum to one.
pub(super) fn sample_law(source: &SampleSource) -> Vec<LabelGroup> {
    let SampleSource { labels, orthogonal, label_width, .. } = *source;
    let unit = labels.second_moment.sqrt();
    let mut items: Vec<Item> = Vec::new();
    for (node, direction) in labels.nodes.iter().enumerate() {
        for (noise, w) in labels.noise.iter() {
            items.push(Item { y: direction.link + noise, weight: direction.weight * w, node });
        }
    }
    // those that have a point in `group`
    let largest = orthogonal.iter().fold(0.0, |largest: f64, (_, w)| largest.max(w));
    let counts = |item: &Item| labels.nodes[item.node].weight * largest > LEAST_WEIGHT;
    items.retain(|item| item.weight > 1e-18 && counts(item));
    items.sort_by(|a, b| a.y.total_cmp(&b.y));
    let place = |item: &Item| (item.y / unit).asinh();
    let mut cells: Vec<&[Item]> = Vec::new();
    let mut first = 0;
    for i in 0..items.len() {
        if place(&items[i]) - place(&items[first]) > label_width {
            cells.push(&items[first..i]);
            first = i;
        }
    }
    cells.push(&items[first..]);
    let mut groups: Vec<LabelGroup> =
        cells.into_par_iter().map(|cell| group(source, cell)).collect();
    let nodes = groups.iter().flat_map(|group| &group.nodes);
    let total = nodes.fold(0.0, |sum, node| sum + node.weight);
    groups.iter_mut().flat_map(|group| &mut group.nodes).for_each(|node| node.weight /= total);
    groups
}

/// The nodes for samples of about one label.
fn group(source: &SampleSource, cell: &[Item]) -> LabelGroup {
    let SampleSource { labels, orthogonal, spread, .. } = *source;
    let mut points = Vec::new();
    let mut of_point = Vec::new();
    for item in cell {
        let direction = &labels.nodes[item.node];
        for (zeta, w) in orthogonal.iter().filter(|(_, w)| direction.weight * w > LEAST_WEIGHT) {
            points.push((labels.s(&direction.z, spread, zeta), item.weight * w));
            of_point.push(item);
        }
    }
    let (low, high) = (cell[0].y, cell[cell.len() - 1].y);
    let middle = 0.5 * (low + high);
    let p = labels.directions;
    // 1, z*_k, z*_k z*_j, then the same times y - middle, then (y - middle)^2
    let half = 1 + p + p * (p + 1) / 2;
    let mut functions = Array2::zeros((points.len(), 2 * half + 1));
    for (mut row, &item) in functions.rows_mut().into_iter().zip(&of_point) {
        let (z, y) = (labels.nodes[item.node].z, item.y - middle);
        let one = |k: usize| if k == 0 { 1.0 } else { z[k - 1] };
        let pairs = (0..=p).flat_map(|k| (k..=p).map(move |j| (k, j)));
        for (at, (k, j)) in pairs.enumerate() {
            row[at] = one(k) * one(j);
            row[half + at] = y * row[at];
        }
        row[2 * half] = y * y;
    }
    let gauss = DiscreteGauss::new(&points, orthogonal.len());
    let sums = gauss.sums(functions);
    let least = (LEAST_WIDTH * labels.second_moment.sqrt()).powi(2);
    let mut nodes = Vec::new();
    let total: f64 = gauss.rule.weights.iter().sum();
    for ((s, weight), sums) in gauss.rule.iter().zip(sums.rows()) {
        // far out a weight can vanish, and no mean could be taken there
        if weight <= LEAST_SHARE * total {
            continue;
        }
        let at = |column: usize| sums[column] / weight;
        // the shares of the points may be negative where there is hardly any weight
        let mean = at(half).clamp(low - middle, high - middle);
        let most = (high - middle - mean) * (mean - low + middle);
        let variance = (at(2 * half) - mean * mean).clamp(0.0, most.max(0.0));
        let sides: &[f64] = if variance > least { &[-1.0, 1.0] } else { &[0.0] };
        for side in sides {
            let step = side * variance.sqrt();
            let mut node = SampleNode { y: middle + mean + step, s, ..SampleNode::default() };
            node.weight = weight / sides.len() as f64;
            // along the line that y explains
            let value = |column: usize| {
                let slope = (at(half + column) - mean * at(column)) / variance;
                at(column) + if step == 0.0 { 0.0 } else { slope * step }
            };
            let pairs = (0..=p).flat_map(|k| (k..=p).map(move |j| (k, j)));
            for (column, (k, j)) in pairs.enumerate() {
                match (k.checked_sub(1), j.checked_sub(1)) {
                    (Some(k), Some(j)) => {
                        (node.zz[k][j], node.zz[j][k]) = (value(column), value(column));
                    }
                    (None, Some(j)) => node.z[j] = value(column),
                    _ => {}
                }
            }
            nodes.push(node);
        }
    }
    let labels = if high - low > least.sqrt() { [low, middle, high] } else { [middle; 3] };
    LabelGroup { labels, nodes }
}

#[cfg(test)]
mod tests {
    use crate::data::{Link, Target};
    use crate::theory::dynamics::nodes::Nodes;
    use crate::theory::dynamics::setup::Setup;
    use crate::theory::dynamics::test_quadratic::problem;

    /// A label with a fold, of which few samples are beyond.
    #[test]
    fn nodes_are_finite_however_many() {
        for second in [0.1, 0.5, 1.0, 3.0] {
            for noise in [0.0, 0.1, 0.5] {
                let link = Link::hermite([0.0, 1.0, second]);
                let mut problem = problem();
                problem.target = Target::single_index(link).noise(noise);
                for factor in [0.3, 0.7, 1.0, 1.5, 2.0, 4.0] {
                    let setup = Setup::new(&problem, Nodes::new(factor)).unwrap();
                    for (g, group) in setup.samples.iter().enumerate() {
                        for node in &group.nodes {
                            let numbers = [node.y, node.s, node.weight, node.z[0], node.zz[0][0]];
                            let finite = numbers.iter().all(|x| x.is_finite());
                            assert!(finite, "{second} {noise} {factor} {g} {node:?}");
                        }
                    }
                }
            }
        }
    }

    /// Moments of (y, s, z*) against the nodes of (z*, noise, zeta) one by one.
    #[test]
    fn moments() {
        let problem = problem();
        let setup = Setup::new(&problem, Nodes::new(0.5)).unwrap();
        let law = &setup.samples;
        let tests: [&dyn Fn(f64, f64, [f64; 3]) -> f64; 6] = [
            &|_, _, _| 1.0,
            &|y, s, _| y * s,
            &|y, s, _| (y * s).powi(2),
            &|y, s, z| y * s * z[0],
            &|y, s, z| s * s * z[1] * y,
            &|_, s, z| (0.5 * s).cos() * z[0],
        ];
        let fine: usize = law.iter().map(|group| group.nodes.len()).sum();
        let mut count = 0;
        for test in tests {
            let (mut exact, mut total) = (0.0, 0.0);
            count = 0;
            for node in &setup.labels.nodes {
                for (e, v) in setup.labels.noise.iter() {
                    for (zeta, w) in setup.orthogonal.iter() {
                        let weight = node.weight * v * w;
                        total += weight;
                        exact += weight * test(node.link + e, setup.s(node, zeta), node.z);
                        count += 1;
                    }
                }
            }
            let nodes = law.iter().flat_map(|group| &group.nodes);
            let found: f64 = nodes.map(|node| node.weight * test(node.y, node.s, node.z)).sum();
            let exact = exact / total;
            assert!((found - exact).abs() < 3e-4 * exact.abs().max(1.0), "{found} {exact}");
        }
        assert!(3 * fine < count, "{fine} {count}");
    }
}
