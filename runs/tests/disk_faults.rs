//! The disk is full, the folder is read-only, the process is killed: a checkpoint and a results file
//! keep what they hold, the error is typed, and the next run goes on to the same result.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use linear_width::Experiment;
use linear_width::activation::Tanh;
use linear_width::data::{Link, Target};
use linear_width::experiment::{Progress, RunError, RunOptions};
use linear_width_runs::sweep::{ConfigPoint, Sweep, SweepError, read_results};
use serde_json::Value;

#[path = "common/mod.rs"]
mod common;
use common::{Folder, sorted};

/// A long computation that writes what is done into a file, and goes on from there.
trait Job: Sync {
    fn name(&self) -> &'static str;

    /// Does at most `parts` parts that the file does not hold yet. Returns the result when all are
    /// done, `None` when it stopped before, or what went wrong with the file.
    fn work(&self, file: &Path, parts: usize) -> Result<Option<String>, String>;

    /// How many parts a file holds, which must make sense.
    fn stored(&self, file: &Path) -> usize;

    /// All parts.
    fn parts(&self) -> usize;
}

const JOBS: [&dyn Job; 2] = [&CheckpointedRun, &TomlSweep];

/// A run with kept weights, so that its checkpoint grows with every step; a part is a step.
struct CheckpointedRun;

impl CheckpointedRun {
    fn experiment() -> Experiment {
        Experiment::builder()
            .width(300)
            .dimension(200)
            .samples(1700)
            .activation(Tanh { scale: 2.0, shift: 0.5 })
            .target(Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1))
            .steps([1.0; 8])
            .with_prediction(false)
            .keep_weights(true)
            .seed(4)
            .build()
            .unwrap()
    }
}

impl Job for CheckpointedRun {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn work(&self, file: &Path, parts: usize) -> Result<Option<String>, String> {
        let mut first = None;
        let observer = |progress: &Progress| {
            let first = *first.get_or_insert(progress.step);
            let on = progress.step - first <= parts;
            if on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let options = RunOptions::new().observe(observer).checkpoint(file);
        match Self::experiment().run_with(options) {
            Ok(mut report) => {
                for stage in &mut report.stages {
                    (stage.gradient_seconds, stage.spectrum_seconds) = (0.0, 0.0);
                    stage.feature_seconds = 0.0;
                }
                Ok(Some(serde_json::to_string(&report).unwrap()))
            }
            Err(RunError::Cancelled { .. }) => Ok(None),
            Err(RunError::CheckpointFile { message, .. }) => Err(message),
            Err(other) => panic!("{other}"),
        }
    }

    fn stored(&self, file: &Path) -> usize {
        // a safetensors file: the length of its list, then the list
        let bytes = std::fs::read(file).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let list: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let head = list["__metadata__"]["linear-width checkpoint"].as_str().unwrap();
        let head: Value = serde_json::from_str(head).unwrap();
        usize::try_from(head["checkpoint"]["step"].as_u64().unwrap()).unwrap()
    }

