//! One experiment with several seeds: means and standard errors.

use std::fmt;

use super::checked::{Experiment, Source};
use super::error::RunError;
use super::report::{Report, Triplet};
use super::run::RunOptions;
use super::stage_predictions;
use crate::number::Short;

/// The runs of one experiment with several seeds, from [`Experiment::seeds`]. Prints as a table of
/// means and standard errors.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SeedRuns {
    /// One report for each seed, in the order of the seeds.
    pub reports: Vec<Report>,
}

impl Experiment {
    /// Runs the experiment once for each seed, one run after the other; the seed of the settings is
    /// not used. The prediction, which no seed enters, is made once.
    ///
    /// # Errors
    /// The [`RunError`] of the first run that fails.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(80).dimension(40).samples(120).target(target);
    /// let runs = settings.activation(Tanh::default()).steps([4.0, 6.0]).build()?.seeds(0..5)?;
    /// println!("{runs}");
    /// let (mean, error) = runs.mean(|report| report.stages[2].triplets[0].singular_value);
    /// assert!(error < 0.1 * mean);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seeds(&self, seeds: impl IntoIterator<Item = u64>) -> Result<SeedRuns, RunError> {
        let mut reports: Vec<Report> = Vec::new();
        let predictions = stage_predictions::of(self);
        for seed in seeds {
            let mut experiment = self.clone();
            experiment.settings.seed = seed;
            if let Some(target) = experiment.target() {
                experiment.source = Source::generated(target.clone());
            }
            // no seed enters the predictions: those of the spectra are shared, and those of the features
            // made by the first run
            experiment.settings.with_prediction &= reports.is_empty();
            let options = RunOptions::new();
            let mut report = experiment.run_with(match &predictions {
                Some(predictions) => options.beside(predictions),
                None => options,
            })?;
            if let Some(first) = reports.first() {
                report.settings.with_prediction = first.settings.with_prediction;
                report.no_feature_prediction.clone_from(&first.no_feature_prediction);
                for (stage, first) in report.stages.iter_mut().zip(&first.stages) {
                    stage.take_feature_predictions(first);
                }
            }
            reports.push(report);
        }
        Ok(SeedRuns { reports })
    }
}

impl SeedRuns {
    /// Mean of a number of the report over the seeds, and its standard error (NaN for one seed):
    /// the sample standard deviation over the square root of the number of seeds.
    pub fn mean(&self, number: impl Fn(&Report) -> f64) -> (f64, f64) {
        let numbers: Vec<f64> = self.reports.iter().map(number).collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let square = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        (mean, (square / ((count - 1.0) * count)).sqrt())
    }
}

impl fmt::Display for SeedRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.reports.first() else { return writeln!(f, "no seeds") };
        writeln!(f, "means over {} seeds, with standard errors", self.reports.len())?;
        for (step, stage) in first.stages.iter().enumerate() {
            let text = |number: &dyn Fn(&Report) -> f64| {
                let (mean, error) = self.mean(number);
                format!("{:.3} ± {:.3}", Short(mean), Short(error))
            };
            let count = text(&|report| report.stages[step].outliers.count as f64);
            let span = text(&|report| report.stages[step].span_overlap());
            writeln!(
                f,
                "W_{step}: {count} outliers; overlap of their span with the teacher's {span}"
            )?;
            writeln!(f, "    k{:^19}{:^19}{:^19}", "singular value", "<v, target>", "<u, a>")?;
            let most = self.reports.iter().map(|report| report.stages[step].outliers.count).max();
            let shown = stage.triplets.len().min(most.unwrap_or(0) + 1);
            for k in 0..shown {
                let mean = |number: &dyn Fn(&Triplet) -> f64| {
                    text(&|report| number(&report.stages[step].triplets[k]))
                };
                writeln!(
                    f,
                    "{:>5}{:^19}{:^19}{:^19}",
                    k + 1,
                    mean(&|t| t.singular_value),
                    mean(&|t| t.target_overlap),
                    mean(&|t| t.left_overlaps.first().copied().unwrap_or(f64::NAN))
                )?;
            }
            for (k, readout) in stage.readouts.iter().enumerate() {
                let error =
                    text(&|report| report.stages[step].readouts[k].measured.test_error.mean_square);
                let predicted = readout.predicted.map_or(String::new(), |predicted| {
                    format!(" (predicted {:.3})", Short(predicted.test_error))
                });
                let (m, lambda) = (readout.samples, Short(readout.lambda));
                writeln!(f, "    m = {m}, lambda = {lambda}: test error {error}{predicted}")?;
            }
        }
        Ok(())
    }
}
