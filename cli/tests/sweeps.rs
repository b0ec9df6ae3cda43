//! `sweep`: results files, shards, merging, and the shard of a Slurm job array.

mod common;

use std::fs;
use std::process::Output;

use common::{command, folder, linear_width, said, text, with_input};
use linear_width_runs::sweep::{ConfigPoint, Sweep};

const SWEEP: &str = r#"
width = 40
dimension = 20
samples = 60
activation = { tanh = {} }
steps = [{ constant = 1.0, alpha = 0.2 }]
target = { link = { hermite = [0.0, 1.0] } }
with_prediction = false

[sweep]
grid = { "steps.1.alpha" = [0.1, 0.2, 0.3] }
seeds = 2
"#;

/// The lines of a results file without its head, sorted.
fn lines(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The command in a task of a job array.
fn in_array(arguments: &[&str], [id, first, last, count, step]: [&str; 5]) -> Output {
    let mut command = command(arguments);
    for (end, value) in
        [("ID", id), ("MIN", first), ("MAX", last), ("COUNT", count), ("STEP", step)]
    {
        command.env(format!("SLURM_ARRAY_TASK_{end}"), value);
    }
    command.output().unwrap()
}

#[test]
fn whole_resumed_in_shards_and_merged() {
    let folder = folder("sweep");
    let file = folder.write("sweep.toml", SWEEP);
    let whole = folder.path("whole.jsonl");
    let output = linear_width(&["sweep", &file, "--output", &whole, "--memory", "1GiB"]);
    assert_eq!(text(&output), "6 points: 0 were there, 6 computed, 0 of all are errors\n");
    let output = with_input(&["sweep", "-", "--output", &whole, "--json"], SWEEP);
    let counts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts["resumed"], 6, "{}", said(&output));

    // what the library writes
    let expected = folder.path("expected.jsonl");
    Sweep::from_toml(SWEEP).unwrap().run(&expected, ConfigPoint::run).unwrap();
    assert_eq!(lines(&whole), lines(&expected));

    let shards = ["1/2", "2/2"].map(|shard| {
        let path = folder.path(&format!("{}.jsonl", &shard[..1]));
        let output = linear_width(&["sweep", &file, "--output", &path, "--shard", shard]);
        assert!(text(&output).starts_with("3 points"), "{}", said(&output));
        path
    });
    let merged = folder.path("merged.jsonl");
    let output = linear_width(&["sweep", "--merge", &shards[0], &shards[1], "--output", &merged]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(lines(&merged), lines(&whole));
}

/// The tasks of an array are the shards, however it counts.
#[test]
fn shards_of_a_slurm_array() {
    let folder = folder("slurm");
    let file = folder.write("sweep.toml", SWEEP);
    for (name, ids, [first, last, step]) in [
        ("from_1", ["1", "2", "3"], ["1", "3", "1"]),
        ("from_0_by_4", ["0", "4", "8"], ["0", "8", "4"]),
    ] {
        for (shard, id) in (1..).zip(ids) {
            let [auto, given] =
                ["auto", "given"].map(|how| folder.path(&format!("{name}-{how}-{id}")));
            let arguments = ["sweep", &file, "--output", &auto, "--shard", "auto"];
            let output = in_array(&arguments, [id, first, last, "3", step]);
            assert!(output.status.success(), "{}", said(&output));
            let shard = format!("{shard}/3");
            linear_width(&["sweep", &file, "--output", &given, "--shard", &shard]);
            let [auto, given] = [auto, given].map(|path| fs::read_to_string(path).unwrap());
            assert_eq!(auto.lines().next(), given.lines().next());
        }
    }
}

#[test]
fn what_is_refused() {
    let folder = folder("sweep-refused");
    let file = folder.write("sweep.toml", SWEEP);
    let wrong = folder.write("wrong.toml", &SWEEP.replace("0.3]", "0.9]"));
    let foreign = folder.write("foreign.jsonl", "{}\n");
    let results = folder.path("results.jsonl");
    let results = results.as_str();
    let cases: [(&[&str], &str); 7] = [
        (
            &["sweep", &wrong, "--output", results],
            "wrong.toml: line 11, steps.1.alpha: alpha of step 1 is 0.9",
        ),
        (&["sweep", "nowhere.toml", "--output", results], "nowhere.toml: No such file"),
        (&["sweep", &file, "--output", "/nowhere/a.jsonl"], "/nowhere/a.jsonl: No such file"),
        (&["sweep", &file, "--output", &foreign], "foreign.jsonl: "),
        (&["sweep", &file, "--output", results, "--memory", "1KiB"], "sweep.toml: point "),
        (
            &["sweep", &file, "--output", results, "--shard", "auto"],
            "--shard auto: the Slurm job array gives no shard: SLURM_ARRAY_TASK_ID is not set",
        ),
        (
            &["sweep", "--merge", "nowhere.jsonl", "--output", results],
            "nowhere.jsonl: No such file",
        ),
    ];
    for (arguments, sentence) in cases {
        let output = linear_width(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
    }
    // --array=1,3,7, and a task that is not there
    for (variables, sentence) in [
        (["3", "1", "7", "3", "1"], "task 3 is one of 3 from 1 to 7, which are not in steps of 1"),
        (["9", "1", "3", "3", "1"], "shard 9 of 3"),
        (["x", "1", "3", "3", "1"], "SLURM_ARRAY_TASK_ID is \"x\", not a number"),
        (["1", "1", "3", "3", "0"], "which are not in steps of 0"),
    ] {
        let arguments = ["sweep", &file, "--output", results, "--shard", "auto"];
        let output = in_array(&arguments, variables);
        assert_eq!(output.status.code(), Some(1), "{variables:?}");
        assert!(said(&output).contains(sentence), "{variables:?}: {}", said(&output));
    }
    let usage: [&[&str]; 6] = [
        &["sweep", &file],
        &["sweep", "--output", results],
        &["sweep", &file, "--output", results, "--shard", "3/2"],
        &["sweep", &file, "--output", results, "--shard", "first"],
        &["sweep", &file, "--output", results, "--memory", "much"],
        &["sweep", &file, "--output", results, "--merge", "a"],
    ];
    for arguments in usage {
        assert_eq!(linear_width(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
