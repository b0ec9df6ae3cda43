use linear_width::Experiment;
use linear_width::activation::Activation;
use linear_width::activation::Sine;
use linear_width::data::{Link, Target};
use linear_width::training::BatchPolicy;
use linear_width::training::StepSize;

fn experiment() -> Result<Experiment, Box<dyn std::error::Error>> {
    let function = Sine { amplitude: 1.0, phase: 2.1707963267948966 };
    let link = Link::new("sine(amplitude=1,phase=2.1707963267948966) at 1.5 z", move |z| function.value(1.5 * z));
    let link = link.without(&[0, 1])?;
    let experiment = Experiment::builder()
        .activation(Sine { amplitude: 1.65, phase: 0.7 })
        .target(Target::single_index(link).noise(0.1))
        .width(2000)
        .dimension(1000)
        .samples(2400)
        .steps([StepSize::scaled(2.0, 0.37), StepSize::scaled(2.0, 0.42)])
        .batches(BatchPolicy::Reused)
        .seed(4)
        .readout_samples([4000])
        .readout_lambdas([0.1])
        .build()?;
    Ok(experiment)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", experiment()?.run()?);
    Ok(())
}
