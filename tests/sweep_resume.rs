//! Sweeps that are killed with SIGKILL and resumed: the same sorted results as without, byte for
//! byte, and no point twice.
#![cfg(all(unix, feature = "config"))]

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use linear_width::sweep::{ConfigPoint, ConfigSweep};

const SWEEP: &str = r#"
dimension = 30
samples = 1500
activation = { tanh = { scale = 2.0, shift = 0.5 } }
target = { link = { hermite = [0.0, 0.5, 0.5] }, noise = 0.1 }
with_prediction = false
[sweep]
grid.width = [40, 50, 60]
grid.steps = [
    [{ constant = 1.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.2 }],
    [{ constant = 1.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.4 }],
]
seeds = 10
"#;
const POINTS: usize = 60;
const FILE: &str = "LINEAR_WIDTH_TEST_SWEEP_FILE";

/// A folder of its own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("linear-width-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the children run: this test does nothing unless a parent says where to write.
#[test]
fn child() {
    let Ok(path) = std::env::var(FILE) else { return };
    let sweep = ConfigSweep::from_toml(SWEEP).unwrap().sweep().unwrap();
    sweep.run(path, ConfigPoint::run).unwrap();
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--test-threads", "1"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(path: &Path) {
    assert!(start(path).wait().unwrap().success());
}

/// Kills the sweep `delay` after its file has a line more than `lines`; false when it was done
/// before.
fn kill(path: &Path, lines: usize, delay: Duration) -> bool {
    let mut child = start(path);
    while complete_lines(path) <= lines && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}

fn complete_lines(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| bytes.iter().filter(|b| **b == b'\n').count())
}

fn sorted(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The keys, each of which must be there once.
fn keys(lines: &[String]) -> Vec<String> {
    let entries = lines.iter().filter(|line| line.contains("\"index\""));
    let mut keys: Vec<String> = entries
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(entry.get("result").is_some(), "{line}");
            entry["key"].to_string()
        })
        .collect();
    keys.sort();
    keys
}

#[test]
fn killed_and_resumed_sweeps_give_the_same_bytes() {
    let folder = Folder::new("resume");
    let whole = folder.0.join("whole.jsonl");
    let begin = Instant::now();
    finish(&whole);
    let duration = begin.elapsed();
    let expected = sorted(&whole);
    assert_eq!(expected.len(), POINTS + 1);
    let unique = keys(&expected);
    assert!(unique.windows(2).all(|pair| pair[0] != pair[1]) && unique.len() == POINTS);

    // seven sweeps, each killed once, some lines and some time after its beginning, at random
    let mut random = std::process::id();
    let mut fraction = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random >> 8) / f64::from(1 << 24)
    };
    let moment = |fraction: f64| duration.mul_f64(4.0 * fraction / POINTS as f64);
    let mut progress = Vec::new();
    for run in 0..7 {
        let path = folder.0.join(format!("once-{run}.jsonl"));
        let points = 1 + 7 * run + (7.0 * fraction()) as usize;
        let killed = kill(&path, points, moment(fraction()));
        let survived = std::fs::read(&path).unwrap();
        let lines = complete_lines(&path) - 1;
        finish(&path);
        assert_eq!(sorted(&path), expected, "run {run}, killed after {lines} points");
        // what was there is still there: nothing was computed again
        let end = survived.iter().rposition(|b| *b == b'\n').unwrap() + 1;
        assert_eq!(std::fs::read(&path).unwrap()[..end], survived[..end]);
        if killed && lines < POINTS {
            progress.push(lines);
        }
    }
    println!("killed after {progress:?} of {POINTS} points");
    assert!(progress.len() >= 5, "only {progress:?} were killed before their end");
    assert!(progress.iter().all(|lines| *lines >= 1));
    assert!(progress.iter().any(|lines| *lines != progress[0]), "all at the same moment");

    // one sweep, killed again and again, also before its first new point
    let path = folder.0.join("often.jsonl");
    let mut kills = 0;
    let mut counts = vec![];
    while kills < 6 {
        let before = complete_lines(&path);
        let wait_for = if kills % 3 == 0 { 0 } else { before };
        kills += usize::from(kill(&path, wait_for, moment(fraction())));
        counts.push(complete_lines(&path));
        assert!(counts.len() < 20, "{counts:?}");
    }
    println!("lines after the kills of one sweep: {counts:?}");
    assert!(counts.is_sorted() && counts.last().unwrap() < &(POINTS + 1), "{counts:?}");
    finish(&path);
    assert_eq!(sorted(&path), expected);
    assert_eq!(keys(&sorted(&path)), unique);
}
