//! Every value of a configuration that is out of range, unknown or of the wrong type: the error
//! names its key and its line.

use linear_width::InvalidSetting;
use linear_width::experiment::RunError;
use linear_width_runs::config::{ConfigError, ConfigProblem, ExperimentConfig, Reason};

/// One key a line; each test replaces one line.
const VALID: &str = r#"# a comment
width = 60
dimension = 50
samples = 90
seed = 3
precision = "f64"
centred = true
input_law = "gaussian"
initialisation = "sphere"
second_layer = "uniform"
scaling = "mean_field"
batches = "independent"
triplets = 4
vectors = 2
spectrum_method = "gram"
second_layer_powers = 2
outlier_rule = { largest_gap = { max_outliers = 4, factor = 8.0 } }
with_prediction = true
keep_weights = false
memory_limit = 100000000

[activation.tanh]
scale = 2.0
shift = 0.5

[target]
link = { hermite = [0.0, 1.0, 0.5] }
argument_scale = 1.0
without = [0]
noise = 0.1

[[steps]]
constant = 1.0
alpha = 0.3

[[steps]]
constant = 2.0
alpha = 0.4

[prediction_options]
bulk_model = "isotropic"
target_column = true
right_vectors = 8
node_factor = 1.5
"#;

fn problems(text: &str) -> Vec<ConfigProblem> {
    let error = ExperimentConfig::from_toml(text).expect_err(text);
    assert!(matches!(error, ConfigError::Problems(_)), "{error}");
    error.problems().to_vec()
}

/// Replaces `old` by `new`; the one problem must have this key, lie on the line of `new`, and be
/// malformed or out of range as said.
fn check(old: &str, new: &str, key: &str, malformed: bool) {
    assert_eq!(VALID.matches(old).count(), 1, "{old}");
    let text = VALID.replace(old, new);
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{new}: {found:?}");
    let problem = &found[0];
    // the last line of what was put in: earlier ones say which occurrence is meant
    let end = VALID.find(old).unwrap() + new.trim_end().len();
    let line = text[..end].matches('\n').count() + 1;
    assert_eq!(problem.key, key, "{new}: {problem}");
    assert_eq!(problem.line, Some(line), "{new}: {problem}");
    assert_eq!(matches!(problem.reason, Reason::Malformed(_)), malformed, "{new}: {problem}");
    assert!(problem.to_string().starts_with(&format!("line {line}, {key}: ")), "{problem}");
}

#[test]
fn the_valid_configuration_is_valid() {
    let config = ExperimentConfig::from_toml(VALID).unwrap();
    assert_eq!(config.build().unwrap().run().unwrap().stages.len(), 3);
}

#[test]
fn out_of_range() {
    let range = |old: &str, new: &str, key: &str| check(old, new, key, false);
    for size in ["width = 60", "dimension = 50", "samples = 90"] {
        let (key, _) = size.split_once(" = ").unwrap();
        if key == "samples" {
            range(size, "samples = 0", key);
        }
    }
    range("triplets = 4", "triplets = 0", "triplets");
    range("triplets = 4", "triplets = 51", "triplets");
    range("second_layer_powers = 2", "second_layer_powers = 101", "second_layer_powers");
    range("memory_limit = 100000000", "memory_limit = 1000", "memory_limit");
    for bad in ["-1.0", "nan", "inf"] {
        let first = "[[steps]]\nconstant = 1.0";
        range(first, &format!("[[steps]]\nconstant = {bad}"), "steps.1.constant");
        range("constant = 2.0", &format!("constant = {bad}"), "steps.2.constant");
        range("noise = 0.1", &format!("noise = {bad}"), "target.noise");
    }
    for bad in ["-0.1", "0.5", "0.7", "nan", "inf"] {
        range("alpha = 0.3", &format!("alpha = {bad}"), "steps.1.alpha");
        range("alpha = 0.4", &format!("alpha = {bad}"), "steps.2.alpha");
    }
    for bad in ["-0.1", "1.5", "nan"] {
        let batches = format!("batches = {{ partly_reused = {{ fraction = {bad} }} }}");
        range("batches = \"independent\"", &batches, "batches.partly_reused.fraction");
    }
    let fixed = "second_layer.fixed";
    range("second_layer = \"uniform\"", "second_layer = { fixed = [1.0] }", fixed);
    let given = format!("second_layer = {{ fixed = [{}inf] }}", "1.0, ".repeat(59));
    range("second_layer = \"uniform\"", &given, fixed);
    range("vectors = 2", "vectors = 5", "vectors");
}

