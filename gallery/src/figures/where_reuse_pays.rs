//! Where a reused batch pays: searches by the prediction alone, over links of information exponent 2,
//! activations, ratios and step sizes, for the settings in which the outliers of W_2 know most of the
//! teacher, with a reused batch and with independent ones. Then it predicts and simulates the test
//! error of ridge regression on the features after up to five steps in the best settings. Without linear
//! part the best linear predictor has error E y^2, and so have the features of W_0 as N grows.
//!
//! `linear-width figure where_reuse_pays` (`--help` for the options); minutes on two
//! cores, `--quick` seconds.

use std::error::Error;
use std::sync::Arc;

use clap::Parser;
use linear_width::activation::{Activation, Gelu, Relu, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::quadrature::QuadratureError;
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::measured::measured;
use crate::options::CommonOptions;
use crate::picture::{NOTE, Panel, REFERENCE, SERIES, Shape, figure, line, marks, report, save};
use crate::progress::in_parallel;
use crate::ridge::{label_square, measured_errors, predicted_errors};
use crate::settings::{POLICIES, Setting, cosine_link, sine};

/// Settings in which a reused batch lowers the test error, found by prediction.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; the features are fitted on 4 N samples [default: 800, quick 200]
    #[arg(long)]
    width: Option<usize>,
    /// How many steps are simulated [default: 4, quick 2]
    #[arg(long)]
    steps: Option<usize>,
    /// How many settings are simulated besides that of the largest lead of the reused batch, which
    /// quick leaves out [default: 4, quick 1]
    #[arg(long)]
    settings: Option<usize>,
}

/// Ratios d/N, ratios n/d, and step sizes eta / sqrt(N), equal in all steps.
const DIMENSIONS: [f64; 2] = [0.25, 1.0];
const SAMPLES: [f64; 3] = [1.0, 4.0, 16.0];
const SIZES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// Links of information exponent 2.
fn links() -> Result<[Link; 5], QuadratureError> {
    let he_2 = |z: f64| z * z - 1.0;
    let skewed =
        move |z: f64| (he_2(z) + (z * z * z - 3.0 * z) / 3.0_f64.sqrt()) * (-z * z / 8.0).exp();
    let even = move |z: f64| he_2(z) * (-z * z / 4.0).exp();
    Ok([
        cosine_link()?,
        Link::new("cos(2.5z+0.6)", |z| (2.5 * z + 0.6).cos()).without(&[0, 1])?,
        Link::new("(He₂+He₃/√3) exp(−z²/8)", skewed).without(&[0, 1])?,
        Link::new("|z+0.7|", |z| (z + 0.7).abs()).with_kinks([-0.7]).without(&[0, 1])?,
        Link::new("He₂ exp(−z²/4)", even).without(&[0, 1])?,
    ])
}

fn activations() -> [Arc<dyn Activation>; 5] {
    let tanh = Tanh { scale: 2.0, shift: 0.5 };
    [sine().shared(), tanh.shared(), Gelu.shared(), Relu.shared(), Softplus::default().shared()]
}

fn lambdas() -> Vec<f64> {
    (-6..=8).map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect()
}

/// A setting of the search: its numbers for the table of data, and itself.
struct Place {
    of: [f64; 5],
    ratio: usize,
    setting: Setting,
}

/// What the outliers of W_2 know, predicted: the overlap o of their span with the teacher, and the share
/// of E y^2 that is a function of the teacher's projection on the span, the sum of
/// k! c_k^2 o^(2k) over the label's Hermite coefficients c_k. No readout can explain more by them.
#[derive(Clone, Copy)]
struct Known {
    overlap: f64,
    share: f64,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let count = arguments.steps.unwrap_or(common.pick(2, 4));
    let width = arguments.width.unwrap_or(common.pick(200, 800));
    let places = places(width, common.quick)?;
    // None where the equations of the bulk could not be solved
    let found = in_parallel("searched", &places, |place| {
        Ok(POLICIES.map(|(policy, _)| known(&place.setting.with_batches(policy)).ok()))
    })?;
    let solved: Vec<(&Place, [Known; 2])> = places
        .iter()
        .zip(found)
        .filter_map(|(place, [independent, reused])| Some((place, [independent?, reused?])))
        .collect();
    println!("{} of {} settings solved", solved.len(), places.len());

