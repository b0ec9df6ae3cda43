//! Gauss quadrature for a measure of many points (Stieltjes; Golub & Welsch 1969).

use super::Rule;
use crate::numerics::graded::symmetric_eigen;
use ndarray::Array2;

/// A Gauss rule of few nodes in place of many points, with the polynomials it integrates.
pub(crate) struct DiscreteGauss {
    /// Positive weights of the same sum as the points'; exact for polynomials of degree 2n - 1.
    pub rule: Rule,
    /// Nodes x points: share of a point in a node, such that sums of f over points with any weights
    /// are kept for polynomials f of degree n - 1.
    pub shares: Array2<f64>,
}

impl DiscreteGauss {
    /// At most `n` nodes for `points` (x, positive weight).
    pub fn new(points: &[(f64, f64)], n: usize) -> Self {
        let total: f64 = points.iter().map(|(_, w)| w).sum();
        let product = |p: &[f64], q: &[f64]| -> f64 {
            points.iter().zip(p).zip(q).map(|(((_, w), p), q)| w * p * q).sum()
        };
        let centre = points.iter().map(|(x, w)| w * x).sum::<f64>() / total;
        let reach = points.iter().fold(0.0, |reach: f64, (x, _)| reach.max((x - centre).abs()));
        let mut polynomials = vec![vec![1.0 / total.sqrt(); points.len()]];
        let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
        loop {
            let last = &polynomials[polynomials.len() - 1];
            let mut next: Vec<f64> =
                points.iter().zip(last).map(|((x, _), p)| (x - centre) * p).collect();
            diagonal.push(product(&next, last));
            // all previous ones, against rounding
            for old in polynomials.iter().rev() {
                let overlap = product(&next, old);
                next.iter_mut().zip(old).for_each(|(p, old)| *p -= overlap * old);
            }
            let norm = product(&next, &next).sqrt();
            if polynomials.len() == n.min(points.len()) || norm <= 1e-9 * reach {
                break;
            }
            next.iter_mut().for_each(|p| *p /= norm);
            polynomials.push(next);
            beside.push(norm);
        }
        let count = diagonal.len();
        let jacobi = Array2::from_shape_fn((count, count), |(i, j)| match i.abs_diff(j) {
            0 => diagonal[i],
            1 => beside[i.min(j)],
            _ => 0.0,
        });
        let (nodes, vectors) = symmetric_eigen(&jacobi);
        let first = vectors.row(0);
        // w_m sum_r p_r(x_m) p_r(x_i), where p_r(x_m) = vectors[r, m] / sqrt(w_m)
        let shares = Array2::from_shape_fn((count, points.len()), |(m, i)| {
            let sum: f64 = (0..count).map(|r| vectors[[r, m]] * polynomials[r][i]).sum();
            sum * first[m] * total.sqrt()
        });
        let rule = Rule {
            nodes: nodes.iter().map(|x| x + centre).collect(),
            weights: first.iter().map(|x| total * x * x).collect(),
        };
        Self { rule, shares }
    }
}

#[cfg(test)]
mod tests {
    use super::DiscreteGauss;

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
                let at = |m: usize| -> f64 {
                    let shares = gauss.shares.row(m).into_iter().zip(&points);
                    shares.map(|(share, (x, w))| share * w * other(*x)).sum()
                };
                let nodes = gauss.rule.nodes.iter().enumerate();
                let found: f64 = nodes.map(|(m, x)| at(m) * x.powi(k)).sum();
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
