use linear_width::Experiment;
use linear_width::activation::Activation;
use linear_width::activation::LeakyRelu;
use linear_width::data::InputLaw;
use linear_width::data::{Link, Target};
use linear_width::experiment::Precision;
use linear_width::network::Initialisation;
use linear_width::network::SecondLayerLaw;
use linear_width::spectral::OutlierRule;
use linear_width::spectral::SpectrumMethod;
use linear_width::theory::prediction::BulkModel;
use linear_width::theory::prediction::Options;
use linear_width::training::BatchPolicy;
use linear_width::training::StepSize;

fn experiment() -> Result<Experiment, Box<dyn std::error::Error>> {
    let function = LeakyRelu { slope: 0.5 };
    let link = Link::new("leaky_relu(slope=0.5) at -0.5 z", move |z| function.value(-0.5 * z)).with_kinks([-0.0]);
    let link = link.without(&[0, 3])?;
    let experiment = Experiment::builder()
        .activation(LeakyRelu { slope: 0.1 })
        .target(Target::single_index(link).noise(0.5))
        .width(40)
        .dimension(20)
        .samples(60)
        .steps([StepSize::scaled(2.0, 0.35), StepSize::scaled(0.001, 0.0), StepSize::scaled(0.5, 0.25)])
        .batches(BatchPolicy::PartlyReused { fraction: 0.25 })
        .second_layer(SecondLayerLaw::Rademacher)
        .input_law(InputLaw::Uniform)
        .initialisation(Initialisation::Gaussian)
        .precision(Precision::F32)
        .seed(9223372036854775807)
        .triplets(5)
        .vectors(2)
        .second_layer_powers(2)
        .outlier_rule(OutlierRule::LargestGap { max_outliers: 4, factor: 6.5 })
        .spectrum_method(SpectrumMethod::Direct)
        .readout_samples([50, 80])
        .readout_lambdas([1e-5, 0.25])
        .readout_test_samples(500)
        .feature_samples(70)
        .with_prediction(false)
        .prediction_options(Options { bulk_model: BulkModel::Isotropic, target_column: false, linear_terms: 3, right_vectors: 12, compare_nodes: false, node_factor: 0.5, ..Options::default() })
        .keep_weights(true)
        .memory_limit(1000000000)
        .build()?;
    Ok(experiment)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", experiment()?.run()?);
    Ok(())
}
