//! How far a run in `f32` is from the same run in `f64`, along two steps and as N grows.
//!
//! `cargo test --release --test training -- --ignored --nocapture single_precision` prints the table
//! for N up to 2000.

use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::spectral::{SingularTriplets, leading_triplets};
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, Scalar};
use ndarray::Array2;

/// Differences between the two precisions after a number of steps.
struct Drift {
    step: usize,
    /// |W - W'| over |W| in the Frobenius norm.
    weights: f64,
    /// The same for what the steps have added to W_0.
    change: f64,
    /// The largest |s_k - s_k'| / s_1 of the three leading singular values.
    values: f64,
    /// 1 - |<v_1, v_1'>|.
    vector: f64,
}

fn experiment(width: usize, batches: BatchPolicy) -> Experiment {
    Experiment::builder()
        .width(width)
        .dimension(width / 2)
        .samples(3 * width / 2)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1))
        .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
        .batches(batches)
        .seed(7)
        .build()
        .unwrap()
}

fn leading<T: Scalar>(w: &Array2<T>) -> SingularTriplets<f64> {
    // both spectra in f64, so that only the weights differ
    leading_triplets(w.mapv(|x| x.as_f64()).view(), 3).unwrap()
}

fn norm(w: &Array2<f64>) -> f64 {
    w.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn drift(experiment: &Experiment) -> Vec<Drift> {
    let single = experiment.networks::<f32>();
    let double = experiment.networks::<f64>();
    let mut start = None;
    let mut result = Vec::new();
    for (step, (single, double)) in single.zip(double).enumerate() {
        let (single, double) = (single.unwrap(), double.unwrap());
        let (w, exact) = (single.first_layer(), double.first_layer());
        let start = start.get_or_insert_with(|| exact.clone());
        let difference = norm(&(w.mapv(f64::from) - exact));
        let (found, reference) = (leading(w), leading(exact));
        let values = found
            .singular_values
            .iter()
            .zip(&reference.singular_values)
            .map(|(a, b)| (a - b).abs());
        result.push(Drift {
            step,
            weights: difference / norm(exact),
            change: if step == 0 { 0.0 } else { difference / norm(&(exact - &*start)) },
            values: values.fold(0.0, f64::max) / reference.singular_values[0],
            vector: 1.0 - found.right_vector(0).dot(&reference.right_vector(0)).abs(),
        });
    }
    result
}

fn table(widths: &[usize]) -> Vec<(usize, Drift)> {
    println!("| N | batch | step | weights | change of the weights | singular values | v_1 |");
    println!("|---|---|---|---|---|---|---|");
    let mut all = Vec::new();
    for &width in widths {
        for (name, batches) in
            [("independent", BatchPolicy::Independent), ("reused", BatchPolicy::Reused)]
        {
            for d in drift(&experiment(width, batches)) {
                println!(
                    "| {width} | {name} | {} | {:.1e} | {:.1e} | {:.1e} | {:.0e} |",
                    d.step, d.weights, d.change, d.values, d.vector
                );
                all.push((width, d));
            }
        }
    }
    all
}

/// Bounds with a factor of a few over what was measured.
fn check(all: &[(usize, Drift)]) {
    for (width, d) in all {
        let allowed = [1e-7, 3e-6, 3e-6][d.step];
        assert!(d.weights > 0.0 && d.weights < allowed, "N = {width}, step {}", d.step);
        assert!(d.values < allowed, "N = {width}, step {}: {:e}", d.step, d.values);
        assert!(d.change < 1e-5, "N = {width}, step {}: {:e}", d.step, d.change);
        // at step 0 the leading vectors lie in the bulk, where gaps are small
        assert!(d.step == 0 || d.vector < 1e-9, "N = {width}: {:e}", d.vector);
    }
}

#[test]
fn single_precision_stays_near_double() {
    check(&table(&[250]));
}

#[test]
#[ignore = "a minute; prints the table of docs/reliability.md"]
fn single_precision_drift_as_the_width_grows() {
    let all = table(&[250, 500, 1000, 2000]);
    check(&all);
    // it does not grow with the width: rounding errors of N terms average out
    let largest = |width: usize| {
        let here = all.iter().filter(|(w, d)| *w == width && d.step == 2);
        here.map(|(_, d)| d.weights).fold(0.0, f64::max)
    };
    assert!(largest(2000) < 4.0 * largest(250));
}
