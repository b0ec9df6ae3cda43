//! Steps on a card beside steps on the processor: `cargo test --features cuda -- --ignored on_a_card`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::card::Card;
use super::error::CudaError;
use super::gradient_step::CardNetwork;
use super::samples::{CardBatch, SampleRoom};
use crate::Scalar;
use crate::activation::{Activation, FnActivation, Relu, Sine, Tanh};
use crate::data::{Batch, GeneratedBatch, Link, Target};
use crate::network::Network;
use crate::training::{Change, TrainingError};

fn card() -> Arc<Card> {
    Card::open(0).unwrap()
}

fn batch(dimension: usize, samples: usize) -> GeneratedBatch {
    let target = Target::single_index(Link::new("sin", f64::sin)).noise(0.1);
    GeneratedBatch::new(&target, dimension, samples, 3).unwrap()
}

fn network<T: Scalar>(activation: &Arc<dyn Activation>, width: usize, d: usize) -> Network<T> {
    Network::random(width, d, activation.clone(), 2).unwrap()
}

/// The largest difference of two first layers over the largest change of a weight.
fn difference<T: Scalar>(one: &Network<T>, two: &Network<T>, start: &Network<T>) -> f64 {
    let most = |a: &Network<T>, b: &Network<T>| {
        let pairs = a.first_layer().iter().zip(b.first_layer());
        pairs.fold(0.0_f64, |most, (a, b)| most.max((a.as_f64() - b.as_f64()).abs()))
    };
    // a step of one relu may go nowhere
    most(one, two) / most(one, start).max(f64::MIN_POSITIVE)
}

fn same_change(one: Change, two: Change, allowed: f64) {
    assert!((one.relative - two.relative).abs() <= allowed * two.relative, "{one:?} {two:?}");
    assert_eq!(one.no_gradient, two.no_gradient);
}

fn steps<T: Scalar>(allowed: f64) {
    let cosine = FnActivation::new("cos", f64::cos, |z| -z.sin());
    let activations = [Tanh { scale: 2.0, shift: 0.5 }.shared(), Relu.shared(), cosine.shared()];
    // one chunk, one tile, several tiles, none of them full
    for (width, d, n) in [(1, 1, 1), (7, 3, 50), (130, 9, 1025), (40, 5, 6144), (33, 4, 13_000)] {
        for activation in &activations {
            let start = network::<T>(activation, width, d);
            let (first, second) = (batch(d, n), batch(d, n).with_index(1));
            let mut expected = start.clone();
            let mut found = CardNetwork::new(&card(), &start).unwrap();
            let mut held = CardNetwork::new(&card(), &start).unwrap();
            for batch in [&first, &second] {
                // the second step takes pre-activations out of the first table
                let eta = 40.0;
                let change = expected.gradient_step(batch, eta).unwrap();
                same_change(found.gradient_step(batch, eta).unwrap(), change, allowed);
                let on_card = CardBatch::new(&card(), batch).unwrap();
                assert_eq!(on_card.samples(), n);
                same_change(held.gradient_step_on(&on_card, eta).unwrap(), change, allowed);
            }
            let found = found.network().unwrap();
            let error = difference(&found, &expected, &start);
            assert!(error <= allowed, "{width} {d} {n} {}: {error:e}", activation.name());
            // wherever the batch is
            assert_eq!(held.first_layer().unwrap(), found.first_layer());
        }
    }
}

#[test]
#[ignore = "needs a card"]
fn on_a_card_steps_are_those_of_the_processor() {
    steps::<f64>(1e-11);
    steps::<f32>(1e-4);
}

