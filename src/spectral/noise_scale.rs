//! The standard deviation of the entries of white noise, from singular values.
//!
//! An N x d matrix of independent entries of variance sigma^2 has singular values near
//! sigma sqrt(d) times those of the Marchenko-Pastur law of N/d. A few large values that come from
//! something else are set apart first; what k of them leave is, to leading order, noise of size
//! (N - k) x (d - k).

use super::largest_gap::Spectrum;
use crate::error::{InvalidSetting, has_length, in_range, nonzero};
use crate::numerics::roots::bracketed;
use crate::numerics::{exponent, times_power};
use crate::rmt::MarchenkoPastur;

/// How many ranks give a first guess of the scale of least distance.
const GUESSES: usize = 31;

/// The scale at which half of the singular values lie below the median of the law: the median of
/// the values over the law's (Gavish & Donoho 2014, section III E).
///
/// `singular_values` are all min(N, d), decreasing, of an N = `width` by d = `dimension` matrix;
/// the first `outliers` are set apart. Half of the others may be anything, so a value too many or too
/// few set apart moves the scale by about 1/min(N, d) of itself. Equal values, as those of an
/// orthogonal matrix, have a scale like any others: whether they are noise is another question.
///
/// # Errors
/// [`InvalidSetting`] when a size is 0, the number of values is not min(N, d), no value is left, or
/// half of them or more are zero to rounding.
pub(crate) fn by_median(
    singular_values: &[f64],
    width: usize,
    dimension: usize,
    outliers: usize,
) -> Result<f64, InvalidSetting> {
    Bulk::new(singular_values, width, dimension, outliers)?.by_median()
}

/// The scale of least distance between the distribution of the values and the law: the sum over the
/// m values of (F(s_i) - (i - 1/2)/m)^2, the criterion of Cramer and von Mises, is least.
///
/// Arguments as for [`by_median`]. All values count, so the scale varies less than the median's for
/// white noise, and more when a part of the values is not noise. The distance may have several minima
/// when the values are far from the law: the lowest is taken that is seen from the scales at which one
/// of 31 quantiles fits.
///
/// # Errors
/// As [`by_median`].
pub(crate) fn by_distance(
    singular_values: &[f64],
    width: usize,
    dimension: usize,
    outliers: usize,
) -> Result<f64, InvalidSetting> {
    Bulk::new(singular_values, width, dimension, outliers)?.by_distance()
}

/// The values that are left, in units of `2^unit`, increasing, and the law they may follow.
struct Bulk {
    values: Vec<f64>,
    unit: i32,
    law: MarchenkoPastur,
    /// d - k: the law is that of entries of variance 1/(d - k).
    columns: f64,
}

impl Bulk {
    fn new(
        singular_values: &[f64],
        width: usize,
        dimension: usize,
        outliers: usize,
    ) -> Result<Self, InvalidSetting> {
        nonzero("width", width)?;
        nonzero("dimension", dimension)?;
        let available = width.min(dimension);
        has_length("the list of singular values", singular_values.len(), available)?;
        in_range(
            "the number of outliers",
            outliers as f64,
            outliers < available,
            "below min(N, d): without a bulk there is no scale",
        )?;
        let size = width as f64 + dimension as f64;
        let above_rounding = Spectrum::new(singular_values, size).rank().saturating_sub(outliers);
        let left = available - outliers;
        in_range(
            "the number of nonzero singular values beside the outliers",
            above_rounding as f64,
            2 * above_rounding > left,
            "more than half of min(N, d) less the outliers: zeros have no scale",
        )?;
        // a unit in which no product overflows or vanishes
        let bulk = &singular_values[outliers..];
        let unit = exponent(bulk[0]);
        let values = bulk.iter().rev().map(|s| times_power(*s, -unit)).collect();
        let (rows, columns) = (width - outliers, dimension - outliers);
        let law = MarchenkoPastur::for_shape(rows, columns)?;
        Ok(Self { values, unit, law, columns: columns as f64 })
    }

    fn by_median(&self) -> Result<f64, InvalidSetting> {
        let last = self.values.len() - 1;
        let median = 0.5 * self.values[last / 2] + 0.5 * self.values[last.div_ceil(2)];
        Ok(self.entry(median / quantile(&self.law, 0.5)))
    }

    fn by_distance(&self) -> Result<f64, InvalidSetting> {
        let last = self.values.len() - 1;
        let ranks = (0..GUESSES).map(|j| (j * last + (GUESSES - 1) / 2) / (GUESSES - 1));
        let mut guesses: Vec<f64> = ranks
            .map(|rank| self.values[rank] / quantile(&self.law, self.middle(rank)))
            .filter(|guess| *guess > 0.0)
            .collect();
        guesses.sort_by(f64::total_cmp);
        let distances: Vec<f64> = guesses.iter().map(|guess| self.distance(*guess)).collect();
        let at = |i: &usize| distances[*i];
        let best = (0..guesses.len()).min_by(|i, j| at(i).total_cmp(&at(j))).unwrap_or(0);
        let low = guesses[best.saturating_sub(1)];
        let high = guesses[(best + 1).min(guesses.len() - 1)];
        Ok(self.entry(minimum(low, high, |scale| self.distance(scale))))
    }

    /// The share of the values that the law should have below value `rank`.
    fn middle(&self, rank: usize) -> f64 {
        (rank as f64 + 0.5) / self.values.len() as f64
    }

