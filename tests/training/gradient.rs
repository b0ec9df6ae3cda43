//! The gradient against finite differences of the loss, against a second plain implementation, and
//! against itself under other tilings. (Threads: tests/determinism.rs.)

use std::ops::ControlFlow;

use linear_width::Scalar;
use linear_width::activation::{Activation, Centred, Relu, Silu, Sine, Tanh};
use linear_width::data::{Batch, DatasetBatch, GeneratedBatch, InputLaw, Link, Target};
use linear_width::network::{Initialisation, Network, Scaling, SecondLayerLaw};
use linear_width::training::{TILE_SAMPLES, TrainingError, descent_direction, gradient_step};
use ndarray::{Array1, Array2};

fn network<T: Scalar>(
    width: usize,
    dimension: usize,
    activation: impl Activation + 'static,
    scaling: Scaling,
) -> Network<T> {
    let activation = Centred::new(activation).unwrap();
    let (first, second) = (Initialisation::Sphere, SecondLayerLaw::Gaussian);
    Network::random(width, dimension, first, &second, activation, scaling, 11).unwrap()
}

fn batch(dimension: usize, samples: usize) -> GeneratedBatch {
    let link = Link::new("z + z^2/2", |z| z + 0.5 * z * z);
    let teacher = Target::single_index(link).noise(0.2).teacher(dimension, 3).unwrap();
    GeneratedBatch::new(InputLaw::Gaussian, teacher, samples, 3, 0).unwrap()
}

fn read<T: Scalar>(batch: &impl Batch<T>) -> (Array2<T>, Array1<T>) {
    let mut x = Array2::zeros((batch.samples(), batch.dimension()));
    let mut y = Array1::zeros(batch.samples());
    batch.read(0, x.view_mut(), y.view_mut()).unwrap();
    (x, y)
}

