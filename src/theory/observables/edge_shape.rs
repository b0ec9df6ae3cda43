//! The shape of a bulk at its right edge, and the law of its largest value (docs/theory.md, section
//! 18.3).

use crate::rmt::{EdgeLaw, TracyWidom};

const MEAN: f64 = TracyWidom::MEAN;
const VARIANCE: f64 = TracyWidom::VARIANCE;

/// Variance of the mean of the second to fifth value of the Airy process: 0.45, and what their mean
/// places are not known to.
const OF_FOLLOWERS: f64 = 0.7;

/// The shift of second order is at most this many scales: 0.8 for a matrix of one column, less for
/// larger ones.
const LARGEST_SHIFT: f64 = 1.0;

/// zeta(m) = z_e + zeta'' (m - m_e)^2 / 2 + zeta''' (m - m_e)^3 / 6 near the right edge: the squared
/// singular value as a function of the normalised trace m of the resolvent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeShape {
    /// m_e, where zeta' = 0.
    pub m: f64,
    /// z_e = zeta(m_e).
    pub square: f64,
    /// |m_e|^3 zeta''(m_e), a number of order one in every unit of W.
    pub second: f64,
    /// m_e^4 zeta'''(m_e), likewise.
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
    /// The shape from z at its minimum `x` as a function of ln(-m), and dz/dx there and at one, two and
    /// three times `step` before it; with gamma, the weights of the rows and their values D.
    pub fn from_logarithm(
        (x, square): (f64, f64),
        step: f64,
        [p_0, p_1, p_2, p_3]: [f64; 4],
        (gamma, weights, d): (f64, &[f64], &[f64]),
    ) -> Self {
        // first and second derivative of the cubic through the four slopes
        let second = (11.0 * p_0 - 18.0 * p_1 + 9.0 * p_2 - 2.0 * p_3) / (6.0 * step);
        let third = (2.0 * p_0 - 5.0 * p_1 + 4.0 * p_2 - p_3) / (step * step);
        let m = -x.exp();
        let mean =
            |f: &dyn Fn(f64) -> f64| -> f64 { weights.iter().zip(d).map(|(w, d)| w * f(*d)).sum() };
        Self {
            m,
            square,
            second: -m * second,
            third: m * (third - 3.0 * second),
            rows: mean(&|d| d / (1.0 + d * m)),
            cubes: gamma * mean(&|d| (1.0 + d * m).powi(-3)),
        }
    }

    /// The law of the largest squared singular value of the bulk in `sample` (18.11) to (18.15).
    pub fn law(&self, sample: &Sample) -> EdgeLaw {
        let d = sample.dimension as f64;
        let scale = -(0.5 * self.second / (d * d)).cbrt() / self.m;
        // an expansion, of use as long as it is small: not where few samples make the edge
        let most = LARGEST_SHIFT * scale * d;
        let mut shift = ((1.0 - self.third / (6.0 * self.second)) / self.m).max(-most).min(most);
        shift += sample.outliers as f64 * (1.0 / self.m - self.rows);
        if sample.unit_rows {
            shift += 2.0 * self.m * self.cubes;
        }
        // the same for large d, and positive for every d
        let centre = self.square * (shift / (d * self.square)).exp();
        let of_edge = 2.0 * sample.deviation * self.square;
        wider(EdgeLaw { centre, scale }, of_edge * of_edge)
    }

    /// The law when the edge deviates by `deviation`, relative as a singular value, of which the values
    /// after the largest of the bulk, `followers`, tell a part (18.16).
    pub fn law_beside(&self, followers: &[f64], deviation: f64, sample: &Sample) -> EdgeLaw {
        let exact = self.law(sample);
        if followers.is_empty() {
            return self.law(&Sample { deviation, ..*sample });
        }
        let before = (2.0 * deviation * self.square).powi(2);
        let shift = |(j, s): (usize, &f64)| {
            // the mean place of value j + 2 of the Airy process
            let place = (1.5 * std::f64::consts::PI * (j as f64 + 1.25)).powf(2.0 / 3.0);
            s * s + exact.scale * place - exact.centre
        };
        let seen = followers.iter().enumerate().map(shift).sum::<f64>() / followers.len() as f64;
        let noise = OF_FOLLOWERS * exact.scale * exact.scale;
        let share = before / (before + noise);
        let moved = EdgeLaw { centre: exact.centre + share * seen, ..exact };
        wider(moved, share * noise)
    }
}

