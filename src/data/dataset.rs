//! The user's own inputs and labels.

use std::ops::Range;

use ndarray::{
    ArcArray1, ArcArray2, Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2,
    Axis, Slice, Zip,
};
use num_traits::AsPrimitive;

use super::batch::{Batch, check_read, read_by};
use super::constant::{constant, mean_and_deviation};
use super::target::check_directions;
use crate::Scalar;
use crate::error::{
    InvalidSetting, finite, finite_list, finite_matrix, has_columns, has_length, nonzero,
};

/// Inputs X (n x d, one per row) and labels y (n) in memory: a [`Batch`] of all its samples, and the
/// data of an experiment on data from outside
/// ([`ExperimentBuilder::data`](crate::experiment::ExperimentBuilder::data)). Clones and
/// [`rows`](Self::rows) share the numbers.
///
/// The laws of the first layer suppose features of mean 0 and variance 1, as
/// [`standardised`](Self::standardised) makes them.
///
/// ```
/// use linear_width::data::Dataset;
/// use ndarray::array;
///
/// let x = array![[1.0, 5.0, 0.0], [2.0, 5.0, 0.0], [3.0, 5.0, 9.0]];
/// let data = Dataset::new(x, array![0.1, 0.2, 0.4])?.named("three points");
/// assert!(data.clone().standardised().is_err()); // the second feature is constant
/// let data = data.without_constant_features()?.standardised()?;
/// assert_eq!(data.removed_features(), [1]);
/// assert!((data.inputs()[[2, 0]] - 1.5_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    x: ArcArray2<f64>,
    y: ArcArray1<f64>,
    standardised_inputs: bool,
    standardised_labels: bool,
    removed: Vec<usize>,
    directions: Option<ArcArray2<f64>>,
}

impl Dataset {
    /// Inputs `x` (n x d, one per row) with labels `y` (length n): floating-point numbers of either
    /// precision, integers or bytes. They are held as `f64`.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0, the lengths differ, or an entry is not finite, naming
    /// its row and column.
    pub fn new<X: AsPrimitive<f64>, Y: AsPrimitive<f64>>(
        x: Array2<X>,
        y: Array1<Y>,
    ) -> Result<Self, InvalidSetting> {
        // in place when the numbers are `f64` already
        let x = x.mapv_into_any(AsPrimitive::as_);
        let y = y.mapv_into_any(AsPrimitive::as_);
        nonzero("samples", x.nrows())?;
        nonzero("dimension", x.ncols())?;
        has_length("the vector of labels, one per row of the inputs,", y.len(), x.nrows())?;
        finite_matrix("the given inputs", x.view())?;
        finite_list("the given labels", &y)?;
        Ok(Self {
            name: "given labels".into(),
            x: x.into_shared(),
            y: y.into_shared(),
            standardised_inputs: false,
            standardised_labels: false,
            removed: Vec::new(),
            directions: None,
        })
    }

    /// Gives the data a name for reports. Default: "given labels".
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Declares directions B* (p x d, orthonormal rows) that the labels are known to depend on; runs
    /// on the data then report overlaps with them. For [`standardised`](Self::standardised) data they
    /// are directions in the space of the standardised features.
    ///
    /// # Errors
    /// [`InvalidSetting`] when there is no row, a row does not have length d, an entry is not
    /// finite, or the rows are not orthonormal to within 1e-6.
    pub fn with_directions(mut self, directions: Array2<f64>) -> Result<Self, InvalidSetting> {
        nonzero("the number of directions", directions.nrows())?;
        check_directions(&directions, directions.nrows(), self.dimension())?;
        self.directions = Some(directions.into_shared());
        Ok(self)
    }

    /// Subtracts from each feature its mean and divides by its standard deviation (over n, not
    /// n - 1).
    ///
    /// A feature counts as constant when its standard deviation is at most n 2^-52 times its mean,
    /// with n between 10 and 10000 (the bound of scikit-learn's `StandardScaler`), or at most 2^-23
    /// times its mean when all its values are `f32` numbers. The rounding of narrower types looks
    /// like data. If such a small variation is real, subtract the mean before numbers are rounded.
    ///
    /// # Errors
    /// [`InvalidSetting::ConstantFeatures`] naming every constant feature;
    /// [`InvalidSetting::OutOfRange`] when differences of its numbers overflow, or its standard
    /// deviation is below the normal numbers.
    pub fn standardised(self) -> Result<Self, InvalidSetting> {
        let own = self.clone();
        self.standardised_like(&own)
    }