fn direction<T: Scalar>(network: &Network<T>, batch: &impl Batch<T>) -> Array2<T> {
    descent_direction(network, batch, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap()
}

/// (1/2n) sum_i (y_i - f(x_i))^2, written with scalars only.
fn loss(w: &Array2<f64>, network: &Network<f64>, x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let factor = network.scaling().output_factor(network.width());
    let mut total = 0.0;
    for (x, y) in x.rows().into_iter().zip(y) {
        let mut output = 0.0;
        for (w, a) in w.rows().into_iter().zip(network.second_layer()) {
            output += a * network.activation().value(w.dot(&x));
        }
        total += (y - factor * output).powi(2);
    }
    total / (2.0 * y.len() as f64)
}

#[test]
fn gradient_is_that_of_the_loss() {
    let batch = batch(5, 40);
    let (x, y) = read::<f64>(&batch);
    for scaling in [Scaling::MeanField, Scaling::Standard] {
        let network = network::<f64>(7, 5, Tanh { scale: 2.0, shift: 0.5 }, scaling);
        let direction = direction(&network, &batch);
        // theory.md, section 1: G = -sqrt(N) grad in mean-field scaling, -grad in standard scaling
        let factor = match scaling {
            Scaling::MeanField => -7.0_f64.sqrt(),
            Scaling::Standard => -1.0,
        };
        let h = 1e-5;
        for j in 0..7 {
            for i in 0..5 {
                let mut w = network.first_layer().clone();
                w[[j, i]] += h;
                let up = loss(&w, &network, &x, &y);
                w[[j, i]] -= 2.0 * h;
                let difference = factor * (up - loss(&w, &network, &x, &y)) / (2.0 * h);
                let error = (difference - direction[[j, i]]).abs();
                assert!(
                    error < 1e-8,
                    "{scaling:?} ({j}, {i}): {difference}, {}",
                    direction[[j, i]]
                );
            }
        }
    }
}

/// G = (1/n) [(a r^T) o sigma'(W X^T)] X, entry by entry in `f64`.
fn plain_direction(network: &Network<f64>, x: &Array2<f64>, y: &Array1<f64>) -> Array2<f64> {
    let factor = network.scaling().output_factor(network.width());
    let (w, a, sigma) = (network.first_layer(), network.second_layer(), network.activation());
    let mut g = Array2::zeros(w.dim());
    let y_count = y.len() as f64;
    for (x, y) in x.rows().into_iter().zip(y) {
        let z: Vec<f64> = w.rows().into_iter().map(|w| w.dot(&x)).collect();
        let f: f64 = z.iter().zip(a).map(|(z, a)| a * sigma.value(*z)).sum();
        let r = y - factor * f;
        for (j, z) in z.iter().enumerate() {
            let share = a[j] * r * sigma.derivative(*z) / y_count;
            g.row_mut(j).scaled_add(share, &x);
        }
    }
    g
}

fn relative_distance<T: Scalar>(a: &Array2<T>, b: &Array2<f64>) -> f64 {
    let square = |x: f64| x * x;
    let error: f64 = a.iter().zip(b).map(|(a, b)| square(a.as_f64() - b)).sum();
    (error / b.iter().map(|b| square(*b)).sum::<f64>()).sqrt()
}

#[test]
fn gradient_equals_a_plain_implementation_across_tiles() {
    // one tile, exactly one, one and a bit, several
    for samples in [1, 70, TILE_SAMPLES, TILE_SAMPLES + 1, 3 * TILE_SAMPLES - 5] {
        let batch = batch(13, samples);
        let (x, y) = read::<f64>(&batch);
        for activation in
            [Relu.shared(), Silu.shared(), Sine { amplitude: 1.6, phase: 0.7 }.shared()]
        {
            let wide = network::<f64>(70, 13, activation.clone(), Scaling::MeanField);
            let plain = plain_direction(&wide, &x, &y);
            assert!(relative_distance(&direction(&wide, &batch), &plain) < 1e-13);
            let single = network::<f32>(70, 13, activation, Scaling::MeanField);
            assert!(relative_distance(&direction(&single, &batch), &plain) < 1e-5);
        }
    }
}

#[test]
fn gradient_on_stored_batches_has_the_bits_of_generated_ones() {
    let network = network::<f64>(40, 11, Tanh::default(), Scaling::MeanField);
    let generated = batch(11, 2 * TILE_SAMPLES + 100);
    let (x, y) = read::<f64>(&generated);
    let stored = DatasetBatch::new(x, y).unwrap();
    assert_eq!(direction(&network, &generated), direction(&network, &stored));
}

#[test]
fn gradient_step_names_divergence_and_bad_sizes() {
    let batch = batch(6, 30);
    let steep = linear_width::activation::HermiteSeries::polynomial(6);
    let mut network = network::<f32>(10, 6, steep, Scaling::Standard);
    let go = &mut |_, _| ControlFlow::Continue(());
    let mut outcome = Ok(());
    for step in 1..=10 {
        outcome = gradient_step(&mut network, &batch, 1e6, step, go).map(drop);
        if outcome.is_err() {
            assert_eq!(outcome, Err(TrainingError::Diverged { step }));
            break;
        }
    }
    assert!(outcome.is_err(), "a sixth-degree activation must blow up");
    for eta in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            gradient_step(&mut network, &batch, eta, 1, go),
            Err(TrainingError::Invalid(_))
        ));
    }
}

#[test]
fn gradient_step_leaves_the_weights_when_cancelled() {
    let batch = batch(6, 2 * TILE_SAMPLES);
    let mut network = network::<f64>(10, 6, Tanh::default(), Scaling::MeanField);
    let before = network.first_layer().clone();
    let stop = &mut |tile, tiles| {
        assert_eq!((tile, tiles), (1, 2));
        ControlFlow::Break(())
    };
    let outcome = gradient_step(&mut network, &batch, 1.0, 3, stop);
    assert_eq!(outcome, Err(TrainingError::Cancelled { step: 3 }));
    assert_eq!(network.first_layer(), before);
    // the direction alone, also at its last tile
    assert_eq!(descent_direction(&network, &batch, stop), Ok(None));
    let last = &mut |tile, tiles| {
        if tile == tiles { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(descent_direction(&network, &batch, last), Ok(None));
}

#[test]
fn gradient_refuses_a_batch_of_another_dimension() {
    let network = network::<f64>(10, 6, Tanh::default(), Scaling::MeanField);
    assert!(
        descent_direction(&network, &batch(5, 9), &mut |_, _| ControlFlow::Continue(())).is_err()
    );
}
