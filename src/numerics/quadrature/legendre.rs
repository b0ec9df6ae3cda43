//! Gauss-Legendre nodes.

use std::f64::consts::PI;

use super::Rule;

/// The `count`-point Gauss-Legendre rule on [`low`, `high`].
///
/// Exact for polynomials of degree `2 count - 1`; the weights sum to `high - low`. Newton's method
/// on the Legendre polynomial from the classical cosine guess (Press et al., *Numerical Recipes*,
/// section 4.6). `count = 0` gives the empty rule.
pub(crate) fn gauss_legendre(count: usize, low: f64, high: f64) -> Rule {
    let n = count as f64;
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    let mut nodes = vec![centre; count];
    let mut weights = vec![0.0; count];
    for i in 0..count.div_ceil(2) {
        let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        for _ in 0..20 {
            let (value, slope) = legendre(count, x);
            x -= value / slope;
            if (value / slope).abs() < 1e-15 {
                break;
            }
        }
        let slope = legendre(count, x).1;
        let mirror = count - 1 - i;
        if i == mirror {
            x = 0.0;
        }
        nodes[mirror] = centre + half * x;
        nodes[i] = centre - half * x;
        weights[i] = 2.0 * half / ((1.0 - x * x) * slope * slope);
        weights[mirror] = weights[i];
    }
    Rule { nodes, weights }
}

/// The Legendre polynomial of this degree and its derivative, inside (-1, 1).
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut current, mut previous) = (1.0, 0.0);
    for k in 0..degree {
        let k = k as f64;
        let next = ((2.0 * k + 1.0) * x * current - k * previous) / (k + 1.0);
        previous = current;
        current = next;
    }
    let slope = degree as f64 * (x * current - previous) / (x * x - 1.0);
    (current, slope)
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn integrates_polynomials_exactly() {
        for count in [1, 2, 3, 16, 25, 64] {
            let rule = gauss_legendre(count, -1.0, 1.0);
            assert!(rule.nodes.windows(2).all(|p| p[0] < p[1]));
            for power in 0..2 * count {
                let sum = rule.integrate(|x| x.powi(power as i32));
                let exact = if power % 2 == 0 { 2.0 / (power as f64 + 1.0) } else { 0.0 };
                assert!((sum - exact).abs() < 1e-14, "{count} nodes, power {power}: {sum}");
            }
        }
        assert!(gauss_legendre(0, 0.0, 1.0).nodes.is_empty());
    }
}
