//! Which key of a configuration a problem of the builder belongs to.

use super::ExperimentConfig;
use crate::activation::Activation;
use crate::error::InvalidSetting;
use crate::quadrature::gauss_hermite;
use crate::theory::prediction::{GaussianTail, Options};

/// The dotted key of the setting that `problem` speaks of. `tests/config_errors.rs` has every one.
pub(super) fn key_of(config: &ExperimentConfig, problem: &InvalidSetting) -> String {
    let rule = config.outlier_rule.as_ref().map_or("", |rule| match rule {
        crate::spectral::OutlierRule::AboveEdge { .. } => ".above_edge",
        crate::spectral::OutlierRule::MarchenkoPastur { .. } => ".marchenko_pastur",
        crate::spectral::OutlierRule::LargestGap { .. } => ".largest_gap",
        _ => "",
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
        InvalidSetting::OutOfRange { name, value, .. } => match *name {
            "the reused fraction of the batch" => "batches.partly_reused.fraction".into(),
            "the edge of the outlier rule" => rule("edge"),
            "the margin of the outlier rule" => rule("margin"),
            "the factor of the outlier rule" => rule("factor"),
            "nodes" => {
                let nodes = config.prediction_options.unwrap_or_default().nodes;
                let counts = [
                    ("second_layer", nodes.second_layer),
                    ("bulk", nodes.bulk),
                    ("preactivation", nodes.preactivation),
                    ("noise", nodes.noise),
                    ("orthogonal", nodes.orthogonal),
                ];
                let bad = counts.iter().find(|(_, count)| *count as f64 == *value);
                format!("prediction_options.nodes.{}", bad.map_or("target", |(name, _)| *name))
            }
            name @ ("spikes" | "tolerance" | "linear_terms" | "nodes.noise"
            | "nodes.table_factor") => {
                format!("prediction_options.{name}")
            }
            name => name.into(),
        },
        _ => "samples".into(),
    }
}

/// The problem of the representation of a Gaussian second layer, which otherwise shows only when
/// the prediction is made.
pub(super) fn tail(options: &Options) -> Option<(&'static str, InvalidSetting)> {
    let GaussianTail::Hermite { nodes, smallest_weight } = options.gaussian_tail else {
        return None;
    };
    let Some(rule) = gauss_hermite(nodes) else {
        let (name, value, allowed) = ("nodes", nodes as f64, "between 1 and 600");
        let problem = InvalidSetting::OutOfRange { name, value, allowed };
        return Some(("prediction_options.gaussian_tail.hermite.nodes", problem));
    };
    let kept = rule.weights.iter().filter(|weight| **weight >= smallest_weight).count();
    (kept < 2).then_some((
        "prediction_options.gaussian_tail.hermite.smallest_weight",
        InvalidSetting::OutOfRange {
            name: "smallest_weight",
            value: smallest_weight,
            allowed: "small enough to keep two nodes",
        },
    ))
}
