//! Singular values, leading triplets, overlaps, outlier rules and histograms.

mod feature_spectrum;
mod graded_matrices;
mod histogram;
mod outlier_rule;
mod properties;
mod singular_values;
mod unit_independence;
mod white_noise;

#[path = "../common/strategies.rs"]
mod strategies;
