//! Scaling: the outlying singular values of W_2 against N on logarithmic axes. Spike k grows like
//! N^(alpha_2 - k (1/2 - alpha_1)), the first (k = 0) like N^max(alpha_1, alpha_2). Simulated up to
//! N of some thousands, predicted far beyond; the dashed lines have the slopes of the formula.
//!
//! `linear-width figure scaling` (`--help` for the options); minutes on two cores,
//! `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::experiment::Precision;
use linear_width::theory::SpikeExpansion;
use linear_width::theory::prediction::BulkModel;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{LAW, MEASURED, Panel, REFERENCE, Shape, figure, line, marks, report, save};
use crate::progress::in_parallel;
use crate::settings::{Setting, mean_and_error, two_steps};

/// Outlying singular values of W_2 against N: simulated, predicted, and the slopes of the formula.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Exponent alpha_1 of the first step, in [0, 0.5)
    #[arg(long, default_value_t = 0.3)]
    alpha1: f64,
    /// Exponent alpha_2 of the second step, in [0, 0.5)
    #[arg(long, default_value_t = 0.48)]
    alpha2: f64,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 3.0)]
    constant: f64,
}

/// SpikeExpansion drawn: those with an exponent well above 0.
const SPIKES: usize = 4;

/// Edge of the bulk, outliers.
type Spectrum = (f64, Vec<f64>);

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let simulated: &[usize] = common.pick(&[250, 500, 1000], &[250, 500, 1000, 2000, 4000]);
    let seeds = common.seeds(common.pick(2, 4));
    let points = common.pick(13, 25);
    let widths: Vec<usize> = (0..points)
        .map(|i| 10_f64.powf(2.0 + 6.0 * i as f64 / (points - 1) as f64) as usize)
        .collect();
    let spikes = SpikeExpansion::new(arguments.alpha1, arguments.alpha2)?;

    let predicted =
        in_parallel("predicted", &widths, |width| -> Result<Spectrum, Box<dyn Error>> {
            // the fast model: for this link, which has a linear part, both agree with simulations to 1 %
            let prediction = setting(arguments, *width)?.predict(BulkModel::Isotropic)?;
            let values = prediction.outliers.iter().map(|o| o.singular_value).collect();
            Ok((prediction.edge, values))
        })?;
    let runs: Vec<(usize, u64)> =
        simulated.iter().rev().flat_map(|n| seeds.iter().map(move |s| (*n, *s))).collect();
    let measured =
        in_parallel("simulated", &runs, |(width, seed)| -> Result<Vec<f64>, Box<dyn Error>> {
            let builder = setting(arguments, *width)?.builder(*seed);
            let report = builder.precision(Precision::F32).build()?.run()?;
            let stage = &report.stages[2];
            Ok(stage.singular_values.iter().take(stage.outliers.count).copied().collect())
        })?;

    let mut data = Data::with_columns(["predicted", "width", "k", "singular_value", "error"]);
    let (mut series, mut labels) = (Vec::new(), Vec::new());
    let edge: Vec<(f64, f64)> =
        widths.iter().zip(&predicted).map(|(n, (edge, _))| (*n as f64, *edge)).collect();
    series.push(line(&edge, LAW).dotted().named("predicted edge of the bulk"));
    println!(
        "{:>3} {:>9} {:>22} {:>30}",
        "k", "exponent", "slope of prediction,", "N = 10^3 to 10^4, 10^7 to 10^8"
    );
    for (k, exponent) in spikes.exponents().iter().enumerate().take(SPIKES) {
        let curve: Vec<(f64, f64)> = widths
            .iter()
            .zip(&predicted)
            .filter_map(|(n, (_, values))| Some((*n as f64, *values.get(k)?)))
            .collect();
        for (n, value) in &curve {
            data.row([1.0, *n, k as f64, *value, f64::NAN]);
        }
        let slope = |from: f64, to: f64| {
            let near = |n: f64| {
                curve.iter().min_by(|a, b| (a.0 / n).ln().abs().total_cmp(&(b.0 / n).ln().abs()))
            };
            match (near(from), near(to)) {
                (Some(a), Some(b)) if b.0 > a.0 => (b.1 / a.1).ln() / (b.0 / a.0).ln(),
                _ => f64::NAN,
            }
        };
        println!("{k:>3} {:>9.3} {:>22.3} {:>30.3}", exponent, slope(1e3, 1e4), slope(1e7, 1e8));
        // the formula's slope through the last predicted point
        if let Some(&(n, value)) = curve.last() {
            let reference = [100.0, n].map(|x: f64| (x, value * (x / n).powf(*exponent)));
            let reference = line(&reference, REFERENCE).dashed().sized(1);
            series.push(match k {
                0 => reference.named("slope of the formula, through the last point"),
                _ => reference,
            });
        }
        series.push(line(&curve, LAW).named("predicted"));
        if let Some((n, value)) = curve.get(2 * curve.len() / 3) {
            labels.push(((*n, 0.55 * value), format!("k = {k}, exponent {exponent:.2}")));
        }
        let mut points = Vec::new();
        for width in simulated {
            let values: Vec<f64> = runs
                .iter()
                .zip(&measured)
                .filter(|((n, _), _)| n == width)
                .filter_map(|(_, values)| values.get(k).copied())
                .collect();
            // only where it is an outlier for every seed
            if values.len() == seeds.len() {
                let (mean, error) = mean_and_error(&values);
                data.row([0.0, *width as f64, k as f64, mean, error]);
                points.push((*width as f64, mean));
            }
        }
        series.push(marks(&points, MEASURED, Shape::Circle).named("measured"));
    }
    data.array("widths", ndarray::Array1::from_iter(widths.iter().map(|n| *n as f64)).view());
    data.array("edges", ndarray::Array1::from_iter(edge.iter().map(|e| e.1)).view());

    let top = predicted.iter().flat_map(|(_, values)| values).fold(1.0_f64, |m, v| m.max(*v));
    let title = format!("α₁ = {}, α₂ = {}", arguments.alpha1, arguments.alpha2);
    let ranges = [(1e2, 1e8), (1.0, 2.0 * top)];
    let axes = ["width N", "outlying singular values of W₂"];
    let panel = Panel::new(series, ranges, title, axes).with_log_scale();
    let label = |panel: Panel, (at, text)| panel.with_label(at, text, LAW);
    let panel = labels.into_iter().fold(panel, label);
    report([save(&figure(vec![panel], 1, (760, 480)), &common.output, "scaling")?]);
    report(data.save(&common.output, "scaling")?);
    Ok(())
}

fn setting(arguments: &Arguments, width: usize) -> Result<Setting, Box<dyn Error>> {
    let steps = [arguments.alpha1, arguments.alpha2]
        .map(|alpha| StepSize::scaled(arguments.constant, alpha));
    Ok(two_steps(width, width, steps, BatchPolicy::Independent)?)
}
