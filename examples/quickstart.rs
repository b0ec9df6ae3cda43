//! Two large steps on one batch, spectra beside their prediction: `cargo run --release --example quickstart`

use linear_width::{Experiment, activation::Sine, data::Link, data::Target, training::BatchPolicy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let link = Link::new("cos(1.5 z + 0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1])?;
    let experiment = Experiment::builder()
        .width(1000)
        .dimension(500)
        .samples(1200)
        .activation(Sine { amplitude: 1.65, phase: 0.7 })
        .target(Target::single_index(link).noise(0.1))
        .steps([25.0, 36.0])
        .batches(BatchPolicy::Reused)
        .build()?;
    println!("{}", experiment.run()?);
    Ok(())
}
