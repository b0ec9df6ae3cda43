//! One panel of the adaptive quadrature.

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::QuadratureError;

/// Gaps between the Chebyshev points of a panel, ends included. The widest, in the middle, is a
/// twentieth of the panel.
const GAPS: usize = 32;
/// Number of the last Chebyshev coefficients of either parity that estimate the error.
const TAIL: usize = 4;

/// The Clenshaw-Curtis rule on [-1, 1] and the rows that give the last Chebyshev coefficients
/// (Trefethen, *Approximation Theory and Approximation Practice*, chapters 3 and 19).
struct Rule {
    nodes: [f64; GAPS + 1],
    /// For each pair of nodes x and -x; the middle is a pair of itself.
    pairs: [Pair; GAPS / 2 + 1],
}

#[derive(Clone, Copy)]
struct Pair {
    weight: f64,
    /// The entries of f(-x) + f(x) and of f(-x) - f(x) in the last coefficients.
    even: [f64; TAIL],
    odd: [f64; TAIL],
}

fn rule() -> &'static Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    RULE.get_or_init(|| {
        let n = GAPS as f64;
        let end = |j: usize| if j == 0 || j == GAPS { 0.5 } else { 1.0 };
        let cosine = |k: usize, j: usize| (PI * ((k * j) % (2 * GAPS)) as f64 / n).cos();
        let weight = |j: usize| {
            let terms = (1..=GAPS / 2).map(|k| {
                let factor = if 2 * k == GAPS { 1.0 } else { 2.0 };
                factor * cosine(2 * k, j) / (4 * k * k - 1) as f64
            });
            2.0 * end(j) / n * (1.0 - terms.sum::<f64>())
        };
        let entry = |k: usize, j: usize| 2.0 / n * end(k) * end(j) * cosine(k, j);
        let share = |j: usize| if 2 * j == GAPS { 0.5 } else { 1.0 };
        Rule {
            // a sine, so that nodes are symmetric to the last bit
            nodes: std::array::from_fn(|j| (PI * (j as f64 / n - 0.5)).sin()),
            pairs: std::array::from_fn(|j| Pair {
                weight: share(j) * weight(j),
                even: std::array::from_fn(|i| share(j) * entry(GAPS - 2 * i, j)),
                odd: std::array::from_fn(|i| share(j) * entry(GAPS - 1 - 2 * i, j)),
            }),
        }
    })
}

/// The integral of one function over one panel.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// The integral over the panel.
    pub integral: f64,
    /// The integral of the absolute value.
    pub size: f64,
    /// A generous estimate of the error of `integral`.
    pub error: f64,
}

/// An interval with the integrals of all functions over it.
pub(super) struct Panel {
    pub from: f64,
    pub to: f64,
    pub parts: Vec<Part>,
}

impl Panel {
    /// Integrates `count` functions over [`from`, `to`]; `f(z, out)` writes their values at `z`. The
    /// error is [`QuadratureError::NonFinite`].
    ///
    /// A smooth function has Chebyshev coefficients that fall to nothing. One with a jump J between
    /// any two neighbouring nodes has a last coefficient of J / 64 wherever the jump is, so the
    /// sum of the last eight cannot miss it.
    pub fn new(
        (from, to): (f64, f64),
        count: usize,
        f: &impl Fn(f64, &mut [f64]),
    ) -> Result<Self, QuadratureError> {
        let rule = rule();
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let mut values = vec![[0.0; GAPS + 1]; count];
        let mut buffer = vec![0.0; count];
        for (j, node) in rule.nodes.iter().enumerate() {
            let z = (middle + half * node).clamp(from, to);
            f(z, &mut buffer);
            for (values, value) in values.iter_mut().zip(&buffer) {
                if !value.is_finite() {
                    return Err(QuadratureError::NonFinite { at: z });
                }
                values[j] = *value;
            }
        }
        let parts = values.iter().map(|values| part(rule, half, values)).collect();
        Ok(Self { from, to, parts })
    }

    /// Its halves, or `None` when no number worth speaking of lies between its ends.
    pub fn halves(&self) -> Option<[(f64, f64); 2]> {
        let middle = 0.5 * (self.from + self.to);
        let rounding = 2.0 * f64::EPSILON * middle.abs();
        (self.to - self.from > rounding && self.from < middle && middle < self.to)
            .then_some([(self.from, middle), (middle, self.to)])
    }
}

fn part(rule: &Rule, half: f64, values: &[f64; GAPS + 1]) -> Part {
    let (mut integral, mut size) = (0.0, 0.0);
    let (mut even, mut odd) = ([0.0; TAIL], [0.0; TAIL]);
    for (j, pair) in rule.pairs.iter().enumerate() {
        let (left, right) = (values[j], values[GAPS - j]);
        integral += pair.weight * (left + right);
        size += pair.weight * (left.abs() + right.abs());
        for i in 0..TAIL {
            even[i] += pair.even[i] * (left + right);
            odd[i] += pair.odd[i] * (left - right);
        }
    }
    let tail: f64 = even.iter().chain(&odd).map(|c| c.abs()).sum();
    Part { integral: half * integral, size: half * size, error: 2.0 * half * tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_covers_the_error_of_jumps_and_kinks_anywhere() {
        for i in 1..2000 {
            let at = f64::from(i) / 2000.0;
            let jump = |z: f64, out: &mut [f64]| {
                out[0] = f64::from(u8::from(z > at));
                out[1] = (z - at).max(0.0);
            };
            let panel = Panel::new((0.0, 1.0), 2, &jump).unwrap();
            for (part, exact) in panel.parts.iter().zip([1.0 - at, 0.5 * (1.0 - at).powi(2)]) {
                assert!((part.integral - exact).abs() < part.error, "{at}: {}", part.error);
            }
        }
        let smooth = Panel::new((-0.5, 0.5), 1, &|z, out| out[0] = z.exp()).unwrap();
        let part = smooth.parts[0];
        assert!((part.integral - 2.0 * 0.5_f64.sinh()).abs() < 1e-15 && part.error < 1e-15);
    }
}