    fn parts(&self) -> usize {
        8
    }
}

/// A sweep over experiments; a part is a point.
struct TomlSweep;

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

impl Job for TomlSweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn work(&self, file: &Path, parts: usize) -> Result<Option<String>, String> {
        let mut first = None;
        let sweep = Sweep::from_toml(SWEEP).unwrap();
        let done = sweep.run_observed(file, ConfigPoint::run, |progress| {
            let first = *first.get_or_insert(progress.done());
            let on = progress.done() - first < parts;
            if on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match done {
            Ok(_) => Ok(Some(sorted(file).join("\n"))),
            Err(SweepError::Cancelled(_)) => Ok(None),
            Err(SweepError::Io { source, .. }) => Err(source.to_string()),
            Err(other) => panic!("{other}"),
        }
    }

    fn stored(&self, file: &Path) -> usize {
        let results = read_results::<Value, Value>(file).unwrap();
        let keys: BTreeSet<String> = results.iter().map(|result| result.key.to_string()).collect();
        assert_eq!(keys.len(), results.len(), "a point twice");
        assert!(results.iter().all(|result| result.result.is_some()));
        results.len()
    }

    fn parts(&self) -> usize {
        60
    }
}

const JOB: &str = "LINEAR_WIDTH_TEST_JOB";
const FILE: &str = "LINEAR_WIDTH_TEST_FILE";
const EXPECTED: &str = "LINEAR_WIDTH_TEST_EXPECTED";

/// What the other processes run: nothing unless a parent says which job, with which file and which
/// error, if any.
#[test]
fn child() {
    let Ok(name) = std::env::var(JOB) else { return };
    let job = JOBS.into_iter().find(|job| job.name() == name).unwrap();
    let file = PathBuf::from(std::env::var(FILE).unwrap());
    let result = job.work(&file, usize::MAX);
    match std::env::var(EXPECTED) {
        Ok(expected) => assert!(result.unwrap_err().contains(&expected)),
        Err(_) => std::fs::write(file.with_extension("result"), result.unwrap().unwrap()).unwrap(),
    }
}

/// This program, to run the test `child`.
fn command(program: impl AsRef<std::ffi::OsStr>, job: &dyn Job, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.env(JOB, job.name()).env(FILE, file).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn start(job: &dyn Job, file: &Path) -> Child {
    let program = std::env::current_exe().unwrap();
    command(program, job, file).args(["--exact", "child"]).spawn().unwrap()
}

fn finish(job: &dyn Job, file: &Path) -> String {
    assert!(start(job, file).wait().unwrap().success());
    std::fs::read_to_string(file.with_extension("result")).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A limit on the size of files makes a write fail half-way, as a full disk does.
#[test]
fn full_disk_costs_nothing_that_was_stored() {
    for (job, blocks) in JOBS.into_iter().zip([3500, 16]) {
        let folder = Folder::new(&format!("full-{}", job.name()));
        let file = folder.file("file");
        let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact child");
        let status = command("sh", job, &file)
            .args(["-c", &shell])
            .arg(std::env::current_exe().unwrap())
            .env(EXPECTED, "File too large")
            .status();
        assert!(status.unwrap().success(), "{}", job.name());
        let left: Vec<_> =
            std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, std::slice::from_ref(&file), "something else is left behind");
        let stored = job.stored(&file);
        assert!((1..job.parts()).contains(&stored), "{}: {stored}", job.name());
        assert_eq!(finish(job, &file), finish(job, &folder.file("whole")), "{}", job.name());
    }
}

/// As an ordinary user, whom permissions bind, also when the tests run as root.
#[test]
fn read_only_files_and_folders_are_errors_and_stay() {
    for job in JOBS {
        let folder = Folder::new(&format!("read-only-{}", job.name()));
        let places = folder.file("places");
        std::fs::create_dir(&places).unwrap();
        let file = places.join("file");
        assert_eq!(job.work(&file, 1), Ok(None));
        let before = std::fs::read(&file).unwrap();
        let closed = places.join("closed");
        std::fs::write(&closed, &before).unwrap();
        set_mode(&closed, 0o000);
        set_mode(&file, 0o444);
        set_mode(&places, 0o555);
        // the folder of the program may be closed to others
        let program = folder.file("program");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set_mode(&program, 0o755);
        set_mode(&folder.0, 0o755);
        let superuser = std::fs::metadata(&folder.0).unwrap().uid() == 0;
        let statuses = [&file, &closed, &places.join("new")].map(|file| {
            let mut command = command(&program, job, file);
            command.args(["--exact", "child"]).current_dir("/");
            command.env(EXPECTED, "Permission denied");
            if superuser {
                command.uid(65534).gid(65534);
            }
            command.status().unwrap().success()
        });
        set_mode(&places, 0o755);
        assert_eq!(statuses, [true; 3], "{}", job.name());
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert!(job.stored(&file) >= 1);
    }
}

#[test]
fn unwritable_places_are_errors() {
    for job in JOBS {
        let folder = Folder::new(&format!("places-{}", job.name()));
        let missing = folder.file("no/such/folder/file");
        for place in [missing, folder.0.clone(), "/dev/full".into(), "/dev/null/file".into()] {
            let result = job.work(&place, usize::MAX);
            assert!(result.is_err(), "{} {place:?}: {result:?}", job.name());
        }
    }
}

#[test]
fn checkpoint_place_is_tried_before_anything_is_computed() {
    let folder = Folder::new("tried");
    let missing = folder.file("no/such/folder/file");
    for place in [missing, folder.0.clone(), "/dev/full".into(), "".into()] {
        let mut calls = 0;
        let count = |_: &Progress| {
            calls += 1;
            ControlFlow::Continue(())
        };
        let options = RunOptions::new().observe(count).checkpoint(&place);
        let error = CheckpointedRun::experiment().run_with(options).unwrap_err();
        assert!(matches!(error, RunError::CheckpointFile { .. }), "{place:?}: {error}");
        assert_eq!(calls, 0);
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "something was left behind");
}

#[test]
fn checkpoint_in_a_vanishing_folder_is_an_error() {
    let folder = Folder::new("vanishing");
    let inner = folder.file("inner");
    std::fs::create_dir(&inner).unwrap();
    let vanish = |progress: &Progress| {
        if progress.step == 2 && inner.exists() {
            std::fs::remove_dir_all(&inner).unwrap();
        }
        ControlFlow::Continue(())
    };
    let options = RunOptions::new().observe(vanish).checkpoint(inner.join("file"));
    let error = CheckpointedRun::experiment().run_with(options).unwrap_err();
    assert!(matches!(error, RunError::CheckpointFile { .. }), "{error}");
}

/// Kills the job `delay` after its file holds more than `stored` parts; false when it was done
/// before.
fn kill(job: &dyn Job, file: &Path, stored: usize, delay: Duration) -> bool {
    let mut child = start(job, file);
    while stored_so_far(job, file) <= stored && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}

fn stored_so_far(job: &dyn Job, file: &Path) -> usize {
    // the header of a results file may be on its way
    let begun = std::fs::read(file).is_ok_and(|bytes| bytes.contains(&b'\n') || bytes.len() > 4096);
    if begun { job.stored(file) } else { 0 }
}

#[test]
fn killed_jobs_go_on_to_the_same_result() {
    for job in JOBS {
        let folder = Folder::new(&format!("killed-{}", job.name()));
        let begin = Instant::now();
        let expected = finish(job, &folder.file("whole"));
        let moment = begin.elapsed() / u32::try_from(job.parts()).unwrap();
        let mut random = std::process::id();
        let mut delay = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            moment.mul_f64(2.0 * f64::from(random >> 8) / f64::from(1 << 24))
        };
        // each killed once, at different moments
        let mut kills = Vec::new();
        for run in 0..7 {
            let file = folder.file(&format!("once-{run}"));
            let killed = kill(job, &file, run * (job.parts() - 2) / 8, delay());
            let survived = std::fs::read(&file).unwrap();
            let stored = job.stored(&file);
            assert_eq!(finish(job, &file), expected, "{} killed after {stored}", job.name());
            if job.name() == "sweep" {
                // nothing was computed again
                let end = survived.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
                assert_eq!(std::fs::read(&file).unwrap()[..end], survived[..end]);
            }
            if killed {
                kills.push(stored);
            }
        }
        println!("{} killed after {kills:?} of {} parts", job.name(), job.parts());
        // on a busy machine the parent may come too late
        assert!(kills.len() >= 3, "only {kills:?} were killed before their end");
        assert!(kills.iter().any(|stored| *stored != kills[0]), "all at the same moment");

        // killed again and again, also before the first new part
        let file = folder.file("often");
        let mut stored = vec![0];
        for run in 0..6 {
            let before = *stored.last().unwrap();
            kill(job, &file, if run % 3 == 0 { 0 } else { before }, delay() / 4);
            stored.push(job.stored(&file));
        }
        println!("parts after the kills of one {}: {stored:?}", job.name());
        assert!(stored.is_sorted(), "{stored:?}");
        assert_eq!(finish(job, &file), expected);
    }
}
