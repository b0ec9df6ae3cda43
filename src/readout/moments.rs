//! Features and labels of a batch, tile by tile, and their first and second moments.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice, Zip};

use super::{Features, ReadoutError};
use crate::Scalar;
use crate::data::{Batch, Tile, tiles};
use crate::error::{InvalidSetting, finite};
use crate::linalg::Element;
use crate::numerics::{PowerOfTwo, exponent, times_power};

/// Called with the number of the first sample, features (m x p) and labels (m) of a tile.
type Visitor<'a> = dyn FnMut(usize, Array2<f64>, Array1<f64>) -> Result<(), ReadoutError> + 'a;

/// Calls `visit` with each tile in turn.
pub(super) fn visit_tiles(
    features: &dyn Features,
    batch: &dyn Batch,
    visit: &mut Visitor<'_>,
) -> Result<(), ReadoutError> {
    if features.single_precision() {
        visit_tiles_in::<f32>(features, batch, visit)
    } else {
        visit_tiles_in::<f64>(features, batch, visit)
    }
}

fn visit_tiles_in<T: Scalar>(
    features: &dyn Features,
    batch: &dyn Batch,
    visit: &mut Visitor<'_>,
) -> Result<(), ReadoutError> {
    let mut tiles = tiles::<T>(batch, features.dimension())?;
    while let Some(Tile { first, x, y }) = tiles.next_tile()? {
        let phi = evaluated(features, x.mapv(T::as_f64).view())?;
        let y = y.mapv(T::as_f64);
        finite("the labels", y.iter())?;
        visit(first, phi, y)?;
    }
    Ok(())
}

/// The features of the inputs `x` (m x p), of the right shape and finite.
pub(super) fn evaluated(
    features: &dyn Features,
    x: ArrayView2<'_, f64>,
) -> Result<Array2<f64>, InvalidSetting> {
    let expected = (x.nrows(), features.count());
    let phi = features.evaluate(x)?;
    if phi.dim() != expected {
        return Err(InvalidSetting::Shape {
            name: "the matrix of features",
            found: format!("{} x {}", phi.nrows(), phi.ncols()),
            expected: format!("{} x {}", expected.0, expected.1),
        });
    }
    finite("the features", phi.iter())?;
    Ok(phi)
}

/// Powers of two in which features and labels are counted, so that no square overflows or vanishes
/// whatever their own units are.
#[derive(Clone, Debug)]
pub(super) struct Units {
    /// Exponents, one for each feature.
    pub features: Vec<i32>,
    pub label: i32,
}

impl Units {
    /// The smallest units for features `phi` (m x p) and labels `y`.
    fn of(phi: &Array2<f64>, y: &Array1<f64>) -> Self {
        let mut largest: Array1<f64> = Array1::zeros(phi.ncols());
        for row in phi.rows() {
            Zip::from(&mut largest).and(row).for_each(|m, x| *m = m.max(x.abs()));
        }
        Self { features: largest.iter().map(|x| exponent(*x)).collect(), label: unit(y) }
    }

    /// Divides features and labels by their units.
    fn count_in(&self, phi: &mut Array2<f64>, y: &mut Array1<f64>) {
        let factors: Vec<_> = self.features.iter().map(|e| PowerOfTwo::new(-e)).collect();
        for mut row in phi.rows_mut() {
            row.iter_mut().zip(&factors).for_each(|(x, factor)| *x = factor.times(*x));
        }
        let factor = PowerOfTwo::new(-self.label);
        y.mapv_inplace(|y| factor.times(y));
    }
}

/// The exponent of a unit in which all of `numbers` are below 2.
fn unit<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> i32 {
    exponent(numbers.into_iter().fold(0.0_f64, |m, x| m.max(x.abs())))
}

/// Means that are subtracted, in [`Units`]: all 0 without an intercept.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub features: Array1<f64>,
    pub label: f64,
}

impl Means {
    fn zero(features: usize) -> Self {
        Self { features: Array1::zeros(features), label: 0.0 }
    }
}

/// The moments of a batch about its means.
pub(super) struct Moments {
    pub units: Units,
    pub means: Means,
    /// Phi^T Phi / n (p x p) in units; only the lower triangle is set.
    pub gram: Array2<f64>,
    /// Phi^T y / n (p) in units.
    pub correlation: Array1<f64>,
}

impl Moments {
    /// One pass; holds p x p and tile x p matrices. With `centred`, the sums are about the means of
    /// the first tile and moved to the means of the batch at the end, so that large means cost no
    /// digits.
    pub fn of(
        features: &dyn Features,
        batch: &dyn Batch,
        centred: bool,
    ) -> Result<Self, ReadoutError> {
        let mut sums: Option<Sums> = None;
        visit_tiles(features, batch, &mut |_, mut phi, mut y| {
            let needed = Units::of(&phi, &y);
            let units = match &mut sums {
                Some(sums) => sums.raised_to(&needed),
                None => needed,
            };
            units.count_in(&mut phi, &mut y);
            let sums = sums.get_or_insert_with(|| {
                let p = units.features.len();
                Sums::new(units, if centred { means(&phi, &y) } else { Means::zero(p) })
            });
            if centred {
                subtract(&mut phi, &mut y, &sums.origin);
                sums.shift.features += &phi.sum_axis(Axis(0));
                sums.shift.label += y.sum();
            }
            sums.correlation += &weighted_sum(&phi, y.view());
            add_lower(&mut sums.second, &f64::gram(phi.view(), 0));
            Ok(())
        })?;
        let no_samples = InvalidSetting::ZeroSize { name: "samples" };
        Ok(sums.ok_or(no_samples)?.moments(batch.samples() as f64))
    }
}