    fn distance(&self, scale: f64) -> f64 {
        let term = |(rank, value): (usize, &f64)| {
            let below = self.law.singular_value_distribution(value / scale);
            (below - self.middle(rank)).powi(2)
        };
        self.values.iter().enumerate().map(term).sum()
    }

    /// The standard deviation of an entry, when the values are `scale` times those of the law.
    fn entry(&self, scale: f64) -> f64 {
        times_power(scale / self.columns.sqrt(), self.unit)
    }
}

/// The singular value with the share `p` of the law, strictly between 0 and 1, below it.
pub(super) fn quantile(law: &MarchenkoPastur, p: f64) -> f64 {
    let (left, right) = law.singular_value_edges();
    let beyond = |s: f64| Ok::<_, std::convert::Infallible>(law.singular_value_distribution(s) - p);
    match bracketed(beyond, (left, -p), (right, 1.0 - p), 1e-15 * right) {
        Ok(s) => s,
        Err(never) => match never {},
    }
}

/// The place of the minimum of `f` between two positive numbers, to nine digits where it has one
/// minimum: golden section.
fn minimum(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let golden = 0.5 * (5_f64.sqrt() - 1.0);
    let inner = |low: f64, high: f64| [high - golden * (high - low), low + golden * (high - low)];
    let [mut a, mut b] = inner(low, high);
    let (mut at_a, mut at_b) = (f(a), f(b));
    while high - low > 1e-9 * high {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = inner(low, high)[0];
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = inner(low, high)[1];
            at_b = f(b);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::singular_values;
    use ndarray::Array2;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    fn noise(rows: usize, columns: usize, sigma: f64, seed: u64) -> Array2<f64> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, columns), || {
            let entry: f64 = StandardNormal.sample(&mut random);
            sigma * entry
        })
    }

    #[test]
    fn quantiles_invert_the_distribution() {
        for gamma in [0.1, 1.0, 1.5, 40.0] {
            let law = MarchenkoPastur::new(gamma).unwrap();
            for p in [1e-3, 0.25, 0.5, 0.9, 0.999] {
                let s = quantile(&law, p);
                assert!((law.singular_value_distribution(s) - p).abs() < 1e-12, "{gamma} {p}");
            }
        }
    }

    /// Values at the law's own quantiles give its scale back, with outliers of any size set apart,
    /// and the same digits in any unit.
    #[test]
    fn exact_on_the_law_itself() {
        for (rows, columns) in [(100, 60), (60, 60), (20, 300)] {
            let law = MarchenkoPastur::for_shape(rows, columns).unwrap();
            let m = rows.min(columns);
            let sigma = 0.37;
            let unit = sigma * (columns as f64).sqrt();
            let bulk = (0..m).rev().map(|i| unit * quantile(&law, (i as f64 + 0.5) / m as f64));
            let s: Vec<f64> = [1e9, 70.0 * unit].into_iter().chain(bulk).collect();
            for fit in [by_median, by_distance] {
                let found = fit(&s, rows + 2, columns + 2, 2).unwrap();
                assert!((found / sigma - 1.0).abs() < 3e-4, "{rows} x {columns}: {found}");
                let small: Vec<f64> = s.iter().map(|s| s * 2f64.powi(-700)).collect();
                let small = fit(&small, rows + 2, columns + 2, 2).unwrap();
                assert_eq!(small, found * 2f64.powi(-700));
            }
        }
    }

    #[test]
    fn white_noise_and_a_spike() {
        for (rows, columns, seed) in [(300, 200, 1), (150, 150, 2), (60, 400, 3)] {
            let sigma = 2.5;
            let mut w = noise(rows, columns, sigma, seed);
            w += &noise(rows, 1, 10.0, seed + 10).dot(&noise(1, columns, 1.0, seed + 20));
            let s = singular_values(w.view()).unwrap().to_vec();
            for (fit, tolerance) in [(by_median as fn(_, _, _, _) -> _, 0.02), (by_distance, 0.01)]
            {
                let found: f64 = fit(&s[..], rows, columns, 1).unwrap();
                assert!((found / sigma - 1.0).abs() < tolerance, "{rows} x {columns}: {found}");
            }
        }
    }

    #[test]
    fn flat_spectra_zeros_and_tiny_sizes() {
        for fit in [by_median, by_distance] {
            // an orthogonal matrix: all values 1
            let found = fit(&[1.0; 50], 50, 50, 0).unwrap();
            assert!(found > 0.05 && found < 0.3, "{found}");
            // one value is its own median: sigma sqrt(d) times the law's median
            let one = fit(&[3.0], 4, 1, 0).unwrap();
            let law = MarchenkoPastur::new(4.0).unwrap();
            assert!((one - 3.0 / quantile(&law, 0.5)).abs() < 1e-8, "{one}");
            for (s, rows, columns, outliers) in [
                (&[0.0, 0.0][..], 2, 2, 0),
                (&[1.0, 1e-17], 2, 2, 0),
                (&[1.0, 1.0], 2, 3, 2),
                (&[1.0, 1.0], 3, 3, 0),
                (&[], 0, 3, 0),
            ] {
                assert!(fit(s, rows, columns, outliers).is_err(), "{s:?}");
            }
            // a third of zeros does no harm to the median, and is no error
            assert!(fit(&[2.0, 1.5, 1.0, 0.5, 0.0, 0.0], 6, 6, 0).is_ok());
        }
    }
}
