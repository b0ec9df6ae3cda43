use linear_width::Experiment;
use linear_width::activation::HermiteSeries;
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::training::StepSize;
use ndarray::Array2;

fn experiment() -> Result<Experiment, Box<dyn std::error::Error>> {
    let link = Link::from_activation(HermiteSeries::new([0.0, 0.0, 1.0]));
    let experiment = Experiment::builder()
        .activation(HermiteSeries::new([0.0, 1.0, -0.5, 0.25]))
        .target(Target::single_index(link).directions(Array2::from_shape_vec((1, 3), vec![0.6, 0.0, 0.8])?))
        .width(4)
        .dimension(3)
        .samples(60)
        .steps([StepSize::scaled(1.0, 0.2)])
        .second_layer(SecondLayerLaw::Fixed(vec![1.0, -1.0, 0.5, -0.5].into()))
        .build()?;
    Ok(experiment)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", experiment()?.run()?);
    Ok(())
}
