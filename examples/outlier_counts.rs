//! How many outliers W_2 shows at finite N: the predicted number over the square of exponents
//! (alpha_1, alpha_2) at several N, beside the formula's staircase l + 1, its limit for large N.
//!
//! `cargo run --release --example outlier_counts` (`-- --help` for the options); about a minute on
//! two cores, `-- --quick` a few seconds.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use linear_width::activation::{SharedActivation, Sine};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::new_direction_count;
use linear_width::theory::prediction::{NoiseModel, Options, Setting, predict};
use linear_width::training::{BatchPolicy, StepSize};
use rayon::prelude::*;

/// Predicted number of outliers of W_2 over the square of exponents, at several N, beside the
/// formula.
#[derive(Parser)]
struct Arguments {
    /// A coarse grid
    #[arg(long)]
    quick: bool,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Reuse the batch of the first step
    #[arg(long)]
    reused: bool,
    /// Folder for the pictures, made if missing
    #[arg(long, default_value = "figures")]
    output: PathBuf,
}

const WIDTHS: [usize; 5] = [1_000, 10_000, 1_000_000, 1_000_000_000, 10_000_000_000_000];
/// One colour per number of outliers, from 0 on; the last for that many or more.
const COLOURS: [&str; 7] =
    ["#f2f2f2", "#c6dbef", "#6baed6", "#2171b5", "#fdae6b", "#e6550d", "#7f2704"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let points = if arguments.quick { 10 } else { 24 };
    let alphas: Vec<f64> =
        (0..points).map(|i| 0.49 * (f64::from(i) + 0.5) / f64::from(points)).collect();
    let grid: Vec<(f64, f64)> =
        alphas.iter().flat_map(|a1| alphas.iter().map(move |a2| (*a1, *a2))).collect();

    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    let mut add = |counts: Vec<usize>, title: String| {
        plots.push(panel(&grid, &counts, 330.0 / f64::from(points)));
        layouts.push(
            Layout::new((0.0, 0.5), (0.0, 0.5))
                .with_clamp_axis()
                .with_title(title)
                .with_x_label("exponent α₁ of the first step")
                .with_y_label("exponent α₂ of the second step"),
        );
    };
    for width in WIDTHS {
        let bar = ProgressBar::new(grid.len() as u64);
        bar.set_style(ProgressStyle::with_template("{msg:24} {bar:40} {percent:>3} %  {elapsed}")?);
        bar.set_message(format!("N = {width:e}"));
        let counts: Result<Vec<usize>, String> = grid
            .par_iter()
            .progress_with(bar.clone())
            .map(|alphas| count(*alphas, width, &arguments).map_err(|e| e.to_string()))
            .collect();
        bar.finish_and_clear();
        let counts = counts?;
        let agree = grid.iter().zip(&counts).filter(|(a, c)| formula(**a) == **c).count();
        println!(
            "N = {width:>16}: as the formula says at {agree:>4} of {} points, at most {} outliers",
            grid.len(),
            counts.iter().max().unwrap_or(&0)
        );
        add(counts, format!("predicted, N = 10^{}", width.ilog10()));
    }
    add(grid.iter().map(|a| formula(*a)).collect(), "formula l + 1, N → ∞".to_owned());

    let scene = Figure::new(2, 3)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(440.0, 400.0)
        .with_shared_legend_bottom()
        .render();
    fs::create_dir_all(&arguments.output)?;
    let path = |extension| arguments.output.join("outlier_counts").with_extension(extension);
    fs::write(path("svg"), SvgBackend::new().render_scene(&scene))?;
    fs::write(path("png"), RasterBackend::new().with_scale(1.5).render_scene(&scene)?)?;
    println!("wrote {} and .png", path("svg").display());
    Ok(())
}

/// The limit for large N: l new directions and the one of the first step.
fn formula((alpha_1, alpha_2): (f64, f64)) -> usize {
    new_direction_count(alpha_1, alpha_2).map_or(0, |l| l + 1)
}

fn count(
    (alpha_1, alpha_2): (f64, f64),
    width: usize,
    arguments: &Arguments,
) -> Result<usize, Box<dyn Error>> {
    let eta = |alpha| StepSize::scaled(arguments.constant, alpha).eta(width);
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0])?;
    let setting = Setting {
        activation: SharedActivation::new(Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }),
        target: Target::single_index(link).noise(0.1),
        width,
        dimension: width / 2,
        samples: width / 2,
        step_sizes: [eta(alpha_1), eta(alpha_2)],
        batches: if arguments.reused { BatchPolicy::Reused } else { BatchPolicy::Independent },
        second_layer: SecondLayerLaw::Uniform,
    };
    // the counts of the two noise models differ close to the threshold only; this one is the faster
    let options =
        Options { noise_model: NoiseModel::Isotropic, target_column: false, ..Options::default() };
    Ok(predict(&setting, &options)?.outliers.len())
}

/// Coloured squares, one series per count, and the formula's steps alpha_2 = k (1/2 - alpha_1).
fn panel(grid: &[(f64, f64)], counts: &[usize], size: f64) -> Vec<Plot> {
    let mut plots = Vec::new();
    for (number, colour) in COLOURS.iter().enumerate() {
        let last = number + 1 == COLOURS.len();
        let cells =
            grid.iter().zip(counts).filter(|(_, c)| **c == number || (last && **c > number));
        let label = match number {
            1 => "1 outlier".to_owned(),
            _ if last => format!("{number} or more"),
            _ => format!("{number} outliers"),
        };
        plots.push(Plot::Scatter(
            ScatterPlot::new()
                .with_data(cells.map(|(a, _)| *a).collect::<Vec<_>>())
                .with_color(*colour)
                .with_marker(MarkerShape::Square)
                .with_size(size / 2.0)
                .with_legend(label),
        ));
    }
    for k in 1..=6 {
        let k = f64::from(k);
        let from = (0.5 - 0.5 / k).max(0.0);
        let line = LinePlot::new()
            .with_data([(from, k * (0.5 - from)), (0.5, 0.0)])
            .with_color("#444444")
            .with_stroke_width(1.0);
        let line = if k == 1.0 {
            line.with_legend("steps of the formula, α₂ = k (1/2 − α₁)")
        } else {
            line
        };
        plots.push(Plot::Line(line));
    }
    plots
}
