//! Features and labels of a batch, tile by tile, and their first and second moments.

use ndarray::{Array1, Array2, ArrayView1, Axis, Slice, Zip};

use super::{Features, ReadoutError};
use crate::Scalar;
use crate::data::Batch;
use crate::error::{InvalidSetting, nonzero};
use crate::linalg::gram;
use crate::training::TILE_SAMPLES;

/// Calls `visit` with features (m x p) and labels (m) of each tile in turn, in `f64`.
pub(super) fn visit_tiles<F: Features>(
    features: &F,
    batch: &impl Batch<F::Scalar>,
    mut visit: impl FnMut(usize, Array2<f64>, Array1<f64>) -> Result<(), ReadoutError>,
) -> Result<(), ReadoutError> {
    let (samples, dimension) = (batch.samples(), batch.dimension());
    nonzero("samples", samples)?;
    if dimension != features.dimension() {
        return Err(InvalidSetting::Shape {
            name: "the batch",
            found: format!("{samples} x {dimension}"),
            expected: format!("any x {}", features.dimension()),
        }
        .into());
    }
    let tile = TILE_SAMPLES.min(samples);
    let mut x = Array2::from_elem((tile, dimension), F::Scalar::of(0.0));
    let mut y = Array1::from_elem(tile, F::Scalar::of(0.0));
    for first in (0..samples).step_by(TILE_SAMPLES) {
        let count = TILE_SAMPLES.min(samples - first);
        let mut x = x.slice_axis_mut(Axis(0), Slice::from(..count));
        let mut y = y.slice_axis_mut(Axis(0), Slice::from(..count));
        batch.read(first, x.view_mut(), y.view_mut())?;
        let phi = features.evaluate(x.view())?;
        if phi.dim() != (count, features.count()) {
            return Err(InvalidSetting::Shape {
                name: "the matrix of features",
                found: format!("{} x {}", phi.nrows(), phi.ncols()),
                expected: format!("{count} x {}", features.count()),
            }
            .into());
        }
        let mut wide = Array2::zeros(phi.dim());
        Zip::from(&mut wide).and(&phi).par_for_each(|wide, phi| *wide = phi.as_f64());
        let y = y.mapv(|y| y.as_f64());
        finite("the features", wide.iter())?;
        finite("the labels", y.iter())?;
        visit(first, wide, y)?;
    }
    Ok(())
}

pub(super) fn finite<'a>(
    name: &'static str,
    mut values: impl Iterator<Item = &'a f64>,
) -> Result<(), InvalidSetting> {
    if values.all(|v| v.is_finite()) { Ok(()) } else { Err(InvalidSetting::NonFinite { name }) }
}

/// Means that are subtracted: all 0 without an intercept.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub features: Array1<f64>,
    pub label: f64,
}

/// The moments of a batch about its means.
pub(super) struct Moments {
    pub means: Means,
    /// Phi^T Phi / n (p x p); the lower triangle counts.
    pub gram: Array2<f64>,
    /// Phi^T y / n (p).
    pub correlation: Array1<f64>,
}

impl Moments {
    /// One pass; holds p x p and tile x p matrices. With `centred`, the sums are about the means of
    /// the first tile and moved to those of the batch at the end, so that large means cost no
    /// digits.
    pub fn of<F: Features>(
        features: &F,
        batch: &impl Batch<F::Scalar>,
        centred: bool,
    ) -> Result<Self, ReadoutError> {
        let (p, n) = (features.count(), batch.samples() as f64);
        let mut origin: Option<Means> = None;
        let mut shift = Means { features: Array1::zeros(p), label: 0.0 };
        let mut second: Array2<f64> = Array2::zeros((p, p));
        let mut correlation: Array1<f64> = Array1::zeros(p);
        visit_tiles(features, batch, |_, mut phi, mut y| {
            let origin = origin.get_or_insert_with(|| {
                if centred {
                    means(&phi, &y)
                } else {
                    Means { features: Array1::zeros(p), label: 0.0 }
                }
            });
            if centred {
                subtract(&mut phi, &mut y, origin);
                shift.features += &phi.sum_axis(Axis(0));
                shift.label += y.sum();
            }
            correlation += &weighted_sum(&phi, y.view());
            add_lower(&mut second, &gram(phi.view(), 1.0));
            Ok(())
        })?;
        let mut means = origin.unwrap_or_else(|| Means { features: Array1::zeros(p), label: 0.0 });
        second /= n;
        correlation /= n;
        shift.features /= n;
        shift.label /= n;
        for (i, mut row) in second.rows_mut().into_iter().enumerate() {
            row.scaled_add(-shift.features[i], &shift.features);
        }
        correlation.scaled_add(-shift.label, &shift.features);
        means.features += &shift.features;
        means.label += shift.label;
        Ok(Self { means, gram: second, correlation })
    }
}

/// Features (n x p) and labels (n) of a whole batch about their means.
pub(super) fn centred_samples<F: Features>(
    features: &F,
    batch: &impl Batch<F::Scalar>,
    centred: bool,
) -> Result<(Means, Array2<f64>, Array1<f64>), ReadoutError> {
    let (n, p) = (batch.samples(), features.count());
    let (mut all, mut labels) = (Array2::zeros((n, p)), Array1::zeros(n));
    visit_tiles(features, batch, |first, phi, y| {
        let range = Slice::from(first..first + y.len());
        all.slice_axis_mut(Axis(0), range).assign(&phi);
        labels.slice_axis_mut(Axis(0), range).assign(&y);
        Ok(())
    })?;
    let mut total = Means { features: Array1::zeros(p), label: 0.0 };
    if centred {
        // twice: the second time removes what rounding left of large means
        for _ in 0..2 {
            let means = means(&all, &labels);
            subtract(&mut all, &mut labels, &means);
            total.features += &means.features;
            total.label += means.label;
        }
    }
    Ok((total, all, labels))
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
