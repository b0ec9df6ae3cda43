//! The gradient against finite differences of the loss, against a second plain implementation, and
//! against itself under other tilings. (Threads: tests/determinism.rs.)

use linear_width::Scalar;
use linear_width::activation::{Activation, Relu, Silu, Sine, Tanh};
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::network::{Network, Scaling};
use linear_width::training::TrainingError;
use ndarray::{Array1, Array2};

/// Samples in a tile.
const TILE_SAMPLES: usize = 1536;

fn network<T: Scalar>(
    width: usize,
    dimension: usize,
    activation: impl Activation + 'static,
    scaling: Scaling,
) -> Network<T> {
    let activation = activation.centred().unwrap();
    Network::random(width, dimension, activation, 11).unwrap().with_scaling(scaling)
}

fn batch(dimension: usize, samples: usize) -> GeneratedBatch {
    let link = Link::new("z + z^2/2", |z| z + 0.5 * z * z);
    let target = Target::single_index(link).noise(0.2);
    GeneratedBatch::new(&target, dimension, samples, 3).unwrap()
}

fn direction<T: Scalar>(network: &Network<T>, batch: &dyn Batch) -> Array2<T> {
    network.descent_direction(batch).unwrap()
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
    let (x, y) = batch.to_arrays().unwrap();
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
        let (x, y) = batch.to_arrays().unwrap();
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
    let (x, y) = generated.to_arrays().unwrap();
    let stored = Dataset::new(x, y).unwrap();
    assert_eq!(direction(&network, &generated), direction(&network, &stored));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    fn check<T: Scalar>() {
        let batch = batch(150, TILE_SAMPLES + 300);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut network =
                    network::<T>(331, 150, Tanh { scale: 2.0, shift: 0.5 }, Scaling::MeanField);
                for _ in 0..2 {
                    network.gradient_step(&batch, 7.0).unwrap();
                }
                network.first_layer().clone()
            })
        };
        let one = run(1);
        for threads in [2, 3, 7] {
            assert!(one == run(threads), "{threads} threads");
        }
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn divergence_and_bad_steps_are_errors() {
    let batch = batch(6, 30);
    let steep = linear_width::activation::HermiteSeries::polynomial(6);
    let mut network = network::<f32>(10, 6, steep, Scaling::Standard);
    let mut outcome = Ok(());
    for _ in 0..10 {
        outcome = network.gradient_step(&batch, 1e6).map(drop);
        if outcome.is_err() {
            assert_eq!(outcome, Err(TrainingError::Diverged));
            break;
        }
    }
    assert!(outcome.is_err(), "a sixth-degree activation must blow up");
    for eta in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(network.gradient_step(&batch, eta), Err(TrainingError::Invalid(_))));
    }
}

#[test]
fn a_batch_of_another_dimension_is_refused() {
    let network = network::<f64>(10, 6, Tanh::default(), Scaling::MeanField);
    assert!(network.descent_direction(&batch(5, 9)).is_err());
}
