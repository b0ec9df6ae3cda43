//! Phase diagram: how many outliers W_2 shows over the square of exponents (alpha_1, alpha_2),
//! measured, predicted at several N, and by the formula l + 1, the limit for large N.
//!
//! `cargo run --release --example outlier_counts` (`-- --help` for the options); minutes on two
//! cores, `-- --quick` seconds.

mod common;

use std::error::Error;
use std::sync::Arc;

use clap::Parser;
use kuva::plot::colormap::ColorMap;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::{Heatmap, LinePlot};
use kuva::render::plots::Plot;
use linear_width::experiment::Precision;
use linear_width::theory::OutlierCount;
use linear_width::theory::prediction::BulkModel;
use linear_width::training::{BatchPolicy, StepSize};

use common::data::Data;
use common::options::CommonOptions;
use common::picture::{COUNTS, Panel, axes, figure, report, save};
use common::progress::in_parallel;
use common::settings::TwoSteps;

/// Number of outliers of W_2 over the square of exponents: measured, predicted at several N, and
/// the formula.
#[derive(Parser)]
struct Arguments {
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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
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

    let counts = in_parallel(&format!("measured, N = {simulated}"), &grid, |alphas| {
        let builder = two_steps(*alphas, simulated, &arguments).builder(common.seed)?;
        let report = builder.precision(Precision::F32).build()?.run()?;
        Ok(report.stages[2].outliers.count)
    })?;
    add(simulated, true, &counts, format!("measured, N = {simulated}"));
    for width in [simulated].into_iter().chain(WIDTHS) {
        let name =
            if width < 10_000 { width.to_string() } else { format!("10^{}", width.ilog10()) };
        let counts = in_parallel(&format!("predicted, N = {name}"), &grid, |alphas| {
            // the fast model: the counts of the two differ close to a threshold only
            let setting = two_steps(*alphas, width, &arguments);
            Ok(setting.predict(BulkModel::Isotropic)?.outliers.len())
        })?;
        add(width, false, &counts, format!("predicted, N = {name}"));
    }
    panels.push(panel(&formula, points as usize, "formula l + 1, N → ∞"));
    data.array("alphas", ndarray::ArrayView1::from(&alphas));

    let figure = figure(panels, 3, (440.0, 420.0)).with_shared_legend_entries(legend());
    report(save(figure, &common.output, "outlier_counts")?);
    report(data.save(&common.output, "outlier_counts")?);
    Ok(())
}

fn two_steps(alphas: (f64, f64), width: usize, arguments: &Arguments) -> TwoSteps {
    let steps = [alphas.0, alphas.1].map(|alpha| StepSize::scaled(arguments.constant, alpha));
    let batches = if arguments.reused { BatchPolicy::Reused } else { BatchPolicy::Independent };
    TwoSteps { width, samples: width / 2, steps, batches }
}

/// A heat map of the counts under the formula's steps alpha_2 = k (1/2 - alpha_1).
fn panel(counts: &[usize], points: usize, title: &str) -> Panel {
    // the heat map scales its values to [0, 1]; the colours undo it
    let low = counts.iter().copied().min().unwrap_or(0);
    let high = counts.iter().copied().max().unwrap_or(0);
    let colour = move |x: f64| {
        let count = low + (x * (high - low) as f64).round() as usize;
        COUNTS[count.min(COUNTS.len() - 1)].to_owned()
    };
    let rows: Vec<Vec<f64>> =
        counts.chunks(points).map(|row| row.iter().map(|c| *c as f64).collect()).collect();
    let map = Heatmap::new()
        .with_data(rows)
        .with_x_range(0.0, 0.49)
        .with_y_range(0.0, 0.49)
        .with_cell_size(1.0)
        .with_color_map(ColorMap::Custom(Arc::new(colour)));
    let mut plots = vec![Plot::Heatmap(map)];
    for k in 1..=6 {
        let k = f64::from(k);
        let from = (0.5 - 0.5 / k).max(0.0);
        let step = [(from, k * (0.5 - from)), (0.5, 0.0)];
        plots.push(Plot::Line(
            LinePlot::new().with_data(step).with_color("#444444").with_stroke_width(1.0),
        ));
    }
    let labels = ("exponent α₁ of the first step", "exponent α₂ of the second step");
    (plots, axes((0.0, 0.5), (0.0, 0.5), title, labels.0, labels.1))
}

fn legend() -> Vec<LegendEntry> {
    let last = COUNTS.len() - 1;
    let count = |(number, colour): (usize, &&str)| LegendEntry {
        label: match number {
            1 => "1 outlier of W₂".to_owned(),
            _ if number == last => format!("{number} or more"),
            _ => format!("{number} outliers"),
        },
        color: (*colour).to_owned(),
        shape: LegendShape::Rect,
        dasharray: None,
    };
    let steps = LegendEntry {
        label: "steps of the formula, α₂ = k (1/2 − α₁)".to_owned(),
        color: "#444444".to_owned(),
        shape: LegendShape::Line,
        dasharray: None,
    };
    COUNTS.iter().enumerate().map(count).chain([steps]).collect()
}
