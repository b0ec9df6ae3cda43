//! The leading-order spikes given the data: against a plain evaluation, against the resummed
//! series, and against simulated steps at growing width.

use linear_width::InvalidSetting;
use linear_width::activation::{Activation, Erf, FnActivation, Sine, Tanh};
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::network::{Initialisation, Network, SecondLayerLaw};
use linear_width::quadrature::gaussian_expectation;
use linear_width::spectral::{SingularTriplets, singular_values};
use linear_width::theory::prediction::{Options, Problem};
use linear_width::theory::{ConditionalSpikes, OutlierCount};
use linear_width::training::{BatchPolicy, StepSize};
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, ArrayViewMut2, array};

/// A small activation with every Hermite coefficient: the network's output, which the leading order
/// drops, is cubic in its size.
const SINE: Sine = Sine { amplitude: 0.3, phase: 0.8 };

fn batch(dimension: usize, samples: usize, seed: u64, index: u64) -> GeneratedBatch {
    let link = Link::new("tanh", |z: f64| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    let target = Target::single_index(link).noise(0.1);
    GeneratedBatch::new(&target, dimension, samples, seed).unwrap().with_index(index)
}

/// A network with uniform b.
fn network(width: usize, sigma: Arc<dyn Activation>, seed: u64) -> Network<f64> {
    let first = Initialisation::Sphere.draw(width, width / 2, seed).unwrap();
    Network::new(first, SecondLayerLaw::Uniform.draw(width, seed).unwrap(), sigma).unwrap()
}

/// A second layer without symmetry.
fn second_layer(width: usize) -> Array1<f64> {
    (0..width).map(|j| (0.7 * j as f64 + 0.2).sin() / (width as f64 / 2.0).sqrt()).collect()
}

fn close(found: ArrayView1<'_, f64>, expected: ArrayView1<'_, f64>, tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let size = expected.dot(&expected).sqrt();
    let error = (&found - &expected).mapv(|x| x * x).sum().sqrt();
    assert!(error <= tolerance * size, "{error:e} of {size:e}");
}

#[test]
fn conditional_spikes_are_those_of_the_formula() {
    let first = batch(30, 700, 1, 0);
    check_vectors(&first, &batch(30, 2 * 1536 + 9, 1, 1));
    check_vectors(&first, &first); // a reused batch
}

fn check_vectors(first: &GeneratedBatch, second: &GeneratedBatch) {
    let (width, dimension, etas) = (50, 30, [3.0, 4.0]);
    let a = second_layer(width);
    let spikes = ConditionalSpikes::new(&SINE, a.view(), etas, first, second, 4).unwrap();
    assert_eq!(spikes.terms(), 4);
    assert_eq!(spikes.left().dim(), (width, 4));
    assert_eq!(spikes.right().dim(), (4, dimension));

    let c = SINE.hermite_coefficients(4).unwrap();
    let ((x_1, y_1), (x_2, y_2)) = (first.to_arrays().unwrap(), second.to_arrays().unwrap());
    let beta_1 = x_1.t().dot(&y_1) / y_1.len() as f64;
    close(spikes.beta_1().view(), beta_1.view(), 1e-13);
    for k in 0..4 {
        close(spikes.left().column(k), a.mapv(|a| a.powi(k as i32 + 1)).view(), 1e-15);
        let factor = etas[1] * etas[0].powi(k as i32) * (k as f64 + 1.0) * c[k + 1];
        let weight = &y_2 * &x_2.dot(&beta_1).mapv(|s| (c[1] * s).powi(k as i32));
        let mut v = factor / y_2.len() as f64 * x_2.t().dot(&weight);
        if k == 0 {
            v.scaled_add(etas[0] * c[1], &beta_1);
        }
        close(spikes.right().row(k), v.view(), 1e-12);
    }

    let w_0 = Array2::from_shape_fn((width, dimension), |(j, i)| (j + 2 * i) as f64);
    let mut w_2 = w_0.clone();
    spikes.add_to(&mut w_2).unwrap();
    let expected = &w_0 + &spikes.left().dot(spikes.right());
    assert!((&w_2 - &expected).iter().all(|x| x.abs() < 1e-12));

    // one step only
    let one = ConditionalSpikes::new(&SINE, a.view(), [3.0, 0.0], first, second, 2).unwrap();
    close(one.right().row(0), (3.0 * c[1] * &beta_1).view(), 1e-12);
    assert!(one.right().row(1).iter().all(|v| *v == 0.0));
}

/// Nothing grows from a second layer of zeros, or from steps of size 0.
#[test]
fn conditional_spikes_vanish_without_a_step_or_labels() {
    let batch = batch(5, 20, 1, 0);
    for (a, etas) in [(Array1::zeros(8), [3.0, 4.0]), (second_layer(8), [0.0, 0.0])] {
        let spikes = ConditionalSpikes::new(&SINE, a.view(), etas, &batch, &batch, 3).unwrap();
        assert_eq!(spikes.singular_values(), Array1::<f64>::zeros(3));
        let before = Array2::from_shape_fn((8, 5), |(j, i)| (j + 2 * i) as f64);
        let mut first_layer = before.clone();
        spikes.add_to(&mut first_layer).unwrap();
        assert_eq!(first_layer, before);
    }
    // so small that its third power is 0: the first term stays
    let a = 1e-120 * second_layer(8);
    let spikes = ConditionalSpikes::new(&SINE, a.view(), [3.0, 4.0], &batch, &batch, 3).unwrap();
    let values = spikes.singular_values();
    let v_0 = spikes.right().row(0);
    let expected = 1e-120 * (second_layer(8).mapv(|a| a * a).sum() * v_0.dot(&v_0)).sqrt();
    assert!((values[0] / expected - 1.0).abs() < 1e-12, "{values}");
    // the second one too, at 1e-240: to leading order its left vector has lost that of the first
    let (u, v) = (spikes.left().column(1).mapv(|u| u * 1e240), spikes.right().row(1));
    let first = spikes.left().column(0).mapv(|u| u * 1e120);
    let rest = &u - first.dot(&u) / first.dot(&first) * &first;
    let direction = spikes.right().row(0);
    let alone = &v - direction.dot(&v) / direction.dot(&direction) * &direction;
    let second = 1e-240 * (rest.dot(&rest) * alone.dot(&alone)).sqrt();
    assert!((values[1] / second - 1.0).abs() < 1e-9, "{values} {second}");
    assert!(values[2] == 0.0, "{values}");
}

/// A batch of a user that is empty, or whose labels are not finite.
struct BadBatch(usize);

impl Batch for BadBatch {
    fn samples(&self) -> usize {
        self.0
    }
    fn dimension(&self) -> usize {
        5
    }
    fn read(
        &self,
        _: usize,
        mut x: ArrayViewMut2<'_, f64>,
        mut y: ArrayViewMut1<'_, f64>,
    ) -> Result<(), InvalidSetting> {
        x.fill(1.0);
        y.fill(f64::NAN);
        Ok(())
    }
}

#[test]
fn conditional_spikes_name_bad_settings() {
    let good = batch(5, 20, 1, 0);
    let a = second_layer(8);
    let with = |a: &Array1<f64>, etas, terms| {
        ConditionalSpikes::new(&SINE, a.view(), etas, &good, &good, terms).unwrap_err()
    };
    for terms in [0, 51, usize::MAX] {
        assert!(matches!(with(&a, [1.0, 1.0], terms), InvalidSetting::OutOfRange { .. }));
    }
    for etas in [[-1.0, 1.0], [1.0, f64::NAN], [f64::INFINITY, 1.0]] {
        assert!(matches!(with(&a, etas, 2), InvalidSetting::OutOfRange { .. }));
    }
    assert!(matches!(with(&Array1::zeros(0), [1.0, 1.0], 2), InvalidSetting::ZeroSize { .. }));
    for a in [array![1.0, f64::NAN], array![1e200, 1.0]] {
        assert!(matches!(with(&a, [1.0, 1.0], 2), InvalidSetting::NonFinite { .. }));
    }
    assert!(matches!(with(&a, [1e200, 1.0], 3), InvalidSetting::NonFinite { .. }));

    let batches = |first: &dyn Fn() -> BadBatch| {
        let other = ConditionalSpikes::new(&SINE, a.view(), [1.0, 1.0], &good, &first(), 2);
        (ConditionalSpikes::new(&SINE, a.view(), [1.0, 1.0], &first(), &good, 2), other)
    };
    let empty = batches(&|| BadBatch(0));
    assert!(matches!(empty.0, Err(InvalidSetting::ZeroSize { .. })));
    assert!(matches!(empty.1, Err(InvalidSetting::ZeroSize { .. })));
    let nan = batches(&|| BadBatch(3));
    assert!(matches!(nan.0, Err(InvalidSetting::NonFinite { .. })));
    assert!(matches!(nan.1, Err(InvalidSetting::NonFinite { .. })));

    let wide = batch(6, 20, 1, 0);
    let shape = ConditionalSpikes::new(&SINE, a.view(), [1.0, 1.0], &good, &wide, 2);
    assert!(matches!(shape, Err(InvalidSetting::Shape { .. })));
    let spikes = ConditionalSpikes::new(&SINE, a.view(), [1.0, 1.0], &good, &good, 2).unwrap();
    assert!(matches!(spikes.add_to(&mut Array2::zeros((5, 8))), Err(InvalidSetting::Shape { .. })));
    let root = FnActivation::new("root", |z: f64| z.sqrt(), |z: f64| 0.5 / z.sqrt());
    let bad = ConditionalSpikes::new(&root, a.view(), [1.0, 1.0], &good, &good, 2);
    assert!(matches!(bad, Err(InvalidSetting::Function { .. })), "{bad:?}");
}

/// The area of the parallelogram of two vectors, without cancellation.
fn area(u: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>) -> f64 {
    let mut rest = v.to_owned();
    for _ in 0..2 {
        let overlap = u.dot(&rest) / u.dot(&u);
        rest.scaled_add(-overlap, &u);
    }
    (u.dot(&u) * rest.dot(&rest)).sqrt()
}

#[test]
fn conditional_spikes_keep_the_relative_accuracy_of_small_values() {
    let (first, second) = (batch(30, 90, 1, 0), batch(30, 90, 1, 1));
    let build = |a: &Array1<f64>, etas, terms| {
        ConditionalSpikes::new(&SINE, a.view(), etas, &first, &second, terms).unwrap()
    };
    let a = second_layer(50);
    for (etas, terms) in [([3.0, 4.0], 1), ([3.0, 4.0], 5), ([60.0, 100.0], 6), ([0.0, 0.0], 3)] {
        let spikes = build(&a, etas, terms);
        let found = spikes.singular_values();
        let dense = singular_values(spikes.left().dot(spikes.right()).view()).unwrap();
        assert_eq!(found.len(), terms);
        let top = dense[0];
        for (found, dense) in found.iter().zip(&dense) {
            assert!((found - dense).abs() <= 1e-13 * top, "{found} {dense}");
        }
    }
    // far below the rounding of any dense method
    let spikes = build(&a, [1e-16, 4.0], 2);
    let found = spikes.singular_values();
    let areas = area(spikes.left().column(0), spikes.left().column(1))
        * area(spikes.right().row(0), spikes.right().row(1));
    assert!(found[1] / found[0] < 1e-17);
    assert!((found[0] * found[1] / areas - 1.0).abs() < 1e-12, "{found}");

    // Rademacher b: the powers of a span two dimensions; more terms than neurons
    let signs: Array1<f64> =
        (0..49).map(|j| if j % 2 == 0 { 1.0 / 7.0 } else { -1.0 / 7.0 }).collect();
    let found = build(&signs, [3.0, 4.0], 5).singular_values();
    assert!(found[1] > 1e-3 * found[0] && found[2] < 1e-13 * found[0], "{found}");
    let found = build(&array![0.8, -0.6], [3.0, 4.0], 4).singular_values();
    assert!(found[1] > 0.0 && found[2] < 1e-13 * found[0], "{found}");
    // an odd activation has no term k = 1
    let odd = ConditionalSpikes::new(&Erf, a.view(), [3.0, 4.0], &first, &second, 2).unwrap();
    assert!(odd.singular_values()[1] < 1e-12 * odd.singular_values()[0]);
}

#[test]
fn spike_series_is_that_of_the_mean_derivative() {
    // E sigma'(z + u) = sum_k (k+1) c_{k+1} u^k
    let sigma = Tanh { scale: 2.0, shift: 0.5 };
    let c = sigma.hermite_coefficients(40).unwrap();
    for u in [-1.5, -0.4, 0.0, 0.3, 0.8, 1.5] {
        let derivative = |z: f64| sigma.derivative(z + u);
        let exact = gaussian_expectation(derivative, &[], 1e-13).unwrap();
        let partial = |terms: usize| -> f64 {
            (0..terms).map(|k| (k + 1) as f64 * c[k + 1] * f64::powi(u, k as i32)).sum()
        };
        assert!((partial(40) - exact).abs() < 1e-9, "{u}: {} {exact}", partial(40));
        // Taylor's remainder; the fourth derivative of tanh is at most 4.09
        let bound = 2.0 * 4.09 / 6.0 * f64::abs(u).powi(3);
        assert!((partial(3) - exact).abs() <= bound + 1e-12, "{u}: {} {exact}", partial(3));
    }
}

#[test]
fn spike_series_sums_to_the_resummed_second_step() {
    // row j: eta_1 c_1 a_j beta_1 + (eta_2/n) a_j sum_i y_i S(eta_1 a_j; s_i) x_i, where for the
    // sine S(t; s) = E sigma'(z + t c_1 s) = amplitude e^(-1/2) cos(t c_1 s + phase)
    let (x_2, y_2) = batch(12, 40, 3, 1).to_arrays().unwrap();
    let (first, second) = (batch(12, 40, 3, 0), Dataset::new(x_2.clone(), y_2.clone()).unwrap());
    let (a, etas) = (second_layer(20), [30.0, 5.0]);
    let mean = |u: f64| SINE.amplitude * (-0.5_f64).exp() * (u + SINE.phase).cos();
    let error = |terms: usize| {
        let spikes = ConditionalSpikes::new(&SINE, a.view(), etas, &first, &second, terms).unwrap();
        let found = spikes.left().dot(spikes.right());
        let c_1 = mean(0.0);
        let s = x_2.dot(spikes.beta_1());
        let mut largest = 0.0_f64;
        for (found, a) in found.rows().into_iter().zip(&a) {
            let weight = &y_2 * &s.mapv(|s| mean(etas[0] * a * c_1 * s));
            let mut row = etas[1] * a / 40.0 * x_2.t().dot(&weight);
            row.scaled_add(etas[0] * c_1 * a, spikes.beta_1());
            largest = largest.max((&found - &row).iter().fold(0.0, |m: f64, x| m.max(x.abs())));
        }
        largest
    };
    let errors = [2, 4, 8, 16, 25].map(error);
    assert!(errors.windows(2).all(|e| e[1] < 0.5 * e[0]), "{errors:?}");
    assert!(errors[4] < 1e-13, "{errors:?}");
}

/// W_2 as simulated and W_0 + sum_k u_k v_k^T, for N = 2d neurons and independent batches.
fn simulated_and_leading(
    width: usize,
    samples: usize,
    steps: [StepSize; 2],
    seed: u64,
) -> [Array2<f64>; 2] {
    let dimension = width / 2;
    let sigma = SINE.centred().unwrap();
    let mut network = network(width, sigma, seed);
    let batches = [0, 1].map(|index| batch(dimension, samples, seed, index));
    let etas = steps.map(|step| step.eta(width));
    let terms = OutlierCount::new(steps[0].alpha, steps[1].alpha).unwrap().total;
    let a = network.second_layer().view();
    let spikes = ConditionalSpikes::new(&SINE, a, etas, &batches[0], &batches[1], terms).unwrap();
    let mut leading = network.first_layer().clone();
    spikes.add_to(&mut leading).unwrap();
    for t in 0..2 {
        network.gradient_step(&batches[t], etas[t]).unwrap();
    }
    [network.first_layer().clone(), leading]
}

fn top(weights: &Array2<f64>, count: usize) -> Array1<f64> {
    let found = SingularTriplets::leading_within(weights.view(), count, 1e-4, None);
    found.unwrap().singular_values
}

#[test]
fn conditional_spikes_explain_two_moderate_steps() {
    let steps = [StepSize::scaled(5.0, 0.1), StepSize::scaled(10.0, 0.3)];
    let [simulated, leading] = simulated_and_leading(600, 2400, steps, 1);
    let rest = top(&(&simulated - &leading), 1)[0];
    let (simulated, leading) = (top(&simulated, 2), top(&leading, 2));
    println!("rest {rest:.3}; simulated {simulated:.3}, leading order {leading:.3}");
    assert!(rest < 0.3 * simulated[1]);
    for k in 0..2 {
        assert!((leading[k] / simulated[k] - 1.0).abs() < 0.04);
    }
}

/// Relative deviation of the two leading singular values of W_0 + sum_k u_k v_k^T from those of the
/// simulated W_2, mean of the absolute values over seeds.
#[test]
fn conditional_spikes_approach_the_simulation_as_the_width_grows() {
    let steps = [StepSize::scaled(20.0, 0.2), StepSize::scaled(30.0, 0.3)];
    let mut deviations = Vec::new();
    for (width, seeds) in [(250, 6), (500, 6), (1000, 4), (2000, 2)] {
        let mut mean = [0.0; 2];
        for seed in 1..=seeds {
            let [simulated, leading] =
                simulated_and_leading(width, width, steps, seed).map(|w| top(&w, 3));
            if width == 2000 {
                println!("{simulated:.3} {leading:.3}");
            }
            for k in 0..2 {
                mean[k] += (leading[k] / simulated[k] - 1.0).abs() / seeds as f64;
            }
        }
        println!("N = {width}: first {:.4}, second {:.4}", mean[0], mean[1]);
        deviations.push(mean);
    }
    // measured: first .339, .219, .158, .106; second .318, .233, .164, .105
    for k in 0..2 {
        assert!(deviations.windows(2).all(|d| d[1][k] < 0.9 * d[0][k]), "{deviations:?}");
        assert!(deviations[3][k] < 0.5 * deviations[0][k], "{deviations:?}");
        assert!(deviations[3][k] < 0.15, "{deviations:?}");
    }
}

/// The singular values of sum_k u_k v_k^T against those of the resummed prediction's spikes, the
/// square roots of the eigenvalues of its Gram matrix.
#[test]
fn spike_series_approaches_the_resummed_prediction_as_the_width_grows() {
    let steps = [StepSize::scaled(20.0, 0.2), StepSize::scaled(30.0, 0.3)];
    let mut deviations = Vec::new();
    for (width, seeds) in [(400, 4), (1600, 3), (6400, 2)] {
        let etas = steps.map(|step| step.eta(width));
        let link = Link::new("tanh", |z: f64| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
        let setting = Problem {
            activation: SINE.shared(),
            target: Target::single_index(link).noise(0.1),
            width,
            dimension: width / 2,
            samples: width,
            step_sizes: etas.to_vec(),
            batches: BatchPolicy::Independent,
            second_layer: SecondLayerLaw::Uniform,
        };
        let prediction = setting.predict(&Options::default()).unwrap();
        let gram = singular_values(prediction.gram.view()).unwrap();
        let resummed = gram.mapv(f64::sqrt);
        let mut mean = [0.0; 2];
        for seed in 1..=seeds {
            let network = network(width, SINE.shared(), seed);
            let [first, second] = [0, 1].map(|index| batch(width / 2, width, seed, index));
            let a = network.second_layer().view();
            let series = ConditionalSpikes::new(&SINE, a, etas, &first, &second, 2).unwrap();
            let series = series.singular_values();
            for k in 0..2 {
                mean[k] += (series[k] / resummed[k] - 1.0).abs() / seeds as f64;
            }
        }
        println!("N = {width}: first {:.4}, second {:.4}", mean[0], mean[1]);
        deviations.push(mean);
    }
    for k in 0..2 {
        assert!(deviations.windows(2).all(|d| d[1][k] < 0.8 * d[0][k]), "{deviations:?}");
    }
}
