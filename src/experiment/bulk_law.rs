//! Which law of the bulk the outliers of a stage are tested at (docs/theory.md, section 18.4).

use ndarray::Array1;

use super::checked::Experiment;
use super::report::{BulkLaw, Stage};
use super::settings::Settings;
use crate::error::InvalidSetting;
use crate::network::Initialisation;
use crate::rmt::EdgeLaw;
use crate::spectral::{OutlierRule, Outliers, gap_outliers};
use crate::theory::prediction::{Prediction, white_edge_law};

/// Values after the largest of the bulk that its edge is seen from.
const FOLLOWERS: usize = 4;

/// The rate of false alarms of the default rule.
const LEVEL: f64 = 0.05;

/// The outliers of W_`step` as far as they can be told without a prediction, and the law behind them.
pub(super) fn without_prediction(
    settings: &Settings,
    step: usize,
    singular_values: &Array1<f64>,
) -> Result<(Outliers, Option<BulkLaw>), InvalidSetting> {
    let s = singular_values.to_vec();
    let (width, dimension) = (settings.width, settings.dimension);
    match (level(settings), settings.outlier_rule) {
        (Some(level), _) if step == 0 => {
            let unit_rows = has_unit_rows(settings);
            let rule = OutlierRule::TracyWidom { level };
            let law = |outliers| Ok(white_edge_law(width, dimension, outliers, unit_rows));
            Ok((rule.sequential(&s, level, law)?, Some(BulkLaw::White)))
        }
        (Some(_), Some(rule)) => {
            Ok((rule.apply(&s, width, dimension)?, Some(BulkLaw::FittedWhite)))
        }
        (None, Some(rule)) => Ok((rule.apply(&s, width, dimension)?, None)),
        (_, None) => Ok((gap_outliers(&s, width, dimension)?, None)),
    }
}

/// Tests the outliers of `stage` at the edge of its prediction, where the rule is that of Tracy and
/// Widom.
pub(super) fn test_at(
    experiment: &Experiment,
    stage: &mut Stage,
    prediction: &Prediction,
) -> Result<(), InvalidSetting> {
    let settings = &experiment.settings;
    let Some(level) = level(settings) else { return Ok(()) };
    let (s, unit_rows) = (stage.singular_values.to_vec(), has_unit_rows(settings));
    let law = |outliers| {
        let dimension = settings.dimension;
        Ok::<_, InvalidSetting>(prediction.network_edge_law(&[], dimension, outliers, unit_rows))
    };
    // singular values whose squares overflow
    if !law(0).is_ok_and(|law: EdgeLaw| law.centre.is_finite() && law.scale.is_finite()) {
        return Ok(());
    }
    let rule = OutlierRule::TracyWidom { level };
    let mut outliers = rule.sequential(&s, level, law)?;
    remove_edge(&mut outliers, &s, level, |k, followers| {
        prediction.network_edge_law(followers, settings.dimension, k, unit_rows)
    })?;
    stage.outliers = outliers;
    stage.bulk_law = Some(BulkLaw::Predicted);
    Ok(())
}

/// Where the edge lies further out than is predicted, all values up to it look like outliers: from the
/// last one back, removes those that are the largest of a bulk whose edge the next values tell
/// (18.16).
fn remove_edge(
    outliers: &mut Outliers,
    s: &[f64],
    level: f64,
    law: impl Fn(usize, &[f64]) -> EdgeLaw,
) -> Result<(), InvalidSetting> {
    while let Some(last) = outliers.count.checked_sub(1) {
        let followers = s.get(last + 1..last + 1 + FOLLOWERS).unwrap_or_default();
        let law = law(last, followers);
        let threshold = law.threshold(level)?;
        if followers.is_empty() || s[last] > threshold.max(outliers.threshold) {
            break;
        }
        outliers.count = last;
        outliers.threshold = outliers.threshold.max(threshold);
        outliers.p_values.truncate(last);
        outliers.p_values.push(law.p_value(s[last]).max(level));
    }
    Ok(())
}

/// The note on stages whose outliers are those of the gap rule for want of a prediction.
pub(super) fn note(experiment: &Experiment, stages: &[Stage]) -> Option<String> {
    let wanting = |stage: &&Stage| stage.bulk_law.is_none();
    let default = experiment.settings.outlier_rule.is_none();
    let names: Vec<String> = match default {
        true => stages.iter().filter(wanting).map(|stage| format!("W_{}", stage.step)).collect(),
        false => Vec::new(),
    };
    (!names.is_empty()).then(|| {
        format!(
            "the outliers of {} are not tested at the edge of a predicted bulk: without prediction \
             the law of the bulk is not known, and the gaps between singular values tell them",
            names.join(", ")
        )
    })
}

/// The level of the Tracy-Widom rule if that is the experiment's rule.
fn level(settings: &Settings) -> Option<f64> {
    match settings.outlier_rule {
        None => Some(LEVEL),
        Some(OutlierRule::TracyWidom { level }) => Some(level),
        Some(_) => None,
    }
}

fn has_unit_rows(settings: &Settings) -> bool {
    settings.initialisation == Initialisation::Sphere
}
