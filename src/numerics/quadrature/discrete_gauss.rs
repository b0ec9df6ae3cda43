//! Gauss quadrature for a measure of many points (Stieltjes; Golub & Welsch 1969).

use super::Rule;
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
        let at_points = Array2::from_shape_fn((count, points.len()), |(r, i)| polynomials[r][i]);
        let shares = at_nodes.dot(&at_points);
        let rule = Rule {
            nodes: nodes.iter().map(|x| x + centre).collect(),
            weights: first.iter().map(|x| total * x * x).collect(),
        };
        Self { rule, shares }
    }
}

/// Eigenvalues (increasing) of a symmetric tridiagonal matrix, given by its diagonal and the entries beside
/// it, with the first entries of the normalised eigenvectors: the QL algorithm with implicit shifts.
fn eigen(mut d: Vec<f64>, mut e: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let n = d.len();
    e.resize(n, 0.0);
    let mut first = vec![0.0; n];
    first[0] = 1.0;
    for l in 0..n {
        for _ in 0..60 {
            // the block from l to m does not fall apart
            let small = |m: usize| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs());
            let m = (l..n - 1).find(|&m| small(m)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let half = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let mut g = d[m] - d[l] + e[l] / (half + half.hypot(1.0).copysign(half));
            let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
            for i in (l..m).rev() {
                let (f, b) = (sine * e[i], cosine * e[i]);
                let length = f.hypot(g);
                e[i + 1] = length;
                if length == 0.0 {
                    d[i + 1] -= shift;
                    e[m] = 0.0;
                    break;
                }
                (sine, cosine) = (f / length, g / length);
                g = d[i + 1] - shift;
                let turned = (d[i] - g) * sine + 2.0 * cosine * b;
                shift = sine * turned;
                d[i + 1] = g + shift;
                g = cosine * turned - b;
                (first[i], first[i + 1]) = (
                    cosine * first[i] - sine * first[i + 1],
                    sine * first[i] + cosine * first[i + 1],
                );
                if i == l {
                    d[l] -= shift;
                    e[l] = g;
                    e[m] = 0.0;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| d[i].total_cmp(&d[j]));
    (order.iter().map(|&i| d[i]).collect(), order.iter().map(|&i| first[i]).collect())
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
