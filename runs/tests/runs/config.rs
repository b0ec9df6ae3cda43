//! Configurations: what is written is read back, and what is read is what the builder makes.

use linear_width::Experiment;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::{InputLaw, Link, Target};
use linear_width::experiment::{Device, Precision, Settings};
use linear_width::network::{Initialisation, Scaling, SecondLayerLaw};
use linear_width::spectral::OutlierRule;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};
use linear_width_runs::config::{ExperimentConfig, FunctionConfig, TargetConfig};

fn small() -> ExperimentConfig {
    ExperimentConfig::from_toml(
        r#"
        width = 60
        dimension = 40
        samples = 90
        activation = { tanh = { scale = 2.0, shift = 0.5 } }
        target = { link = { hermite = [0, 1, 0.5] }, noise = 0.1 }
        steps = [{ constant = 1.0, alpha = 0.3 }, { constant = 2, alpha = 0.4 }]
        "#,
    )
    .unwrap()
}

fn with(change: impl FnOnce(&mut Settings)) -> ExperimentConfig {
    let mut config = small();
    change(&mut config.settings);
    config
}

fn round_trip(config: &ExperimentConfig) {
    let text = config.to_toml().unwrap();
    assert_eq!(&ExperimentConfig::from_toml(&text).unwrap(), config, "{text}");
    let json = serde_json::to_string(&config.settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), config.settings, "{json}");
    let json = serde_json::to_string(&config.activation).unwrap();
    assert_eq!(serde_json::from_str::<FunctionConfig>(&json).unwrap(), config.activation, "{json}");
}

#[test]
fn every_setting_round_trips() {
    round_trip(&small());
    let mut config = small();
    config.settings.seed = u64::MAX;
    config.settings.precision = Precision::F32;
    config.settings.centred = false;
    config.target = TargetConfig {
        link: FunctionConfig::Sine { amplitude: 0.1 + 0.2, phase: 1.0 / 3.0 },
        argument_scale: -1.5e-3,
        without: vec![0, 1],
        directions: Some(vec![(0..40).map(|i| f64::from(u8::from(i == 7))).collect()]),
        noise: f64::MIN_POSITIVE,
    };
    config.settings.input_law = InputLaw::Rademacher;
    config.settings.initialisation = Initialisation::Gaussian;
    config.settings.second_layer =
        SecondLayerLaw::Fixed((0..60).map(|i| 1.0 / f64::from(i + 3)).collect());
    config.settings.scaling = Scaling::Standard;
    config.settings.steps = vec![StepSize::scaled(1e300, 0.1); 3];
    config.settings.steps[0].constant = 1e-300;
    config.settings.batches = BatchPolicy::PartlyReused { fraction: 0.3 };
    config.settings.triplets = Some(2);
    config.settings.second_layer_powers = 5;
    config.settings.outlier_rule = Some(OutlierRule::AboveEdge { edge: 2.5, margin: 0.1 });
    config.settings.with_prediction = false;
    config.settings.prediction_options = Some(Options {
        bulk_model: BulkModel::Isotropic,
        target_column: false,
        linear_terms: 2,
        right_vectors: 7,
        tolerance: 0.02,
        compare_nodes: false,
        node_factor: 1.5,
    });
    config.settings.readout_samples = vec![120, 60];
    config.settings.readout_lambdas = vec![0.1 + 0.2, 1e-3];
    config.settings.readout_test_samples = 77;
    config.settings.feature_samples = Some(99);
    config.settings.keep_weights = true;
    config.settings.memory_limit = Some(123_456_789);
    let text = toml::to_string(&config.settings.steps[0]).unwrap();
    assert_eq!(toml::from_str::<StepSize>(&text).unwrap(), config.settings.steps[0], "{text}");
    config.settings.steps = vec![StepSize::scaled(1.0, 0.1); 3];
    round_trip(&config);
}

#[test]
fn every_choice_round_trips() {
    for link in [
        FunctionConfig::Tanh { scale: 0.1, shift: -0.7 },
        FunctionConfig::Erf,
        FunctionConfig::Sigmoid,
        FunctionConfig::Sine { amplitude: 1.0, phase: 0.3 },
        FunctionConfig::Relu,
        FunctionConfig::LeakyRelu { slope: 0.2 },
        FunctionConfig::Softplus { beta: 2.0, scale: 0.5 },
        FunctionConfig::Gelu,
        FunctionConfig::Silu,
        FunctionConfig::Hermite(vec![0.0, 0.1, 0.2]),
    ] {
        let mut config = small();
        config.activation = link.clone();
        config.target.link = link;
        round_trip(&config);
    }
    let leaky: FunctionConfig = toml::from_str("leaky_relu = {}").unwrap();
    assert_eq!(leaky, FunctionConfig::LeakyRelu { slope: 0.01 });
    for second_layer in [SecondLayerLaw::Gaussian, SecondLayerLaw::Rademacher] {
        round_trip(&with(|settings| settings.second_layer = second_layer));
    }
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        round_trip(&with(|settings| settings.batches = batches));
    }
    for rule in [
        OutlierRule::MarchenkoPastur { margin: 0.1 },
        OutlierRule::LargestGap { max_outliers: 5, factor: 8.5 },
        OutlierRule::TracyWidom { level: 0.01 },
    ] {
        round_trip(&with(|settings| settings.outlier_rule = Some(rule)));
    }
}

