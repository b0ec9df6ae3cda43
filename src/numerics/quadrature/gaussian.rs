//! Expectations over a standard normal variable of functions that are not polynomials.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::OnceLock;

use super::{Rule, gauss_legendre};

/// Density of N(0, 1) at `x`.
pub fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The square root of the normal density, which stays a normal number where the density does not.
pub(crate) fn half_density(z: f64) -> f64 {
    (-0.25 * z * z).exp() / (2.0 * PI).sqrt().sqrt()
}

/// P(Z < x) for Z ~ N(0, 1), accurate in the lower tail.
pub fn normal_distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The trapezoidal rule for N(0, 1) with `n` equally spaced nodes, weights summing to one.
///
/// For an integrand analytic in a strip of half-width a (tanh, logistic, sine) the error falls like
/// exp(-2 pi a / spacing), faster than that of Gauss-Hermite nodes. The range
/// |z| < (2 pi n)^(1/3) + 0.8, at most 10, grows with `n` so that both errors balance.
pub fn gaussian_trapezoid(n: usize) -> Rule {
    let n = n.max(2);
    let half = ((2.0 * PI * n as f64).cbrt() + 0.8).min(10.0);
    let spacing = 2.0 * half / n as f64;
    let nodes = (0..n).map(|i| spacing * (i as f64 + 0.5 - 0.5 * n as f64)).collect();
    Rule::normalised(nodes, normal_density)
}

/// Builds rules for N(0, 1), split at given points so that a jump or kink there costs no accuracy.
#[derive(Clone, Debug)]
pub struct SplitGaussian {
    /// Gauss-Legendre rules on [-1, 1] by number of nodes, made when first needed.
    panels: Vec<OnceLock<Rule>>,
    density: f64,
    half: f64,
}

impl SplitGaussian {
    /// `nodes` is the number of nodes of a rule without any break, as in [`gaussian_trapezoid`].
    pub fn new(nodes: usize) -> Self {
        let half = (nodes as f64 / 5.0).clamp(5.5, 8.5);
        let density = nodes as f64 / (2.0 * half);
        let longest = 4 + (density * 2.0 * half).ceil() as usize;
        Self { panels: vec![OnceLock::new(); longest + 1], density, half }
    }

    /// A rule split at `breaks`, in any order; breaks outside the range of the rule are ignored. The
    /// weights sum to one up to quadrature error.
    pub fn rule(&self, breaks: &[f64]) -> Rule {
        let inside = breaks.iter().copied().filter(|x| x.abs() < self.half);
        let mut ends: Vec<f64> = inside.chain([-self.half, self.half]).collect();
        ends.sort_by(f64::total_cmp);
        let mut rule = Rule::default();
        for pair in ends.windows(2).filter(|pair| pair[1] > pair[0]) {
            let (low, high) = (pair[0], pair[1]);
            let n = 4 + (self.density * (high - low)).ceil() as usize;
            let n = n.min(self.panels.len() - 1);
            let panel = self.panels[n].get_or_init(|| gauss_legendre(n, -1.0, 1.0));
            let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
            for (x, w) in panel.iter() {
                let node = centre + half * x;
                rule.nodes.push(node);
                rule.weights.push(half * w * normal_density(node));
            }
        }
        rule
    }
}

/// The quantile function of N(0, 1): the `x` with P(Z <= x) = `probability`, for `probability` in
/// (0, 1); the error is at most 1e-12 max(1, |x|).
///
/// For `probability` near one pass the small upper tail instead and change the sign:
/// `-normal_quantile(tail)`.
pub fn normal_quantile(probability: f64) -> f64 {
    if probability > 0.5 {
        return -normal_quantile(1.0 - probability);
    }
    // tail expansion as a start, then Newton on log P(Z < -x), the tail by Gauss-Legendre
    let mut x = if probability < 0.2 {
        let l = -2.0 * probability.ln();
        (l - (2.0 * PI * l.max(1.0)).ln()).max(0.5).sqrt()
    } else {
        0.5
    };
    let rule = gauss_legendre(40, 0.0, 1.0);
    for _ in 0..40 {
        // P(Z > x) = density(x) * integral over v > 0 of exp(-x v - v^2 / 2)
        let span = 9.0 / (1.0 + 0.2 * x.max(0.0));
        let ratio = rule.integrate(|u| span * (-x * span * u - 0.5 * (span * u).powi(2)).exp());
        let tail = normal_density(x) * ratio;
        let step = (tail.ln() - probability.ln()) * ratio;
        x += step;
        if step.abs() < 1e-12 * (1.0 + x.abs()) {
            break;
        }
    }
    -x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trapezoid_beats_its_promise_on_tanh() {
        let fine = gaussian_trapezoid(400).integrate(|x| (1.5 * x + 0.5).tanh());
        let coarse = gaussian_trapezoid(40).integrate(|x| (1.5 * x + 0.5).tanh());
        assert!((fine - coarse).abs() < 1e-7, "{fine} {coarse}");
        assert!((gaussian_trapezoid(40).integrate(|x| x.powi(8)) / 105.0 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn split_rule_integrates_jumps() {
        let split = SplitGaussian::new(40);
        for at in [-3.0, -0.2, 0.0, 1.3, 6.0, 20.0] {
            let rule = split.rule(&[at]);
            let jump = rule.integrate(|x| if x > at { x } else { 0.0 });
            assert!(
                (jump - normal_density(at)).abs() < 1e-9,
                "{at}: {}",
                jump - normal_density(at)
            );
        }
    }

    #[test]
    fn quantiles() {
        for (p, x) in [
            (0.025, -1.959963984540054),
            (0.5, 0.0),
            (0.9, 1.2815515655446004),
            (1e-10, -6.361340902404056),
        ] {
            assert!((normal_quantile(p) - x).abs() < 1e-8, "{p} {}", normal_quantile(p));
        }
    }
}
