//! `figure` and `completions`.

mod common;

use std::fs;
use std::path::Path;

use common::{folder, linear_width, said, text};

/// Every program of the gallery that draws a picture has a name here, and the other way round.
#[test]
fn figure_alone_lists_all() {
    let output = linear_width(&["figure"]);
    assert!(output.status.success(), "{}", said(&output));
    let mut listed: Vec<String> =
        text(&output).lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    listed.sort();
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gallery/src/bin");
    let mut programs: Vec<String> = fs::read_dir(programs)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        // a measurement, no picture
        .filter(|name| name != "measure")
        .collect();
    programs.sort();
    assert_eq!(listed, programs);
    assert!(text(&output).lines().all(|line| line.len() > 30), "every picture says what it shows");
}

#[test]
fn figure_draws() {
    let folder = folder("figure");
    let output = folder.path("pictures");
    let arguments =
        ["figure", "two_vs_one_step", "--width", "60", "--dimension", "30", "--samples"];
    let drawn = linear_width(&[&arguments[..], &["80", "--output", &output]].concat());
    assert!(drawn.status.success(), "{}", said(&drawn));
    let svg = fs::read_to_string(Path::new(&output).join("two_vs_one_step.svg")).unwrap();
    assert!(svg.starts_with("<svg"));
    assert!(text(&drawn).contains("two_vs_one_step.svg"));

    let wrong = linear_width(&["figure", "spectra", "--alpha2=0.1,0.2", "--output", &output]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("--alpha2 and --c2 need equally many values"));
    assert_eq!(linear_width(&["figure", "nothing"]).status.code(), Some(2));
}

#[test]
fn completions_of_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = linear_width(&["completions", shell]);
        assert!(output.status.success(), "{shell}: {}", said(&output));
        let script = text(&output);
        for word in ["predict", "spectrum", "checkpoint", "feature_staircase"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(linear_width(&["completions", "cmd"]).status.code(), Some(2));
}
