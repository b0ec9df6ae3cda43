//! The setting that the page sends: the keys of a configuration in TOML, as JSON, within limits that
//! keep every answer short.

use linear_width::Experiment;
use linear_width::experiment::Settings;
use linear_width::theory::prediction::Options;
use linear_width_runs::config::{ConfigError, ExperimentConfig};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What is wrong with one key, in a sentence.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// As in `steps.2.alpha`; `top level` for what belongs to no key.
    pub key: String,
    pub sentence: String,
}

impl Problem {
    pub fn new(key: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { key: key.into(), sentence: sentence.into() }
    }
}

/// The numbers that a key may hold here; the key of a list or table is that of all in it.
const RANGES: [(&str, f64, f64); 12] = [
    ("width", 2.0, 1e6),
    ("dimension", 2.0, 1e6),
    ("samples", 2.0, 1e6),
    ("activation", -100.0, 100.0),
    ("target.link", -100.0, 100.0),
    ("target.argument_scale", -20.0, 20.0),
    ("target.noise", 0.0, 100.0),
    ("steps", 0.0, 1000.0),
    ("readout_samples", 1.0, 1e7),
    ("readout_lambdas", 0.0, 1e6),
    ("prediction_options.node_factor", 0.1, 2.0),
    ("second_layer_powers", 0.0, 20.0),
];

/// How many entries a list may have here.
const LENGTHS: [(&str, usize); 6] = [
    ("steps", 5),
    ("activation.hermite", 17),
    ("target.link.hermite", 17),
    ("target.without", 17),
    ("readout_samples", 3),
    ("readout_lambdas", 6),
];

/// The limits, for the page.
pub fn limits() -> Value {
    let ranges = RANGES.iter().map(|(key, from, to)| ((*key).to_owned(), json!([from, to])));
    let lengths = LENGTHS.iter().map(|(key, most)| ((*key).to_owned(), json!(most)));
    json!({ "ranges": ranges.collect::<Map<_, _>>(), "lengths": lengths.collect::<Map<_, _>>() })
}

/// Reads a setting; what the builder checks is checked by [`experiment`].
pub fn read(setting: &Value) -> Result<ExperimentConfig, Vec<Problem>> {
    let mut problems = Vec::new();
    check(setting, &mut String::new(), &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    ExperimentConfig::from_values(setting).map_err(|error| listed(&error))
}

/// The experiment of a setting.
pub fn experiment(config: &ExperimentConfig) -> Result<Experiment, Vec<Problem>> {
    config.build().map_err(|error| listed(&error))
}

fn listed(error: &ConfigError) -> Vec<Problem> {
    let all = error.problems().iter().map(|p| Problem::new(&p.key, p.reason.to_string()));
    let problems: Vec<_> = all.collect();
    if problems.is_empty() { vec![Problem::new("top level", error.to_string())] } else { problems }
}

/// Looks at every number and every list within `value`, whose key is `key`.
fn check(value: &Value, key: &mut String, problems: &mut Vec<Problem>) {
    let below = |part: &str, key: &str| match key {
        "" => part.to_owned(),
        key => format!("{key}.{part}"),
    };
    match value {
        Value::Number(number) => {
            let (Some(x), Some((from, to))) = (number.as_f64(), range(key)) else { return };
            if !(from..=to).contains(&x) {
                let sentence =
                    format!("{number} is not between {from} and {to}, as it must be on this page");
                problems.push(Problem::new(key.as_str(), sentence));
            }
        }
        Value::Array(values) => {
            let most = LENGTHS.iter().find(|(name, _)| name == key).map(|(_, most)| *most);
            if let Some(most) = most.filter(|most| values.len() > *most) {
                let sentence =
                    format!("{} entries; at most {most} can be had on this page", values.len());
                problems.push(Problem::new(key.as_str(), sentence));
                return;
            }
            for (value, entry) in values.iter().zip(1..) {
                check(value, &mut below(&format!("{entry}"), key), problems);
            }
        }
        Value::Object(table) => {
            for (name, value) in table {
                check(value, &mut below(name, key), problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn range(key: &str) -> Option<(f64, f64)> {
    let within = |name: &str| {
        key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    RANGES.iter().find(|(name, ..)| within(name)).map(|(_, from, to)| (*from, *to))
}

/// A configuration as the page holds it: without the settings that have their default.
pub fn essential(config: &ExperimentConfig) -> serde_json::Result<Value> {
    let mut value = as_value(config)?;
    let defaults = as_value(&Settings::default())?;
    if let Some(table) = value.as_object_mut() {
        table.retain(|key, value| !value.is_null() && defaults.get(key) != Some(value));
    }
    let options = as_value(&Options::default())?;
    if let Some(Value::Object(table)) = value.get_mut("prediction_options") {
        table.retain(|key, value| options.get(key) != Some(value));
    }
    without_nulls(&mut value);
    Ok(value)
}

/// Through a text, which the other commands write of the same types: a second form of writing them
/// would be compiled for seconds.
fn as_value(value: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::from_str(&serde_json::to_string_pretty(value)?)
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(table) => {
            table.retain(|_, value| !value.is_null());
            table.values_mut().for_each(without_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        width = 600
        dimension = 300
        samples = 900
        activation = { tanh = { scale = 2.0, shift = 0.5 } }
        batches = { partly_reused = { fraction = 0.5 } }
        steps = [{ constant = 2.0, alpha = 0.35 }]
        target = { link = { hermite = [0.0, 1.0] }, noise = 0.1 }
    "#;

    fn with(key: &str, value: Value) -> Value {
        let mut setting = essential(&ExperimentConfig::from_toml(TEXT).unwrap()).unwrap();
        *setting.pointer_mut(key).unwrap() = value;
        setting
    }

    #[test]
    fn a_configuration_comes_back() {
        let config = ExperimentConfig::from_toml(TEXT).unwrap();
        let setting = essential(&config).unwrap();
        assert_eq!(read(&setting).unwrap(), config);
        assert_eq!(setting.as_object().unwrap().len(), 7);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let problem = |key: &str, value: Value| {
            let setting = with(key, value);
            let problems = read(&setting).and_then(|config| experiment(&config)).err().unwrap();
            assert_eq!(problems.len(), 1, "{key}");
            problems.into_iter().map(|p| format!("{}: {}", p.key, p.sentence)).next().unwrap()
        };
        let page = |key: &str, value: Value| {
            let sentence = problem(key, value);
            assert!(sentence.contains("on this page"), "{sentence}");
        };
        page("/width", json!(1_000_001));
        page("/dimension", json!(1e300));
        page("/samples", json!(-1));
        page("/activation/tanh/scale", json!(1e9));
        page("/target/link/hermite", json!(vec![0.0; 18]));
        page("/target/link/hermite/1", json!(101));
        page("/target/noise", json!(-0.1));
        page("/steps", json!(vec![json!({ "constant": 1.0, "alpha": 0.1 }); 6]));
        page("/steps/0/constant", json!(1001));
        assert!(
            problem("/steps/0/alpha", json!(0.5))
                .starts_with("steps.1.alpha: alpha of step 1 is 0.5")
        );
        assert!(problem("/width", json!(2.5)).starts_with("width: invalid type"));
        assert!(problem("/activation", json!("tanh?")).starts_with("activation: unknown variant"));
        assert!(
            problem("/batches", json!({ "partly_reused": { "fraction": 2 } }))
                .contains("between 0 and 1")
        );
    }
}
