//! Gauss quadrature for a measure of many points (Stieltjes; Golub & Welsch 1969).

use super::Rule;
use crate::numerics::tridiagonal::eigen;
use ndarray::{Array1, Array2, Axis, Slice};

/// A Gauss rule of few nodes in place of many points, with the polynomials it integrates.
pub(crate) struct DiscreteGauss {
    /// Positive weights of the same sum as the points'; exact for polynomials of degree 2n - 1.
    pub rule: Rule,
    /// Nodes x polynomials: weight times the value.
    at_nodes: Array2<f64>,
    /// Polynomials x points: the root of the weight times the value.
    at_points: Array2<f64>,
    roots: Array1<f64>,
}

impl DiscreteGauss {
    /// At most `n` nodes for `points` (x, positive weight).
    pub fn new(points: &[(f64, f64)], n: usize) -> Self {
        let total: f64 = points.iter().map(|(_, w)| w).sum();
        let centre = points.iter().map(|(x, w)| w * x).sum::<f64>() / total;
        let reach = points.iter().fold(0.0, |reach: f64, (x, _)| reach.max((x - centre).abs()));
        let most = n.min(points.len());
        let roots: Array1<f64> = points.iter().map(|(_, w)| w.sqrt()).collect();
        let places: Array1<f64> = points.iter().map(|(x, _)| x - centre).collect();
        let mut at_points = Array2::zeros((most, points.len()));
        at_points.row_mut(0).assign(&(&roots / total.sqrt()));
        let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
        loop {
            let last = diagonal.len();
            let mut next = &at_points.row(last) * &places;
            diagonal.push(next.dot(&at_points.row(last)));
            // all previous ones, against rounding
            for old in (0..=last).rev() {
                let old = at_points.row(old);
                let overlap = next.dot(&old);
                next.scaled_add(-overlap, &old);
            }
            let norm = next.dot(&next).sqrt();
            if diagonal.len() == most || norm <= 1e-9 * reach {
                break;
            }
            at_points.row_mut(last + 1).assign(&(next / norm));
            beside.push(norm);
        }
        let count = diagonal.len();
        let (nodes, first) = eigen(diagonal.clone(), beside.clone());
        // w_m sum_r p_r(x_m) p_r(x_i), with w_m p_r(x_m) by the recurrence
        let mut at_nodes = Array2::zeros((count, count));
        for (m, (x, first)) in nodes.iter().zip(&first).enumerate() {
            let (mut before, mut here) = (0.0, total.sqrt() * first * first);
            for r in 0..count {
                at_nodes[[m, r]] = here;
                if r + 1 < count {
                    let left = if r > 0 { beside[r - 1] * before } else { 0.0 };
                    (before, here) = (here, ((x - diagonal[r]) * here - left) / beside[r]);
                }
            }
        }
        at_points.slice_axis_inplace(Axis(0), Slice::from(..count));
        let rule = Rule {
            nodes: nodes.iter().map(|x| x + centre).collect(),
            weights: first.iter().map(|x| total * x * x).collect(),
        };
        Self { rule, at_nodes, at_points, roots }
    }

    /// Sums over the points of weight times `functions` (points x functions), divided among the nodes
    /// (nodes x functions): products with polynomials of degree n - 1 keep their sums.
    pub fn sums(&self, functions: Array2<f64>) -> Array2<f64> {
        let weighted = functions * self.roots.view().insert_axis(Axis(1));
        self.at_nodes.dot(&self.at_points.dot(&weighted))
    }
}

#[cfg(test)]
mod tests {
    use super::DiscreteGauss;
    use ndarray::Array2;

    /// 200 points of uneven weights by 6 nodes: moments up to the 11th, and up to the 5th with weights of
    /// any sign.
    #[test]
    fn moments_are_kept() {
        let point = |i: i32| (f64::from(i) / 100.0 - 0.7, 1.0 + (f64::from(i) * 0.37).sin());
        let points: Vec<(f64, f64)> = (0..200).map(point).collect();
        let gauss = DiscreteGauss::new(&points, 6);
        assert!(gauss.rule.len() == 6 && gauss.rule.weights.iter().all(|w| *w > 0.0));
        let other = |x: f64| (7.0 * x).cos() - 0.2;
        for k in 0..12 {
            let exact: f64 = points.iter().map(|(x, w)| w * x.powi(k)).sum();
            let found = gauss.rule.integrate(|x| x.powi(k));
            assert!((found - exact).abs() < 1e-10 * exact.abs().max(1.0), "{k}: {found} {exact}");
            if k < 6 {
                let exact: f64 = points.iter().map(|(x, w)| w * other(*x) * x.powi(k)).sum();
                let at = Array2::from_shape_fn((points.len(), 1), |(i, _)| other(points[i].0));
                let sums = gauss.sums(at).into_iter().zip(&gauss.rule.nodes);
                let found: f64 = sums.map(|(sum, x)| sum * x.powi(k)).sum();
                assert!((found - exact).abs() < 1e-10 * exact.abs().max(1.0), "{k}");
            }
        }
    }

    /// No more nodes than distinct points.
    #[test]
    fn few_points() {
        let gauss = DiscreteGauss::new(&[(2.0, 1.0), (-1.0, 0.5), (2.0, 0.5)], 5);
        assert_eq!(gauss.rule.len(), 2);
        for (found, exact) in gauss.rule.iter().zip([(-1.0, 0.5), (2.0, 1.5)]) {
            assert!((found.0 - exact.0).abs() + (found.1 - exact.1).abs() < 1e-12, "{found:?}");
        }
    }
}