/// More than any machine has: the limit refuses it, without one the run does, and what needs no
/// memory goes on.
#[test]
fn memory_that_cannot_be_had() {
    let large = VALID.replace("width = 60", "width = 68719476736");
    let large = large.replace("dimension = 50", "dimension = 1048576");
    let found = problems(&large);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].key.as_str(), found[0].line), ("memory_limit", Some(20)));
    assert!(matches!(found[0].reason, Reason::Invalid(InvalidSetting::Memory { .. })));
    let config = ExperimentConfig::from_toml(&large.replace("memory_limit = 100000000\n", ""));
    let experiment = config.unwrap().build().unwrap();
    assert!(!experiment.predict(2, &Default::default()).unwrap().outliers.is_empty());
    let error = experiment.run().unwrap_err();
    assert!(matches!(error, RunError::Invalid(InvalidSetting::Memory { .. })), "{error}");
    assert!(error.to_string().contains("GiB of memory are needed"), "{error}");
}

/// A configuration that no text was read for, and errors that have no keys.
#[test]
fn errors_without_lines_or_keys() {
    let mut config = ExperimentConfig::from_toml(VALID).unwrap();
    config.settings.steps[0].alpha = 0.9;
    config.settings.triplets = Some(0);
    let error = config.build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 settings are wrong:\n\
         - steps.1.alpha: alpha of step 1 is 0.9; it must lie in [0, 0.5)\n\
         - triplets: 0 singular triplets were asked for; 1 to min(N, d) = 50 can be had"
    );
    config.settings.width = usize::MAX;
    let write = config.to_toml().unwrap_err();
    let syntax = ExperimentConfig::from_toml("width = ").unwrap_err();
    let io = ExperimentConfig::read("no/such/file.toml").unwrap_err();
    for (error, said) in [
        (write, "cannot be written as TOML: "),
        (syntax, "line 1, column 9: "),
        (io, "no/such/file.toml: "),
    ] {
        assert!(error.to_string().starts_with(said), "{said}: {error}");
        assert!(error.problems().is_empty(), "{error}");
    }
}

#[test]
fn sizes_of_zero_and_no_steps() {
    for (old, key) in [("width = 60", "width"), ("dimension = 50", "dimension")] {
        check(old, &format!("{key} = 0"), key, false);
    }
    let (before, rest) = VALID.split_once("[[steps]]").unwrap();
    let (_, after) = rest.split_once("[prediction_options]").unwrap();
    let text = format!("steps = []\n{before}[prediction_options]{after}");
    let found = problems(&text);
    assert_eq!((found[0].key.as_str(), found[0].line), ("steps", Some(1)), "{found:?}");
}

const TANH: &str = "[activation.tanh]\nscale = 2.0\nshift = 0.5";
const HERMITE: &str = "{ hermite = [0.0, 1.0, 0.5] }";

#[test]
fn parameters_of_functions() {
    for bad in ["nan", "inf", "-inf"] {
        check("scale = 2.0", &format!("scale = {bad}"), "activation.tanh.scale", false);
        check("shift = 0.5", &format!("shift = {bad}"), "activation.tanh.shift", false);
        let coefficients = format!("{{ hermite = [0.0, {bad}] }}");
        check(HERMITE, &coefficients, "target.link.hermite.2", false);
        check(
            "argument_scale = 1.0",
            &format!("argument_scale = {bad}"),
            "target.argument_scale",
            false,
        );
    }
    check(HERMITE, "{ hermite = [] }", "target.link.hermite", false);
    check("argument_scale = 1.0", "argument_scale = 0", "target.argument_scale", false);
    check("without = [0]", "without = [0, 41]", "target.without.2", false);
    for (new, key) in [
        ("softplus]\nbeta = 0.0", "softplus.beta"),
        ("softplus]\nbeta = -1.0", "softplus.beta"),
        ("softplus]\nscale = nan", "softplus.scale"),
        ("sine]\namplitude = inf", "sine.amplitude"),
        ("sine]\nphase = nan", "sine.phase"),
        ("leaky_relu]\nslope = nan", "leaky_relu.slope"),
    ] {
        check(TANH, &format!("[activation.{new}"), &format!("activation.{key}"), false);
    }
    // finite parameters, infinite values
    let text = VALID.replace(TANH, "[activation]\nhermite = [0.0, 1e308, 1e308]");
    let found = problems(&text);
    assert_eq!(found[0].key, "activation", "{found:?}");
    assert_eq!(found[0].line, Some(22));
    assert!(matches!(found[0].reason, Reason::Invalid(InvalidSetting::Function { .. })));
    let text = VALID.replace(HERMITE, "{ hermite = [0.0, 1e308, 1e308] }");
    let found = problems(&text);
    assert_eq!(found[0].key, "target.link", "{found:?}");
    assert_eq!(found[0].line, Some(27), "{found:?}");
}