    /// Standardises with the means and standard deviations of `training`, as held-out samples
    /// should be.
    ///
    /// # Errors
    /// As [`standardised`](Self::standardised), and [`InvalidSetting::Shape`] when the dimensions
    /// differ.
    pub fn standardised_like(mut self, training: &Self) -> Result<Self, InvalidSetting> {
        has_columns("the matrix of inputs", self.x.dim(), training.dimension())?;
        let columns = training.constant_features();
        if !columns.is_empty() {
            return Err(InvalidSetting::ConstantFeatures { columns });
        }
        let mut x = self.x.into_owned();
        for (mut column, like) in x.columns_mut().into_iter().zip(training.x.columns()) {
            let (mean, deviation) =
                mean_and_deviation("the standard deviation of a feature", like)?;
            column.mapv_inplace(|x| (x - mean) / deviation);
        }
        finite("the standardised inputs", &x)?;
        self.x = x.into_shared();
        self.standardised_inputs = true;
        Ok(self)
    }

    /// Subtracts from the labels their mean and divides by their standard deviation (over n).
    ///
    /// # Errors
    /// [`InvalidSetting::ConstantLabels`] when all labels are equal, to rounding as in
    /// [`standardised`](Self::standardised); [`InvalidSetting::OutOfRange`] when their differences
    /// overflow, or their standard deviation is below the normal numbers.
    pub fn with_standardised_labels(mut self) -> Result<Self, InvalidSetting> {
        if constant(self.y.view()) {
            return Err(InvalidSetting::ConstantLabels);
        }
        let (mean, deviation) =
            mean_and_deviation("the standard deviation of the labels", self.y.view())?;
        let y = self.y.mapv(|y| (y - mean) / deviation);
        finite("the standardised labels", &y)?;
        self.y = y.into_shared();
        self.standardised_labels = true;
        Ok(self)
    }

    /// Removes the features that are the same in every sample, to rounding as in
    /// [`standardised`](Self::standardised); see [`removed_features`](Self::removed_features).
    /// Known directions lose the same entries.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when no feature varies;
    /// [`InvalidSetting::NotNormalised`] when a known direction has an entry for a removed feature.
    pub fn without_constant_features(mut self) -> Result<Self, InvalidSetting> {
        let constant = self.constant_features();
        let varies = |j: &usize| constant.binary_search(j).is_err();
        let kept: Vec<usize> = (0..self.dimension()).filter(varies).collect();
        nonzero("the number of features that are not constant", kept.len())?;
        if !constant.is_empty() {
            // numbered as before the first removal
            let numbers = 0..self.dimension() + self.removed.len();
            let left: Vec<usize> =
                numbers.filter(|j| self.removed.binary_search(j).is_err()).collect();
            self.removed.extend(constant.iter().map(|j| left[*j]));
            self.removed.sort_unstable();
            self.x = self.x.select(Axis(1), &kept).into_shared();
        }
        match self.directions.take() {
            Some(directions) => self.with_directions(directions.select(Axis(1), &kept)),
            None => Ok(self),
        }
    }

    /// The samples of these `rows`, in order.
    ///
    /// # Errors
    /// [`InvalidSetting`] when the range is empty or does not lie within the samples.
    pub fn rows(&self, rows: Range<usize>) -> Result<Self, InvalidSetting> {
        nonzero("the number of rows", rows.len())?;
        if rows.end > self.samples() {
            return Err(InvalidSetting::TooFewSamples {
                available: self.samples(),
                needed: rows.end,
            });
        }
        let mut part = self.clone();
        part.x.slice_axis_inplace(Axis(0), Slice::from(rows.clone()));
        part.y.slice_axis_inplace(Axis(0), Slice::from(rows));
        Ok(part)
    }

