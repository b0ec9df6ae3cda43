//! Five steps on independent batches: the prediction against means over simulated networks.
//!
//! `cargo test --release --test simulation -- --ignored --nocapture five_steps` prints the table of
//! docs/theory.md, section 13.8.

use linear_width::Experiment;
use linear_width::activation::{Activation, Gelu, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::spectral::{leading_triplets, overlap};
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};
use std::sync::Arc;

const STEPS: usize = 5;

fn experiment(
    activation: &Arc<dyn Activation>,
    link: &Link,
    width: usize,
    seed: u64,
) -> Experiment {
    Experiment::builder()
        .width(width)
        .dimension(width / 2)
        .samples(3 * width / 2)
        .activation(activation.clone())
        .target(Target::single_index(link.clone()).noise(0.1))
        .steps([StepSize::scaled(2.0, 0.35); STEPS])
        .second_layer(SecondLayerLaw::Uniform)
        .batches(BatchPolicy::Independent)
        .seed(seed)
        .build()
        .unwrap()
}

/// Mean and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// The leading two singular values of W_3 and W_5, and the overlap of the first with the teacher.
#[test]
#[ignore = "about a minute"]
fn five_steps() {
    let tanh = Tanh { scale: 2.0, shift: 0.5 }.shared();
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    let erf = Link::new("sin z", f64::sin);
    for (name, activation, link) in
        [("tanh", tanh, link), ("GELU", Gelu.shared().centred().unwrap(), erf)]
    {
        for (width, seeds) in [(500, 12), (1000, 8), (2000, 3)] {
            let mut lists = [const { [const { Vec::new() }; 3] }; STEPS];
            for seed in 0..seeds {
                let experiment = experiment(&activation, &link, width, seed);
                let mut network = experiment.initial_network::<f32>().unwrap();
                let beta = experiment.teacher().unwrap().row(0).mapv(|x| x as f32);
                for (t, lists) in lists.iter_mut().enumerate() {
                    let batch = experiment.batch(t + 1).unwrap();
                    let eta = StepSize::scaled(2.0, 0.35).eta(width);
                    network.gradient_step(&batch, eta).unwrap();
                    if [3, 5].contains(&(t + 1)) {
                        let top = leading_triplets(network.first_layer().view(), 2).unwrap();
                        lists[0].push(f64::from(top.singular_values[0]));
                        lists[1].push(f64::from(top.singular_values[1]));
                        lists[2].push(overlap(top.right_vector(0), beta.view()).unwrap());
                    }
                }
            }
            for step in [3, 5] {
                let options = Options {
                    bulk_model: BulkModel::Isotropic,
                    compare_nodes: false,
                    ..Options::default()
                };
                let predicted = experiment(&activation, &link, width, 0).predict(step, &options);
                let predicted = predicted.unwrap();
                let second = predicted.outliers.get(1).map_or(predicted.edge, |o| o.singular_value);
                let first = &predicted.outliers[0];
                let exact = [first.singular_value, second, first.target_overlap];
                let [a, b, o] = [0, 1, 2].map(|k| mean(&lists[step - 1][k]));
                println!(
                    "{name} N = {width} W_{step}: {:.3} | {:.3} ({:.3}) {:+.1} %; {:.3} | {:.3} ({:.3}) \
                     {:+.1} %; overlap {:.3} | {:.3} ({:.3})",
                    exact[0],
                    a.0,
                    a.1,
                    100.0 * (exact[0] / a.0 - 1.0),
                    exact[1],
                    b.0,
                    b.1,
                    100.0 * (exact[1] / b.0 - 1.0),
                    exact[2],
                    o.0,
                    o.1,
                );
                if width == 2000 {
                    assert!((exact[0] / a.0 - 1.0).abs() < 0.015 + 3.0 * a.1 / a.0);
                    assert!((exact[1] / b.0 - 1.0).abs() < 0.015 + 3.0 * b.1 / b.0);
                    assert!((exact[2] - o.0).abs() < 0.01 + 3.0 * o.1);
                }
            }
        }
    }
}