/// What [`Moments`] are made of.
struct Sums {
    units: Units,
    /// About which the sums are taken.
    origin: Means,
    shift: Means,
    second: Array2<f64>,
    correlation: Array1<f64>,
}

impl Sums {
    fn new(units: Units, origin: Means) -> Self {
        let p = units.features.len();
        let (second, correlation) = (Array2::zeros((p, p)), Array1::zeros(p));
        Self { units, origin, shift: Means::zero(p), second, correlation }
    }

    /// Changes to units that are large enough for `needed` too, and returns them.
    fn raised_to(&mut self, needed: &Units) -> Units {
        let old = self.units.clone();
        let new = Units {
            features: old.features.iter().zip(&needed.features).map(|(a, b)| *a.max(b)).collect(),
            label: old.label.max(needed.label),
        };
        let factor = |old: i32, new: i32| times_power(1.0, old - new);
        let factors: Array1<f64> =
            old.features.iter().zip(&new.features).map(|(old, new)| factor(*old, *new)).collect();
        if factors.iter().any(|f| *f != 1.0) {
            for means in [&mut self.origin, &mut self.shift] {
                means.features *= &factors;
            }
            self.correlation *= &factors;
            for (mut row, f) in self.second.rows_mut().into_iter().zip(&factors) {
                row *= *f;
                row *= &factors;
            }
        }
        let label = factor(old.label, new.label);
        self.origin.label *= label;
        self.shift.label *= label;
        self.correlation *= label;
        self.units = new;
        self.units.clone()
    }

    /// The moments of `n` samples.
    fn moments(self, n: f64) -> Moments {
        let Self { units, origin: mut means, mut shift, second: mut gram, mut correlation } = self;
        gram /= n;
        correlation /= n;
        shift.features /= n;
        shift.label /= n;
        for (i, mut row) in gram.rows_mut().into_iter().enumerate() {
            row.scaled_add(-shift.features[i], &shift.features);
        }
        correlation.scaled_add(-shift.label, &shift.features);
        means.features += &shift.features;
        means.label += shift.label;
        Moments { units, means, gram, correlation }
    }
}

/// A whole batch about its means, in one unit for all features.
pub(super) struct Centred {
    pub units: Units,
    pub means: Means,
    /// n x p.
    pub features: Array2<f64>,
    pub labels: Array1<f64>,
}

/// Features and labels of a whole batch about their means.
pub(super) fn centred_samples(
    features: &dyn Features,
    batch: &dyn Batch,
    centred: bool,
) -> Result<Centred, ReadoutError> {
    let (n, p) = (batch.samples(), features.count());
    let (mut all, mut labels) = (Array2::zeros((n, p)), Array1::zeros(n));
    visit_tiles(features, batch, &mut |first, phi, y| {
        let range = Slice::from(first..first + y.len());
        all.slice_axis_mut(Axis(0), range).assign(&phi);
        labels.slice_axis_mut(Axis(0), range).assign(&y);
        Ok(())
    })?;
    let (e, label) = (unit(&all), unit(&labels));
    let (of_features, of_labels) = (PowerOfTwo::new(-e), PowerOfTwo::new(-label));
    all.mapv_inplace(|x| of_features.times(x));
    labels.mapv_inplace(|y| of_labels.times(y));
    let mut total = Means::zero(p);
    if centred {
        // twice: the second time removes what rounding left of large means
        for _ in 0..2 {
            let means = means(&all, &labels);
            subtract(&mut all, &mut labels, &means);
            total.features += &means.features;
            total.label += means.label;
        }
    }
    let units = Units { features: vec![e; p], label };
    Ok(Centred { units, means: total, features: all, labels })
}

fn means(phi: &Array2<f64>, y: &Array1<f64>) -> Means {
    let count = y.len() as f64;
    Means { features: phi.sum_axis(Axis(0)) / count, label: y.sum() / count }
}

fn subtract(phi: &mut Array2<f64>, y: &mut Array1<f64>, means: &Means) {
    *phi -= &means.features;
    *y -= means.label;
}

/// Phi^T y, summed over the rows in order.
fn weighted_sum(phi: &Array2<f64>, y: ArrayView1<'_, f64>) -> Array1<f64> {
    let mut sum = Array1::zeros(phi.ncols());
    for (row, y) in phi.rows().into_iter().zip(y) {
        sum.scaled_add(*y, &row);
    }
    sum
}

/// `sum <- sum + term` on the lower triangle.
fn add_lower(sum: &mut Array2<f64>, term: &Array2<f64>) {
    for (i, (mut sum, term)) in sum.rows_mut().into_iter().zip(term.rows()).enumerate() {
        let lower = Slice::from(..=i);
        let mut sum = sum.slice_axis_mut(Axis(0), lower);
        sum += &term.slice_axis(Axis(0), lower);
    }
}
