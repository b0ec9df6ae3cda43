//! What is learned: overlaps of the two leading right singular vectors of W_2 with the teacher,
//! against the step size and against n/d, with independent batches and with a reused one, for
//! links of information exponent 1, 2, 3 and an even link; with the predictions.
//!
//! `linear-width figure teacher_overlap` (`--help` for the options); minutes on two
//! cores, `--quick` seconds. Fails when the reused batch does not give the second outlier an
//! overlap above 0.3 at the link of information exponent 2, or independent ones give more than
//! chance.

mod cases;
mod check;

use std::error::Error;

use clap::Parser;

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{
    CHANCE_WIDE, INDEPENDENT, NOTE, Panel, REFERENCE, REUSED, Series, Shape, area, figure, line,
    marks, marks_with_errors, report, save,
};
use crate::settings::mean_and_error;
use cases::{Measurement, POLICIES, Point, Size, evaluate, links};

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

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
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
    let results = evaluate(arguments, &size, &points, &format!("sweeps, d = {dimension}"))?;

    let mut rest: Vec<(Point, Measurement)> = points.iter().copied().zip(results).collect();
    save_data(&rest, arguments)?;
    let mut panels = Vec::new();
    for (sweep, values) in &sweeps {
        for (i, (link, name)) in links.iter().enumerate() {
            let these: Vec<_> = rest.drain(..POLICIES.len() * values.len()).collect();
            let chance = |ratio| check::chance(link, ratio, dimension);
            let mut band = Vec::new();
            // derived for links without linear part
            for (point, _) in these[..values.len()].iter().filter(|_| i > 0) {
                band.push((sweep.coordinate(point), 2.0 * chance(point.ratio)?));
            }
            let chance = (dimension as f64).sqrt().recip();
            panels.push(panel(*sweep, name, &these, &band).with_chance(chance, "chance, 1/√d"));
        }
    }
    let figure = figure(panels, links.len(), (400, 330)).with_legend(legend()).with_note(NOTE);
    report([save(&figure, &arguments.common.output, "teacher_overlap")?]);
    check::second_outlier(arguments)
}

/// The meaning of colours and marks.
fn legend() -> Vec<Series> {
    let [first, second] = ["first singular vector", "second"];
    vec![
        line(&[], INDEPENDENT).sized(6).named("independent batches"),
        line(&[], REUSED).sized(6).named("reused batch"),
        line(&[], REFERENCE).dashed().sized(1).named(first),
        marks(&[], REFERENCE, Shape::Cross).named(first),
        line(&[], REFERENCE).named(second),
        marks(&[], REFERENCE, Shape::Circle).named(second),
    ]
}

impl Sweep {
    fn coordinate(self, point: &Point) -> f64 {
        match self {
            Self::Step => point.step,
            Self::Ratio => point.ratio,
        }
    }
}

/// Means over the seeds (marks) and predictions (lines) of one link and one sweep, over the band of
/// two standard deviations of what chance gives the second vector.
fn panel(sweep: Sweep, name: &str, results: &[(Point, Measurement)], band: &[(f64, f64)]) -> Panel {
    let mut series = Vec::new();
    if !band.is_empty() {
        let name = "chance for the second vector, two standard deviations";
        series.push(area(band, CHANCE_WIDE).named(name));
    }
    for (policy, colour) in POLICIES.into_iter().zip([INDEPENDENT, REUSED]) {
        let ours: Vec<_> = results.iter().filter(|(point, _)| point.policy == policy).collect();
        for k in [0, 1] {
            let predicted: Vec<(f64, f64)> =
                ours.iter().map(|(point, r)| (sweep.coordinate(point), r.predicted[k])).collect();
            let curve = line(&predicted, colour);
            series.push(if k == 0 { curve.dashed().sized(1) } else { curve });
            let means: Vec<(f64, f64)> = ours
                .iter()
                .map(|(_, r)| mean_and_error(&r.measured.iter().map(|m| m[k]).collect::<Vec<_>>()))
                .collect();
            let places = ours.iter().zip(&means);
            let measured: Vec<(f64, f64)> =
                places.map(|((point, _), mean)| (sweep.coordinate(point), mean.0)).collect();
            let errors: Vec<f64> = means.iter().map(|mean| mean.1).collect();
            series.push(match k {
                0 => marks(&measured, colour, Shape::Cross),
                _ => marks_with_errors(&measured, &errors, colour, Shape::Circle),
            });
        }
    }
    let last = results.iter().map(|(point, _)| sweep.coordinate(point)).fold(0.0, f64::max);
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