#[test]
fn teacher_directions() {
    let put = |rows: &str| format!("noise = 0.1\ndirections = {rows}");
    let row = |first: &str| format!("[{first}{}]", ", 0.0".repeat(49));
    for rows in [
        format!("[{}]", row("2.0")),
        format!("[{}]", row("nan")),
        format!("[{}, {}]", row("1.0"), row("1.0")),
        "[[1.0, 0.0]]".into(),
        "[[1.0], [1.0, 0.0]]".into(),
        "[]".into(),
    ] {
        check("noise = 0.1", &put(&rows), "target.directions", false);
    }
}

#[test]
fn outlier_rules() {
    let old = "outlier_rule = { largest_gap = { max_outliers = 4, factor = 8.0 } }";
    for (rule, key) in [
        ("largest_gap = { max_outliers = 0, factor = 8.0 }", "largest_gap.max_outliers"),
        ("largest_gap = { max_outliers = 17, factor = 8.0 }", "largest_gap.max_outliers"),
        ("largest_gap = { max_outliers = 4, factor = 0.0 }", "largest_gap.factor"),
        ("largest_gap = { max_outliers = 4, factor = nan }", "largest_gap.factor"),
        ("above_edge = { edge = -1.0, margin = 0.1 }", "above_edge.edge"),
        ("above_edge = { edge = 2.0, margin = -0.1 }", "above_edge.margin"),
        ("marchenko_pastur = { margin = inf }", "marchenko_pastur.margin"),
    ] {
        check(old, &format!("outlier_rule = {{ {rule} }}"), &format!("outlier_rule.{key}"), false);
    }
}

#[test]
fn options_of_the_prediction() {
    let range = |old: &str, new: &str, key: &str| {
        check(old, new, &format!("prediction_options.{key}"), false);
    };
    let vectors = "right_vectors = 8";
    range(vectors, "right_vectors = 0", "right_vectors");
    range(vectors, "right_vectors = 97", "right_vectors");
    range(vectors, "right_vectors = 8\ntolerance = 0.0", "tolerance");
    range(vectors, "right_vectors = 8\nlinear_terms = 0", "linear_terms");
    range(vectors, "right_vectors = 8\nlinear_terms = 4", "linear_terms");
    for bad in ["0.05", "21.0", "nan"] {
        range("node_factor = 1.5", &format!("node_factor = {bad}"), "node_factor");
    }
}

#[test]
fn unknown_keys() {
    check("width = 60", "width = 60\nwidht = 60", "widht", true);
    check("shift = 0.5", "shift = 0.5\nslope = 0.5", "activation.tanh.slope", true);
    check("noise = 0.1", "noise = 0.1\nnoize = 0.1", "target.noize", true);
    check("alpha = 0.4", "alpha = 0.4\nbeta = 0.4", "steps.2.beta", true);
    check("right_vectors = 8", "right_vectors = 8\nspokes = 8", "prediction_options.spokes", true);
    let sine = "[activation.sine]\nscale = 2.0";
    check(TANH, sine, "activation.sine.scale", true);
    check("noise = 0.1", "noise = 0.1\n\"a.b\" = 1", "target.a.b", true);
    check(HERMITE, "{ hermite = [0.0, 1.0], relu = 1 }", "target.link", true);
    let batches = "batches = { partly_reused = { fraction = 0.5, of = 1 } }";
    check("batches = \"independent\"", batches, "batches.partly_reused.of", true);
    let rule = "outlier_rule = { above_edge = { edge = 2.0, margin = 0.1, extra = 1 } }";
    let old = "outlier_rule = { largest_gap = { max_outliers = 4, factor = 8.0 } }";
    check(old, rule, "outlier_rule.above_edge.extra", true);
}

