//! Nodes and orthonormal polynomials of the law of the second layer b = sqrt(N) a (docs/theory.md,
//! (5.1), (6.4)).

mod quantile_nodes;

use super::nodes::Nodes;
use crate::network::SecondLayerLaw;
use crate::quadrature::{
    Interpolation, Rule, chebyshev_points, gauss_legendre, normal_density, normal_quantile,
};
use crate::theory::error::{PredictionError, require};
use crate::theory::problem::Problem;
use ndarray::{Array1, Array2, ArrayView1, Axis};

/// Quadrature over the law of b. Expensive functions of b are evaluated at few coarse nodes and
/// interpolated to the fine ones.
#[derive(Clone)]
pub(crate) struct SecondLayerQuadrature {
    /// Coarse nodes b_c.
    pub coarse: Vec<f64>,
    /// R x coarse: averages f(b_c) to E[b^2 q_k(b) f(b)].
    pub right_weights: Array2<f64>,
    /// Averages f(b_c) to E[b f(b)].
    pub output_weights: Array1<f64>,
    /// sqrt(E b^2) = 1 / q_0.
    pub scale: f64,
    /// Fine nodes of b, with weights summing to one: the types of neurons of the state.
    pub fine: Rule,
    /// fine x coarse: interpolates f(b_c) to the fine nodes.
    to_fine: Array2<f64>,
    /// fine x R: q_k at the fine nodes, orthonormal under b^2 dP(b).
    pub polynomials: Array2<f64>,
    /// coarse x R: q_k at the coarse nodes.
    pub coarse_polynomials: Array2<f64>,
}

impl SecondLayerQuadrature {
    /// Reduces the law for a network of `width` neurons to about `coarse` and `fine` nodes with at
    /// most `polynomials` polynomials; there are no more of them than distinct nonzero values of b.
    ///
    /// The edge of the bulk depends on the largest |b|, so a Gaussian law is cut where the largest of N
    /// draws is expected (6.4).
    pub fn new(
        law: &SecondLayerLaw,
        width: usize,
        coarse: usize,
        fine: usize,
        polynomials: usize,
    ) -> Result<Self, PredictionError> {
        let interval = |half: f64| gauss_legendre(coarse, -half, half).nodes;
        let root_3 = 3f64.sqrt();
        let (rule, points) = match law {
            SecondLayerLaw::Uniform => (gauss_legendre(fine, -root_3, root_3), interval(root_3)),
            SecondLayerLaw::Rademacher => {
                (Rule { nodes: vec![-1.0, 1.0], weights: vec![0.5, 0.5] }, interval(1.0))
            }
            SecondLayerLaw::Gaussian => {
                let half = (-normal_quantile(0.5 / width as f64)).max(1.0);
                let mut rule = gauss_legendre(fine, -half, half);
                for (x, w) in rule.nodes.iter().zip(&mut rule.weights) {
                    *w *= normal_density(*x);
                }
                (rule, interval(half))
            }
            SecondLayerLaw::Fixed(values) => {
                let rule = empirical(&values.to_vec())?;
                let points = chebyshev_points(coarse, rule.nodes[0], rule.nodes[rule.len() - 1]);
                (rule, points)
            }
            SecondLayerLaw::Custom(law) => quantile_nodes::nodes(law, width, coarse, fine)?,
        };
        let rule = merged(rule);
        let nodes = if rule.len() <= points.len() { rule.nodes.clone() } else { points };
        let scale = rule.integrate(|b| b * b).sqrt();
        let interpolation = Interpolation::new(nodes);
        let all = orthonormal(&rule, interpolation.nodes(), polynomials);
        let (polynomials, coarse_polynomials) = all.view().split_at(Axis(0), rule.len());
        let to_fine = interpolation.matrix(&rule.nodes);
        let coarse = interpolation.nodes().to_vec();
        let mut right_weights = Array2::zeros((polynomials.ncols(), coarse.len()));
        let mut output_weights = Array1::zeros(coarse.len());
        for (i, (b, w)) in rule.iter().enumerate() {
            let share = &to_fine.row(i) * w;
            output_weights.scaled_add(b, &share);
            for (mut row, q) in right_weights.rows_mut().into_iter().zip(polynomials.row(i)) {
                row.scaled_add(b * b * q, &share);
            }
        }
        Ok(Self {
            coarse,
            right_weights,
            output_weights,
            scale,
            fine: rule,
            to_fine,
            polynomials: polynomials.to_owned(),
            coarse_polynomials: coarse_polynomials.to_owned(),
        })
    }