    let mut data = Data::with_columns([
        "link",
        "activation",
        "d_over_n",
        "samples_over_d",
        "eta_over_sqrt_n",
        "overlap_independent",
        "share_independent",
        "overlap_reused",
        "share_reused",
    ]);
    for (Place { of: [a, b, c, d, e], .. }, [i, r]) in &solved {
        data.row([*a, *b, *c, *d, *e, i.overlap, i.share, r.overlap, r.share]);
    }
    let mut order: Vec<usize> = (0..solved.len()).collect();
    let share = |i: &usize| solved[*i].1[1].share;
    order.sort_by(|a, b| share(b).total_cmp(&share(a)));
    // the best setting of each link
    let mut links = Vec::new();
    order.retain(|i| {
        let link = solved[*i].0.of[0];
        let first = !links.contains(&link);
        if first {
            links.push(link);
        }
        first
    });
    println!("share of E y^2 that the outliers of W_2 can explain, the best setting of each link:");
    for i in &order {
        let (place, [independent, reused]) = &solved[*i];
        println!(
            "  {}: independent {:.3}, reused {:.3}",
            describe(&place.setting),
            independent.share,
            reused.share
        );
    }
    order.truncate(arguments.settings.unwrap_or(common.pick(1, 4)));
    let ahead = |i: &usize| solved[*i].1[1].share - solved[*i].1[0].share;
    if let Some(i) = (0..solved.len()).max_by(|a, b| ahead(a).total_cmp(&ahead(b))) {
        let (setting, lead) = (&solved[i].0.setting, ahead(&i));
        println!("largest lead of the reused batch, {lead:.3}: {}", describe(setting));
        if !common.quick {
            order.push(i);
        }
    }

    let seeds = common.seeds(common.pick(2, 3));
    let chosen: Vec<Setting> = order
        .iter()
        .flat_map(|i| POLICIES.map(|(policy, _)| solved[*i].0.setting.with_batches(policy)))
        .map(|setting| Setting { steps: vec![setting.steps[0]; count], ..setting })
        .collect();
    let samples = 4 * width;
    let curves = in_parallel("test error predicted", &chosen, |setting| {
        predicted_errors(setting, samples, &lambdas())
    })?;
    let tasks: Vec<(usize, u64)> =
        (0..chosen.len()).flat_map(|k| seeds.iter().map(move |s| (k, *s))).collect();
    let runs = in_parallel("simulated", &tasks, |(k, seed)| {
        measured_errors(&chosen[*k], *seed, samples, &lambdas())
    })?;

    let steps: Vec<f64> = (0..=count).map(|t| t as f64).collect();
    let mut panels = vec![map(&solved)];
    let mut runs = runs.chunks(seeds.len()).zip(&curves);
    for i in &order {
        let setting = &solved[*i].0.setting;
        println!("{}: test error over E y^2 of W_0, W_1, ...", describe(setting));
        let ends = [(-0.3, 1.0), (count as f64 + 0.3, 1.0)];
        let mut series = vec![line(&ends, REFERENCE).dashed().named("best linear predictor")];
        for (((policy, colour), name), (runs, curve)) in
            POLICIES.into_iter().zip(NAMES).zip(&mut runs)
        {
            let predicted: Vec<f64> = curve.iter().map(|point| point.1).collect();
            println!("  {policy}: predicted {predicted:.3?}");
            for (run, seed) in runs.iter().zip(&seeds) {
                println!("  {policy}, seed {seed}: measured {run:.3?}");
            }
            let points: Vec<(f64, f64)> = steps.iter().copied().zip(predicted).collect();
            series.push(line(&points, colour).named(name));
            series.push(measured(&steps, runs, colour, Shape::Circle).named(name));
        }
        let ranges = [(-0.3, count as f64 + 0.3), (0.0, 1.2)];
        let link = setting.target.name().replace(" without He0, He1", "");
        let activation = setting.activation.name();
        let title = format!("{link}, {}", activation.split('(').next().unwrap_or_default());
        let Place { of: [_, _, d, n, size], .. } = solved[*i].0;
        let sizes = format!("d = {d} N, n = {n} d, η = {size} √N");
        let panel = Panel::new(series, ranges, title, ["steps t", "test error / E y²"]);
        panels.push(panel.with_label((0.0, 0.08), sizes, REFERENCE));
    }
    let figure = figure(panels, 3, (440, 340)).with_note(NOTE);
    report([save(&figure, &common.output, "where_reuse_pays")?]);
    report(data.save(&common.output, "where_reuse_pays")?);
    Ok(())
}

