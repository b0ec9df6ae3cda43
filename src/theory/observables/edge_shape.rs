//! The shape of a bulk at its right edge, and the law of its largest value (docs/theory.md, section
//! 18.3).

use crate::rmt::EdgeLaw;

/// Mean and variance of the Tracy-Widom law F_1.
const MEAN: f64 = -1.206_533_574_582_1;
const VARIANCE: f64 = 1.607_781_034_581;

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
    /// E[D / (1 + D m_e)].
    pub rows: f64,
    /// gamma E[1 / (1 + D m_e)^3].
    pub cubes: f64,
}

/// What the law of one matrix depends on besides the bulk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// d.
    pub dimension: usize,
    /// Outliers that the matrix has besides the bulk.
    pub outliers: usize,
    /// Whether the rows of W_0 have norm 1, and not only on average.
    pub unit_rows: bool,
    /// Expected deviation of the bulk's edge from the predicted one, relative, as a singular value.
    pub deviation: f64,
}

impl Sample {
    /// Gaussian rows, no outliers, the bulk exactly as predicted.
    pub fn of_dimension(dimension: usize) -> Self {
        Self { dimension, outliers: 0, unit_rows: false, deviation: 0.0 }
    }
}

impl EdgeShape {
    /// The shape from z as a function of x = ln(-m) around its minimum at `x`: z there and at the
    /// distance `step` on both sides; with the values D of the rows, their weights, and gamma.
    pub fn from_logarithm(
        x: f64,
        step: f64,
        [before, here, after]: [f64; 3],
        (gamma, weights, d): (f64, &[f64], &[f64]),
    ) -> Self {
        // dz/dx = 0 at x, so that three points give two derivatives
        let second = (after - 2.0 * here + before) / (step * step);
        let third = 3.0 * (after - before) / step.powi(3);
        let m = -x.exp();
        let mean =
            |f: &dyn Fn(f64) -> f64| -> f64 { weights.iter().zip(d).map(|(w, d)| w * f(*d)).sum() };
        Self {
            m,
            square: here,
            second: second / (m * m),
            third: (third - 3.0 * second) / m.powi(3),
            rows: mean(&|d| d / (1.0 + d * m)),
            cubes: gamma * mean(&|d| (1.0 + d * m).powi(-3)),
        }
    }

    /// The law of the largest squared singular value of the bulk in `sample` (18.9) to (18.13).
    pub fn law(&self, sample: &Sample) -> EdgeLaw {
        let d = sample.dimension as f64;
        let scale = (0.5 * self.second / (d * d)).cbrt();
        let mut shift = 1.0 / self.m + self.third / (6.0 * self.second);
        shift += sample.outliers as f64 * (1.0 / self.m - self.rows);
        if sample.unit_rows {
            shift += 2.0 * self.m * self.cubes;
        }
        // mean and variance of the sum of both fluctuations
        let of_edge = 2.0 * sample.deviation * self.square;
        let wider = (scale * scale + of_edge * of_edge / VARIANCE).sqrt();
        EdgeLaw { centre: self.square + shift / d + MEAN * (scale - wider), scale: wider }
    }
}
