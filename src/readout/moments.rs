//! Features and labels of a batch, tile by tile, and their first and second moments.

use std::mem;

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};

use super::Features;
use crate::Scalar;
use crate::data::{Batch, Tile, tiles};
use crate::error::{InvalidSetting, finite, has_shape};
use crate::linalg::{GramSum, SpectralError, Workplace};
use crate::numerics::{PowerOfTwo, exponent, largest_exponent, times_power};

type Tiles<'a> = Box<dyn Iterator<Item = Result<Tile<f64>, InvalidSetting>> + 'a>;

/// The tiles of a batch, with the features (m x p) in place of the inputs.
pub(crate) fn feature_tiles<'a>(
    features: &'a dyn Features,
    batch: &'a dyn Batch,
) -> Result<Tiles<'a>, InvalidSetting> {
    if features.single_precision() {
        feature_tiles_in::<f32>(features, batch)
    } else {
        feature_tiles_in::<f64>(features, batch)
    }
}

fn feature_tiles_in<'a, T: Scalar>(
    features: &'a dyn Features,
    batch: &'a dyn Batch,
) -> Result<Tiles<'a>, InvalidSetting> {
    let tiles = tiles::<T>(batch, features.dimension())?;
    Ok(Box::new(tiles.map(|tile| {
        let Tile { first, x, y } = tile?;
        let x = evaluated(features, x.mapv_into_any(T::as_f64).view())?;
        let y = y.mapv_into_any(T::as_f64);
        finite("the labels", &y)?;
        Ok(Tile { first, x, y })
    })))
}

/// The features of the inputs `x` (m x p), of the right shape and finite.
pub(crate) fn evaluated(
    features: &dyn Features,
    x: ArrayView2<'_, f64>,
) -> Result<Array2<f64>, InvalidSetting> {
    let phi = features.evaluate(x)?;
    has_shape("the matrix of features", phi.dim(), (x.nrows(), features.count()))?;
    finite("the features", &phi)?;
    Ok(phi)
}

/// Powers of two in which features and labels are counted, given by their exponents, so that no
/// square overflows or vanishes.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    pub features: Array1<i32>,
    pub label: i32,
}

impl Units {
    /// The smallest units for features `phi` (m x p) and labels `y`.
    fn of(phi: &Array2<f64>, y: &Array1<f64>) -> Self {
        let largest = phi.fold_axis(Axis(0), 0.0_f64, |m, x| m.max(x.abs()));
        Self { features: largest.mapv(exponent), label: largest_exponent(y) }
    }

    /// The largest unit of the features.
    pub fn largest(&self) -> i32 {
        self.features.iter().copied().max().unwrap_or(0)
    }

    /// The factor from each feature's own unit to the largest.
    pub fn to_largest(&self) -> Array1<f64> {
        self.features.mapv(|own| times_power(1.0, own - self.largest()))
    }

    /// Divides features and labels by their units.
    fn count_in(&self, phi: &mut Array2<f64>, y: &mut Array1<f64>) {
        let factors = self.features.mapv(|e| PowerOfTwo::new(-e));
        for mut row in phi.rows_mut() {
            row.zip_mut_with(&factors, |x, factor| *x = factor.times(*x));
        }
        let factor = PowerOfTwo::new(-self.label);
        y.mapv_inplace(|y| factor.times(y));
    }
}

/// Means of features and labels, in [`Units`].
#[derive(Clone, Debug)]
pub(crate) struct Means {
    pub features: Array1<f64>,
    pub label: f64,
}

impl Means {
    fn zero(features: usize) -> Self {
        Self { features: Array1::zeros(features), label: 0.0 }
    }

    fn of(phi: &Array2<f64>, y: &Array1<f64>) -> Self {
        let count = y.len() as f64;
        Self { features: phi.sum_axis(Axis(0)) / count, label: y.sum() / count }
    }

    fn subtract_from(&self, phi: &mut Array2<f64>, y: &mut Array1<f64>) {
        *phi -= &self.features;
        *y -= self.label;
    }

    fn add(&mut self, other: &Self) {
        self.features += &other.features;
        self.label += other.label;
    }
}

/// The moments of a batch about its means.
pub(crate) struct Moments {
    pub units: Units,
    /// The means that were subtracted: 0 without an intercept.
    pub means: Means,
    /// Phi^T Phi / n (p x p) in units; only the lower triangle is set.
    pub gram: Array2<f64>,
    /// Phi^T y / n (p) in units.
    pub correlation: Array1<f64>,
    /// |y|^2 / n in units.
    pub square: f64,
}