const NAMES: [&str; 2] = ["independent batches", "reused batch"];

/// All settings of the search; with `quick` those of one link, one activation and one d/N.
fn places(width: usize, quick: bool) -> Result<Vec<Place>, QuadratureError> {
    let mut places = Vec::new();
    let some = |all: usize| if quick { 1 } else { all };
    for (l, link) in links()?.into_iter().enumerate().take(some(5)) {
        for (a, activation) in activations().into_iter().enumerate().take(some(5)) {
            for d in DIMENSIONS.into_iter().take(some(2)) {
                for (ratio, n) in SAMPLES.into_iter().enumerate() {
                    for size in SIZES {
                        let dimension = (d * width as f64).round() as usize;
                        let eta = StepSize::from(size * (width as f64).sqrt());
                        let setting = Setting {
                            width,
                            dimension,
                            samples: (n * dimension as f64).round() as usize,
                            activation: Arc::clone(&activation),
                            target: Target::single_index(link.clone()).noise(0.1),
                            steps: vec![eta; 2],
                            batches: BatchPolicy::Reused,
                        };
                        places.push(Place { of: [l as f64, a as f64, d, n, size], ratio, setting });
                    }
                }
            }
        }
    }
    Ok(places)
}

fn known(setting: &Setting) -> Result<Known, Box<dyn Error>> {
    let options = Options { compare_nodes: false, node_factor: 0.5, ..Options::default() };
    let prediction = setting.builder(0).build()?.predict(2, &options)?;
    let square: f64 = prediction.outliers.iter().map(|o| o.target_overlap.powi(2)).sum();
    let square = square.min(1.0);
    let link = setting.target.link().ok_or("the labels have one link")?;
    let (mut explained, mut factorial) = (0.0, 1.0);
    for (k, c) in link.hermite_coefficients(20)?.into_iter().enumerate() {
        factorial *= k.max(1) as f64;
        explained += factorial * c * c * square.powi(k as i32);
    }
    Ok(Known { overlap: square.sqrt(), share: explained / label_square(&setting.target)? })
}

/// The overlaps with a reused batch against those with independent ones, a colour per n/d.
fn map(solved: &[(&Place, [Known; 2])]) -> Panel {
    let mut series = vec![line(&[(0.0, 0.0), (1.0, 1.0)], REFERENCE).dashed().named("equal")];
    for (ratio, n) in SAMPLES.into_iter().enumerate() {
        let these = solved.iter().filter(|(place, _)| place.ratio == ratio);
        let points: Vec<(f64, f64)> = these.map(|(_, [i, r])| (i.overlap, r.overlap)).collect();
        let name = format!("predicted, n/d = {n}");
        series.push(marks(&points, SERIES[ratio], Shape::Diamond).sized(3).named(name));
    }
    let labels = ["independent batches", "reused batch"];
    let title = "overlap of the outliers of W₂ with the teacher";
    Panel::new(series, [(0.0, 1.0), (0.0, 1.0)], title, labels)
}

fn describe(setting: &Setting) -> String {
    format!(
        "{}, {}, N = {}, d = {}, n = {}, eta/sqrt N = {:.2}",
        setting.target.name(),
        setting.activation.name(),
        setting.width,
        setting.dimension,
        setting.samples,
        setting.steps[0].eta(setting.width) / (setting.width as f64).sqrt()
    )
}
