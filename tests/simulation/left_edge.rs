//! The left edge of the bulk beside the smallest singular value, where the structure of the data moves
//! it by more than a tenth.

use crate::common::predicted_once;
use linear_width::Experiment;
use linear_width::activation::Sine;
use linear_width::data::{Link, Target};
use linear_width::spectral::singular_values;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::StepSize;

#[test]
fn smallest_singular_value_of_a_network() {
    let link = Link::hermite([0.0, 0.0, 0.0, 6f64.sqrt().recip()]);
    let (width, eta) = (800, StepSize::scaled(1.5, 0.4));
    let experiment = Experiment::builder()
        .width(width)
        .dimension(320)
        .samples(320)
        .activation(Sine { amplitude: 1.65, phase: 0.7 })
        .target(Target::single_index(link))
        .steps([eta, eta])
        .seed(7)
        .build()
        .unwrap();
    let mut network = experiment.initial_network::<f32>().unwrap();
    for step in 1..=2 {
        network.gradient_step(&experiment.batch(step).unwrap(), eta.eta(width)).unwrap();
    }
    let values = singular_values(network.first_layer().view()).unwrap();
    let smallest = f64::from(*values.last().unwrap());
    let lower_edge = |bulk_model| {
        let options = Options { bulk_model, ..predicted_once() };
        experiment.predict(2, &options).unwrap().lower_edge
    };
    let [isotropic, structured] = [BulkModel::Isotropic, BulkModel::Structured].map(lower_edge);
    println!("{smallest:.4}: {isotropic:.4} {structured:.4}");
    assert!((smallest / structured - 1.0).abs() < 0.06, "{smallest} {structured}");
    assert!(isotropic > 1.1 * structured, "{isotropic} {structured}");
}
