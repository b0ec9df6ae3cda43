//! Which key of a configuration a problem of the builder belongs to.

use super::ExperimentConfig;
use crate::activation::Activation;
use crate::error::InvalidSetting;

/// The dotted key of the setting that `problem` speaks of. `tests/config_errors.rs` has every one.
pub(super) fn key_of(config: &ExperimentConfig, problem: &InvalidSetting) -> String {
    let rule = config.outlier_rule.as_ref().map_or("", |rule| match rule {
        crate::spectral::OutlierRule::AboveEdge { .. } => ".above_edge",
        crate::spectral::OutlierRule::MarchenkoPastur { .. } => ".marchenko_pastur",
        crate::spectral::OutlierRule::LargestGap { .. } => ".largest_gap",
    });
    let rule = |parameter: &str| format!("outlier_rule{rule}.{parameter}");
    match problem {
        InvalidSetting::Exponent { step, .. } => format!("steps.{step}.alpha"),
        InvalidSetting::StepConstant { step, .. } => format!("steps.{step}.constant"),
        InvalidSetting::NoSteps => "steps".into(),
        InvalidSetting::Noise { .. } => "target.noise".into(),
        InvalidSetting::NotNormalised { .. }
        | InvalidSetting::NotOrthogonal { .. }
        | InvalidSetting::TooManyDirections { .. } => "target.directions".into(),
        InvalidSetting::TripletCount { .. } => match config.triplets {
            Some(_) => "triplets".into(),
            None => "width".into(),
        },
        InvalidSetting::Memory { .. } => "memory_limit".into(),
        InvalidSetting::Function { name, .. } => {
            let link = config.target.link().is_ok_and(|link| link.name() == name);
            let activation = name.contains(&config.activation.activation().name());
            if link && !activation { "target.link".into() } else { "activation".into() }
        }
        InvalidSetting::ZeroSize { name } | InvalidSetting::Missing { name } => match *name {
            "max_outliers" => rule("max_outliers"),
            name => name.into(),
        },
        InvalidSetting::Shape { name, .. }
        | InvalidSetting::NonFinite { name }
        | InvalidSetting::NonFiniteEntry { name, .. } => match *name {
            "the matrix of teacher directions" => "target.directions".into(),
            "the fixed second layer" => "second_layer".into(),
            "the list of singular values" => match config.outlier_rule {
                Some(_) => rule("max_outliers"),
                None => "width".into(),
            },
            name => name.into(),
        },
        // custom laws and given data cannot be written, so these do not come from a file
        InvalidSetting::Moment { .. }
        | InvalidSetting::Unverified { .. }
        | InvalidSetting::Quantile { .. } => "input_law".into(),
        InvalidSetting::Panicked { .. }
        | InvalidSetting::NoSuchStep { .. }
        | InvalidSetting::NoSuchSamples { .. }
        | InvalidSetting::ConstantFeatures { .. }
        | InvalidSetting::ConstantLabels
        | InvalidSetting::TooFewSamples { .. }
        | InvalidSetting::NotWithGivenData { .. } => "samples".into(),
        InvalidSetting::OutOfRange { name, .. } => match *name {
            "the reused fraction of the batch" => "batches.partly_reused.fraction".into(),
            "the edge of the outlier rule" => rule("edge"),
            "the margin of the outlier rule" => rule("margin"),
            "the factor of the outlier rule" => rule("factor"),
            name @ ("right_vectors" | "tolerance" | "linear_terms" | "node_factor") => {
                format!("prediction_options.{name}")
            }
            name => name.into(),
        },
    }
}
