//! The numbers of a report as arrays by name.

use linear_width::Report;
use linear_width::experiment::{FeatureVectors, Stage, Triplet};
use ndarray::{Array1, Array2, Array3, ArrayD, Dimension};

use crate::predicted::{PredictedReport, PredictedStage};

/// One array.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Array {
    /// Floats, 64 bits.
    Numbers(ArrayD<f64>),
    /// Integers, 64 bits.
    Counts(ArrayD<i64>),
}

impl Array {
    /// Its shape.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Numbers(array) => array.shape(),
            Self::Counts(array) => array.shape(),
        }
    }
}

/// Arrays by name. The first index t = 0, ..., T is the stage W_t. Rows of different length are filled
/// up with NaN; a number that is not known is NaN, a count -1. An array without a single entry is left
/// out.
///
/// Predictions, of a run and without one:
///
/// | name | shape | holds |
/// |---|---|---|
/// | `step_sizes` | T | eta of every step |
/// | `predicted_lower_edges`, `predicted_edges` | T+1 | edges of the bulk; for W_0 those of the Marchenko-Pastur law |
/// | `density_singular_values`, `density` | T+1, 241 | points between the edges, and the predicted density of the bulk there, of mass one over min(N, d) singular values |
/// | `predicted_outlier_counts` | T+1 | how many outliers; integers |
/// | `predicted_outliers` | T+1, k | singular values of the outliers |
/// | `predicted_target_overlaps` | T+1, k | overlap of their right vectors with the span of the teacher directions |
/// | `predicted_direction_overlaps` | T+1, k, p | with each direction |
/// | `predicted_left_overlaps` | T+1, k, 3 | of their left vectors with a, a^{o2}, a^{o3} |
/// | `readout_samples`, `readout_lambdas` | R, L | settings of the readouts |
/// | `predicted_test_errors`, `predicted_training_errors`, `predicted_readout_norms` | T+1, R, L | of ridge regression on the features |
/// | `predicted_feature_edges` | T+1 | right edge of the eigenvalues of F^T F / m |
/// | `predicted_feature_outliers`, `predicted_feature_label_overlaps` | T+1, k | outliers, overlaps with the labels |
/// | `predicted_feature_hermite_overlaps`, `predicted_feature_second_layer_overlaps` | T+1, k, j | with He_j(z*), and with 1, a, a^{o2}, ... |
///
/// Measurements:
///
/// | name | shape | holds |
/// |---|---|---|
/// | `singular_values` | T+1, min(N, d) | all singular values, largest first |
/// | `outlier_counts`, `outlier_thresholds` | T+1 | how many are outliers (integers), and what they are above |
/// | `p_values` | T+1, k | of the Tracy-Widom rule |
/// | `target_overlaps`, `direction_overlaps`, `left_overlaps` | T+1, k[, ..] | as those predicted, of the leading triplets |
/// | `left_vectors`, `right_vectors` | T+1, k, N or d | where the setting `vectors` keeps them |
/// | `second_layer`, `teacher` | N; p, d | a, and the teacher directions |
/// | `test_errors`, `test_standard_errors`, `training_errors`, `readout_norms` | T+1, R, L | of ridge regression on the features |
/// | `feature_eigenvalues` | T+1, min(N, m) | eigenvalues of F^T F / m, largest first |
/// | `feature_outlier_counts` | T+1 | how many are outliers; integers |
/// | `feature_label_overlaps`, `feature_hermite_overlaps`, `feature_second_layer_overlaps` | T+1, k[, j] | as those predicted, of the leading eigenvalues |
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays(Vec<(&'static str, Array)>);

impl Arrays {
    /// The predictions.
    pub fn of_predictions(predicted: &PredictedReport) -> Self {
        let mut arrays = Self::default();
        let stages = &predicted.stages;
        let settings = &predicted.settings;
        let steps = stages.iter().filter_map(|stage| stage.eta);
        arrays.numbers("step_sizes", steps.collect::<Array1<f64>>());
        arrays.numbers("predicted_lower_edges", each(stages, |stage| edges(stage).0));
        arrays.numbers("predicted_edges", each(stages, |stage| edges(stage).1));
        let density = |part: fn(&crate::predicted::Density) -> &Vec<f64>| {
            table(stages, |stage| stage.density.as_ref().map_or_else(Vec::new, |d| part(d).clone()))
        };
        arrays.numbers("density_singular_values", density(|d| &d.singular_values));
        arrays.numbers("density", density(|d| &d.density));
        // there are none in W_0
        let outliers = |stage: &PredictedStage| -> Option<Vec<Triplet>> {
            if stage.step == 0 {
                Some(Vec::new())
            } else {
                Some(stage.spectrum.as_ref()?.outliers.clone())
            }
        };
        arrays.counts("predicted_outlier_counts", stages, |stage| outliers(stage).map(|o| o.len()));
        let known = |stage: &PredictedStage| outliers(stage).unwrap_or_default();
        arrays.numbers(
            "predicted_outliers",
            table(stages, |stage| known(stage).iter().map(|o| o.singular_value).collect()),
        );
        arrays.triplets(
            [
                "predicted_target_overlaps",
                "predicted_direction_overlaps",
                "predicted_left_overlaps",
            ],
            stages,
            known,
        );
        arrays.readout_settings(settings);
        let shape = readout_shape(settings);
        let errors = |number: fn(&linear_width::theory::features::RidgeErrors) -> f64| {
            readouts(stages, shape, move |stage| {
                stage.readouts.iter().map(|r| number(&r.errors)).collect()
            })
        };
        arrays.numbers("predicted_test_errors", errors(|e| e.test_error));
        arrays.numbers("predicted_training_errors", errors(|e| e.training_error));
        arrays.numbers("predicted_readout_norms", errors(|e| e.norm_squared));
        if settings.feature_samples.is_some() {
            let edge =
                |stage: &PredictedStage| stage.features.as_ref().map_or(f64::NAN, |f| f.edge);
            arrays.numbers("predicted_feature_edges", each(stages, edge));
            let features = |stage: &PredictedStage| {
                stage.features.as_ref().map_or_else(Vec::new, |f| f.outliers.clone())
            };
            let eigenvalues =
                |stage: &PredictedStage| features(stage).iter().map(|o| o.eigenvalue).collect();
            arrays.numbers("predicted_feature_outliers", table(stages, eigenvalues));
            arrays.features(
                [
                    "predicted_feature_label_overlaps",
                    "predicted_feature_hermite_overlaps",
                    "predicted_feature_second_layer_overlaps",
                ],
                stages,
                features,
            );
        }
        arrays
    }

    /// The measurements, with the predictions beside them.
    pub fn of_run(report: &Report, predicted: &PredictedReport) -> Self {
        let mut arrays = Self::of_predictions(predicted);
        let stages = &report.stages;
        arrays.numbers("singular_values", table(stages, |stage| stage.singular_values.to_vec()));
        arrays.counts("outlier_counts", stages, |stage| Some(stage.outliers.count));
        arrays.numbers("outlier_thresholds", each(stages, |stage| stage.outliers.threshold));
        arrays.numbers("p_values", table(stages, |stage| stage.outliers.p_values.clone()));
        arrays.triplets(
            ["target_overlaps", "direction_overlaps", "left_overlaps"],
            stages,
            |stage: &Stage| stage.triplets.clone(),
        );
        let vectors = |vector: fn(&Triplet) -> &Option<Array1<f64>>| {
            cube(stages, move |stage: &Stage| {
                stage.triplets.iter().filter_map(|t| Some(vector(t).as_ref()?.to_vec())).collect()
            })
        };
        arrays.numbers("left_vectors", vectors(|t| &t.left_vector));
        arrays.numbers("right_vectors", vectors(|t| &t.right_vector));
        arrays.numbers("second_layer", report.second_layer.clone());
        arrays.numbers("teacher", report.teacher.clone());
        let shape = readout_shape(&report.settings);
        let errors = |number: fn(&linear_width::experiment::MeasuredReadout) -> f64| {
            readouts(stages, shape, move |stage| {
                stage.readouts.iter().map(|r| number(&r.measured)).collect()
            })
        };
        arrays.numbers("test_errors", errors(|e| e.test_error.mean_square));
        arrays.numbers("test_standard_errors", errors(|e| e.test_error.standard_error));
        arrays.numbers("training_errors", errors(|e| e.training_error));
        arrays.numbers("readout_norms", errors(|e| e.norm_squared));
        if stages.iter().any(|stage| stage.features.is_some()) {
            let eigenvalues = |stage: &Stage| {
                stage.features.as_ref().map_or_else(Vec::new, |f| f.measured.eigenvalues.to_vec())
            };
            arrays.numbers("feature_eigenvalues", table(stages, eigenvalues));
            arrays.counts("feature_outlier_counts", stages, |stage| {
                Some(stage.features.as_ref()?.measured.outliers.count)
            });
            arrays.features(
                [
                    "feature_label_overlaps",
                    "feature_hermite_overlaps",
                    "feature_second_layer_overlaps",
                ],
                stages,
                |stage: &Stage| {
                    stage.features.as_ref().map_or_else(Vec::new, |f| f.measured.leading.clone())
                },
            );
        }
        arrays
    }

    /// The array of this name.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.iter().find(|(known, _)| *known == name).map(|(_, array)| array)
    }

    /// All arrays with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Array)> {
        self.0.iter().map(|(name, array)| (*name, array))
    }

    fn numbers<D: Dimension>(&mut self, name: &'static str, array: ndarray::Array<f64, D>) {
        if !array.is_empty() {
            self.0.push((name, Array::Numbers(array.into_dyn())));
        }
    }

    /// A count for every stage.
    fn counts<S>(&mut self, name: &'static str, stages: &[S], count: impl Fn(&S) -> Option<usize>) {
        let counts = stages
            .iter()
            .map(|stage| count(stage).map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX)));
        self.0.push((name, Array::Counts(counts.collect::<Array1<i64>>().into_dyn())));
    }

    /// The overlaps of singular triplets.
    fn triplets<S>(
        &mut self,
        [target, directions, left]: [&'static str; 3],
        stages: &[S],
        of: impl Fn(&S) -> Vec<Triplet>,
    ) {
        let overlaps = |stage: &S| of(stage).iter().map(|t| t.target_overlap).collect();
        self.numbers(target, table(stages, overlaps));
        let overlaps = |stage: &S| of(stage).into_iter().map(|t| t.direction_overlaps).collect();
        self.numbers(directions, cube(stages, overlaps));
        let overlaps = |stage: &S| of(stage).into_iter().map(|t| t.left_overlaps).collect();
        self.numbers(left, cube(stages, overlaps));
    }

    /// The overlaps of the vectors of the features.
    fn features<S>(
        &mut self,
        [label, hermite, second_layer]: [&'static str; 3],
        stages: &[S],
        of: impl Fn(&S) -> Vec<FeatureVectors>,
    ) {
        let overlaps = |stage: &S| of(stage).iter().map(|v| v.label_overlap).collect();
        self.numbers(label, table(stages, overlaps));
        let overlaps = |stage: &S| of(stage).into_iter().map(|v| v.hermite_overlaps).collect();
        self.numbers(hermite, cube(stages, overlaps));
        let overlaps = |stage: &S| of(stage).into_iter().map(|v| v.second_layer_overlaps).collect();
        self.numbers(second_layer, cube(stages, overlaps));
    }

    fn readout_settings(&mut self, settings: &linear_width::experiment::Settings) {
        if settings.readout_samples.is_empty() {
            return;
        }
        let samples =
            settings.readout_samples.iter().map(|m| i64::try_from(*m).unwrap_or(i64::MAX));
        self.0
            .push(("readout_samples", Array::Counts(samples.collect::<Array1<i64>>().into_dyn())));
        self.numbers("readout_lambdas", Array1::from(settings.readout_lambdas.clone()));
    }
}

/// The edges of the bulk of a stage; NaN where it has no prediction.
fn edges(stage: &PredictedStage) -> (f64, f64) {
    match (&stage.spectrum, &stage.density) {
        (Some(spectrum), _) => (spectrum.lower_edge, spectrum.edge),
        (None, Some(density)) => {
            let end = |s: Option<&f64>| s.copied().unwrap_or(f64::NAN);
            (end(density.singular_values.first()), end(density.singular_values.last()))
        }
        (None, None) => (f64::NAN, f64::NAN),
    }
}

/// A number for every stage.
fn each<S>(stages: &[S], number: impl Fn(&S) -> f64) -> Array1<f64> {
    stages.iter().map(number).collect()
}

/// A row for every stage, filled up with NaN.
fn table<S>(stages: &[S], row: impl Fn(&S) -> Vec<f64>) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = stages.iter().map(row).collect();
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    Array2::from_shape_fn((rows.len(), longest), |(t, k)| {
        rows[t].get(k).copied().unwrap_or(f64::NAN)
    })
}

