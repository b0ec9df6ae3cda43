//! How many outliers the spectrum of the features has against the exponent of the steps, after one
//! step and after two. After one, l of them for (l-1)/(2l) < alpha < l/(2l+2) as N grows
//! (arXiv:2310.07891): one for each Hermite polynomial the step writes into the features.
//!
//! `linear-width figure feature_staircase` (`--help` for the options); two minutes on
//! two cores, `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::experiment::RunError;
use linear_width::network::Network;
use linear_width::spectral::feature_spectrum;
use linear_width::theory::features::FeaturePrediction;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::measured::{means, measured};
use crate::options::CommonOptions;
use crate::picture::{LAW, MEASURED, Panel, REFERENCE, Shape, figure, line, report, save};
use crate::progress::in_parallel;
use crate::settings::{Setting, two_steps};

/// Outliers of the features' spectrum against the exponent of the steps.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Width N; d is N/2, n is N, and the features are those of 2 N samples [default: 1000, quick 300]
    #[arg(long)]
    width: Option<usize>,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(300, 1000));
    let alphas: Vec<f64> = grid(common.pick(4, 12));
    let seeds = common.seeds(common.pick(2, 3));
    let runs: Vec<(f64, u64)> =
        seeds.iter().flat_map(|seed| alphas.iter().map(move |a| (*a, *seed))).collect();
    let counts = in_parallel(&format!("measured, N = {width}"), &runs, |(alpha, seed)| {
        let experiment = setting(arguments, width, *alpha)?.builder(*seed).build()?;
        let batch = experiment.test_batch(0, 2 * width)?;
        let networks = experiment.networks::<f64>().skip(1);
        let count = |network: Result<Network<f64>, RunError>| -> Result<f64, Box<dyn Error>> {
            Ok(feature_spectrum(&network?, &batch, 0)?.outliers(None)?.count as f64)
        };
        networks.map(count).collect::<Result<Vec<_>, _>>()
    })?;

    let between = grid(common.pick(4, 24));
    let predicted = in_parallel("predicted", &between, |alpha| {
        let features = setting(arguments, width, *alpha)?.predicted_features()?;
        let count = |features: &FeaturePrediction| -> Result<f64, Box<dyn Error>> {
            Ok(features.spectrum(2 * width)?.outliers.len() as f64)
        };
        features.iter().skip(1).map(count).collect::<Result<Vec<_>, _>>()
    })?;

    let mut data = Data::with_columns(["step", "alpha", "outliers", "standard_error"]);
    data.array("predicted_alpha", ndarray::ArrayView1::from(&between));
    let fine = grid(500);
    // ⌊1 / (1 - 2 alpha)⌋ is the l of the formula
    let formula: Vec<(f64, f64)> =
        fine.iter().map(|alpha| (*alpha, (1.0 / (1.0 - 2.0 * alpha)).floor())).collect();
    let mut panels = Vec::new();
    for (t, title) in TITLES.into_iter().enumerate() {
        let by_seed: Vec<Vec<f64>> = counts
            .chunks(alphas.len())
            .map(|of_seed| of_seed.iter().map(|counts| counts[t]).collect())
            .collect();
        let (points, errors) = means(&alphas, &by_seed);
        for ((alpha, count), error) in points.iter().zip(&errors) {
            data.row([t as f64 + 1.0, *alpha, *count, *error]);
        }
        let mut series = Vec::new();
        if t == 0 {
            series.push(line(&formula, REFERENCE).dashed().named("formula for one step, N → ∞"));
        }
        let counts: Vec<f64> = predicted.iter().map(|counts| counts[t]).collect();
        data.array(format!("predicted_{}", t + 1), ndarray::ArrayView1::from(&counts));
        let half = 0.25 / between.len() as f64;
        let steps = between.iter().zip(&counts).flat_map(|(a, n)| [(a - half, *n), (a + half, *n)]);
        series.push(line(&steps.collect::<Vec<_>>(), LAW).named("predicted, same N"));
        series.push(measured(&alphas, &by_seed, MEASURED, Shape::Circle).named("measured"));
        let labels = ["exponent α of the steps", "outliers of FᵀF/m"];
        panels.push(Panel::new(series, [(0.0, 0.5), (0.0, 8.0)], title, labels));
    }
    report([save(&figure(panels, 2, (520, 340)), &common.output, "feature_staircase")?]);
    report(data.save(&common.output, "feature_staircase")?);
    Ok(())
}

const TITLES: [&str; 2] = ["W₁", "W₂, independent batches, both steps with α"];

/// `points` values inside (0, 1/2).
fn grid(points: u32) -> Vec<f64> {
    (0..points).map(|i| 0.5 * (f64::from(i) + 0.5) / f64::from(points)).collect()
}

fn setting(arguments: &Arguments, width: usize, alpha: f64) -> Result<Setting, Box<dyn Error>> {
    let steps = [StepSize::scaled(arguments.constant, alpha); 2];
    Ok(two_steps(width, width, steps, BatchPolicy::Independent)?)
}
