//! The staircase: how many outliers W_2 shows against the exponent alpha_2 of the second step, at
//! a fixed alpha_1. Measured (mean over seeds) and predicted at several N, and the formula
//! l + 1 = floor(alpha_2 / (1/2 - alpha_1)) + 1, the limit for large N.
//!
//! `linear-width figure staircase` (`--help` for the options); minutes on two cores,
//! `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::theory::OutlierCount;
use linear_width::theory::prediction::BulkModel;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{
    LAW, MEASURED, Panel, REFERENCE, SERIES, Series, Shape, figure, line, marks_with_errors,
    power_of_ten, report, save,
};
use crate::progress::in_parallel;
use crate::settings::{Setting, mean_and_error, two_steps};

/// Outliers of W_2 against alpha_2 at fixed alpha_1: measured, predicted, and the formula.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Exponent alpha_1 of the first step, in [0, 0.5)
    #[arg(long, default_value_t = 0.4)]
    alpha1: f64,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 3.0)]
    constant: f64,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let simulated = common.pick([250, 500, 1000], [500, 1000, 2000]);
    let predicted = [10_000, 10_usize.pow(16)];
    let seeds = common.seeds(common.pick(2, 4));
    let alphas = grid(common.pick(10, 20));
    let fine = grid(common.pick(20, 50));

    // Beside simulations noise with the structure of the data, the better model of the edge of the
    // bulk; for large N, where the two differ close to a threshold only, and with --quick the fast
    // one.
    let beside = common.pick(BulkModel::Isotropic, BulkModel::Structured);
    let count = |width: usize, alpha_2: f64, model| -> Result<f64, Box<dyn Error>> {
        Ok(setting(arguments, width, alpha_2)?.predict(model)?.outliers.len() as f64)
    };
    let mut data = Data::with_columns(["width", "alpha_2", "measured_mean", "measured_error"]);
    let formula: Result<Vec<f64>, Box<dyn Error>> = fine
        .iter()
        .map(|alpha_2| {
            let count = OutlierCount::new(arguments.alpha1, *alpha_2)?;
            Ok(count.total as f64)
        })
        .collect();
    let formula = steps(&fine, &formula?);

    let mut panels = Vec::new();
    for width in simulated {
        let runs: Vec<(f64, u64)> =
            alphas.iter().flat_map(|a| seeds.iter().map(move |s| (*a, *s))).collect();
        let counts = in_parallel(&format!("measured, N = {width}"), &runs, |(alpha_2, seed)| {
            let report = setting(arguments, width, *alpha_2)?.run_beside_prediction(*seed)?;
            Ok(report.stages[2].outliers.count as f64)
        })?;
        let means: Vec<(f64, f64)> = counts.chunks(seeds.len()).map(mean_and_error).collect();
        for (alpha_2, (mean, error)) in alphas.iter().zip(&means) {
            data.row([width as f64, *alpha_2, *mean, *error]);
        }
        let curve =
            in_parallel(&format!("predicted, N = {width}"), &fine, |a| count(width, *a, beside))?;
        data.array(format!("predicted_{width}"), ndarray::ArrayView1::from(&curve));
        let points: Vec<(f64, f64)> = alphas.iter().zip(&means).map(|(a, m)| (*a, m.0)).collect();
        let errors: Vec<f64> = means.iter().map(|m| m.1).collect();
        let series = vec![
            line(&formula, REFERENCE).dashed().named(FORMULA),
            line(&steps(&fine, &curve), LAW).named("predicted, same N"),
            marks_with_errors(&points, &errors, MEASURED, Shape::Circle)
                .named("measured: mean over seeds, standard error"),
        ];
        panels.push(panel(series, format!("N = {width}")));
    }
    let mut series = vec![line(&formula, REFERENCE).dashed()];
    let mut labels = Vec::new();
    for (k, (width, colour)) in predicted.into_iter().zip(SERIES).enumerate() {
        let name = power_of_ten(width.ilog10() as i32);
        let curve = in_parallel(&format!("predicted, N = {name}"), &fine, |a| {
            count(width, *a, BulkModel::Isotropic)
        })?;
        data.array(format!("predicted_{width}"), ndarray::ArrayView1::from(&curve));
        let curve = line(&steps(&fine, &curve), colour);
        series.push(curve);
        labels.push((5.7 - 0.5 * k as f64, format!("predicted, N = {name}"), colour));
    }
    let larger = panel(series, "larger N".to_owned());
    let label = |panel: Panel, (y, text, colour)| panel.with_label((0.02, y), text, colour);
    panels.push(labels.into_iter().fold(larger, label));
    data.array("alpha_2_fine", ndarray::ArrayView1::from(&fine));

    report([save(&figure(panels, 2, (520, 330)), &common.output, "staircase")?]);
    report(data.save(&common.output, "staircase")?);
    Ok(())
}

const FORMULA: &str = "formula, N → ∞: ⌊α₂ / (1/2 − α₁)⌋ + 1";

/// `points` values inside (0, 1/2), none on a step of the formula.
fn grid(points: u32) -> Vec<f64> {
    (0..points).map(|i| 0.5 * (f64::from(i) + 0.5) / f64::from(points)).collect()
}

/// A step curve through values at midpoints of cells.
fn steps(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let half = 0.25 / x.len() as f64;
    x.iter().zip(y).flat_map(|(x, y)| [(x - half, *y), (x + half, *y)]).collect()
}

fn panel(series: Vec<Series>, title: String) -> Panel {
    let labels = ["exponent α₂ of the second step", "outliers of W₂"];
    Panel::new(series, [(0.0, 0.5), (0.0, 6.0)], title, labels)
}

fn setting(arguments: &Arguments, width: usize, alpha_2: f64) -> Result<Setting, Box<dyn Error>> {
    let steps =
        [arguments.alpha1, alpha_2].map(|alpha| StepSize::scaled(arguments.constant, alpha));
    Ok(two_steps(width, width, steps, BatchPolicy::Independent)?)
}
