//! Whole runs on the card beside the same runs on the processor.

use std::fmt::Write;
use std::sync::Arc;

use linear_width::Experiment;
use linear_width::activation::{
    Activation, Erf, FnActivation, Gelu, HermiteSeries, LeakyRelu, Relu, Sigmoid, Silu, Sine,
    Softplus, Tanh,
};
use linear_width::cuda::Card;
use linear_width::data::{InputLaw, Link, Target};
use linear_width::experiment::{Device, Precision, Report};
use linear_width::network::{Initialisation, Scaling};
use linear_width::training::{BatchPolicy, StepSize};

use crate::Fallible;

/// What is compared; for each the largest error that is allowed in `f64` and `f32`.
const QUANTITIES: [(&str, [f64; 2]); 6] = [
    // over the largest singular value
    ("singular values", [1e-11, 1e-5]),
    // times the distance to the next singular value over the largest one: the residuals of
    // triplets are 1e-10 and 1e-5
    ("overlaps x gap", [4e-10, 4e-5]),
    // over the largest weight
    ("weights", [1e-11, 1e-5]),
    // over the largest eigenvalue
    ("feature spectrum", [1e-11, 1e-5]),
    // relative, over the condition number of the regression
    ("test errors", [1e-13, 1e-7]),
    ("training errors", [1e-13, 1e-7]),
];

fn activations() -> Vec<Arc<dyn Activation>> {
    let bump = FnActivation::from_formula("closure z exp(-z^2/4)", |z| z * (z * z * -0.25).exp());
    let hinge = FnActivation::new(
        "closure with a kink at 0.5",
        |z: f64| if z > 0.5 { z - 0.5 } else { 0.1 * z.sin() - 0.1 * 0.5_f64.sin() },
        |z: f64| if z > 0.5 { 1.0 } else { 0.1 * z.cos() },
    );
    vec![
        Arc::new(Tanh { scale: 1.5, shift: 0.3 }),
        Arc::new(Erf),
        Arc::new(Sigmoid),
        Arc::new(Relu),
        Arc::new(LeakyRelu::default()),
        Arc::new(Softplus::default()),
        Arc::new(Gelu),
        Arc::new(Silu),
        Arc::new(Sine::default()),
        Arc::new(HermiteSeries::new([0.0, 1.0, 0.3, 0.1])),
        Arc::new(bump),
        Arc::new(hinge.with_kinks([0.5])),
    ]
}

/// Numbers without pattern, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn up_to(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.up_to(most - least + 1)
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.up_to(choices.len())].clone()
    }
}

/// Setting number `number`, with this activation.
fn experiment(
    number: usize,
    activation: &Arc<dyn Activation>,
    precision: Precision,
    device: Device,
) -> Fallible<Experiment> {
    let mut numbers = Numbers(number as u64 + 1);
    let (width, dimension) = (numbers.between(40, 300), numbers.between(30, 200));
    // more than one tile in some
    let samples = numbers.one_of(&[150, 400, 1536, 1700, 3100]);
    let link = Link::hermite([0.0, 1.0, 0.4]);
    let target = match numbers.up_to(2) {
        0 => Target::single_index(link),
        _ => Target::multi_index("z_1 + z_1 z_2", 2, |z| z[0] + z[0] * z[1]),
    };
    let builder = Experiment::builder()
        .width(width)
        .dimension(dimension)
        .samples(samples)
        .seed(number as u64)
        .activation(activation.clone())
        .target(target.noise(0.1))
        .initialisation(numbers.one_of(&[Initialisation::Sphere, Initialisation::Gaussian]))
        .input_law(numbers.one_of(&[InputLaw::Gaussian, InputLaw::Rademacher]))
        .batches(numbers.one_of(&[BatchPolicy::Independent, BatchPolicy::Reused]))
        .scaling(numbers.one_of(&[Scaling::MeanField, Scaling::MeanField, Scaling::Standard]))
        .steps([StepSize::scaled(1.0, 0.2), StepSize::scaled(1.0, 0.3)])
        .precision(precision)
        .device(device)
        .with_prediction(false)
        .keep_weights(true)
        .triplets(3);
    // fewer and more samples than neurons
    let builder = builder
        .readout_samples([width / 2, 2 * width])
        .readout_lambdas([0.01, 1.0])
        .readout_test_samples(200)
        .feature_samples(numbers.one_of(&[width / 2 + 5, 2 * width]));
    Ok(builder.build()?)
}

/// The largest error of each quantity.
type Errors = [f64; QUANTITIES.len()];

