//! The crate's own contestant: lines as peers.py describes them.

use std::time::Instant;

use linear_width::activation::Tanh;
use linear_width::cuda::{Card, CardBatch, CardNetwork};
use linear_width::data::{GeneratedBatch, Link, Target};
use linear_width::experiment::{Device, Precision};
use linear_width::network::Network;
use linear_width::spectral::{SingularTriplets, SpectrumMethod};
use linear_width::training::StepSize;
use linear_width::{Experiment, Scalar};
use ndarray::Array1;

use crate::Fallible;

/// Width, dimension, samples, and how often a measurement is repeated.
#[derive(Clone, Copy)]
struct Size {
    width: usize,
    dimension: usize,
    samples: usize,
    repeats: usize,
}

impl Size {
    fn read(word: &str) -> Fallible<Self> {
        let numbers: Result<Vec<usize>, _> = word.split(',').map(str::parse).collect();
        let [width, dimension, samples, repeats] = numbers?[..] else {
            return Err(format!("not N,d,n,REPEATS: {word}").into());
        };
        Ok(Self { width, dimension, samples, repeats })
    }

    /// Does the work once, and then `repeats` times with a clock, each time after `prepare`; `check`
    /// makes a number of the end.
    fn measure<S, R>(
        &self,
        (task, precision): (&str, &str),
        state: &mut S,
        prepare: impl Fn(&mut S) -> Fallible<()>,
        work: impl Fn(&mut S) -> Fallible<R>,
        check: impl Fn(&S, R) -> Fallible<f64>,
    ) -> Fallible<()> {
        prepare(state)?;
        let mut result = work(state)?;
        let mut seconds = Vec::new();
        for _ in 0..self.repeats {
            prepare(state)?;
            let start = Instant::now();
            result = work(state)?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        self.print(task, precision, seconds, check(state, result)?);
        Ok(())
    }

    fn print(&self, task: &str, precision: &str, mut seconds: Vec<f64>, check: f64) {
        seconds.sort_by(f64::total_cmp);
        let last = seconds.len() - 1;
        let median = (seconds[last / 2] + seconds[last.div_ceil(2)]) / 2.0;
        let Self { width, dimension, samples, .. } = self;
        println!(
            "ours\t{task}\t{precision}\t{width}\t{dimension}\t{samples}\t{median:.6e}\t{:.6e}\t{:.6e}\t{check:.6e}",
            seconds[0], seconds[last]
        );
    }
}

const STEPS: [(f64, f64); 2] = [(2.0, 0.3), (2.0, 0.4)];

fn target() -> Target {
    Target::single_index(Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh())).noise(0.1)
}

fn norm<T: Scalar>(network: &Network<T>) -> f64 {
    let squares = network.first_layer().iter().map(|w| w.as_f64().powi(2));
    squares.sum::<f64>().sqrt()
}

/// A network on the card, and the numbers of its batches.
struct State<T> {
    resident: CardNetwork<T>,
    index: u64,
}

fn contest<T: Scalar>(size: Size, precision: &str) -> Fallible<()> {
    let Size { width, dimension, samples, .. } = size;
    let card = Card::open(0)?;
    let etas = STEPS.map(|(factor, exponent)| StepSize::scaled(factor, exponent).eta(width));
    let network = Network::<T>::random(width, dimension, Tanh::default(), 1)?;
    let state = &mut State { resident: CardNetwork::new(&card, &network)?, index: 0 };
    let batch = GeneratedBatch::new(&target(), dimension, samples, 1)?;
    let restart = |state: &mut State<T>| {
        state.resident.set_first_layer(network.first_layer().view())?;
        Ok(card.wait()?)
    };
    let norm_of = |state: &State<T>, ()| Ok(norm(&state.resident.network()?));

    let generated = |state: &mut State<T>| {
        for eta in etas {
            state.index += 1;
            state.resident.gradient_step(&batch.clone().with_index(state.index), eta)?;
        }
        Ok(card.wait()?)
    };
    size.measure(("two steps, generated", precision), state, restart, generated, norm_of)?;

    let batches = [1, 2].map(|index| CardBatch::new(&card, &batch.clone().with_index(index)));
    let [first, second] = batches;
    let batches = [first?, second?];
    let given = |state: &mut State<T>| {
        for (batch, eta) in batches.iter().zip(etas) {
            state.resident.gradient_step_on(batch, eta)?;
        }
        Ok(card.wait()?)
    };
    size.measure(("two steps, given", precision), state, restart, given, norm_of)?;
    drop(batches);

    restart(state)?;
    let values = |state: &mut State<T>| Ok(state.resident.singular_values(SpectrumMethod::Gram)?);
    let largest = |_: &State<T>, values: Array1<T>| Ok(values[0].as_f64());
    size.measure(("singular values", precision), state, |_| Ok(()), values, largest)?;
    let six = |state: &mut State<T>| Ok(state.resident.leading_triplets(6)?);
    let largest = |_: &State<T>, top: SingularTriplets<T>| Ok(top.singular_values[0].as_f64());
    size.measure(("leading 6 triplets", precision), state, |_| Ok(()), six, largest)
}

/// The whole experiment, once: W_0, two steps, three spectra with triplets, and the predictions.
fn whole_run(size: Size, precision: Precision) -> Fallible<()> {
    let experiment = Experiment::builder()
        .width(size.width)
        .dimension(size.dimension)
        .samples(size.samples)
        .activation(Tanh::default())
        .target(target())
        .steps(STEPS.map(|(factor, exponent)| StepSize::scaled(factor, exponent)))
        .precision(precision)
        .device(Device::Cuda(0))
        .build()?;
    let start = Instant::now();
    let report = experiment.run()?;
    let seconds = start.elapsed().as_secs_f64();
    for stage in &report.stages {
        eprintln!(
            "    W_{}: step {:.3} s, spectrum {:.3} s, outliers {}",
            stage.step, stage.gradient_seconds, stage.spectrum_seconds, stage.outliers.count
        );
    }
    let last = report.stages.last().ok_or("a report without stages")?;
    let name = if precision == Precision::F32 { "f32" } else { "f64" };
    size.print("whole run", name, vec![seconds], last.singular_values[0]);
    Ok(())
}

pub fn run(words: &[String]) -> Fallible<()> {
    for word in words {
        let size = Size::read(word)?;
        contest::<f32>(size, "f32")?;
        contest::<f64>(size, "f64")?;
        whole_run(size, Precision::F32)?;
        whole_run(size, Precision::F64)?;
    }
    Ok(())
}
