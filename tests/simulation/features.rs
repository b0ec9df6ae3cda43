//! Ridge regression on the features of simulated first layers against its prediction.

use linear_width::Experiment;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::{Link, Target};
use linear_width::readout::Ridge;
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{Options, State};
use linear_width::training::{BatchPolicy, StepSize};

const LAMBDAS: [f64; 2] = [0.03, 1.0];

fn target() -> Target {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    Target::single_index(link).noise(0.1)
}

fn experiment(target: &Target, width: usize, batches: BatchPolicy, seed: u64) -> Experiment {
    Experiment::builder()
        .width(width)
        .dimension(width / 2)
        .samples(3 * width / 2)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(target.clone())
        .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.35)])
        .batches(batches)
        .seed(seed)
        .build()
        .unwrap()
}

/// Relative deviations of the test errors of W_0, W_1, W_2 from the predicted ones, at both lambdas with
/// 2 N samples: for each stage a list over the networks. The prediction starts from the settings, or
/// from the weights of every network.
fn deviations(
    target: &Target,
    width: usize,
    batches: BatchPolicy,
    seeds: u64,
    given_weights: bool,
) -> Vec<Vec<[f64; 2]>> {
    let options = Options { compare_nodes: false, ..Options::default() };
    let problem = experiment(target, width, batches, 0).prediction_setting().unwrap();
    let activation = Activation::centred(problem.activation.clone()).unwrap();
    let predict = |state: &State| {
        let features = FeaturePrediction::new(state, &activation, target, &options).unwrap();
        let curve = features.ridge_curve(&[2 * width], &LAMBDAS).unwrap();
        [0, 1].map(|k| curve[[0, k]].test_error)
    };
    let from_settings: Vec<[f64; 2]> =
        problem.states(&options).unwrap().iter().map(predict).collect();
    let mut found = vec![Vec::new(); 3];
    for seed in 0..seeds {
        let experiment = experiment(target, width, batches, seed);
        let train = experiment.test_batch(0, 2 * width).unwrap();
        let test = experiment.test_batch(1, 20 * width).unwrap();
        for (stage, network) in experiment.networks::<f64>().enumerate() {
            let network = network.unwrap();
            let path = Ridge::new().fit(&network, &train).unwrap();
            let measured = path.test_errors(&LAMBDAS, &test).unwrap();
            let predicted = if given_weights {
                let teacher = experiment.teacher().unwrap();
                predict(&State::of_network(&network, teacher.view(), None).unwrap())
            } else {
                from_settings[stage]
            };
            found[stage].push([0, 1].map(|k| measured[k].mean_square / predicted[k] - 1.0));
        }
    }
    found
}

fn mean(list: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|k| list.iter().map(|x| x[k]).sum::<f64>() / list.len() as f64)
}

/// Means over small networks, within 2 % and three standard errors: from the settings with one and two
/// teacher directions, and from given weights.
#[test]
fn small_networks() {
    let two = Target::multi_index("two", 2, |z| z[0].tanh() + 0.5 * z[0] * z[1]).noise(0.1);
    let independent = BatchPolicy::Independent;
    for (target, given) in [(target(), false), (target(), true), (two, false)] {
        for (stage, list) in deviations(&target, 300, independent, 8, given).iter().enumerate() {
            let mean = mean(list);
            let error = [0, 1].map(|k| {
                let squares = list.iter().map(|x| (x[k] - mean[k]).powi(2)).sum::<f64>();
                (squares / (list.len() * (list.len() - 1)) as f64).sqrt()
            });
            println!("{}, given {given}, W_{stage}: {mean:+.4?} +- {error:.4?}", target.name());
            for k in 0..2 {
                assert!(error[k] < 0.04, "{error:?}");
                assert!(mean[k].abs() < 0.02 + 3.0 * error[k], "W_{stage}: {mean:?} {error:?}");
            }
        }
    }
}

/// Means over networks are within 3 %, and one network is the nearer the more neurons it has.
#[test]
#[ignore = "a minute"]
fn deviations_fall_with_the_width() {
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        let spread = |width: usize, seeds: u64| {
            let stages = deviations(&target(), width, batches, seeds, false);
            for (stage, list) in stages.iter().enumerate() {
                let mean = mean(list);
                println!("N = {width}, {batches}, W_{stage}: mean {mean:+.4?}");
                assert!(width < 800 || mean.iter().all(|x| x.abs() < 0.03), "{mean:?}");
            }
            let squares = stages.iter().flatten().flatten().map(|x| x * x).sum::<f64>();
            (squares / (6 * seeds) as f64).sqrt()
        };
        let (small, large) = (spread(200, 16), spread(800, 6));
        println!("{batches}: one network {small:.4} at N = 200, {large:.4} at N = 800");
        assert!(large < small, "{batches}: {small} {large}");
    }
}