impl Moments {
    /// One pass; holds p x p and tile x p matrices. With `centred`, the sums are about the means of
    /// the first tile and moved to the means of the batch at the end, so that large means cost no
    /// digits.
    pub fn of(
        features: &dyn Features,
        batch: &dyn Batch,
        centred: bool,
        place: &dyn Workplace,
    ) -> Result<Self, SpectralError> {
        let (n, p) = (batch.samples() as f64, features.count());
        // sums over the samples about `origin`
        let smallest = Units { features: Array1::from_elem(p, i32::MIN), label: i32::MIN };
        let mut sums = Self {
            units: smallest,
            means: Means::zero(p),
            gram: Array2::zeros((0, 0)),
            correlation: Array1::zeros(p),
            square: 0.0,
        };
        let mut gram = place.gram_sum(p)?;
        let mut origin = Means::zero(p);
        for tile in feature_tiles(features, batch)? {
            let Tile { first, x: mut phi, mut y } = tile?;
            sums.raise_units(&Units::of(&phi, &y), &mut origin, &mut *gram)?;
            sums.units.count_in(&mut phi, &mut y);
            if centred {
                if first == 0 {
                    origin = Means::of(&phi, &y);
                }
                origin.subtract_from(&mut phi, &mut y);
                sums.means.features += &phi.sum_axis(Axis(0));
                sums.means.label += y.sum();
            }
            let mut correlation = Array1::zeros(p);
            for (row, y) in phi.rows().into_iter().zip(&y) {
                correlation.scaled_add(*y, &row);
            }
            sums.correlation += &correlation;
            sums.square += y.iter().map(|y| y * y).sum::<f64>();
            gram.add(phi.view())?;
        }
        let Self { units, means: mut shift, mut correlation, mut square, .. } = sums;
        let mut gram = gram.finish()?;
        gram /= n;
        correlation /= n;
        square /= n;
        shift.features /= n;
        shift.label /= n;
        for (i, mut row) in gram.rows_mut().into_iter().enumerate() {
            row.scaled_add(-shift.features[i], &shift.features);
        }
        correlation.scaled_add(-shift.label, &shift.features);
        square -= shift.label * shift.label;
        origin.add(&shift);
        Ok(Self { units, means: origin, gram, correlation, square })
    }

    /// Changes to units that are large enough for `needed` too.
    fn raise_units(
        &mut self,
        needed: &Units,
        origin: &mut Means,
        gram: &mut dyn GramSum,
    ) -> Result<(), SpectralError> {
        // 0 when nothing was summed yet
        let raise = |own: &mut i32, needed: i32| {
            let old = mem::replace(own, needed.max(*own));
            times_power(1.0, old.saturating_sub(*own))
        };
        let label = raise(&mut self.units.label, needed.label);
        let units = self.units.features.iter_mut().zip(&needed.features);
        let factors: Array1<f64> = units.map(|(own, needed)| raise(own, *needed)).collect();
        for means in [&mut self.means, origin] {
            means.features *= &factors;
            means.label *= label;
        }
        self.correlation *= &factors;
        self.correlation *= label;
        self.square *= label * label;
        if factors.iter().any(|factor| *factor != 1.0) {
            gram.scale(&factors)?;
        }
        Ok(())
    }
}

/// A whole batch about its means, in one unit for all features.
pub(crate) struct Centred {
    pub units: Units,
    pub means: Means,
    /// n x p.
    pub features: Array2<f64>,
    pub labels: Array1<f64>,
}

/// Features and labels of a whole batch about their means.
pub(crate) fn centred_samples(
    features: &dyn Features,
    batch: &dyn Batch,
    centred: bool,
) -> Result<Centred, InvalidSetting> {
    let (n, p) = (batch.samples(), features.count());
    let (mut all, mut labels) = (Array2::zeros((n, p)), Array1::zeros(n));
    for tile in feature_tiles(features, batch)? {
        let Tile { first, x: phi, y } = tile?;
        let rows = Slice::from(first..first + y.len());
        all.slice_axis_mut(Axis(0), rows).assign(&phi);
        labels.slice_axis_mut(Axis(0), rows).assign(&y);
    }
    let unit = largest_exponent(&all);
    let units = Units { features: Array1::from_elem(p, unit), label: largest_exponent(&labels) };
    units.count_in(&mut all, &mut labels);
    let mut total = Means::zero(p);
    if centred {
        // twice: the second time removes what rounding left of large means
        for _ in 0..2 {
            let means = Means::of(&all, &labels);
            means.subtract_from(&mut all, &mut labels);
            total.add(&means);
        }
    }
    Ok(Centred { units, means: total, features: all, labels })
}
