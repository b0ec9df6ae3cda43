//! Configurations: what is written is read back, and what is read is what the builder makes.
#![cfg(feature = "config")]

use linear_width::Experiment;
use linear_width::activation::{Activation, Tanh};
use linear_width::config::{ExperimentConfig, FunctionConfig, SecondLayerConfig, TargetConfig};
use linear_width::data::{InputLaw, Link, Target};
use linear_width::experiment::Precision;
use linear_width::network::{Initialisation, Scaling, SecondLayerLaw};
use linear_width::spectral::OutlierRule;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};

fn small() -> ExperimentConfig {
    ExperimentConfig::from_toml(
        r#"
        width = 60
        dimension = 40
        samples = 90
        activation = { name = "tanh", scale = 2.0, shift = 0.5 }
        target = { link = { name = "hermite", coefficients = [0, 1, 0.5] }, noise = 0.1 }
        steps = [{ constant = 1.0, alpha = 0.3 }, { constant = 2, alpha = 0.4 }]
        "#,
    )
    .unwrap()
}

fn round_trip(config: &ExperimentConfig) {
    let text = config.to_toml().unwrap();
    assert_eq!(&toml::from_str::<ExperimentConfig>(&text).unwrap(), config, "{text}");
    assert_eq!(&ExperimentConfig::from_toml(&text).unwrap(), config, "{text}");
    let json = serde_json::to_string(config).unwrap();
    assert_eq!(&serde_json::from_str::<ExperimentConfig>(&json).unwrap(), config, "{json}");
}

#[test]
fn every_setting_round_trips() {
    round_trip(&small());
    let mut config = small();
    config.seed = u64::MAX;
    config.precision = Precision::F32;
    config.centred = false;
    config.target = TargetConfig {
        link: FunctionConfig::Sine { amplitude: 0.1 + 0.2, phase: 1.0 / 3.0 },
        argument_scale: -1.5e-3,
        without: vec![0, 1],
        directions: Some(vec![(0..40).map(|i| f64::from(u8::from(i == 7))).collect()]),
        noise: f64::MIN_POSITIVE,
    };
    config.input_law = InputLaw::Rademacher;
    config.initialisation = Initialisation::Gaussian;
    config.second_layer =
        SecondLayerConfig::Fixed((0..60).map(|i| 1.0 / f64::from(i + 3)).collect());
    config.scaling = Scaling::Standard;
    config.steps = vec![StepSize::scaled(1e300, 0.1); 3];
    config.steps[0].constant = 1e-300;
    config.batches = BatchPolicy::PartlyReused { fraction: 0.3 };
    config.triplets = Some(2);
    config.second_layer_powers = Some(5);
    config.outlier_rule = Some(OutlierRule::AboveEdge { edge: 2.5, margin: 0.1 });
    config.with_prediction = false;
    config.prediction_options = Some(Options {
        bulk_model: BulkModel::Isotropic,
        target_column: false,
        linear_terms: 2,
        right_vectors: 7,
        tolerance: 0.02,
        compare_nodes: false,
        node_factor: 1.5,
    });
    config.keep_weights = true;
    config.memory_limit = Some(123_456_789);
    let text = config.to_toml().unwrap();
    assert_eq!(toml::from_str::<ExperimentConfig>(&text).unwrap(), config, "{text}");
    config.steps = vec![StepSize::scaled(1.0, 0.1); 3];
    round_trip(&config);
}