/// The law with a fluctuation of this `variance` beside its own: mean and variance of the sum of both.
fn wider(law: EdgeLaw, variance: f64) -> EdgeLaw {
    let scale = (law.scale * law.scale + variance / VARIANCE).sqrt();
    EdgeLaw { centre: law.centre + MEAN * (law.scale - scale), scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Element;
    use crate::random::{Purpose, stream};
    use crate::theory::observables::isotropic::Bulk;
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    fn close(found: f64, exact: f64, allowed: f64, name: &str) {
        assert!((found - exact).abs() < allowed, "{name}: {found} {exact}");
    }

    /// The shift of general bulks (18.13) is Johnstone's half on white noise, up to the next order.
    #[test]
    fn white_noise() {
        for (width, dimension) in [(1000, 500), (300, 900), (100, 100), (40, 2000)] {
            let gamma = width as f64 / dimension as f64;
            let bulk = Bulk::new(gamma, vec![0.3, 0.7], vec![1.0, 1.0]);
            let law = bulk.edge_shape().law(&Sample::of_dimension(dimension));
            let white = EdgeLaw::white(width, dimension, 1.0 / dimension as f64).unwrap();
            let size = width.min(dimension) as f64;
            close(law.scale / white.scale, 1.0, 0.5 / size, "scale");
            close((law.centre - white.centre) / white.scale, 0.0, 0.5 / size, "centre");
            // k outliers leave noise of k rows and columns fewer
            let three = Sample { outliers: 3, ..Sample::of_dimension(dimension) };
            let fewer = EdgeLaw::white(width - 3, dimension - 3, 1.0 / dimension as f64).unwrap();
            let moved = bulk.edge_shape().law(&three).centre - fewer.centre;
            close(moved / white.scale, 0.0, 10.0 / size, "three outliers");
        }
    }

    /// Mean, deviation and tail of the largest squared singular value of `count` matrices whose rows
    /// have the variances `d`, in the variable of the law.
    fn simulated(d: &[f64], columns: usize, unit_rows: bool, count: u64) -> [f64; 3] {
        let gamma = d.len() as f64 / columns as f64;
        let shares = vec![1.0 / d.len() as f64; d.len()];
        let sample = Sample { unit_rows, ..Sample::of_dimension(columns) };
        let law = Bulk::new(gamma, shares, d.to_vec()).edge_shape().law(&sample);
        let largest = |index| {
            let mut random = stream(11, Purpose::Inputs, 0, index);
            let mut w: Array2<f64> = Array2::from_shape_simple_fn((d.len(), columns), || {
                StandardNormal.sample(&mut random)
            });
            for (mut row, d) in w.rows_mut().into_iter().zip(d) {
                let norm = if unit_rows { row.dot(&row) } else { columns as f64 };
                row *= (d / norm).sqrt();
            }
            let s = f64::svd(w.view(), false).unwrap().singular_values[0];
            (s * s - law.centre) / law.scale
        };
        let values: Vec<f64> = (0..count).map(largest).collect();
        let mean = values.iter().sum::<f64>() / count as f64;
        let square = values.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / count as f64;
        let above = values.iter().filter(|t| **t > 0.9793).count() as f64 / count as f64;
        [mean, square.sqrt(), above]
    }

    /// Four standard errors, and what 40 columns differ from infinitely many.
    #[test]
    fn simulated_rows_of_two_variances() {
        let d: Vec<f64> = (0..80).map(|j| if j % 2 == 0 { 0.5 } else { 2.0 }).collect();
        let count = 400;
        let [mean, deviation, above] = simulated(&d, 40, false, count);
        let error = VARIANCE.sqrt() / (count as f64).sqrt();
        close(mean, MEAN, 4.0 * error + 0.05, "mean");
        close(deviation, VARIANCE.sqrt(), 4.0 * error + 0.05, "deviation");
        close(above, 0.05, 4.0 * (0.0475 / count as f64).sqrt(), "false alarms");
    }

    #[test]
    fn simulated_rows_of_norm_one() {
        let [mean, _, above] = simulated(&[1.0; 80], 40, true, 400);
        // without the shift of (18.14) the mean would be -2.1
        close(mean, MEAN, 0.35, "mean");
        assert!(above < 0.08, "{above}");
    }

    /// The followers of white noise tell how much larger it is than expected.
    #[test]
    fn followers_tell_the_edge() {
        let (rows, columns, larger) = (120, 60, 1.2);
        let shape = Bulk::new(2.0, vec![1.0], vec![1.0]).edge_shape();
        let sample = Sample::of_dimension(columns);
        let exact = shape.law(&sample);
        let mut moved = 0.0;
        for index in 0..50 {
            let mut random = stream(12, Purpose::Inputs, 0, index);
            let w: Array2<f64> = Array2::from_shape_simple_fn((rows, columns), || {
                StandardNormal.sample(&mut random)
            });
            let w = w * (larger / columns as f64).sqrt();
            let s = f64::svd(w.view(), false).unwrap().singular_values.to_vec();
            let known = shape.law_beside(&s[1..5], 0.0, &sample);
            assert_eq!(known, exact);
            let law = shape.law_beside(&s[1..5], 0.3, &sample);
            assert!(law.scale < 1.3 * exact.scale, "{law:?}");
            moved += (law.centre - exact.centre) / exact.scale / 50.0;
            assert_eq!(
                shape.law_beside(&[], 0.3, &sample),
                shape.law(&Sample { deviation: 0.3, ..sample })
            );
        }
        // the edge is 1.2 times further out; the law is wider around its mean
        close(moved, 0.2 * exact.centre / exact.scale, 1.0, "shift in units of the scale");
    }

    #[test]
    fn expected_deviations_widen_the_law_around_its_mean() {
        let shape = Bulk::new(2.0, vec![1.0], vec![1.0]).edge_shape();
        let exact = shape.law(&Sample::of_dimension(500));
        let wide = shape.law(&Sample { deviation: 0.01, ..Sample::of_dimension(500) });
        let mean = |law: &EdgeLaw| law.centre + MEAN * law.scale;
        close(mean(&wide), mean(&exact), 1e-12, "mean");
        let variance = (wide.scale.powi(2) - exact.scale.powi(2)) * VARIANCE;
        close(variance.sqrt(), 0.02 * shape.square, 1e-12, "deviation");
    }
}
