//! Phase diagram: how many outliers W_2 shows over the square of exponents (alpha_1, alpha_2),
//! measured, predicted at several N, and by the formula l + 1, the limit for large N.
//!
//! `linear-width figure outlier_counts` (`--help` for the options); minutes on two
//! cores, `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::experiment::Stage;
use linear_width::theory::OutlierCount;
use linear_width::theory::prediction::BulkModel;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{
    COUNTS, Panel, Series, area, cells, figure, line, power_of_ten, report, save,
};
use crate::progress::in_parallel;
use crate::settings::{Setting, two_steps};

/// Number of outliers of W_2 over the square of exponents: measured, predicted at several N, and
/// the formula.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Reuse the batch of the first step
    #[arg(long)]
    reused: bool,
    /// Width N of the simulated networks [default: 1000, quick 300]
    #[arg(long)]
    width: Option<usize>,
}

/// The widths of the predictions besides that of the simulation.
const WIDTHS: [usize; 3] = [10_000, 1_000_000, 10_000_000_000_000];

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let simulated = arguments.width.unwrap_or(common.pick(300, 1000));
    let points = common.pick(10, 24);
    let alphas: Vec<f64> =
        (0..points).map(|i| 0.49 * (f64::from(i) + 0.5) / f64::from(points)).collect();
    // rows of the heat map: alpha_2
    let grid: Vec<(f64, f64)> =
        alphas.iter().flat_map(|a2| alphas.iter().map(move |a1| (*a1, *a2))).collect();
    let formula: Result<Vec<usize>, _> =
        grid.iter().map(|(a1, a2)| OutlierCount::new(*a1, *a2).map(|count| count.total)).collect();
    let formula = formula?;

    let mut data = Data::with_columns(["width", "measured", "alpha_1", "alpha_2", "outliers"]);
    let mut panels = Vec::new();
    let mut add = |width: usize, measured: bool, counts: &[usize], title: String| {
        for ((a1, a2), count) in grid.iter().zip(counts) {
            data.row([width as f64, f64::from(u8::from(measured)), *a1, *a2, *count as f64]);
        }
        panels.push(panel(counts, points as usize, &title));
        let agree = counts.iter().zip(&formula).filter(|(a, b)| a == b).count();
        let most = counts.iter().max().unwrap_or(&0);
        println!(
            "{title:28}: as the formula says at {agree:>4} of {} points, at most {most} outliers",
            grid.len()
        );
    };

    let stages = in_parallel(&format!("measured, N = {simulated}"), &grid, |alphas| {
        let mut report =
            setting(*alphas, simulated, arguments)?.run_beside_prediction(common.seed)?;
        Ok(report.stages.swap_remove(2))
    })?;
    let measured: Vec<usize> = stages.iter().map(|stage| stage.outliers.count).collect();
    let predicted: Vec<usize> = stages.iter().map(predicted_count).collect();
    add(simulated, true, &measured, format!("measured, N = {simulated}"));
    add(simulated, false, &predicted, format!("predicted, N = {simulated}"));
    for width in WIDTHS {
        let name = power_of_ten(width.ilog10() as i32);
        let counts = in_parallel(&format!("predicted, N = {name}"), &grid, |alphas| {
            // the fast model: the counts of the two differ close to a threshold only
            let setting = setting(*alphas, width, arguments)?;
            Ok(setting.predict(BulkModel::Isotropic)?.outliers.len())
        })?;
        add(width, false, &counts, format!("predicted, N = {name}"));
    }
    disagreements(&grid, &stages);
    panels.push(panel(&formula, points as usize, "formula l + 1, N → ∞"));
    data.array("alphas", ndarray::ArrayView1::from(&alphas));

    let figure = figure(panels, 3, (440, 420)).with_legend(legend());
    report([save(&figure, &common.output, "outlier_counts")?]);
    report(data.save(&common.output, "outlier_counts")?);
    Ok(())
}

fn predicted_count(stage: &Stage) -> usize {
    stage.prediction.as_ref().map_or(0, |prediction| prediction.outliers.len())
}

/// Prints where measured and predicted count differ, and how far from the edge, in units of the scale
/// of its fluctuation, the values lie that one of them counts: as predicted and as measured.
fn disagreements(grid: &[(f64, f64)], stages: &[Stage]) {
    let mut agree = 0;
    for ((a1, a2), stage) in grid.iter().zip(stages) {
        let (measured, predicted) = (stage.outliers.count, predicted_count(stage));
        let Some(prediction) = stage.prediction.as_ref().filter(|_| measured != predicted) else {
            agree += usize::from(measured == predicted);
            continue;
        };
        let law = prediction.edge_law;
        let margin = |s: f64| format!("{:.1}", (s * s - law.centre) / law.scale);
        let between = measured.min(predicted)..measured.max(predicted);
        let outliers = prediction.outliers.iter().skip(between.start);
        let as_predicted: Vec<String> = outliers.map(|o| margin(o.singular_value)).collect();
        let as_measured: Vec<String> = stage
            .singular_values
            .iter()
            .skip(between.start)
            .take(between.len())
            .map(|s| margin(*s))
            .collect();
        println!(
            "({a1:.3}, {a2:.3}): {measured} measured, {predicted} predicted; margin predicted [{}], \
             measured [{}]",
            as_predicted.join(" "),
            as_measured.join(" ")
        );
    }
    println!("measured and predicted agree at {agree} of {} points", grid.len());
}

fn setting(
    alphas: (f64, f64),
    width: usize,
    arguments: &Arguments,
) -> Result<Setting, Box<dyn Error>> {
    let steps = [alphas.0, alphas.1].map(|alpha| StepSize::scaled(arguments.constant, alpha));
    let batches = if arguments.reused { BatchPolicy::Reused } else { BatchPolicy::Independent };
    Ok(two_steps(width, width / 2, steps, batches)?)
}

/// Cells coloured by the counts under the formula's steps alpha_2 = k (1/2 - alpha_1).
fn panel(counts: &[usize], points: usize, title: &str) -> Panel {
    let side = 0.49 / points as f64;
    let cell = |(i, count): (usize, &usize)| {
        let corner = ((i % points) as f64 * side, (i / points) as f64 * side);
        let opposite = (corner.0 + side, corner.1 + side);
        ([corner, opposite], COUNTS[(*count).min(COUNTS.len() - 1)])
    };
    let mut series = vec![cells(counts.iter().enumerate().map(cell).collect())];
    for k in 1..=6 {
        let k = f64::from(k);
        let from = (0.5 - 0.5 / k).max(0.0);
        series.push(line(&[(from, k * (0.5 - from)), (0.5, 0.0)], STEPS).sized(1));
    }
    let labels = ["exponent α₁ of the first step", "exponent α₂ of the second step"];
    Panel::new(series, [(0.0, 0.5), (0.0, 0.5)], title, labels)
}

/// The colour of the formula's steps.
const STEPS: &str = "#444444";

fn legend() -> Vec<Series> {
    let last = COUNTS.len() - 1;
    let count = |(number, colour): (usize, &&'static str)| {
        area(&[], colour).named(match number {
            1 => "1 outlier of W₂".to_owned(),
            _ if number == last => format!("{number} or more"),
            _ => format!("{number} outliers"),
        })
    };
    let steps = line(&[], STEPS).sized(1).named("steps of the formula, α₂ = k (1/2 − α₁)");
    COUNTS.iter().enumerate().map(count).chain([steps]).collect()
}
