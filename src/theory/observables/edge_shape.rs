//! The shape of a bulk at its right edge, and the law of its largest value (docs/theory.md, section
//! 18.3).

use crate::rmt::EdgeLaw;

/// zeta(m) = z_e + zeta'' (m - m_e)^2 / 2 + zeta''' (m - m_e)^3 / 6 near the right edge: the squared
/// singular value as a function of the normalised trace m of the resolvent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeShape {
    /// m_e, where zeta' = 0.
    pub m: f64,
    /// z_e = zeta(m_e).
    pub square: f64,
    /// zeta''(m_e).
    pub second: f64,
    /// zeta'''(m_e).
    pub third: f64,
}

impl EdgeShape {
    /// The shape from z as a function of x = ln(-m) around its minimum at `x`: z there and at the
    /// distance `step` on both sides.
    pub fn from_logarithm(x: f64, step: f64, [before, here, after]: [f64; 3]) -> Self {
        // dz/dx = 0 at x, so that three points give two derivatives
        let second = (after - 2.0 * here + before) / (step * step);
        let third = 3.0 * (after - before) / step.powi(3);
        let m = -x.exp();
        Self {
            m,
            square: here,
            second: second / (m * m),
            third: (third - 3.0 * second) / m.powi(3),
        }
    }

    /// The law of the largest squared singular value of a matrix with d columns (18.9), (18.12).
    pub fn law(&self, dimension: usize) -> EdgeLaw {
        let d = dimension as f64;
        let shift = (1.0 / self.m + self.third / (6.0 * self.second)) / d;
        EdgeLaw { centre: self.square + shift, scale: (0.5 * self.second / (d * d)).cbrt() }
    }
}