    /// The law of `problem` with at most `polynomials` polynomials, and as many nodes as these need.
    pub fn for_problem(
        problem: &Problem,
        nodes: &Nodes,
        polynomials: usize,
    ) -> Result<Self, PredictionError> {
        let coarse = nodes.second_layer.max((nodes.second_layer * polynomials).div_ceil(10));
        let fine = nodes.types.max(2 * polynomials);
        Self::new(&problem.second_layer, problem.width, coarse, fine, polynomials)
    }

    /// Number R of polynomials q_k.
    pub fn polynomial_count(&self) -> usize {
        self.polynomials.ncols()
    }

    /// b q_k(b) at the fine nodes: fine x R, orthonormal under dP(b).
    pub fn left(&self) -> Array2<f64> {
        times_rows(&self.polynomials, &self.fine.nodes)
    }

    /// b q_k(b) at the coarse nodes: coarse x R.
    pub fn coarse_left(&self) -> Array2<f64> {
        times_rows(&self.coarse_polynomials, &self.coarse)
    }

    /// Averages f(b_c) to E[g(b) f(b)], where `g` are values at the fine nodes.
    pub fn coarse_weights(&self, g: ArrayView1<f64>) -> Array1<f64> {
        let weighted: Array1<f64> = g.iter().zip(&self.fine.weights).map(|(g, w)| g * w).collect();
        weighted.dot(&self.to_fine)
    }

    /// Values at the fine nodes of a function known at the coarse ones.
    pub fn at_fine(&self, values: &[f64]) -> Array1<f64> {
        self.to_fine.dot(&ArrayView1::from(values))
    }
}

/// The rows of `matrix`, each times its number.
fn times_rows(matrix: &Array2<f64>, numbers: &[f64]) -> Array2<f64> {
    let mut result = matrix.clone();
    result.rows_mut().into_iter().zip(numbers).for_each(|(mut row, b)| row *= *b);
    result
}

/// Equal neighbours become one node; the weights are made to sum to one.
fn merged(rule: Rule) -> Rule {
    let total: f64 = rule.weights.iter().sum();
    let mut result = Rule { nodes: Vec::new(), weights: Vec::new() };
    for (b, weight) in rule.iter() {
        if result.nodes.last() != Some(&b) {
            result.nodes.push(b);
            result.weights.push(0.0);
        }
        result.weights[result.nodes.len() - 1] += weight / total;
    }
    result
}

/// The empirical law of `values`, equal values merged.
fn empirical(values: &[f64]) -> Result<Rule, PredictionError> {
    for &b in values {
        require("second_layer", b, true, "finite")?;
    }
    let mut nodes = values.to_vec();
    nodes.sort_by(f64::total_cmp);
    let rule = merged(Rule { weights: vec![1.0; nodes.len()], nodes });
    let largest = rule.nodes.iter().fold(0f64, |a, b| a.max(b.abs()));
    require("second_layer", largest, largest > 0.0, "not identically zero")?;
    Ok(rule)
}

/// At most `count` polynomials orthonormal under b^2 dP(b) at the nodes of `rule`, followed by their
/// values at `others` ((nodes + others) x R), by the Stieltjes procedure.
fn orthonormal(rule: &Rule, others: &[f64], count: usize) -> Array2<f64> {
    let weights: Vec<f64> = rule.iter().map(|(b, w)| b * b * w).collect();
    let distinct = rule.iter().filter(|&(b, w)| b != 0.0 && w > 0.0).count();
    // over the nodes of the rule, which come first
    let product = |p: &[f64], q: &[f64]| -> f64 {
        weights.iter().zip(p).zip(q).map(|((w, p), q)| w * p * q).sum()
    };
    let points = [&rule.nodes, others].concat();
    let largest = rule.nodes.iter().fold(0f64, |a, b| a.max(b.abs()));
    let mut found: Vec<Vec<f64>> = Vec::new();
    let mut p = vec![1.0; points.len()];
    for k in 0..count.min(distinct) {
        let before = product(&p, &p).sqrt();
        // Two sweeps of orthogonalisation against all previous polynomials.
        for _ in 0..2 {
            for old in &found {
                let overlap = product(&p, old);
                p.iter_mut().zip(old).for_each(|(p, old)| *p -= overlap * old);
            }
        }
        let norm = product(&p, &p).sqrt();
        if k > 0 && norm <= 1e-9 * before.max(f64::MIN_POSITIVE) {
            break;
        }
        p.iter_mut().for_each(|p| *p /= norm);
        found.push(p.clone());
        p.iter_mut().zip(&points).for_each(|(p, b)| *p *= b / largest);
    }
    Array2::from_shape_fn((points.len(), found.len()), |(i, k)| found[k][i])
}

#[cfg(test)]
mod tests;
