//! Sweeps: the results file, the memory budget, shards, errors.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use linear_width::Report;
use linear_width::spectral::OutlierRule;
use linear_width_runs::config::{ConfigError, ExperimentConfig};
use linear_width_runs::sweep::{
    ConfigPoint, Progress, Shard, Sweep, SweepError, merge, read_results,
};

use crate::common::{Folder, sorted};

fn squares(count: u32) -> Sweep<u32> {
    Sweep::new((0..count).collect(), &()).unwrap()
}

#[expect(clippy::unnecessary_wraps)]
fn square(point: &u32) -> Result<u32, String> {
    Ok(point * point)
}

const SWEEP: &str = r#"
width = 40
dimension = 30
samples = 100
seed = 7
activation = { tanh = { scale = 2.0, shift = 0.5 } }
target = { link = { hermite = [0.0, 0.5, 0.5] } }
steps = [{ constant = 1.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.4 }]
prediction_options = { bulk_model = "isotropic" }

[sweep]
grid = { "steps.2.alpha" = [0.1, 0.4], batches = ["independent", "reused"] }
points = [{ width = 40 }, { width = 50, "target.noise" = 0.2 }]
seeds = [3, 11]
"#;

#[test]
fn sweep_gives_the_same_bytes_for_any_number_of_threads() {
    let folder = Folder::new("determinism");
    let text = r#"
        dimension = 30
        samples = 1700
        activation = { tanh = { scale = 2.0, shift = 0.5 } }
        target = { link = { hermite = [0.0, 0.5, 0.5] }, noise = 0.1 }
        steps = [{ constant = 1.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.4 }]
        with_prediction = false
        [sweep]
        grid = { width = [40, 60], precision = ["f32", "f64"] }
        seeds = 3
    "#;
    let run = |threads: usize| {
        let file = folder.file(&threads.to_string());
        let sweep = Sweep::from_toml(text).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| sweep.run(&file, ConfigPoint::run)).unwrap();
        sorted(&file)
    };
    let one = run(1);
    assert_eq!(one.len(), 13);
    if linear_width::backend_name() == "faer" {
        [2, 3, 8].iter().for_each(|threads| assert!(run(*threads) == one, "{threads} threads"));
    }
}

#[test]
fn toml_sweep_has_the_numbers_of_its_experiments() {
    let folder = Folder::new("experiments");
    let sweep = Sweep::from_toml(SWEEP).unwrap();
    assert_eq!(sweep.points().len(), 16);
    let mut config: ExperimentConfig =
        ExperimentConfig::from_toml(SWEEP.split("[sweep]").next().unwrap()).unwrap();
    let file = folder.file("results.jsonl");
    let run = sweep.clone().memory(u64::MAX, |p| p.config().estimated_bytes());
    assert_eq!(
        run.run(&file, ConfigPoint::run).unwrap(),
        Progress { total: 16, computed: 16, ..Progress::default() }
    );
    let results = read_results::<serde_json::Value, Report>(&file).unwrap();
    // second entry of `points`, reused, alpha = 0.1, seed 11
    let result = &results[13];
    let key = r#"{"batches":"reused","steps.2.alpha":0.1,"target.noise":0.2,"width":50,"seed":11}"#;
    assert_eq!(result.key, serde_json::from_str::<serde_json::Value>(key).unwrap());
    config.settings.width = 50;
    config.settings.seed = 11;
    config.target.noise = 0.2;
    config.settings.steps[1].alpha = 0.1;
    config.settings.batches = linear_width::training::BatchPolicy::Reused;
    assert_eq!(sweep.points()[13].config(), &config);
    let report = config.build().unwrap().run().unwrap();
    let found = result.result.as_ref().unwrap();
    assert_eq!(found.notes, report.notes);
    for (found, stage) in found.stages.iter().zip(&report.stages) {
        assert_eq!((found.step, found.eta), (stage.step, stage.eta));
        assert_eq!(found.outliers, stage.outliers);
        assert_eq!(found.triplets, stage.triplets);
        assert_eq!(found.prediction, stage.prediction);
        assert!(found.singular_values.is_empty() && found.weights.is_none());
        assert_eq!((found.gradient_seconds, found.spectrum_seconds), (0.0, 0.0));
        assert_eq!(found.feature_seconds, 0.0);
    }
    assert!(report.stages[2].prediction.is_some());

    // on one thread, one at a time, in two shards: the same lines
    let need = sweep.points().iter().map(|p| p.config().estimated_bytes()).max().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let shards: Vec<PathBuf> = (1..=2)
        .map(|index| {
            let path = folder.file(&format!("shard-{index}.jsonl"));
            let shard = sweep.clone().shard(Shard::new(index, 2).unwrap());
            let shard = shard.memory(need as u64, |p| p.config().estimated_bytes());
            assert_eq!(pool.install(|| shard.run(&path, ConfigPoint::run)).unwrap().computed, 8);
            path
        })
        .collect();
    let merged = folder.file("merged.jsonl");
    assert_eq!(merge(&shards, &merged).unwrap().total, 16);
    assert_eq!(sorted(&merged), sorted(&file));
}

