//! The directions that the neurons have learned, and which of them a sample average must resolve.
//!
//! Equations: docs/theory.md, (13.13) to (13.15).

use std::f64::consts::PI;

use ndarray::{Array2, Axis, concatenate};

use crate::numerics::graded::left_singular;
use crate::quadrature::{Rule, gauss_hermite};
use crate::theory::dynamics::nodes::{Nodes, gaussian_rule};
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;

/// Teacher directions and axes beside them that are resolved together at most.
const MOST_COORDINATES: usize = 5;
/// An axis along which no preactivation changes by more than this share of its noise is left out
/// of the averages; the error is about twice its square.
const SMALLEST: f64 = 3e-3;
/// Neurons with larger |b| / sqrt(E b^2) are too rare to need resolution.
const LARGEST_B: f64 = 3.0;
/// Error that a rule along an axis may leave.
const ERROR: f64 = 1e-5;
/// What equally spaced nodes cover at least, in standard deviations to both sides.
const RANGE: f64 = 5.2;

/// The right vectors `right` (R x coordinates, the first `directions` of which stay) with the other
/// coordinates on the principal axes of the neurons, in the order of their weight. As the left factors
/// are orthonormal, the axes are the right singular vectors of these columns.
pub(super) fn on_principal_axes(right: &Array2<f64>, directions: usize) -> Array2<f64> {
    let (teacher, others) = right.view().split_at(Axis(1), directions);
    if others.ncols() == 0 {
        return right.clone();
    }
    let (values, axes) = left_singular(others.t().to_owned());
    let count = values.iter().take_while(|value| **value > 0.0).count();
    concatenate![Axis(1), teacher, others.dot(&axes.slice_axis(Axis(1), (..count).into()))]
}

/// The coordinates of kappa that the sample averages resolve.
pub(super) struct Axes {
    /// A rule for each resolved axis: of the coordinates, the teacher's come first, then these.
    pub rules: Vec<Rule>,
    /// sqrt(D(b) + omega^2 along what is not resolved) at the coarse nodes: the deviation of u given
    /// the resolved coordinates.
    pub deviations: Vec<f64>,
}

impl Axes {
    /// Chooses from `omega` (coarse nodes of b x coordinates, the axes in decreasing order) with noise
    /// D at these nodes.
    pub fn new(
        omega: &Array2<f64>,
        directions: usize,
        d: &[f64],
        law: &SecondLayerQuadrature,
        nodes: &Nodes,
    ) -> Self {
        let (b, scale) = (&law.coarse, law.scale);
        let reach = |axis: usize| {
            let sizes = omega.column(axis).into_iter().zip(d).zip(b);
            let common = sizes.filter(|(_, b)| b.abs() <= LARGEST_B * scale);
            common.map(|((o, d), _)| o.abs() / d.sqrt().max(1e-6)).fold(0.0, f64::max)
        };
        let most = MOST_COORDINATES - directions;
        let axes = (directions..omega.ncols()).take(most).map(reach);
        let kept = axes.take_while(|reach| *reach * nodes.table_factor > SMALLEST);
        let rules: Vec<Rule> = kept.map(|reach| axis_rule(reach, nodes)).collect();
        let rest = omega.slice_axis(Axis(1), (directions + rules.len()..).into());
        let deviations = rest.rows().into_iter().zip(d).map(|(row, d)| (d + row.dot(&row)).sqrt());
        Self { deviations: deviations.collect(), rules }
    }
}

/// A rule for N(0, 1) along an axis on which preactivations change by at most `reach` times their
/// noise. In a product of two averages n Gauss-Hermite nodes leave an error of about reach^(2n), and
/// equally spaced ones exp(-(2 pi / spacing)^2 / (2 + 4 reach^2)): whichever are fewer.
fn axis_rule(reach: f64, nodes: &Nodes) -> Rule {
    let rate = reach * reach;
    let needed = if rate < 0.7 { ERROR.ln() / rate.ln() } else { f64::INFINITY };
    let hermite = (needed * nodes.table_factor).ceil().max(2.0);
    let spacing = 2.0 * PI / (-2.0 * ERROR.ln() * (1.0 + 2.0 * rate)).sqrt();
    let equal = (2.0 * RANGE / spacing * nodes.table_factor).ceil();
    let equal = equal.min((5 * nodes.orthogonal) as f64);
    let hermite = if hermite <= equal { gauss_hermite(hermite as usize) } else { None };
    hermite.unwrap_or_else(|| gaussian_rule(equal as usize, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// The Gram matrix stays, the axes are orthogonal and in order, and small rows keep their digits.
    #[test]
    fn axes_are_principal() {
        let right = array![
            [2.0, 1.0, 0.5, -1.0, 0.2],
            [0.3, 1e-5, 2e-5, 1e-5, 3e-5],
            [-1.0, 1e-11, -1e-11, 3e-11, 1e-11]
        ];
        let turned = on_principal_axes(&right, 1);
        assert_eq!(turned.dim(), (3, 4));
        assert_eq!(turned.column(0), right.column(0));
        let perpendicular = |m: &Array2<f64>| m.slice_axis(Axis(1), (1..).into()).to_owned();
        let (old, new) = (perpendicular(&right), perpendicular(&turned));
        let (before, after) = (old.dot(&old.t()), new.dot(&new.t()));
        for ((i, j), x) in before.indexed_iter() {
            let unit = (before[[i, i]] * before[[j, j]]).sqrt();
            assert!((x - after[[i, j]]).abs() < 1e-14 * unit, "{i} {j}");
        }
        let axes = new.t().dot(&new);
        for ((i, j), x) in axes.indexed_iter() {
            let unit = (axes[[i, i]] * axes[[j, j]]).sqrt();
            assert!(i == j || x.abs() < 1e-5 * unit, "{i} {j} {x}");
        }
        assert!(axes[[0, 0]] > axes[[1, 1]] && axes[[1, 1]] > axes[[2, 2]]);
    }

    /// E cos(x kappa) = exp(-x^2 / 2) to the accuracy that the number of nodes promises.
    #[test]
    fn rules_are_accurate() {
        let nodes = Nodes::new(1.0);
        for (reach, most) in [(0.003, 2), (0.05, 4), (0.2, 8), (0.4, 20), (1.5, 20), (4.0, 48)] {
            let rule = axis_rule(reach, &nodes);
            let x = 2.0 * reach;
            let error = (rule.integrate(|kappa| (x * kappa).cos()) - (-0.5 * x * x).exp()).abs();
            assert!(error < 1e-5 && rule.len() <= most, "{reach}: {error:e}, {}", rule.len());
        }
    }
}
