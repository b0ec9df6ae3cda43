//! The exported texts are the setting: TOML is read back, and the Rust programs in `exported` are
//! compiled here and build the same experiment.

use std::error::Error;
use std::fs;
use std::path::Path;

use linear_width::Experiment;
use linear_width::data::Batch;
use linear_width_runs::config::ExperimentConfig;
use serde_json::Value;

use crate::common::folder;
use crate::server::Page;

macro_rules! exported {
    ($name:ident) => {
        mod $name {
            include!(concat!("exported/", stringify!($name), ".rs"));

            // the program's own is not called
            const _: fn() -> Result<(), Box<dyn std::error::Error>> = main;

            pub fn built() -> Result<Experiment, Box<dyn std::error::Error>> {
                experiment()
            }
        }
    };
}

exported!(start);
exported!(every_setting);
exported!(hermite);

const EVERY_SETTING: &str = r#"
width = 40
dimension = 20
samples = 60
seed = 9223372036854775807
precision = "f32"
input_law = "uniform"
initialisation = "gaussian"
second_layer = "rademacher"
batches = { partly_reused = { fraction = 0.25 } }
triplets = 5
vectors = 2
second_layer_powers = 2
outlier_rule = { largest_gap = { max_outliers = 4, factor = 6.5 } }
spectrum_method = "direct"
readout_samples = [50, 80]
readout_lambdas = [1e-5, 0.25]
readout_test_samples = 500
feature_samples = 70
with_prediction = false
keep_weights = true
memory_limit = 1000000000
activation = { leaky_relu = { slope = 0.1 } }
steps = [{ constant = 2.0, alpha = 0.35 }, { constant = 1e-3, alpha = 0.0 }, { constant = 0.5, alpha = 0.25 }]
target = { link = { leaky_relu = { slope = 0.5 } }, argument_scale = -0.5, without = [0, 3], noise = 0.5 }

[prediction_options]
bulk_model = "isotropic"
target_column = false
linear_terms = 3
right_vectors = 12
compare_nodes = false
node_factor = 0.5
"#;

const HERMITE: &str = r#"
width = 4
dimension = 3
samples = 60
activation = { hermite = [0.0, 1.0, -0.5, 0.25] }
second_layer = { fixed = [1.0, -1.0, 0.5, -0.5] }
steps = [{ constant = 1.0, alpha = 0.2 }]
target = { link = { hermite = [0.0, 0.0, 1.0] }, directions = [[0.6, 0.0, 0.8]] }
"#;

fn exported(page: &Page) -> Value {
    let answer = page.post("/export", &page.setting());
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The page's exports, against the file that is compiled above.
fn check(name: &str, page: &Page, built: Result<Experiment, Box<dyn Error>>) -> Value {
    let texts = exported(page);
    let rust = texts["rust"].as_str().unwrap();
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explore/exported");
    let expected = fs::read_to_string(place.join(format!("{name}.rs"))).unwrap();
    assert_eq!(rust, expected, "{name}");

    let config = ExperimentConfig::from_toml(texts["toml"].as_str().unwrap()).unwrap();
    let again = page.post("/export", &serde_json::to_value(stripped(&config)).unwrap()).json();
    assert_eq!(again, texts);
    let (ours, theirs) = (config.build().unwrap(), built.unwrap());
    assert_eq!(ours.settings(), theirs.settings());
    assert_eq!(ours.leading_order(), theirs.leading_order());
    let labels = |experiment: &Experiment| experiment.batch(1).unwrap().to_arrays().unwrap().1;
    assert_eq!(labels(&ours), labels(&theirs));
    texts
}

/// Without nulls, which TOML does not have.
fn stripped(config: &ExperimentConfig) -> Value {
    let mut value = serde_json::to_value(config).unwrap();
    fn strip(value: &mut Value) {
        if let Value::Object(table) = value {
            table.retain(|_, value| !value.is_null());
            table.values_mut().for_each(strip);
        }
    }
    strip(&mut value);
    value
}

#[test]
fn exports_of_the_first_setting() {
    let texts = check("start", &Page::start(&[]), start::built());
    let python = texts["python"].as_str().unwrap();
    assert!(python.starts_with("import linear_width as lw\n\nexperiment = lw.Experiment(\n"));
    assert!(
        python.contains("\n    activation={\"sine\": {\"amplitude\": 1.65, \"phase\": 0.7}},\n")
    );
}

#[test]
fn exports_of_every_setting() {
    for (name, text, built) in [
        ("every_setting", EVERY_SETTING, every_setting::built as fn() -> _),
        ("hermite", HERMITE, hermite::built),
    ] {
        let folder = folder(&format!("explore-export-{name}"));
        let page = Page::start(&[&folder.write("experiment.toml", text)]);
        check(name, &page, built());
        let config =
            ExperimentConfig::from_toml(exported(&page)["toml"].as_str().unwrap()).unwrap();
        assert_eq!(config, ExperimentConfig::from_toml(text).unwrap());
    }
}

/// Every function by name, as activation and as link.
#[test]
fn exports_of_every_function() {
    let page = Page::start(&[]);
    let functions = [
        r#"{"tanh": {"scale": 2.0, "shift": 0.5}}"#,
        r#""erf""#,
        r#""sigmoid""#,
        r#""relu""#,
        r#"{"sine": {"amplitude": 2.0, "phase": 0.5}}"#,
        r#"{"leaky_relu": {"slope": 0.25}}"#,
        r#"{"softplus": {"beta": 2.0, "scale": 0.5}}"#,
        r#""gelu""#,
        r#""silu""#,
        r#"{"hermite": [0.0, 1.0]}"#,
    ];
    let expected = [
        "Tanh { scale: 2.0, shift: 0.5 }",
        "Erf",
        "Sigmoid",
        "Relu",
        "Sine { amplitude: 2.0, phase: 0.5 }",
        "LeakyRelu { slope: 0.25 }",
        "Softplus { beta: 2.0, scale: 0.5 }",
        "Gelu",
        "Silu",
        "HermiteSeries::new([0.0, 1.0])",
    ];
    for (function, expected) in functions.iter().zip(expected) {
        let mut setting = page.setting();
        setting["activation"] = serde_json::from_str(function).unwrap();
        let texts = page.post("/export", &setting).json();
        assert!(texts["rust"].as_str().unwrap().contains(&format!(".activation({expected})\n")));
        let config = ExperimentConfig::from_toml(texts["toml"].as_str().unwrap()).unwrap();
        assert_eq!(config, ExperimentConfig::from_values(&setting).unwrap());
    }
}