#[test]
fn sample_file_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sweep.toml");
    assert_eq!(Sweep::read(path).unwrap().points().len(), 24);
}

#[test]
fn toml_mistakes_have_key_and_line() {
    let error = |old: &str, new: &str| {
        assert!(SWEEP.contains(old), "{old}");
        match Sweep::from_toml(&SWEEP.replace(old, new)) {
            Err(SweepError::Config(ConfigError::Problems(problems))) => {
                assert_eq!(problems.len(), 1, "{problems:?}");
                (problems[0].key.clone(), problems[0].line)
            }
            other => panic!("{new}: {other:?}"),
        }
    };
    let key = |key: &str, line| (key.to_owned(), Some(line));
    assert_eq!(error("[0.1, 0.4]", "[0.1, 0.5]"), key("steps.2.alpha", 12));
    assert_eq!(error("\"reused\"]", "\"again\"]"), key("batches", 12));
    assert_eq!(error("\"target.noise\" = 0.2", "\"target.noise\" = -1"), key("target.noise", 13));
    assert_eq!(error("\"target.noise\" = 0.2", "\"target.noize\" = 1"), key("target.noize", 13));
    assert_eq!(error("steps.2.alpha", "steps.3.alpha"), key("sweep.grid.steps.3.alpha", 12));
    assert_eq!(error("{ width = 40 }", "40"), key("sweep.points.1", 13));
    assert_eq!(error("seeds = [3, 11]", "seeds = 0"), key("sweep.seeds", 14));
    assert_eq!(error("seeds = [3, 11]", "seeds = [-1]"), key("sweep.seeds", 14));
    assert_eq!(error("seeds = [3, 11]", "sedes = 3"), key("sweep.sedes", 14));
    assert_eq!(error("{ width = 40 }", "{ seed = 40 }"), key("sweep.points.1.seed", 13));
    assert_eq!(error("[0.1, 0.4]", "[]"), key("sweep.grid.steps.2.alpha", 12));
    assert_eq!(error("samples = 100", "samples = 0"), key("samples", 4));
    assert_eq!(error("[sweep]", "[swept]"), ("sweep".into(), None));
    let twice = Sweep::from_toml(&SWEEP.replace("[3, 11]", "[3, 3]"));
    assert!(matches!(twice, Err(SweepError::SameKey(..))));
}

