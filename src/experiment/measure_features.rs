//! Readouts and the spectrum of the features of one stage, measured.

use ndarray::{Array1, Array2, Axis};

use super::checked::Experiment;
use super::error::RunError;
use super::feature_report::{
    FeatureVectors, MeasuredFeatures, MeasuredReadout, StageFeatures, StageReadout,
};
use super::progress::ProgressMeter;
use crate::data::{Batch, Tile, tiles};
use crate::error::InvalidSetting;
use crate::linalg::Workplace;
use crate::memory;
use crate::readout::{Features, ReadoutError, Ridge, test_errors};
use crate::spectral::{feature_spectrum_at, overlap, overlaps_with_powers};

/// The [test batches](Experiment::test_batch) that readouts are trained and tested on, and that the
/// spectrum of the features is measured on. The training batch of m samples is the first m of one
/// sequence.
const TRAINING: u32 = 0;
const TEST: u32 = 1;
const SPECTRUM: u32 = 2;

/// Overlaps are measured with He_1 to He_4, and with He_0 = 1.
const HERMITE: usize = 4;

/// The features of a network that has taken `step` steps, and where they are measured.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub step: usize,
    pub features: &'a dyn Features,
    pub place: &'a dyn Workplace,
}

/// All readouts of the settings.
pub(super) fn readouts(
    experiment: &Experiment,
    subject: Subject<'_>,
    meter: &mut ProgressMeter<'_>,
) -> Result<Vec<StageReadout>, RunError> {
    let settings = &experiment.settings;
    let Subject { step, features, place } = subject;
    let failed = |source: ReadoutError| RunError::Features { step, source };
    let mut readouts = Vec::new();
    for (done, samples) in settings.readout_samples.iter().enumerate() {
        meter.features(step, done)?;
        let batch = experiment.test_batch(TRAINING, *samples)?;
        let path = Ridge::new().fit_at(place, features, &batch).map_err(failed)?;
        for lambda in &settings.readout_lambdas {
            let readout = match *lambda {
                0.0 => path.least_squares(),
                lambda => path.readout(lambda),
            };
            readouts.push((*samples, readout.map_err(failed)?));
        }
    }
    if readouts.is_empty() {
        return Ok(Vec::new());
    }
    meter.features(step, settings.readout_samples.len())?;
    let batch = experiment.test_batch(TEST, settings.readout_test_samples)?;
    let (samples, readouts): (Vec<_>, Vec<_>) = readouts.into_iter().unzip();
    let errors = test_errors(features, &readouts, &batch).map_err(failed)?;
    let measured = samples.into_iter().zip(readouts).zip(errors);
    let measured = measured.map(|((samples, readout), test_error)| StageReadout {
        samples,
        lambda: readout.lambda(),
        measured: MeasuredReadout {
            test_error,
            training_error: readout.training_error(),
            norm_squared: readout.norm_squared(),
        },
        predicted: None,
    });
    Ok(measured.collect())
}

/// The spectrum of the features of a network with this second layer.
pub(super) fn spectrum(
    experiment: &Experiment,
    subject: Subject<'_>,
    second_layer: &Array1<f64>,
    meter: &mut ProgressMeter<'_>,
) -> Result<Option<StageFeatures>, RunError> {
    let settings = &experiment.settings;
    let Some(samples) = settings.feature_samples else { return Ok(None) };
    let Subject { step, features, place } = subject;
    let readouts = settings.readout_samples.len();
    meter.features(step, readouts + usize::from(readouts > 0))?;
    let failed = |source: ReadoutError| RunError::Features { step, source };
    let batch = experiment.test_batch(SPECTRUM, samples)?;
    let spectrum = feature_spectrum_at(place, features, &batch, settings.triplet_count());
    let spectrum = spectrum.map_err(|error| failed(error.into()))?;
    let functions = functions_of_the_sample(&batch, batch.directions().to_owned())?;
    let left = spectrum.left_overlaps(functions.view())?;
    let right = spectrum.right_vectors();
    let vectors = left.rows().into_iter().zip(right.rows());
    let vectors = vectors.zip(spectrum.eigenvalues()).map(|((left, right), eigenvalue)| {
        // the rows of one degree from 1 on, over the directions
        let of_degree = |k| left.iter().skip(1 + k).step_by(HERMITE).map(|o| o * o).sum::<f64>();
        let hermite = (1..=HERMITE).map(|k| of_degree(k).sqrt().min(1.0));
        let powers =
            overlaps_with_powers(right, second_layer.view(), settings.second_layer_powers)?;
        let constant = overlap(right, Array1::ones(right.len()).view())?;
        Ok(FeatureVectors {
            eigenvalue: *eigenvalue,
            label_overlap: left[0],
            hermite_overlaps: [left[1]].into_iter().chain(hermite).collect(),
            second_layer_overlaps: [&[constant], &powers[..]].concat(),
        })
    });
    let measured = MeasuredFeatures {
        leading: vectors.collect::<Result<_, InvalidSetting>>()?,
        outliers: spectrum.outliers(None)?,
        eigenvalues: spectrum.eigenvalues().clone(),
    };
    Ok(Some(StageFeatures { samples, measured, predicted: None }))
}

/// Over the samples of a batch (one per column): the label, 1, then He_1 to He_4 of the projection on
/// each of the directions (rows of `directions`).
fn functions_of_the_sample(
    batch: &dyn Batch,
    directions: Array2<f64>,
) -> Result<Array2<f64>, InvalidSetting> {
    let rows = 2 + HERMITE * directions.nrows();
    let mut functions = memory::zeros::<f64>(rows, batch.samples())?;
    for tile in tiles::<f64>(batch, directions.ncols())? {
        let Tile { first, x, y } = tile?;
        let projections = x.dot(&directions.t());
        for (i, (y, z)) in y.iter().zip(projections.rows()).enumerate() {
            let hermite = z.iter().flat_map(|z| {
                let square = z * z;
                [*z, square - 1.0, z * (square - 3.0), square * (square - 6.0) + 3.0]
            });
            let column = [*y, 1.0].into_iter().chain(hermite).collect::<Array1<f64>>();
            functions.index_axis_mut(Axis(1), first + i).assign(&column);
        }
    }
    Ok(functions)
}