#[test]
fn every_choice_round_trips() {
    for link in [
        FunctionConfig::Tanh { scale: 0.1, shift: -0.7 },
        FunctionConfig::Erf {},
        FunctionConfig::Sigmoid {},
        FunctionConfig::Sine { amplitude: 1.0, phase: 0.3 },
        FunctionConfig::Relu {},
        FunctionConfig::LeakyRelu { slope: 0.2 },
        FunctionConfig::Softplus { beta: 2.0, scale: 0.5 },
        FunctionConfig::Gelu {},
        FunctionConfig::Silu {},
        FunctionConfig::Hermite { coefficients: vec![0.0, 0.1, 0.2] },
    ] {
        let mut config = small();
        config.activation = link.clone();
        config.target.link = link;
        round_trip(&config);
    }
    let leaky: FunctionConfig = toml::from_str("name = \"leaky_relu\"").unwrap();
    assert_eq!(leaky, FunctionConfig::LeakyRelu { slope: 0.01 });
    for second_layer in [SecondLayerConfig::Gaussian, SecondLayerConfig::Rademacher] {
        round_trip(&ExperimentConfig { second_layer, ..small() });
    }
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        round_trip(&ExperimentConfig { batches, ..small() });
    }
    for rule in [
        OutlierRule::MarchenkoPastur { margin: 0.1 },
        OutlierRule::LargestGap { max_outliers: 5, factor: 8.5 },
    ] {
        round_trip(&ExperimentConfig { outlier_rule: Some(rule), ..small() });
    }
}

#[test]
fn sizes_beyond_toml_are_an_error() {
    let config = ExperimentConfig { memory_limit: Some(usize::MAX), ..small() };
    let error = config.to_toml().unwrap_err();
    assert!(error.to_string().starts_with("cannot be written as TOML"), "{error}");
}

#[test]
fn a_configuration_is_the_builder_s_experiment() {
    let mut config = small();
    config.seed = 5;
    config.second_layer = SecondLayerConfig::Rademacher;
    config.batches = BatchPolicy::Reused;
    config.target.link = FunctionConfig::Sine { amplitude: 1.0, phase: 0.6 };
    config.target.argument_scale = 1.5;
    config.target.without = vec![0, 1];
    config.triplets = Some(3);
    let from_config = config.build().unwrap().run().unwrap();
    let sine = linear_width::activation::Sine { amplitude: 1.0, phase: 0.6 };
    let link = Link::new("sine", move |z| sine.value(1.5 * z)).without(&[0, 1]).unwrap();
    let by_hand = Experiment::builder()
        .width(60)
        .dimension(40)
        .samples(90)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(link).noise(0.1))
        .steps([StepSize::scaled(1.0, 0.3), StepSize::scaled(2.0, 0.4)])
        .batches(BatchPolicy::Reused)
        .second_layer(SecondLayerLaw::Rademacher)
        .seed(5)
        .triplets(3)
        .build()
        .unwrap()
        .run()
        .unwrap();
    for (a, b) in from_config.stages.iter().zip(&by_hand.stages) {
        assert_eq!(a.singular_values, b.singular_values);
        assert_eq!(a.triplets, b.triplets);
        assert_eq!(a.prediction, b.prediction);
    }
}

#[test]
fn scaled_kinks_are_where_the_scaled_link_has_them() {
    let mut target = TargetConfig::new(FunctionConfig::LeakyRelu { slope: 0.2 });
    target.argument_scale = -2.0;
    let link = target.link().unwrap();
    assert_eq!(link.value(1.0), -0.4);
    assert_eq!(link.kinks(), [0.0]);
}

#[test]
fn the_sample_file_is_read_and_runs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/experiment.toml");
    let config = ExperimentConfig::read(path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    // it shows every key, those it leaves at their defaults in comments
    let json = serde_json::to_value(&config).unwrap();
    let optional =
        ["triplets", "second_layer_powers", "outlier_rule", "prediction_options", "memory_limit"];
    for key in json.as_object().unwrap().keys().map(String::as_str).chain(optional) {
        let shown = |line: &str| {
            let line = line.trim_start_matches(['#', ' ', '[']);
            line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', ']']))
        };
        assert!(text.lines().any(shown), "{key}");
    }
    let report = config.build().unwrap().run().unwrap();
    assert_eq!(report.stages.len(), 3);
    assert!(report.no_prediction.is_none());
}
