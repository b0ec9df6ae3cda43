//! What a user sees of an error of a file that leaves `main`: its text, not its fields.

use std::error::Error;

use linear_width::Experiment;
use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::experiment::RunOptions;
use linear_width_runs::config::ExperimentConfig;
use linear_width_runs::sweep::{Shard, Sweep, read_results};

/// As the standard library prints what `main` returns.
fn printed(result: Result<(), Box<dyn Error>>) -> String {
    format!("Error: {:?}", result.unwrap_err())
}

#[test]
fn config_errors_are_all_listed() {
    let text = "width = 0\ndimension = 20\nsamples = 40\nactivation = { tanh = {} }\n\
                steps = [{ constant = 1.0, alpha = 0.6 }]\n\
                target = { link = \"relu\", noise = -1.0 }\n";
    let program = |text: &str| {
        ExperimentConfig::from_toml(text)?.build()?.run()?;
        Ok(())
    };
    let found = printed(program(text));
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], format!("Error: {} settings are wrong:", lines.len() - 1));
    for key in ["- line 1, width: ", "- line 5, steps.1.alpha: ", "- line 6, target.noise: "] {
        assert!(lines.iter().any(|line| line.starts_with(key)), "{key}: {found}");
    }
    let single = printed(program(&text.replace("width = 0", "width = ")));
    assert!(single.starts_with("Error: line 1, column "), "{single}");
}

#[test]
fn errors_print_their_sentence() {
    let missing = std::env::temp_dir().join("linear-width-no-such-file");
    let experiment = Experiment::builder()
        .width(9)
        .dimension(5)
        .samples(20)
        .activation(Tanh::default())
        .target(Target::single_index(Link::hermite([0.0, 1.0])))
        .steps([1.0])
        .build()
        .unwrap();
    let errors: [(Box<dyn Error>, String); 5] = [
        pair(ExperimentConfig::read(&missing).unwrap_err()),
        pair(read_results::<u32, u32>(&missing).unwrap_err()),
        pair("4/3".parse::<Shard>().unwrap_err()),
        pair(Sweep::new(vec![1, 1], &()).unwrap_err()),
        pair(experiment.run_with(RunOptions::new().checkpoint(missing.join("x"))).unwrap_err()),
    ];
    fn pair(error: impl Error + 'static) -> (Box<dyn Error>, String) {
        let text = error.to_string();
        (error.into(), text)
    }
    for (error, text) in errors {
        assert_eq!(format!("{error:?}"), text);
    }
}

/// Ways to write a file wrongly, and a word of the answer.
#[test]
fn config_misuse_is_answered() {
    const GOOD: &str = r#"
width = 24
dimension = 16
samples = 40
steps = [{ constant = 1.0, alpha = 0.3 }]
activation = { tanh = {} }
target = { link = { hermite = [0.0, 1.0] } }
"#;
    let with = |from: &str, to: &str| {
        assert!(GOOD.contains(from));
        ExperimentConfig::from_toml(&GOOD.replace(from, to)).unwrap_err().to_string()
    };
    assert!(ExperimentConfig::from_toml(GOOD).is_ok());
    for (from, to, said) in [
        ("width", "widht", "widht"),
        ("16", "\"16\"", "dimension"),
        ("24", "-24", "width"),
        ("0.3", "0.7", "alpha"),
        ("tanh", "tahn", "activation"),
        ("steps = [", "steps = [[", "line"),
    ] {
        let error = with(from, to);
        assert!(error.contains(said), "{to}: {error}");
    }
    let text = format!("{GOOD}\n[sweep]\nseeds = [1, 1]\n");
    let error = Sweep::from_toml(&text).unwrap_err().to_string();
    assert!(error.contains("are the same"), "{error}");
}