/// Each complaint about the table: what is put in place of what, the key, its line, the reason.
#[test]
fn toml_mistakes_say_why() {
    let (seeds, alphas) = ("seeds = [3, 11]", "\"steps.2.alpha\" = [0.1, 0.4]");
    let grid = format!("grid = {{ {alphas}, batches = [\"independent\", \"reused\"] }}");
    let points = "points = [{ width = 40 }, { width = 50, \"target.noise\" = 0.2 }]";
    let noises: Vec<String> = (0..1001).map(|k| (f64::from(k) / 1000.0).to_string()).collect();
    let noises = format!("grid = {{ \"target.noise\" = [{}] }}", noises.join(", "));
    let many = format!("{grid}\n{points}\n{seeds}");
    for (old, new, said) in [
        (seeds, "seeds = [\"x\"]", "14, sweep.seeds: must be a number of seeds"),
        (seeds, "seeds = []", "14, sweep.seeds: must be a number of seeds"),
        (seeds, "seeds = 1000001", "14, sweep.seeds: must be a number of seeds, 1 to 1000000"),
        (seeds, "seeds = 9223372036854775807", "14, sweep.seeds: must be a number of seeds"),
        (points, "points = 3", "13, sweep.points: must be a list of tables"),
        (points, "points = []", "13, sweep.points: must be a list of at least one table"),
        (&grid, "grid = 3", "12, sweep.grid: must be a table of lists"),
        (alphas, "width = 40", "12, sweep.grid.width: must be a list of at least one value"),
        (alphas, "\"steps.2\" = [1]", "12, steps.2: invalid type: integer `1`"),
        (alphas, "\"steps.3.alpha\" = [1]", "12, sweep.grid.steps.3.alpha: there are 2 entries"),
        (alphas, "\"width.x\" = [1]", "12, sweep.grid.width.x: `width.x` lies in something"),
        (alphas, "\"width.x.y\" = [1]", "12, sweep.grid.width.x.y: `width.x.y` lies in"),
        (alphas, "\"steps.x.y\" = [1]", "12, sweep.grid.steps.x.y: `steps.x.y` lies in"),
        (alphas, "outlier_rule.marchenko_pastur.margin = [\"x\"]", "12, outlier_rule"),
        (&many, &format!("{noises}\nseeds = 1000"), "11, sweep: more than 1000000 points"),
    ] {
        assert!(SWEEP.contains(old), "{old}");
        let error = Sweep::from_toml(&SWEEP.replace(old, new)).unwrap_err();
        assert!(error.to_string().starts_with(&format!("line {said}")), "{said}: {error}");
    }
    // the first seed is the experiment's
    let counted = SWEEP.replace(seeds, "seeds = 2");
    for (seed, said) in [
        ("1.5", "line 5, seed: must be a seed"),
        ("-1", "line 5, seed: must be a seed"),
        ("\"x\"", "line 5, seed: must be a seed"),
        ("\"18446744073709551615\"", "line 14, sweep.seeds: too many seeds"),
    ] {
        let text = counted.replace("seed = 7", &format!("seed = {seed}"));
        assert_eq!(Sweep::from_toml(&text).unwrap_err().to_string(), said);
    }
}

/// Tables on the way to a swept key are made, and seeds beyond TOML's integers are kept.
#[test]
fn toml_keys_need_no_table_and_seeds_have_64_bits() {
    let text = SWEEP
        .replace("\"steps.2.alpha\" = [0.1, 0.4]", "outlier_rule.marchenko_pastur.margin = [0.5]")
        .replace("seed = 7", "seed = \"9223372036854775807\"")
        .replace("seeds = [3, 11]", "seeds = 2");
    let sweep = Sweep::from_toml(&text).unwrap();
    assert_eq!(sweep.points().len(), 8);
    for (point, seed) in sweep.points().iter().zip([(1 << 63) - 1, 1 << 63].repeat(4)) {
        let config = point.config();
        assert_eq!(config.settings.seed, seed);
        assert_eq!(
            config.settings.outlier_rule,
            Some(OutlierRule::MarchenkoPastur { margin: 0.5 })
        );
    }
}

#[test]
fn point_errors_and_panics_are_recorded() {
    let folder = Folder::new("point-errors");
    let file = folder.file("results.jsonl");
    let compute = |point: &u32| match point {
        2 => Err("two is \"bad\"\nvery".to_owned()),
        3 => panic!("three"),
        point => Ok(point * point),
    };
    let summary = squares(5).run(&file, compute).unwrap();
    assert_eq!(summary, Progress { total: 5, computed: 5, failed: 2, ..Progress::default() });
    let results = read_results::<u32, u32>(&file).unwrap();
    assert_eq!(results[2].error.as_deref(), Some("two is \"bad\"\nvery"));
    assert_eq!(results[3].error.as_deref(), Some("panicked: three"));
    assert_eq!(results[4].result, Some(16));
    // they are done
    let again = squares(5).run(&file, square).unwrap();
    assert_eq!(again, Progress { total: 5, resumed: 5, failed: 2, ..Progress::default() });
    // a diverging experiment is one
    let sweep = SWEEP
        .replace("{ tanh = { scale = 2.0, shift = 0.5 } }", "{ hermite = [0, 1, 1, 1, 1, 1] }");
    let sweep = sweep.replace("constant = 1.0", "constant = 1e100");
    let sweep = Sweep::from_toml(&sweep).unwrap();
    let file = folder.file("diverging.jsonl");
    assert_eq!(sweep.run(&file, ConfigPoint::run).unwrap().failed, 16);
    let results = read_results::<serde_json::Value, Report>(&file).unwrap();
    assert!(results[0].error.as_ref().unwrap().contains("step"), "{:?}", results[0]);
}