fn raise(error: &mut f64, by: f64) {
    // not a number is the largest of all
    *error = if by.is_nan() { f64::INFINITY } else { error.max(by) };
}

fn compared(card: &Report, processor: &Report) -> Fallible<Errors> {
    let mut errors = [0.0; QUANTITIES.len()];
    if card.stages.len() != processor.stages.len() {
        return Err("another number of stages".into());
    }
    for (card, processor) in card.stages.iter().zip(&processor.stages) {
        let (found, expected) = (&card.singular_values, &processor.singular_values);
        let largest = expected[0];
        for (found, expected) in found.iter().zip(expected) {
            raise(&mut errors[0], (found - expected).abs() / largest);
        }
        for (k, (found, expected)) in card.triplets.iter().zip(&processor.triplets).enumerate() {
            let s = &processor.singular_values;
            let above = if k == 0 { f64::INFINITY } else { s[k - 1] - s[k] };
            let gap = above.min(s[k] - s[k + 1]).min(largest) / largest;
            let overlaps = found.direction_overlaps.iter().chain(&found.left_overlaps);
            let others = expected.direction_overlaps.iter().chain(&expected.left_overlaps);
            for (found, expected) in overlaps.zip(others) {
                raise(&mut errors[1], (found - expected).abs() * gap);
            }
        }
        let (Some(found), Some(expected)) = (&card.weights, &processor.weights) else {
            return Err("a report without weights".into());
        };
        let largest = expected.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
        for (found, expected) in found.iter().zip(expected) {
            raise(&mut errors[2], (found - expected).abs() / largest);
        }
        let (Some(found), Some(expected)) = (&card.features, &processor.features) else {
            return Err("a report without features".into());
        };
        let (found, expected) = (&found.measured.eigenvalues, &expected.measured.eigenvalues);
        let largest_square = expected[0];
        for (found, other) in found.iter().zip(expected) {
            raise(&mut errors[3], (found - other).abs() / expected[0]);
        }
        for (found, expected) in card.readouts.iter().zip(&processor.readouts) {
            let condition = 1.0 + largest_square / expected.lambda;
            let (found, expected) = (&found.measured, &expected.measured);
            let of = |one: f64, other: f64| (one - other).abs() / other / condition;
            let squares = [found, expected].map(|measured| measured.test_error.mean_square);
            raise(&mut errors[4], of(squares[0], squares[1]));
            raise(&mut errors[5], of(found.training_error, expected.training_error));
        }
    }
    Ok(errors)
}

/// Compares `words[0]` settings (10) for every activation; `false` when an error is above what is
/// allowed.
pub fn run(words: &[String]) -> Fallible<bool> {
    let settings = words.first().map_or(Ok(10), |word| word.parse())?;
    let mut good = true;
    // held, so that no run opens it again
    let _card = Card::open(0)?;
    let names: Vec<&str> = QUANTITIES.iter().map(|(name, _)| *name).collect();
    println!("Largest differences of card and processor, {settings} random settings each:\n");
    println!("| activation | | {} |", names.join(" | "));
    println!("|---|---|{}", "---:|".repeat(names.len()));
    for activation in activations() {
        for (column, precision) in [Precision::F64, Precision::F32].into_iter().enumerate() {
            let mut worst = [0.0; QUANTITIES.len()];
            for number in 0..settings {
                let on = |device| -> Fallible<Report> {
                    Ok(experiment(number, &activation, precision, device)?.run()?)
                };
                let errors = compared(&on(Device::Cuda(0))?, &on(Device::Cpu)?)?;
                for (k, error) in errors.into_iter().enumerate() {
                    raise(&mut worst[k], error);
                    let (name, allowed) = QUANTITIES[k];
                    if error > allowed[column] {
                        let allowed = allowed[column];
                        let activation = activation.name();
                        eprintln!(
                            "{activation}, {precision:?}, setting {number}: {name} differ by {error:.1e}, allowed {allowed:.0e}"
                        );
                        good = false;
                    }
                }
            }
            let mut row = format!("| {} | {precision:?} |", activation.name());
            for error in worst {
                write!(row, " {error:.1e} |")?;
            }
            println!("{row}");
        }
    }
    let allowed = |column: usize| {
        let cells = QUANTITIES.iter().map(|(_, allowed)| format!("{:.0e}", allowed[column]));
        cells.collect::<Vec<_>>().join(" | ")
    };
    println!("| allowed | F64 | {} |\n| allowed | F32 | {} |", allowed(0), allowed(1));
    Ok(good)
}