#[test]
#[ignore = "needs a card"]
fn on_a_card_kept_samples_are_read_once() {
    /// Counts what is read.
    struct Counted<'a>(&'a GeneratedBatch, std::sync::Mutex<Vec<usize>>);
    impl Batch for Counted<'_> {
        fn samples(&self) -> usize {
            self.0.samples()
        }
        fn dimension(&self) -> usize {
            self.0.dimension()
        }
        fn read(
            &self,
            first: usize,
            x: ndarray::ArrayViewMut2<'_, f64>,
            y: ndarray::ArrayViewMut1<'_, f64>,
        ) -> Result<(), crate::InvalidSetting> {
            self.1.lock().unwrap().extend(first..first + y.len());
            self.0.read(first, x, y)
        }
    }
    let (d, n) = (3, 14_000);
    for kept in [0, 100, 1024, 6144, 9000, n] {
        let start = network::<f64>(&Tanh::default().shared(), 20, d);
        let mut room = SampleRoom::new(&card(), n, d, kept, 0).unwrap();
        let mut alike = CardNetwork::new(&card(), &start).unwrap();
        let mut found = CardNetwork::new(&card(), &start).unwrap();
        for index in 0..3 {
            let batch = batch(d, n).with_index(index).reusing(kept).unwrap();
            let counted = Counted(&batch, Vec::new().into());
            let go_on = &mut |_| ControlFlow::Continue(());
            found.observed_step(&mut room, &counted, 9.0, go_on).unwrap();
            alike.gradient_step(&batch, 9.0).unwrap();
            let read = counted.1.into_inner().unwrap();
            // up to the start of a copy
            let first = if index == 0 { 0 } else { kept / 1024 * 1024 };
            let first = if kept == n && index > 0 { n } else { first };
            assert_eq!(read, (first..n).collect::<Vec<_>>(), "{kept}");
        }
        assert_eq!(found.first_layer().unwrap(), alike.first_layer().unwrap(), "{kept}");
    }
}

#[test]
#[ignore = "needs a card"]
fn on_a_card_a_step_stops_diverges_and_refuses() {
    let mut start = network::<f64>(&Relu.shared(), 10, 4);
    let mut found = CardNetwork::new(&card(), &start).unwrap();
    let batch = batch(4, 13_000);
    for (tiles, last) in [(1, 4), (2, 8), (3, 9)] {
        let mut room = SampleRoom::new(&card(), 13_000, 4, 0, 0).unwrap();
        let mut seen = Vec::new();
        let stop = &mut |tile| {
            seen.push(tile);
            if tile == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert_eq!(found.observed_step(&mut room, &batch, 1.0, stop).unwrap(), None);
        assert_eq!(seen, [4, 8, 9][..tiles]);
        assert_eq!(&found.first_layer().unwrap(), start.first_layer());
    }
    let wrong = self::batch(5, 10);
    assert!(matches!(found.gradient_step(&wrong, 1.0), Err(TrainingError::Invalid(_))));
    assert!(matches!(found.gradient_step(&batch, -1.0), Err(TrainingError::Invalid(_))));
    assert!(found.gradient_step(&batch, 0.0).unwrap().relative == 0.0);
    let on_the_host = [1e306, 1e306].map(|eta| start.gradient_step(&batch, eta).is_ok());
    assert_eq!([1e306, 1e306].map(|eta| found.gradient_step(&batch, eta).is_ok()), on_the_host);
    assert_eq!(found.gradient_step(&batch, 1e306), Err(TrainingError::Diverged));
    // a sine of such numbers has no table
    let sine = network::<f64>(&Sine { amplitude: 1.0, phase: 0.1 }.shared(), 10, 4);
    let mut found = CardNetwork::new(&card(), &sine).unwrap();
    found.gradient_step(&batch, 1e10).unwrap();
    let error = found.gradient_step(&batch, 1.0).unwrap_err();
    let table = |error: &CudaError| matches!(error, CudaError::Activation { .. });
    assert!(matches!(&error, TrainingError::Cuda(error) if table(error)), "{error}");
}

#[test]
#[ignore = "needs a card"]
fn on_a_card_the_same_bits_come_again() {
    let start = network::<f32>(&Tanh::default().shared(), 300, 200);
    let run = || {
        let mut found = CardNetwork::new(&card(), &start).unwrap();
        found.gradient_step(&batch(200, 7000), 30.0).unwrap();
        found.first_layer().unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_missing_card_is_named() {
    // a number that no machine has; without a driver, the driver is what is missing
    let error = Card::open(1000).unwrap_err();
    let text = error.to_string();
    let words = ["was not found", "sees no card", "card 1000 was asked for; this machine has"];
    assert!(words.iter().any(|word| text.contains(word)), "{text}");
    assert_eq!(format!("{error:?}"), text);
}