/// A table for every stage, filled up with NaN.
fn cube<S>(stages: &[S], rows: impl Fn(&S) -> Vec<Vec<f64>>) -> Array3<f64> {
    let tables: Vec<Vec<Vec<f64>>> = stages.iter().map(rows).collect();
    let most = tables.iter().map(Vec::len).max().unwrap_or(0);
    let longest = tables.iter().flatten().map(Vec::len).max().unwrap_or(0);
    Array3::from_shape_fn((tables.len(), most, longest), |(t, k, j)| {
        tables[t].get(k).and_then(|row| row.get(j)).copied().unwrap_or(f64::NAN)
    })
}

/// How many numbers of samples and how many lambdas.
fn readout_shape(settings: &linear_width::experiment::Settings) -> (usize, usize) {
    match settings.readout_samples.len() {
        0 => (0, 0),
        samples => (samples, settings.readout_lambdas.len()),
    }
}

/// A number for every stage and readout; the readouts of a stage are all or none.
fn readouts<S>(
    stages: &[S],
    (samples, lambdas): (usize, usize),
    numbers: impl Fn(&S) -> Vec<f64>,
) -> Array3<f64> {
    let rows: Vec<Vec<f64>> = stages.iter().map(numbers).collect();
    Array3::from_shape_fn((rows.len(), samples, lambdas), |(t, m, l)| {
        rows[t].get(m * lambdas + l).copied().unwrap_or(f64::NAN)
    })
}
