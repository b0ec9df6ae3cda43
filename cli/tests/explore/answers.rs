//! What the page shows is what the library computes.

use linear_width::theory::prediction::Options;
use linear_width_runs::config::ExperimentConfig;
use serde_json::{Value, json};

use crate::common::{EXPERIMENT, folder, linear_width, said};
use crate::server::Page;

/// Everything the page is made of comes from this server, and the browser is told so.
#[test]
fn page_loads_nothing_from_elsewhere() {
    let page = Page::start(&[]);
    assert!(page.address.ip().is_loopback());
    let index = page.get("/");
    assert_eq!(index.status, 200);
    assert!(index.head.contains("Content-Security-Policy: default-src 'none';"), "{}", index.head);
    assert!(index.head.contains("Content-Type: text/html; charset=utf-8"));
    let mut files = vec!["/".to_owned()];
    let mut next = 0;
    while next < files.len() {
        let text = page.get(&files[next]).body;
        let foreign = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("http://") && !foreign.contains("https://"), "{}", files[next]);
        // files in quotes: src="/page.js", from "./server.js"
        for part in text.split('"') {
            let name = part.strip_prefix('.').unwrap_or(part);
            let is_file = [".js", ".css", ".svg"].iter().any(|ending| name.ends_with(ending));
            if name.starts_with('/') && is_file && !files.iter().any(|file| file == name) {
                files.push(name.to_owned());
            }
        }
        next += 1;
    }
    assert!(files.len() >= 8, "{files:?}");
    assert!(files.iter().all(|file| page.get(file).status == 200), "{files:?}");
}

#[test]
fn predictions_are_those_of_the_library() {
    let folder = folder("explore-predictions");
    let page = Page::start(&[&folder.write("experiment.toml", EXPERIMENT)]);
    let config = ExperimentConfig::from_toml(EXPERIMENT).unwrap();
    let experiment = config.build().unwrap();
    let options = config.settings.prediction_options.unwrap();
    let question = |detail: &str| json!({ "setting": page.setting(), "detail": detail, "step": 2 });
    let whole = page.post("/predict", &question("whole"));
    assert_eq!(whole.status, 200, "{}", whole.body);
    let whole = whole.json();
    let same = |value: &Value, expected: f64| assert_eq!(value.as_f64(), Some(expected));
    for (stage, expected) in (1..).zip(experiment.predictions(&options).unwrap()) {
        let (found, expected) = (&whole["stages"][stage], expected.unwrap());
        same(&found["spectrum"]["edge"], expected.edge);
        for (k, outlier) in expected.outliers.iter().enumerate() {
            same(&found["spectrum"]["outliers"][k]["singular_value"], outlier.singular_value);
            same(&found["spectrum"]["outliers"][k]["target_overlap"], outlier.target_overlap);
        }
        let at = found["density"]["singular_values"][40].as_f64().unwrap();
        same(&found["density"]["density"][40], expected.density(&[at]).unwrap()[0]);
    }
    let features = page_errors(&experiment, &options);
    for (stage, expected) in features.iter().enumerate() {
        same(&whole["stages"][stage]["readouts"][1]["errors"]["test_error"], *expected);
    }
    // 0.4 / (0.5 - 0.35)
    assert_eq!(whole["count"]["new_directions"], 2);

    let draft = page.post("/predict", &question("draft")).json();
    assert_eq!(draft["stages"][1]["spectrum"], Value::Null);
    let near = |draft: &Value, whole: &Value, tolerance: f64| {
        let (draft, whole) = (draft.as_f64().unwrap(), whole.as_f64().unwrap());
        assert!((draft / whole - 1.0).abs() < tolerance, "{draft} {whole}");
    };
    let spectrum = |answer: &Value, key: &str| answer["stages"][2]["spectrum"][key].clone();
    near(&spectrum(&draft, "edge"), &spectrum(&whole, "edge"), 1e-3);
    let top = |answer: &Value| spectrum(answer, "outliers")[0]["singular_value"].clone();
    near(&top(&draft), &top(&whole), 1e-3);
    let error = |answer: &Value| answer["stages"][2]["readouts"][0]["errors"]["test_error"].clone();
    near(&error(&draft), &error(&whole), 5e-2);
}

/// Test errors of the second pair (m, lambda) at every stage.
fn page_errors(experiment: &linear_width::Experiment, options: &Options) -> Vec<f64> {
    let problem = experiment.prediction_setting().unwrap();
    let settings = experiment.settings();
    let error = |state| {
        let features = linear_width::theory::features::FeaturePrediction::new(
            &state,
            &problem.activation,
            &problem.target,
            options,
        );
        let curve =
            features.unwrap().ridge_curve(&settings.readout_samples, &settings.readout_lambdas);
        curve.unwrap()[[0, 1]].test_error
    };
    problem.states(options).unwrap().into_iter().map(error).collect()
}

#[test]
fn a_setting_without_prediction_says_why() {
    let page = Page::start(&[]);
    let mut setting = page.setting();
    setting["scaling"] = json!("standard");
    let answer =
        page.post("/predict", &json!({ "setting": setting, "detail": "whole", "step": 2 }));
    assert_eq!(answer.status, 200);
    let why = answer.json()["stages"][2]["problem"].as_str().unwrap().to_owned();
    assert!(why.contains("mean-field scaling"), "{why}");
}

/// Of two questions of one page the later is answered, and the earlier may be given up.
#[test]
fn a_later_question_supersedes() {
    let page = Page::start(&[]);
    let question = |number: u64, detail: &str| {
        let ticket = json!({ "page": 7, "number": number });
        json!({ "setting": page.setting(), "detail": detail, "step": 2, "ticket": ticket })
    };
    assert_eq!(page.post("/predict", &question(2, "draft")).status, 200);
    let late = page.post("/predict", &question(1, "whole"));
    assert_eq!(late.status, 409);
    assert!(late.sentences().contains("later question"), "{}", late.body);
}

#[test]
fn what_keeps_it_from_starting_is_a_sentence() {
    let folder = folder("explore-start");
    let ends = |arguments: &[&str], sentence: &str| {
        let output = linear_width(&[&["explore", "--no-browser"], arguments].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    };
    let wrong = folder.write("wrong.toml", &EXPERIMENT.replace("0.40", "0.70"));
    ends(&[&wrong], "wrong.toml: line 10, steps.2.alpha: alpha of step 2 is 0.7");
    let large = folder.write("large.toml", &EXPERIMENT.replace("width = 120", "width = 1200000"));
    ends(&[&large], "width: 1200000 is not between 2 and 1000000");
    let page = Page::start(&[]);
    ends(&["--port", &page.address.port().to_string()], "of 127.0.0.1: ");
}