#[test]
fn values_of_the_wrong_type_or_name() {
    check("width = 60", "width = -60", "width", true);
    check("width = 60", "width = \"60\"", "width", true);
    check("width = 60", "width = 60.5", "width", true);
    check("seed = 3", "seed = -3", "seed", true);
    check("seed = 3", "seed = \"18446744073709551616\"", "seed", true);
    check("precision = \"f64\"", "precision = \"f16\"", "precision", true);
    check("input_law = \"gaussian\"", "input_law = \"gauss\"", "input_law", true);
    check("batches = \"independent\"", "batches = \"fresh\"", "batches", true);
    check("spectrum_method = \"gram\"", "spectrum_method = \"grim\"", "spectrum_method", true);
    check("[activation.tanh]", "[activation.tan]", "activation", true);
    check("scale = 2.0", "scale = \"x\"", "activation.tanh.scale", true);
    check(HERMITE, "{ hermite = [0.0, \"x\"] }", "target.link.hermite.2", true);
    check("alpha = 0.4", "alpha = \"x\"", "steps.2.alpha", true);
    check("without = [0]", "without = [-1]", "target.without.1", true);
}

#[test]
fn missing_keys() {
    let found = problems(&VALID.replace("samples = 90\n", ""));
    assert_eq!((found[0].key.as_str(), found[0].line), ("top level", None));
    assert!(found[0].to_string().contains("missing field `samples`"), "{}", found[0]);
    let found = problems(&VALID.replace("alpha = 0.4\n", ""));
    assert_eq!(found[0].key, "steps.2");
    assert!(found[0].to_string().contains("missing field `alpha`"), "{}", found[0]);
    let found = problems(&VALID.replace("link = { hermite = [0.0, 1.0, 0.5] }\n", ""));
    assert_eq!((found[0].key.as_str(), found[0].line), ("target", Some(26)));
    assert!(found[0].to_string().contains("missing field `link`"), "{}", found[0]);
    // every one of them, and those of the wrong type
    let text = VALID.replace("samples = 90\n", "").replace("width = 60\n", "");
    let text = text.replace("seed = 3", "seed = -3").replace("noise = 0.1", "noise = \"x\"");
    let keys: Vec<String> = problems(&text).into_iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["top level", "top level", "target.noise", "seed"]);
}

#[test]
fn text_that_is_not_toml() {
    let syntax = |text: &str| match ExperimentConfig::from_toml(text) {
        Err(ConfigError::Syntax { line, column, .. }) => (line, column),
        other => panic!("{other:?}"),
    };
    assert_eq!(syntax("width = 3\ndimension = = 3"), (2, 13));
    assert_eq!(syntax("width = 3\nwidth = 4").0, 2);
    let missing = ExperimentConfig::read("no/such/file.toml");
    assert!(matches!(missing, Err(ConfigError::Io { .. })));
}

/// What TOML's integers cannot hold has its key, at every depth.
#[test]
fn integers_beyond_64_bits_have_their_key() {
    let (huge, small) = ("9223372036854775808", "-9223372036854775809");
    for (old, key) in [
        ("width = 60", "width"),
        ("seed = 3", "seed"),
        ("noise = 0.1", "target.noise"),
        ("without = [0]", "target.without.1"),
        ("constant = 2.0", "steps.2.constant"),
        ("memory_limit = 100000000", "memory_limit"),
        ("right_vectors = 8", "prediction_options.right_vectors"),
    ] {
        let (name, value) = old.split_once(" = ").unwrap();
        for bad in [
            huge,
            small,
            "18446744073709551616",
            "1_000_000_000_000_000_000_000_000",
            "0xffffffffffffffffffffffffffffffffffff",
        ] {
            let new = value.replace(value.trim_matches(['[', ']']), bad);
            check(old, &format!("{name} = {new}"), key, true);
        }
    }
    // every one of them, and what to do
    let text = VALID.replace("width = 60", "width = 18446744073709551615");
    let text = text.replace("seed = 3", &format!("seed = {huge}"));
    let error = ExperimentConfig::from_toml(&text).unwrap_err().to_string();
    let expected = format!(
        "2 settings are wrong:\n- line 2, width: 18446744073709551615 is beyond the integers of \
         TOML, -2^63 to 2^63 - 1; a larger seed is written in quotes, another number with a \
         decimal point\n- line 5, seed: {huge} is beyond"
    );
    assert!(error.starts_with(&expected), "{error}");
}
