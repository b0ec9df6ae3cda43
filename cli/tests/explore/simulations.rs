//! The simulation that a page starts.

use std::thread;
use std::time::{Duration, Instant};

use linear_width_runs::config::ExperimentConfig;
use serde_json::{Value, json};

use crate::common::{EXPERIMENT, folder};
use crate::server::Page;

/// The state of the simulation when it is over.
fn ended(page: &Page) -> Value {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) {
        let status = page.get("/simulation").json();
        if status["state"] != "running" {
            return status;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the simulation does not end");
}

#[test]
fn measured_is_what_a_run_measures() {
    let folder = folder("explore-simulation");
    let page = Page::start(&[&folder.write("experiment.toml", EXPERIMENT)]);
    assert_eq!(page.get("/simulation").json()["state"], "none");
    let started = page.post("/simulate", &json!({ "setting": page.setting(), "width": 500 }));
    assert_eq!(started.status, 202, "{}", started.body);
    let status = ended(&page);
    assert_eq!(status["state"], "done", "{status}");
    let outcome = &status["outcome"];
    let report = ExperimentConfig::from_toml(EXPERIMENT).unwrap().build().unwrap().run().unwrap();
    for (found, stage) in outcome["stages"].as_array().unwrap().iter().zip(&report.stages) {
        let values: Vec<f64> = serde_json::from_value(found["singular_values"].clone()).unwrap();
        assert_eq!(values, stage.singular_values.to_vec());
        assert_eq!(found["outliers"], stage.outliers.count);
        let error = stage.readouts[0].measured.test_error.mean_square;
        assert_eq!(found["readouts"][0]["test_error"].as_f64(), Some(error));
    }
    let predicted = &outcome["prediction"]["stages"][2]["spectrum"]["outliers"];
    assert_eq!(outcome["stages"][2]["triplets"][0]["predicted"], 0);
    assert!(predicted[0]["singular_value"].as_f64().unwrap() > 1.0);
}

#[test]
fn one_runs_at_a_time_and_can_be_stopped() {
    let page = Page::start(&[]);
    let question = json!({ "setting": page.setting(), "width": 1000 });
    assert_eq!(page.post("/simulate", &question).status, 202);
    let second = page.post("/simulate", &question);
    assert_eq!(second.status, 409);
    assert!(second.sentences().contains("a simulation is running"));
    // predictions are answered meanwhile
    let draft = json!({ "setting": page.setting(), "detail": "draft", "step": 2 });
    assert_eq!(page.post("/predict", &draft).status, 200);
    page.post_text("/stop", "{}");
    let status = ended(&page);
    assert_eq!(
        (status["state"].as_str(), status["sentence"].as_str()),
        (Some("ended"), Some("stopped"))
    );
    // the next one starts
    let small = json!({ "setting": page.setting(), "width": 60 });
    assert_eq!(page.post("/simulate", &small).status, 202);
    let status = ended(&page);
    assert_eq!(status["outcome"]["width"], 60);
    assert_eq!(status["outcome"]["dimension"], 30);
    assert_eq!(status["outcome"]["samples"], 72);
}

#[test]
fn too_large_a_simulation_is_a_sentence() {
    let page = Page::start(&[]);
    let mut setting = page.setting();
    let refused = |setting: &Value, width: usize, expected: &str| {
        let answer = page.post("/simulate", &json!({ "setting": setting, "width": width }));
        assert_eq!(answer.status, 422);
        assert!(answer.sentences().contains(expected), "{}", answer.sentences());
    };
    refused(&setting, 1_000_000, "simulated width: 1000000 is not between");
    setting["samples"] = json!(1_000_000);
    refused(&setting, 1000, "samples: at N = 1000 n is 500000");
}
