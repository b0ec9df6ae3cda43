//! Histograms of singular values.

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
    /// A histogram of `values` with `bins` equal bins on [`from`, `to`]. A value on an inner edge
    /// counts to the right bin, one on the last edge to the last.
    ///
    /// # Errors
    /// [`InvalidSetting`] when there are no values or bins, or the range is empty or not finite, or
    /// so wide or narrow that the width of a bin or its inverse is not an ordinary number.
    ///
    /// ```
    /// use linear_width::spectral::Histogram;
    ///
    /// let h = Histogram::new([0.1, 0.2, 0.7, 5.0], 2, 0.0, 1.0)?;
    /// assert_eq!(h.density.to_vec(), [1.0, 0.5]); // 2/4 and 1/4 per bin of width 1/2
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn new(
        values: impl IntoIterator<Item = f64>,
        bins: usize,
        from: f64,
        to: f64,
    ) -> Result<Self, InvalidSetting> {
        nonzero("bins", bins)?;
        let width = (to - from) / bins as f64;
        if !(from.is_finite() && to.is_finite() && from < to && width.is_normal()) {
            return Err(InvalidSetting::OutOfRange {
                name: "the upper end of the histogram",
                value: to,
                allowed: "finite and above the lower end, by an ordinary number",
            });
        }
        let mut counts = vec![0_usize; bins];
        let mut total = 0_usize;
        for value in values {
            total += 1;
            if value == to {
                counts[bins - 1] += 1;
            } else if (from..to).contains(&value) {
                counts[(((value - from) / width) as usize).min(bins - 1)] += 1;
            }
        }
        nonzero("the number of values", total)?;
        let scale = 1.0 / total as f64 / width;
        let edge = |i: usize| if i == bins { to } else { from + width * i as f64 };
        Ok(Self {
            edges: (0..=bins).map(edge).collect(),
            density: counts.into_iter().map(|c| c as f64 * scale).collect(),
        })
    }
}