    /// X, n x d.
    pub fn inputs(&self) -> ArrayView2<'_, f64> {
        self.x.view()
    }

    /// y, of length n.
    pub fn labels(&self) -> ArrayView1<'_, f64> {
        self.y.view()
    }

    /// Known directions of the labels, p x d.
    pub fn directions(&self) -> Option<ArrayView2<'_, f64>> {
        self.directions.as_ref().map(|directions| directions.view())
    }

    /// The name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether each feature was brought to mean 0 and variance 1.
    pub fn has_standardised_inputs(&self) -> bool {
        self.standardised_inputs
    }

    /// Whether the labels were brought to mean 0 and variance 1.
    pub fn has_standardised_labels(&self) -> bool {
        self.standardised_labels
    }

    /// The features that [`without_constant_features`](Self::without_constant_features) removed,
    /// numbered from 0 as they were before any was removed.
    pub fn removed_features(&self) -> &[usize] {
        &self.removed
    }

    /// The bytes of the samples in this set.
    pub(crate) fn bytes(&self) -> u128 {
        8 * (self.x.len() as u128 + self.y.len() as u128)
    }

    pub(crate) fn read_in<T: Scalar>(
        &self,
        first: usize,
        mut x: ArrayViewMut2<'_, T>,
        mut y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        check_read(self.x.dim(), first, x.dim(), y.len())?;
        let range = Slice::from(first..first + y.len());
        Zip::from(&mut x).and(self.x.slice_axis(Axis(0), range)).for_each(|x, v| *x = T::of(*v));
        Zip::from(&mut y).and(self.y.slice_axis(Axis(0), range)).for_each(|y, v| *y = T::of(*v));
        Ok(())
    }

    fn constant_features(&self) -> Vec<usize> {
        let columns = self.x.columns().into_iter().enumerate();
        columns.filter(|(_, column)| constant(*column)).map(|(j, _)| j).collect()
    }
}

impl Batch for Dataset {
    fn samples(&self) -> usize {
        self.x.nrows()
    }

    fn dimension(&self) -> usize {
        self.x.ncols()
    }

    read_by!(read_in: read f64, read_f32 f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_large_mean_costs_no_digits() {
        let small = array![0.25, -1.0, 3.5, 0.125];
        let (mean, deviation) = mean_and_deviation("small", small.view()).unwrap();
        let large = small.mapv(|v| v + 1e12);
        let (large_mean, large_deviation) = mean_and_deviation("large", large.view()).unwrap();
        assert!((large_mean - 1e12 - mean).abs() < 1e-3);
        assert!((large_deviation / deviation - 1.0).abs() < 1e-14);
    }

    #[test]
    fn arrays_are_checked() {
        let x = Array2::<f64>::zeros((3, 2));
        assert!(Dataset::new(x.clone(), Array1::<f64>::zeros(2)).is_err());
        assert!(Dataset::new(x.clone(), Array1::from_elem(3, f64::NAN)).is_err());
        assert!(Dataset::new(Array2::<f64>::zeros((0, 2)), Array1::<f64>::zeros(0)).is_err());
        assert!(Dataset::new(x, Array1::<f64>::zeros(3)).is_ok());
    }

    #[test]
    fn known_directions_follow_the_features() {
        let x = array![[1.0, 5.0, 0.0], [2.0, 5.0, 0.0], [3.0, 5.0, 9.0]];
        let data = Dataset::new(x, array![1, 2, 3]).unwrap();
        let with = |rows| data.clone().with_directions(rows);
        assert!(with(array![[1.0, 0.0]]).is_err() && with(Array2::zeros((0, 3))).is_err());
        assert!(with(array![[0.6, 0.0, 0.7]]).is_err());
        let varying = with(array![[0.6, 0.0, 0.8]]).unwrap().without_constant_features().unwrap();
        assert_eq!(varying.directions().unwrap(), array![[0.6, 0.8]]);
        let constant = with(array![[0.0, 1.0, 0.0]]).unwrap().without_constant_features();
        assert_eq!(constant.unwrap_err(), InvalidSetting::NotNormalised { index: 0, norm: 0.0 });
    }

    #[test]
    fn rows_share_the_numbers_and_read_in_both_precisions() {
        let x = Array2::from_shape_fn((10, 3), |(i, j)| (i * 3 + j) as f64 / 7.0);
        let data = Dataset::new(x.clone(), x.column(0).to_owned()).unwrap();
        let part = data.rows(4..9).unwrap();
        assert_eq!(part.inputs().as_ptr(), data.inputs().row(4).as_ptr());
        let (mut tile, mut y) = (Array2::<f32>::zeros((2, 3)), Array1::<f32>::zeros(2));
        part.read_f32(3, tile.view_mut(), y.view_mut()).unwrap();
        assert_eq!(tile, x.slice_axis(Axis(0), Slice::from(7..9)).mapv(|v| v as f32));
        assert_eq!(y, tile.column(0));
        assert!(data.rows(3..3).is_err() && data.rows(3..11).is_err());
    }
}
