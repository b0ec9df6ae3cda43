//! Two large gradient steps on the user's own data: inputs and labels from .npy files, by default
//! 1797 handwritten digits (8 x 8 pixels) with label +1 for odd and -1 for even ones. Prints the
//! report, draws the measured spectra, and tests ridge regression on the features.
//!
//! `linear-width figure real_data` (`--help` for the options); some seconds.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser;
use linear_width::data::{Batch, Dataset};
use linear_width::network::SecondLayerLaw;
use linear_width::readout::{Features, LinearFeatures, ReadoutError, Ridge, TestError};
use linear_width::rmt::MarchenkoPastur;
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, Report};

use crate::data::Data;
use crate::npy;
use crate::options::CommonOptions;
use crate::picture;
use crate::settings::sine;
use crate::spectrum::spectrum_panel;

/// Two large gradient steps on your own data.
#[derive(Parser)]
pub struct Options {
    #[command(flatten)]
    common: CommonOptions,
    /// Inputs, n x d, as .npy of floats, integers or booleans of any size [default: the digits]
    #[arg(long, requires = "labels")]
    inputs: Option<PathBuf>,
    /// Labels, n, as .npy of floats, integers or booleans of any size
    #[arg(long, requires = "inputs")]
    labels: Option<PathBuf>,
    /// Hidden neurons N [default: 2 d]
    #[arg(long)]
    width: Option<usize>,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Exponents of the two steps
    #[arg(long, num_args = 2, default_values_t = [0.35, 0.4])]
    alpha: Vec<f64>,
}

/// Simulates, and writes picture and data.
pub fn draw(options: &Options) -> Result<(), Box<dyn Error>> {
    let data = load(options)?
        .without_constant_features()?
        // labels of the held-out samples play no part in this; to hide their inputs too, use
        // standardised_like
        .standardised()?
        .with_standardised_labels()?;
    // a third for each step, a sixth each for the choice of lambda and for the test
    let n = data.samples() / 3;
    let (seen, validation) = (data.rows(0..2 * n)?, data.rows(2 * n..2 * n + n / 2)?);
    let test = data.rows(2 * n + n / 2..data.samples())?;
    let width = options.width.unwrap_or(2 * data.dimension());
    let width = options.common.pick(width.min(200), width);

    let experiment = |policy| {
        Experiment::builder()
            .data(seen.clone())
            .samples(n)
            .width(width)
            .activation(sine())
            .second_layer(SecondLayerLaw::Uniform)
            .steps(options.alpha.iter().map(|alpha| StepSize::scaled(options.constant, *alpha)))
            .batches(policy)
            .seed(options.common.seed)
            .build()
    };
    let (independent, reused) =
        (experiment(BatchPolicy::Independent)?, experiment(BatchPolicy::Reused)?);
    let (one, two) = (independent.run()?, reused.run()?);
    println!("{one}\n{two}");

    let mut networks = independent.networks::<f64>().collect::<Result<Vec<_>, _>>()?;
    networks.extend(reused.networks::<f64>().last().transpose()?);
    println!(
        "ridge regression on all {} samples of the steps, tested on {}; mean square of the labels about 1",
        2 * n,
        test.samples()
    );
    let sets = [&seen, &validation, &test];
    println!("{:>28}: {}", "x", readout(&LinearFeatures::new(data.dimension())?, sets)?);
    for (network, name) in networks.iter().zip(NAMES) {
        println!("{name:>28}: {}", readout(network, sets)?);
    }
    draw_spectra(&one, &two, &options.common.output)
}

const NAMES: [&str; 4] = ["W₀", "W₁", "W₂, independent batches", "W₂, reused batch"];

fn load(options: &Options) -> Result<Dataset, Box<dyn Error>> {
    if let (Some(inputs), Some(labels)) = (&options.inputs, &options.labels) {
        let name = labels.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Dataset::new(npy::matrix(inputs)?, npy::list(labels)?)?.named(name));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let digits = npy::list(&folder.join("digits_labels.npy"))?;
    let parity = digits.mapv(|digit| if digit % 2.0 == 0.0 { -1.0 } else { 1.0 });
    Ok(Dataset::new(npy::matrix(&folder.join("digits_inputs.npy"))?, parity)?
        .named("parity of digits"))
}

/// Trains on the first set, chooses lambda on the second, tests on the third.
fn readout(
    features: &dyn Features,
    [train, validation, test]: [&Dataset; 3],
) -> Result<TestError, ReadoutError> {
    let lambdas: Vec<f64> = (-8..=4).map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect();
    let path = Ridge::new().intercept(true).fit(features, train)?;
    path.select(&lambdas, validation)?.test_error(test)
}

fn draw_spectra(one: &Report, two: &Report, folder: &Path) -> Result<(), Box<dyn Error>> {
    let stages = [&one.stages[0], &one.stages[1], &one.stages[2], &two.stages[2]];
    let settings = &one.settings;
    let law = MarchenkoPastur::for_shape(settings.width, settings.dimension)?;
    let largest = stages.iter().map(|s| s.singular_values[0]).fold(0.0, f64::max);
    let mut data = Data::with_columns(["step", "reused", "rank", "singular_value", "outlier"]);
    let mut panels = Vec::new();
    for (i, (stage, name)) in stages.into_iter().zip(NAMES).enumerate() {
        for (k, value) in stage.singular_values.iter().enumerate() {
            let outlier = f64::from(u8::from(k < stage.outliers.count));
            let reused = f64::from(u8::from(i == 3));
            data.row([stage.step as f64, reused, k as f64 + 1.0, *value, outlier]);
        }
        panels.push(spectrum_panel(stage, None, &law, 0.0, largest, name)?);
    }
    let figure = picture::figure(panels, 2, (520, 330));
    picture::report([picture::save(&figure, folder, "real_data")?]);
    picture::report(data.save(folder, "real_data")?);
    Ok(())
}
