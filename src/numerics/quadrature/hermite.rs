//! Gauss-Hermite nodes for the standard normal law.

use super::Rule;
use crate::numerics::roots::last_where;

/// Beyond this number of nodes the orthonormal polynomial overflows at the outer nodes.
const MAX_NODES: usize = 600;

/// Gauss-Hermite rule for N(0, 1): exact for polynomials of degree `2 n - 1`, weights summing to
/// one. `None` for `n = 0` and `n > 600`.
///
/// The nodes are the eigenvalues of the Jacobi matrix with off-diagonal sqrt(1), sqrt(2), ...
/// (Golub & Welsch 1969), by bisection on Sturm counts; the weights are 1 / (n p_{n-1}^2) with the
/// orthonormal polynomials. Outer weights below the smallest double are zero.
pub(crate) fn gauss_hermite(n: usize) -> Option<Rule> {
    if n == 0 || n > MAX_NODES {
        return None;
    }
    let mut nodes = vec![0.0; n];
    let mut x = 2.0 * (n as f64).sqrt() + 1.0;
    for i in 0..n / 2 {
        x = last_where(0.0, x, 0.0, |x| above(n, x) > i);
        nodes[n - 1 - i] = x;
        nodes[i] = -x;
    }
    let weight = |x| 1.0 / (n as f64 * orthonormal(n - 1, x).powi(2));
    Some(Rule::normalised(nodes, weight))
}

/// Number of eigenvalues above `x`: a Sturm count on the shifted Jacobi matrix.
fn above(n: usize, x: f64) -> usize {
    let mut pivot = -x;
    let mut count = usize::from(pivot > 0.0);
    for k in 1..n {
        if pivot == 0.0 {
            pivot = f64::MIN_POSITIVE;
        }
        pivot = -x - k as f64 / pivot;
        count += usize::from(pivot > 0.0);
    }
    count
}

/// The orthonormal polynomial p_n at `x`.
fn orthonormal(n: usize, x: f64) -> f64 {
    let (mut previous, mut current) = (0.0, 1.0);
    for k in 0..n {
        let k = k as f64;
        (previous, current) = (current, (x * current - k.sqrt() * previous) / (k + 1.0).sqrt());
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_up_to_four_hundred_nodes() {
        for n in [1, 2, 3, 7, 60, 101, 200, 400] {
            let rule = gauss_hermite(n).unwrap();
            assert!(rule.nodes.windows(2).all(|pair| pair[0] < pair[1]), "n = {n}");
            let mut exact = 1.0;
            for k in 0..n.min(20) {
                let measured = rule.integrate(|x| x.powi(2 * k as i32));
                assert!(
                    (measured / exact - 1.0).abs() < 1e-12,
                    "n = {n}, moment {}: {measured} {exact}",
                    2 * k
                );
                exact *= (2 * k + 1) as f64;
            }
        }
        assert!(gauss_hermite(0).is_none() && gauss_hermite(601).is_none());
    }

    #[test]
    fn small_rules_in_closed_form() {
        let rule = gauss_hermite(3).unwrap();
        assert!(
            (rule.nodes[2] - 3f64.sqrt()).abs() < 1e-15
                && (rule.weights[1] - 2.0 / 3.0).abs() < 1e-15
        );
    }

    #[test]
    fn characteristic_function() {
        let rule = gauss_hermite(400).unwrap();
        for omega in [1.0, 3.0, 5.0] {
            let exact = (-0.5f64 * omega * omega).exp();
            assert!((rule.integrate(|x| (omega * x).cos()) - exact).abs() < 1e-14);
        }
    }
}
