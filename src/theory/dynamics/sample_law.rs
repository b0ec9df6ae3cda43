//! The law of a sample as nodes in (y, s): the steps see a sample through its label y and s =
//! <beta_1, x> alone, so of z* only moments at given (y, s) are needed (docs/theory.md, section 6).
//!
//! Samples of about the same label are taken together, and have one Gauss rule for s.

use super::labels::MAX_DIRECTIONS;
use super::setup::Setup;
use crate::quadrature::DiscreteGauss;
use ndarray::Array2;
use rayon::prelude::*;

/// Share of the nodes for zeta that a Gauss rule needs.
const GAUSS_SHARE: f64 = 0.7;

/// Nodes of (z*, zeta) of less weight are left out.
const LEAST_WEIGHT: f64 = 1e-13;

/// Samples of one label.
#[derive(Clone, Debug)]
pub(crate) struct LabelGroup {
    pub y: f64,
    pub nodes: Vec<SampleNode>,
}

/// Samples of one label and one s.
#[derive(Clone, Debug, Default)]
pub(crate) struct SampleNode {
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

/// The nodes of a sample; the weights sum to one.
pub(crate) fn sample_law(setup: &Setup) -> Vec<LabelGroup> {
    let labels = &setup.labels;
    let unit = labels.second_moment.sqrt();
    let mut items: Vec<Item> = Vec::new();
    for (node, direction) in labels.nodes.iter().enumerate() {
        for (noise, w) in labels.noise.iter() {
            items.push(Item { y: direction.link + noise, weight: direction.weight * w, node });
        }
    }
    // those that have a point in `group`
    let largest = setup.orthogonal.iter().fold(0.0, |largest: f64, (_, w)| largest.max(w));
    let counts = |item: &Item| labels.nodes[item.node].weight * largest > LEAST_WEIGHT;
    items.retain(|item| item.weight > 1e-18 && counts(item));
    items.sort_by(|a, b| a.y.total_cmp(&b.y));
    let place = |item: &Item| (item.y / unit).asinh();
    let mut cells: Vec<&[Item]> = Vec::new();
    let mut first = 0;
    for i in 0..items.len() {
        if place(&items[i]) - place(&items[first]) > setup.nodes.label_width {
            cells.push(&items[first..i]);
            first = i;
        }
    }
    cells.push(&items[first..]);
    let mut groups: Vec<LabelGroup> =
        cells.into_par_iter().map(|cell| group(setup, cell)).collect();
    let nodes = groups.iter().flat_map(|group| &group.nodes);
    let total = nodes.fold(0.0, |sum, node| sum + node.weight);
    groups.iter_mut().flat_map(|group| &mut group.nodes).for_each(|node| node.weight /= total);
    groups
}

/// The nodes for samples of about one label.
fn group(setup: &Setup, cell: &[Item]) -> LabelGroup {
    let labels = &setup.labels;
    let mut points = Vec::new();
    let mut of_point = Vec::new();
    for item in cell {
        let direction = &labels.nodes[item.node];
        for (zeta, w) in
            setup.orthogonal.iter().filter(|(_, w)| direction.weight * w > LEAST_WEIGHT)
        {
            points.push((setup.s(direction, zeta), item.weight * w));
            of_point.push(item.node);
        }
    }
    let total: f64 = cell.iter().map(|item| item.weight).sum();
    let y = cell.iter().map(|item| item.weight * item.y).sum::<f64>() / total;
    let count = (GAUSS_SHARE * setup.orthogonal.len() as f64).ceil() as usize;
    let gauss = DiscreteGauss::new(&points, count);
    // sums of the products of (1, z*) over the points
    let p = labels.directions;
    let pairs = |i: usize| {
        let z = labels.nodes[of_point[i]].z;
        let one = move |k: usize| if k == 0 { 1.0 } else { z[k - 1] };
        (0..=p).flat_map(move |k| (k.max(1)..=p).map(move |j| one(k) * one(j)))
    };
    let columns = p + p * (p + 1) / 2;
    let mut products = Array2::zeros((points.len(), columns));
    for (i, mut row) in products.rows_mut().into_iter().enumerate() {
        row.iter_mut().zip(pairs(i)).for_each(|(to, x)| *to = points[i].1 * x);
    }
    let moments = gauss.shares.dot(&products);
    let node = |((s, weight), moments): ((f64, f64), ndarray::ArrayView1<f64>)| {
        let mut node = SampleNode { s, weight, ..SampleNode::default() };
        let mut rest = moments.iter().map(|x| x / weight);
        (0..p).zip(&mut rest).for_each(|(k, x)| node.z[k] = x);
        for k in 0..p {
            for (j, x) in (k..p).zip(&mut rest) {
                (node.zz[k][j], node.zz[j][k]) = (x, x);
            }
        }
        node
    };
    LabelGroup { y, nodes: gauss.rule.iter().zip(moments.rows()).map(node).collect() }
}

#[cfg(test)]
mod tests {
    use super::sample_law;
    use crate::theory::dynamics::nodes::Nodes;
    use crate::theory::dynamics::setup::Setup;
    use crate::theory::dynamics::test_quadratic::problem;

    /// Moments of (y, s, z*) against the nodes of (z*, noise, zeta) one by one.
    #[test]
    fn moments() {
        let problem = problem();
        let setup = Setup::new(&problem, Nodes::new(0.5)).unwrap();
        let law = sample_law(&setup);
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
            let nodes = law.iter().flat_map(|g| g.nodes.iter().map(move |node| (g.y, node)));
            let found: f64 = nodes.map(|(y, node)| node.weight * test(y, node.s, node.z)).sum();
            let exact = exact / total;
            assert!((found - exact).abs() < 3e-4 * exact.abs().max(1.0), "{found} {exact}");
        }
        assert!(3 * fine < count, "{fine} {count}");
    }
}