#[test]
fn sizes_beyond_toml_are_an_error() {
    let config = with(|settings| settings.memory_limit = Some(usize::MAX));
    let error = config.to_toml().unwrap_err();
    assert!(error.to_string().starts_with("cannot be written as TOML"), "{error}");
}

#[test]
fn a_configuration_is_the_builder_s_experiment() {
    let mut config = small();
    config.settings.seed = 5;
    config.settings.second_layer = SecondLayerLaw::Rademacher;
    config.settings.batches = BatchPolicy::Reused;
    config.target.link = FunctionConfig::Sine { amplitude: 1.0, phase: 0.6 };
    config.target.argument_scale = 1.5;
    config.target.without = vec![0, 1];
    config.settings.triplets = Some(3);
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
    for key in Settings::NAMES.iter().copied().chain(["activation", "target", "link"]) {
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

/// The sample file of readouts: measured and predicted stand side by side at every stage.
#[test]
fn the_sample_file_of_readouts_is_read_and_runs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/readouts.toml");
    let mut config = ExperimentConfig::read(path).unwrap();
    // the same at a smaller size
    (config.settings.width, config.settings.dimension, config.settings.samples) = (100, 50, 150);
    config.settings.readout_samples = vec![200];
    config.settings.readout_test_samples = 1000;
    config.settings.feature_samples = Some(200);
    let report = config.build().unwrap().run().unwrap();
    assert_eq!(report.no_feature_prediction, None);
    for stage in &report.stages {
        assert_eq!(stage.readouts.len(), config.settings.readout_lambdas.len());
        assert!(stage.readouts.iter().all(|readout| readout.predicted.is_some()));
        assert!(stage.features.as_ref().unwrap().predicted.is_some());
    }
    let json = serde_json::to_string(&report).unwrap();
    let read: linear_width::Report = serde_json::from_str(&json).unwrap();
    assert_eq!(read, report);
}

/// Every setting of the table, with a value that is not the default.
fn other_values() -> toml::Table {
    let text = r#"
        width = 50
        dimension = 40
        samples = 70
        seed = "18446744073709551615"
        precision = "f32"
        centred = false
        input_law = "uniform"
        initialisation = "gaussian"
        second_layer = "rademacher"
        scaling = "standard"
        steps = [{ constant = 1.5, alpha = 0.25 }]
        batches = { partly_reused = { fraction = 0.5 } }
        triplets = 3
        vectors = 2
        second_layer_powers = 1
        outlier_rule = { marchenko_pastur = { margin = 0.2 } }
        spectrum_method = "direct"
        readout_samples = [60, 30]
        readout_lambdas = [0.5]
        readout_test_samples = 90
        feature_samples = 55
        with_prediction = false
        prediction_options = { bulk_model = "isotropic", right_vectors = 9 }
        keep_weights = true
        memory_limit = 100000000
    "#;
    text.parse().unwrap()
}

/// One setting at a time and all together: the key of the file is the field of the record, which
/// the experiment, the report and its JSON have as it was written.
#[test]
fn every_key_of_the_record_reaches_experiment_and_report() {
    let values = other_values();
    // another device may not be there, and has a test of its own
    let names = Settings::NAMES.iter().filter(|name| **name != "device");
    assert_eq!(values.len(), names.clone().count(), "a value for every setting");
    let base = toml::Table::try_from(small()).unwrap();
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let read = |table: &toml::Table| {
        let text = toml::to_string(table).unwrap();
        ExperimentConfig::from_toml(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
    };
    for key in names.clone() {
        let mut table = base.clone();
        table.insert((*key).into(), values[*key].clone());
        let config = read(&table);
        let experiment = config.build().unwrap();
        let expected = &serde_json::to_value(&config.settings).unwrap()[key];
        assert_ne!(expected, &defaults[key], "{key}: not another value");
        assert_eq!(&serde_json::to_value(experiment.settings()).unwrap()[key], expected, "{key}");
        // the record through the builder
        let rebuilt = Experiment::builder()
            .settings(experiment.settings().clone())
            .activation(Tanh::default())
            .target(Target::single_index(Link::hermite([0.0, 1.0])));
        assert_eq!(rebuilt.build().unwrap().settings(), experiment.settings(), "{key}");
        round_trip(&config);
    }
    let mut table = base;
    table.extend(values);
    let config = read(&table);
    round_trip(&config);
    let report = config.build().unwrap().run().unwrap();
    let json = serde_json::to_value(&report).unwrap();
    for key in names {
        let expected = &serde_json::to_value(&config.settings).unwrap()[key];
        assert_eq!(&json["settings"][key], expected, "{key}");
    }
}

#[test]
fn a_device_is_read_and_needs_a_feature() {
    let mut table = toml::Table::try_from(small()).unwrap();
    table.insert("device".into(), "cuda:1".into());
    let config = ExperimentConfig::from_values(&table).unwrap();
    assert_eq!(config.settings.device, Device::Cuda(1));
    let text = config.to_toml().unwrap();
    assert!(text.contains("device = \"cuda:1\""), "{text}");
    let read = ExperimentConfig::from_toml(&text);
    if cfg!(feature = "cuda") {
        assert_eq!(read.unwrap(), config);
    } else {
        let error = read.unwrap_err().to_string();
        assert!(error.contains(", device: device is cuda:1: "), "{error}");
        assert!(error.contains("compile it with the feature `cuda`"), "{error}");
    }
    let error = ExperimentConfig::from_toml(&text.replace("cuda:1", "gpu")).unwrap_err();
    assert!(error.to_string().contains("device: the device is \"gpu\"; it must be cpu"), "{error}");
}
