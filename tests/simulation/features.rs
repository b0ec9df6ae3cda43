//! Ridge regression on the features of simulated first layers against its prediction.

use linear_width::Experiment;
use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::readout::Ridge;
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};

const LAMBDAS: [f64; 2] = [0.03, 1.0];

/// Relative deviations of the mean simulated test errors of W_0, W_1, W_2 from the predicted ones, at
/// both lambdas with 2 N samples.
fn deviations(width: usize, batches: BatchPolicy, seeds: u64) -> Vec<[f64; 2]> {
    let experiment = |seed: u64| {
        let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
        let builder =
            Experiment::builder().width(width).dimension(width / 2).samples(3 * width / 2);
        builder
            .activation(Tanh { scale: 2.0, shift: 0.5 })
            .target(Target::single_index(link).noise(0.1))
            .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.35)])
            .batches(batches)
            .seed(seed)
            .build()
            .unwrap()
    };
    let mut measured = [[0.0; 2]; 3];
    for seed in 0..seeds {
        let experiment = experiment(seed);
        let train = experiment.test_batch(0, 2 * width).unwrap();
        let test = experiment.test_batch(1, 4 * width).unwrap();
        for (sums, network) in measured.iter_mut().zip(experiment.networks::<f64>()) {
            let network = network.unwrap();
            let path = Ridge::new().fit(&network, &train).unwrap();
            for (sum, error) in sums.iter_mut().zip(path.test_errors(&LAMBDAS, &test).unwrap()) {
                *sum += error.mean_square / seeds as f64;
            }
        }
    }
    let problem = experiment(0).prediction_setting().unwrap();
    let options = Options::default();
    let states = problem.states(&options).unwrap();
    let stage = |(state, measured): (_, [f64; 2])| {
        let activation = linear_width::activation::Activation::centred(problem.activation.clone());
        let features =
            FeaturePrediction::new(state, &activation.unwrap(), &problem.target, &options).unwrap();
        let curve = features.ridge_curve(&[2 * width], &LAMBDAS).unwrap();
        let found = [0, 1].map(|k| measured[k] / curve[[0, k]].test_error - 1.0);
        println!("N = {width}, {batches}: {measured:.4?}, {found:+.4?}");
        found
    };
    states.iter().zip(measured).map(stage).collect()
}

/// One network of 300 neurons: within a few standard deviations.
#[test]
fn one_small_network() {
    for stage in deviations(300, BatchPolicy::Independent, 1) {
        assert!(stage.iter().all(|x| x.abs() < 0.2), "{stage:?}");
    }
}

/// Means over networks: within 3 %, and nearer for more neurons. A minute.
#[test]
#[ignore = "a minute"]
fn deviations_fall_with_the_width() {
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        let mean = |width: usize, seeds: u64| {
            let all = deviations(width, batches, seeds);
            all.iter().flatten().map(|x| x.abs()).sum::<f64>() / 6.0
        };
        let (small, large) = (mean(200, 16), mean(800, 6));
        println!("{batches}: mean deviation {small:.4} at N = 200, {large:.4} at N = 800");
        assert!(large < 0.03 && large < small, "{batches}: {small} {large}");
    }
}
