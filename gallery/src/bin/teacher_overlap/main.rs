//! What is learned: overlaps of the two leading right singular vectors of W_2 with the teacher,
//! against the step size and against n/d, with independent batches and with a reused one, for
//! links of information exponent 1, 2, 3 and an even link; with the predictions.
//!
//! `cargo run --release -p gallery --bin teacher_overlap` (`-- --help` for the options); minutes on two
//! cores, `-- --quick` seconds. Fails when the reused batch does not give the second outlier an
//! overlap above 0.3 at the link of information exponent 2, or independent ones give more than
//! chance.

mod cases;
mod check;

use std::error::Error;

use clap::Parser;

use cases::{Measurement, POLICIES, Point, Size, evaluate, links};
use gallery::data::Data;
use gallery::options::CommonOptions;
use gallery::picture::{
    Panel, SERIES, Shape, figure, line, marks, marks_with_errors, report, save,
};
use gallery::settings::mean_and_error;

/// Overlap of the leading singular vectors with the teacher, independent and reused batches.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Input dimension d and width N of the sweeps [default: 1000, quick 300]
    #[arg(long)]
    dimension: Option<usize>,
    /// eta_1 / sqrt(N) in the sweep over n/d, and in the check
    #[arg(long, default_value_t = 0.8)]
    step: f64,
    /// eta_2 / eta_1
    #[arg(long, default_value_t = 1.625)]
    second: f64,
    /// n / d in the sweep over the step size, and in the check
    #[arg(long, default_value_t = 1.5)]
    ratio: f64,
}

/// What varies in a row of the picture.
#[derive(Clone, Copy)]
enum Sweep {
    Step,
    Ratio,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let links = links()?;
    // factors of the setting that is checked
    let factors: &[f64] = arguments.common.pick(&[0.5, 1.0, 1.5], &[0.3, 0.6, 0.8, 1.0, 1.3, 1.7]);
    let ratios: &[f64] = arguments.common.pick(&[0.5, 1.0, 3.0], &[0.4, 0.7, 1.0, 1.5, 2.2, 3.0]);
    let (step, ratio) = (arguments.step, arguments.ratio);
    let sweeps = [
        (Sweep::Step, factors.iter().map(|f| (f * step, ratio)).collect::<Vec<_>>()),
        (Sweep::Ratio, ratios.iter().map(|f| (step, f * ratio)).collect()),
    ];
    let mut points = Vec::new();
    for (_, values) in &sweeps {
        for link in 0..links.len() {
            for policy in POLICIES {
                for (step, ratio) in values {
                    points.push(Point { link, policy, step: *step, ratio: *ratio });
                }
            }
        }
    }
    let dimension = arguments.dimension.unwrap_or(arguments.common.pick(300, 1000));
    let seeds = arguments.common.seeds(arguments.common.pick(2, 6));
    let size = Size { dimension, width: dimension, seeds };
    let results = evaluate(&arguments, &size, &points, &format!("sweeps, d = {dimension}"))?;

    let mut rest: Vec<(Point, Measurement)> = points.iter().copied().zip(results).collect();
    save_data(&rest, &arguments)?;
    let mut panels = Vec::new();
    for (sweep, values) in &sweeps {
        for (_, name) in &links {
            let these: Vec<_> = rest.drain(..POLICIES.len() * values.len()).collect();
            panels.push(panel(*sweep, name, &these));
        }
    }
    let figure = figure(panels, links.len(), (400, 330));
    report([save(&figure, &arguments.common.output, "teacher_overlap")?]);
    check::second_outlier(&arguments)
}

/// Means over the seeds (marks) and predictions (lines) of one link and one sweep.
fn panel(sweep: Sweep, name: &str, results: &[(Point, Measurement)]) -> Panel {
    let x = |point: &Point| match sweep {
        Sweep::Step => point.step,
        Sweep::Ratio => point.ratio,
    };
    let mut series = Vec::new();
    for (policy, colour) in POLICIES.into_iter().zip([SERIES[0], SERIES[1]]) {
        let ours: Vec<_> = results.iter().filter(|(point, _)| point.policy == policy).collect();
        let batches = format!("{policy} batch");
        for k in [0, 1] {
            let vector = ["first", "second"][k];
            let predicted: Vec<(f64, f64)> =
                ours.iter().map(|(point, r)| (x(point), r.predicted[k])).collect();
            let curve = line(&predicted, colour);
            let curve = if k == 0 { curve.dashed().sized(1) } else { curve };
            series.push(curve.named(format!("{batches}, {vector} outlier, predicted")));
            let means: Vec<(f64, f64)> = ours
                .iter()
                .map(|(_, r)| mean_and_error(&r.measured.iter().map(|m| m[k]).collect::<Vec<_>>()))
                .collect();
            let measured: Vec<(f64, f64)> =
                ours.iter().zip(&means).map(|((point, _), mean)| (x(point), mean.0)).collect();
            let errors: Vec<f64> = means.iter().map(|mean| mean.1).collect();
            let legend = format!("{batches}, {vector} singular vector, mean over seeds");
            series.push(match k {
                0 => marks(&measured, colour, Shape::Cross).named(legend),
                _ => marks_with_errors(&measured, &errors, colour, Shape::Circle).named(legend),
            });
        }
    }
    let last = results.iter().map(|(point, _)| x(point)).fold(0.0, f64::max);
    let label = match sweep {
        Sweep::Step => "step size η₁ / √N",
        Sweep::Ratio => "samples over dimension, n / d",
    };
    Panel::new(series, [(0.0, 1.05 * last), (0.0, 1.0)], name, [label, "overlap with the teacher"])
}

fn save_data(
    results: &[(Point, Measurement)],
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let mut data = Data::with_columns([
        "link",
        "reused",
        "eta_1_over_sqrt_n",
        "samples_over_dimension",
        "k",
        "mean",
        "standard_error",
        "predicted",
    ]);
    for (point, result) in results {
        let reused = f64::from(u8::from(point.policy == POLICIES[1]));
        for k in [0, 1] {
            let values: Vec<f64> = result.measured.iter().map(|m| m[k]).collect();
            let (mean, error) = mean_and_error(&values);
            let (link, k_) = (point.link as f64, k as f64);
            data.row([link, reused, point.step, point.ratio, k_, mean, error, result.predicted[k]]);
        }
    }
    report(data.save(&arguments.common.output, "teacher_overlap")?);
    Ok(())
}