#[test]
fn results_file_loses_a_torn_line_wherever_it_was_torn() {
    let folder = Folder::new("torn");
    let file = folder.file("results.jsonl");
    squares(4).run(&file, square).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let expected = sorted(&file);
    let lines = |length: usize| bytes[..length].iter().filter(|b| **b == b'\n').count();
    for length in (0..=bytes.len()).step_by(3) {
        let torn = folder.file("torn.jsonl");
        std::fs::write(&torn, &bytes[..length]).unwrap();
        let summary = squares(4).run(&torn, square).unwrap();
        assert_eq!(summary.resumed, lines(length).saturating_sub(1), "cut at {length}");
        assert_eq!(sorted(&torn), expected, "cut at {length}");
    }
    // bytes that are no text, as a crash may leave them
    let torn = folder.file("noise.jsonl");
    std::fs::write(&torn, [bytes.as_slice(), &[0, 255, 7]].concat()).unwrap();
    assert_eq!(squares(4).run(&torn, square).unwrap().resumed, 4);
    assert_eq!(std::fs::read(&torn).unwrap(), bytes);
}

#[test]
fn results_file_of_another_sweep_is_refused_and_left_alone() {
    let folder = Folder::new("refused");
    let file = folder.file("results.jsonl");
    squares(4).run(&file, square).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let other = |sweep: Sweep<u32>, what: &str| match sweep.run(&file, square) {
        Err(SweepError::Refused { why, .. }) => {
            assert!(why.starts_with(&format!("another sweep or shard: its {what} is")), "{why}");
        }
        other => panic!("{what}: {other:?}"),
    };
    other(squares(5), "number of points");
    other(Sweep::new((0..4).collect(), &"other").unwrap(), "settings");
    other(Sweep::new(vec![0, 1, 2, 4], &()).unwrap(), "identity");
    other(Sweep::new(vec![0, 1, 3, 2], &()).unwrap(), "identity");
    other(squares(4).shard(Shard::new(1, 2).unwrap()), "shard");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    let not_results = |result: &Result<Progress, SweepError>, what: &str| match result {
        Err(SweepError::Refused { why, .. }) if why.starts_with("not a results file") => {}
        other => panic!("{what}: {other:?}"),
    };
    for text in ["my thesis", "my thesis\n", "{\"format\":\"something else\"}\n", "{\"format\":\"x"]
    {
        std::fs::write(&file, text).unwrap();
        let result = squares(4).run(&file, square);
        not_results(&result, text);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    let text = String::from_utf8(bytes).unwrap();
    let version = text.replace("\"version\":1", "\"version\":2");
    std::fs::write(&file, version).unwrap();
    not_results(&squares(4).run(&file, square), "version 2");

    let second = text.lines().nth(1).unwrap();
    for (bad, why) in [
        (text.replace(second, "garbage"), "expected"),
        (format!("{text}{second}\n"), "a line already"),
        (text.replace("\"index\":3", "\"index\":4"), "not in this shard"),
        (text.replace("\"key\":3", "\"key\":33"), "another key"),
        (text.replace("\"result\":9", "\"other\":9"), "unknown field"),
        (text.replace(",\"result\":9", ""), "neither"),
    ] {
        std::fs::write(&file, &bad).unwrap();
        match squares(4).run(&file, square) {
            Err(SweepError::Refused { why: found, .. }) => assert!(found.contains(why), "{found}"),
            other => panic!("{why}: {other:?}"),
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bad);
    }
}

#[test]
fn memory_budget_limits_the_points_at_once() {
    let folder = Folder::new("budget");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    // bytes needed: 10, except for point 5
    let need = |point: &u32| if *point == 5 { 25 } else { 10 };
    for (name, budget, most) in [("a", 25, 2), ("b", 39, 3), ("c", 1000, 4)] {
        let (used, peak_bytes, at_once, peak) =
            (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let compute = |point: &u32| {
            let bytes = need(point) as usize;
            let now = used.fetch_add(bytes, Ordering::SeqCst) + bytes;
            peak_bytes.fetch_max(now, Ordering::SeqCst);
            peak.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            at_once.fetch_sub(1, Ordering::SeqCst);
            used.fetch_sub(bytes, Ordering::SeqCst);
            square(point)
        };
        let sweep = squares(12).memory(budget, need);
        let file = folder.file(name);
        let mut running = 0;
        let summary = pool.install(|| {
            sweep.run_observed(&file, compute, |progress| {
                running = running.max(progress.running.len());
                assert!(progress.done() + progress.running.len() <= progress.total);
                ControlFlow::Continue(())
            })
        });
        assert_eq!(summary.unwrap().computed, 12);
        assert!(peak_bytes.load(Ordering::SeqCst) as u64 <= budget, "budget {budget}");
        assert_eq!(running, most, "budget {budget}");
        assert!((1..=most).contains(&peak.load(Ordering::SeqCst)), "budget {budget}");
    }
    assert_eq!(sorted(&folder.file("a")), sorted(&folder.file("c")));
    let file = folder.file("too-small");
    match squares(12).memory(24, need).run(&file, square) {
        Err(SweepError::Memory(key, 25, 24)) => assert_eq!(key, "5"),
        other => panic!("{other:?}"),
    }
    assert!(!file.exists());
    // a shard without the large point fits
    let shard = squares(12).memory(24, need).shard(Shard::new(1, 2).unwrap());
    assert_eq!(shard.run(&file, square).unwrap().computed, 6);
}

#[test]
fn observer_stops_a_sweep_that_keeps_its_lines() {
    let folder = Folder::new("cancel");
    let file = folder.file("results.jsonl");
    let result = squares(50).run_observed(&file, square, |progress| {
        if progress.done() >= 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let Err(SweepError::Cancelled(progress)) = result else { panic!("{result:?}") };
    let done = progress.done();
    assert!((10..50).contains(&done) && progress.total == 50);
    let summary = squares(50).run(&file, square).unwrap();
    assert_eq!((summary.resumed, summary.computed), (done, 50 - done));
}

#[test]
fn merge_gives_the_whole_or_says_what_is_missing() {
    let folder = Folder::new("merge");
    let whole = folder.file("whole");
    squares(7).run(&whole, square).unwrap();
    let shard = |index, count| {
        let path = folder.file(&format!("{index}-{count}"));
        squares(7).shard(Shard::new(index, count).unwrap()).run(&path, square).unwrap();
        path
    };
    let three: Vec<PathBuf> = (1..=3).map(|index| shard(index, 3)).collect();
    let merged = folder.file("merged");
    let summary = merge(&three, &merged).unwrap();
    assert_eq!((summary.total, summary.failed), (7, 0));
    assert_eq!(sorted(&merged), sorted(&whole));
    // it can be resumed as the whole sweep, and is not written over
    assert_eq!(squares(7).run(&merged, square).unwrap().resumed, 7);
    assert!(matches!(merge(&three, &merged), Err(SweepError::Io { .. })));

    let out = folder.file("out");
    match merge(&three[..2], &out) {
        Err(SweepError::Incomplete(2, 7, 2)) => {}
        other => panic!("{other:?}"),
    }
    let refused = |files: &[PathBuf]| {
        let result = merge(files, &out);
        assert!(matches!(result, Err(SweepError::Refused { .. })), "{files:?}: {result:?}");
    };
    // points may come twice, and none may be missing
    let incomplete = |files: &[PathBuf], missing: usize| match merge(files, &out) {
        Err(SweepError::Incomplete(found, 7, _)) => assert_eq!(found, missing),
        other => panic!("{files:?}: {other:?}"),
    };
    incomplete(&[three[0].clone(), three[0].clone(), three[1].clone()], 2);
    incomplete(&[three[0].clone(), shard(2, 2)], 2);
    let other = folder.file("other");
    let settings = Sweep::new((0..7).collect(), &1).unwrap().shard(Shard::new(3, 3).unwrap());
    settings.run(&other, square).unwrap();
    refused(&[three[0].clone(), three[1].clone(), other]);
    // a torn last line is a missing point
    let text = std::fs::read_to_string(&three[2]).unwrap();
    std::fs::write(&three[2], &text[..text.len() - 1]).unwrap();
    assert!(matches!(merge(&three, &out), Err(SweepError::Incomplete(1, ..))));
    // a key that was changed by hand
    std::fs::write(&three[2], text.replace("\"key\":2", "\"key\":8")).unwrap();
    refused(&three);
    assert!(matches!(merge::<PathBuf>(&[], &out), Err(SweepError::Incomplete(0, 0, 0))));
    assert!(!out.exists());
}

#[test]
fn results_file_has_one_writer() {
    let folder = Folder::new("lock");
    let file = folder.file("results.jsonl");
    let inner = |_: &u32| match squares(3).run(&file, square) {
        Err(SweepError::Io { source, .. }) if source.kind() == ErrorKind::WouldBlock => Ok(true),
        other => Err(format!("{other:?}")),
    };
    squares(3).run(&file, inner).unwrap();
    let results = read_results::<u32, bool>(&file).unwrap();
    assert!(results.iter().all(|result| result.result == Some(true)), "{results:?}");
}

#[test]
fn point_keys_must_differ() {
    assert!(matches!(Sweep::new(vec![1, 2, 1], &()), Err(SweepError::SameKey(0, 2, _))));
    let map = std::collections::BTreeMap::from([([1, 2], 3)]);
    assert!(matches!(Sweep::new(vec![map], &()), Err(SweepError::Json(_))));
}

/// One value in two spellings is one point: in a grid, in a list, in a table, by default.
#[test]
fn toml_value_in_two_spellings_is_the_same_point() {
    let text =
        |sweep: &str| SWEEP.split_once("[sweep]").unwrap().0.to_owned() + "[sweep]\n" + sweep;
    let sweep = |table: &str| Sweep::from_toml(&text(table));
    for same in [
        r#"grid = { "target.noise" = [0, 0.0] }"#,
        r#"grid = { "target.noise" = [0.0, -0.0] }"#,
        r#"grid = { "target.noise" = [0.5, 0, -0.0] }"#,
        r#"grid = { "target.noise" = [1, 1.0] }"#,
        r#"grid = { "target.noise" = [1.0, 1e0] }"#,
        r#"grid = { "target.noise" = [1_0, 1e1] }"#,
        r#"grid = { "target.noise" = [0.3, 3e-1] }"#,
        r#"grid = { width = [40, 0x28] }"#,
        r#"grid = { "steps.1.constant" = [1, 1.0] }"#,
        r#"grid = { "target.link.hermite" = [[0, 1], [0.0, 1.0]] }"#,
        r#"grid = { "target.link" = [{ tanh = { shift = 0 } }, { tanh = {} }] }"#,
        r#"grid = { activation = ["relu", "relu"] }"#,
        r#"grid = { steps = [[{ constant = 1, alpha = 0 }], [{ constant = 1.0, alpha = -0.0 }]] }"#,
        r#"points = [{ "target.noise" = 0 }, {}]"#,
        r#"points = [{ width = 40 }, { "target.noise" = 0.0 }]"#,
        "seeds = [3, \"3\"]",
        "seeds = [\"18446744073709551615\", \"18446744073709551615\"]",
    ] {
        let error = sweep(same).err();
        assert!(matches!(error, Some(SweepError::SameKey(..))), "{same}: {error:?}");
    }
    for different in [
        r#"grid = { "target.noise" = [0, 5e-324] }"#,
        r#"grid = { "target.noise" = [0.3, 0.30000000000000004] }"#,
        r#"grid = { "target.link.hermite" = [[0, 1], [0, 1, 0.5]] }"#,
        "seeds = [3, \"18446744073709551615\", \"9223372036854775808\", 4]",
    ] {
        assert!(sweep(different).is_ok(), "{different}");
    }
    // points of other types
    let same = |json: [&str; 2]| {
        let points: Vec<serde_json::Value> =
            json.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        matches!(Sweep::new(points, &()), Err(SweepError::SameKey(0, 1, _)))
    };
    assert!(same(["0", "0.0"]) && same(["0.0", "-0.0"]) && same(["1000", "1e3"]));
    assert!(same([r#"{"a": [1, {"b": 2.0}]}"#, r#"{"a": [1.0, {"b": 2}]}"#]));
    assert!(!same(["0", "\"0\""]) && !same(["1", "true"]) && !same(["\"1.0\"", "\"1\""]));
    assert!(!same(["-0.5", "0.5"]) && !same(["-10.0", "10"]) && !same(["1", "10.0"]));
    assert!(!same(["9007199254740993", "9007199254740992.0"]));
    assert!(Sweep::new(vec![u128::MAX, u128::MAX - 1], &()).is_ok());
    assert!(Sweep::new(vec![0.0, -0.0], &()).is_err());
}

#[test]
fn toml_seeds_may_stand_in_quotes() {
    let list = "seeds = [3, \"18446744073709551615\"]";
    let sweep = Sweep::from_toml(&SWEEP.replace("seeds = [3, 11]", list)).unwrap();
    let seeds: Vec<u64> =
        sweep.points()[..2].iter().map(|point| point.config().settings.seed).collect();
    assert_eq!(seeds, [3, u64::MAX]);
    for bad in ["\"x\"", "\"-1\"", "\"18446744073709551616\"", "1.0", "true"] {
        let text = SWEEP.replace("seeds = [3, 11]", &format!("seeds = [3, {bad}]"));
        let error = Sweep::from_toml(&text).unwrap_err().to_string();
        assert!(error.starts_with("line 14, sweep.seeds: must be"), "{bad}: {error}");
    }
}

/// Editors leave empty lines at the end of a file; those within are not believed.
#[test]
fn results_file_may_end_with_empty_lines() {
    let folder = Folder::new("blank");
    let file = folder.file("results.jsonl");
    squares(4).run(&file, square).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let expected = read_results::<u32, u32>(&file).unwrap();
    for end in ["\n", "\n\n\n", "\r\n", " \t\n", " ", "\n{\"ind"] {
        std::fs::write(&file, format!("{text}{end}")).unwrap();
        assert_eq!(read_results::<u32, u32>(&file).unwrap(), expected, "{end:?}");
        let whole = folder.file("whole.jsonl");
        merge(&[&file], &whole).unwrap();
        assert_eq!(std::fs::read_to_string(&whole).unwrap().lines().count(), 5, "{end:?}");
        std::fs::remove_file(whole).unwrap();
        assert_eq!(squares(4).run(&file, square).unwrap().resumed, 4, "{end:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{end:?}");
    }
    let (head, last) = text.trim_end().rsplit_once('\n').unwrap();
    // an interrupted file goes on behind them
    std::fs::write(&file, format!("{head}\n\n")).unwrap();
    assert_eq!(squares(4).run(&file, square).unwrap().computed, 1);
    assert_eq!(read_results::<u32, u32>(&file).unwrap(), expected);
    let within = format!("{head}\n\n{last}\n");
    std::fs::write(&file, &within).unwrap();
    let error = read_results::<u32, u32>(&file).unwrap_err();
    assert!(
        matches!(error, SweepError::Refused { .. }) && error.to_string().contains("line 5: "),
        "{error}"
    );
    assert!(squares(4).run(&file, square).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), within);
}

/// Results without content, and no points at all.
#[test]
fn sweep_may_be_empty_and_results_without_content() {
    let folder = Folder::new("empty");
    let file = folder.file("unit.jsonl");
    let unit = |_: &u32| Ok::<(), String>(());
    assert_eq!(squares(3).run(&file, unit).unwrap().computed, 3);
    assert_eq!(squares(3).run(&file, unit).unwrap().resumed, 3);
    let none = folder.file("none.jsonl");
    assert_eq!(squares(0).run(&none, square).unwrap(), Progress::default());
    assert_eq!(squares(0).run(&none, square).unwrap(), Progress::default());
}
