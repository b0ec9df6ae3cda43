//! Histograms of singular values.

use std::borrow::Borrow;
use std::io::{self, Write};

use ndarray::Array1;

use crate::error::{InvalidSetting, nonzero};

/// A histogram of equal bins, as a density over all the values it was made of: the bars' area is
/// the fraction of values inside the range.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Histogram {
    /// Bin edges, increasing; one more than there are bins.
    pub edges: Array1<f64>,
    /// Height of each bar.
    pub density: Array1<f64>,
}

impl Histogram {
    /// The most bins a histogram may have.
    pub const MAX_BINS: usize = 10_000_000;

    /// A histogram of `values` (an array, slice or iterator of `f64` or `&f64`) with `bins` equal bins
    /// on [`from`, `to`]. A value on an inner edge counts for the bin to its right, a value on the
    /// last edge for the last bin.
    ///
    /// Edges and counts are those of NumPy, `numpy.histogram(values, bins, (from, to))`, to the last
    /// bit: edge i is `from + i * ((to - from) / bins)`, rounded in that order, and comparisons with
    /// the edges choose the bin. NumPy's densities ignore the values outside of the range; these do
    /// not.
    ///
    /// # Errors
    /// [`InvalidSetting`] when there are no values or bins, or more than
    /// [`MAX_BINS`](Self::MAX_BINS) bins; when the range is empty or not finite, or so wide or
    /// narrow that the width of a bin is not an ordinary number; when two edges round to the same
    /// number; [`InvalidSetting::NonFiniteEntry`] when a value is an infinity or a NaN.
    ///
    /// ```
    /// use linear_width::spectral::Histogram;
    ///
    /// let h = Histogram::new([0.1, 0.2, 0.7, 5.0], 2, 0.0, 1.0)?;
    /// assert_eq!(h.density.to_vec(), [1.0, 0.5]); // 2/4 and 1/4 per bin of width 1/2
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn new(
        values: impl IntoIterator<Item: Borrow<f64>>,
        bins: usize,
        from: f64,
        to: f64,
    ) -> Result<Self, InvalidSetting> {
        let edges = edges(bins, from, to)?;
        let mut counts = vec![0_usize; bins];
        let mut total = 0_usize;
        for value in values {
            let value = *value.borrow();
            if !value.is_finite() {
                let (name, place) = ("the values of the histogram", format!("entry {total}"));
                return Err(InvalidSetting::NonFiniteEntry { name, place, value });
            }
            total += 1;
            if (from..=to).contains(&value) {
                let right = edges.partition_point(|edge| *edge <= value);
                counts[(right - 1).min(bins - 1)] += 1;
            }
        }
        nonzero("the number of values", total)?;
        let bar =
            |(count, edges): (usize, &[f64])| count as f64 / total as f64 / (edges[1] - edges[0]);
        let density = counts.into_iter().zip(edges.windows(2)).map(bar).collect();
        Ok(Self { edges: edges.into(), density })
    }

    /// The bars from left to right: left edge, right edge, height.
    ///
    /// ```
    /// use linear_width::spectral::Histogram;
    ///
    /// let h = Histogram::new(&[0.1, 0.2, 0.7], 2, 0.0, 1.0)?;
    /// let area: f64 = h.bars().map(|(left, right, height)| (right - left) * height).sum();
    /// assert!((area - 1.0).abs() < 1e-15);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn bars(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let edges = self.edges.iter().zip(self.edges.iter().skip(1));
        edges.zip(&self.density).map(|((left, right), height)| (*left, *right, *height))
    }

    /// Writes the bars as CSV with the columns `left`, `right` and `density`; every number reads back
    /// exactly.
    ///
    /// # Errors
    /// [`io::Error`] of the writer.
    ///
    /// ```
    /// use linear_width::spectral::Histogram;
    ///
    /// let mut table = Vec::new();
    /// Histogram::new([0.1, 0.7], 2, 0.0, 1.0)?.write_csv(&mut table)?;
    /// assert_eq!(String::from_utf8(table)?, "left,right,density\n0,0.5,1\n0.5,1,1\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_csv(&self, mut writer: impl Write) -> io::Result<()> {
        writeln!(writer, "left,right,density")?;
        for (left, right, height) in self.bars() {
            writeln!(writer, "{left},{right},{height}")?;
        }
        writer.flush()
    }
}

/// The edges of `numpy.linspace`.
fn edges(bins: usize, from: f64, to: f64) -> Result<Vec<f64>, InvalidSetting> {
    nonzero("bins", bins)?;
    let too_many =
        |allowed| InvalidSetting::OutOfRange { name: "bins", value: bins as f64, allowed };
    if bins > Histogram::MAX_BINS {
        return Err(too_many("at most 10000000"));
    }
    let width = (to - from) / bins as f64;
    if !(from.is_finite() && to.is_finite() && from < to && width.is_normal()) {
        return Err(InvalidSetting::OutOfRange {
            name: "the upper end of the histogram",
            value: to,
            allowed: "finite and above the lower end, by an ordinary number",
        });
    }
    let edge = |i: usize| if i == bins { to } else { from + width * i as f64 };
    let edges: Vec<f64> = (0..=bins).map(edge).collect();
    if edges.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(edges)
    } else {
        Err(too_many("so few that no two edges round to the same number"))
    }
}
