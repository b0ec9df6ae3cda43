//! From the table `sweep` to the settings of every point.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::config::locate::{Path, Segment, Source, dotted, lookup, path};
use crate::config::{ConfigError, ConfigProblem, ExperimentConfig, Reason};

/// More points than this are a mistake.
const MAX_POINTS: usize = 1_000_000;

/// A complaint about the table `sweep`, and where.
pub(super) struct Complaint {
    place: Path,
    text: String,
}

impl Complaint {
    fn new(place: &[Segment], text: impl Into<String>) -> Self {
        Self { place: place.to_vec(), text: text.into() }
    }

    pub fn located(self, source: &Source<'_>) -> ConfigError {
        let (key, line) = (dotted(&self.place), source.line(&self.place));
        let reason = Reason::Malformed(self.text);
        ConfigError::Problems(vec![ConfigProblem { key, line, reason }])
    }
}

/// A value that a setting takes, and where the file says so.
#[derive(Clone)]
struct Override {
    key: String,
    value: Value,
    place: Path,
}

/// What the table says.
pub(super) struct Grid {
    /// One list of values per key of the grid.
    axes: Vec<Vec<Override>>,
    /// The entries of `points`; one without overrides when there is no such list.
    list: Vec<Vec<Override>>,
    /// `None`: the experiment's own.
    seeds: Option<Vec<u64>>,
}

/// The settings of one point.
pub(super) struct Point {
    table: Table,
    overrides: Vec<Override>,
    /// An override that could not be applied.
    refused: Option<Complaint>,
}

fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

impl Grid {
    /// Reads the table; `base` holds the experiment.
    pub fn read(sweep: Option<Value>, base: &Table) -> Result<Self, Complaint> {
        let top = vec![key("sweep")];
        let Some(Value::Table(sweep)) = sweep else {
            return Err(Complaint::new(&top, "a sweep needs a table [sweep]"));
        };
        let mut grid = Self { axes: Vec::new(), list: vec![Vec::new()], seeds: None };
        for (name, value) in sweep {
            let place = [top.clone(), vec![key(&name)]].concat();
            match (name.as_str(), value) {
                ("grid", Value::Table(table)) => axes(&table, "", &place, &mut grid.axes)?,
                ("points", Value::Array(entries)) => grid.list = list(entries, &place)?,
                ("seeds", value) => grid.seeds = Some(seeds(&value, base, &place)?),
                ("grid", _) => return Err(Complaint::new(&place, "must be a table of lists")),
                ("points", _) => return Err(Complaint::new(&place, "must be a list of tables")),
                _ => {
                    let text = "unknown key, expected `grid`, `points` or `seeds`";
                    return Err(Complaint::new(&place, text));
                }
            }
        }
        let lengths = grid.axes.iter().map(Vec::len).chain([grid.list.len()]);
        let count =
            lengths.chain(grid.seeds.as_ref().map(Vec::len)).try_fold(1, usize::checked_mul);
        match count {
            Some(count) if count <= MAX_POINTS => Ok(grid),
            _ => Err(Complaint::new(&top, format!("more than {MAX_POINTS} points"))),
        }
    }

    /// Every point, seeds fastest.
    pub fn points(&self, base: &Table) -> Vec<Point> {
        let mut combinations = self.list.clone();
        for axis in &self.axes {
            let extended = combinations.iter().flat_map(|combination| {
                axis.iter().map(move |value| {
                    [combination.as_slice(), std::slice::from_ref(value)].concat()
                })
            });
            combinations = extended.collect();
        }
        let seeds: Vec<Option<u64>> = match &self.seeds {
            Some(seeds) => seeds.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        let each = combinations.into_iter().flat_map(|overrides| {
            seeds.iter().map(move |seed| Point::new(base, overrides.clone(), *seed))
        });
        each.collect()
    }
}

/// Dotted keys may be quoted or not: unquoted ones are tables in tables.
fn axes(
    table: &Table,
    prefix: &str,
    place: &[Segment],
    into: &mut Vec<Vec<Override>>,
) -> Result<(), Complaint> {
    for (name, value) in table {
        let dotted = format!("{prefix}{name}");
        let place = [place, &[key(name)]].concat();
        match value {
            Value::Array(values) if !values.is_empty() => {
                swept(&dotted, &place)?;
                let values = values.iter().map(|value| Override {
                    key: dotted.clone(),
                    value: value.clone(),
                    place: place.clone(),
                });
                into.push(values.collect());
            }
            Value::Table(inner) => axes(inner, &format!("{dotted}."), &place, into)?,
            _ => return Err(Complaint::new(&place, "must be a list of at least one value")),
        }
    }
    Ok(())
}

fn list(entries: Vec<Value>, place: &[Segment]) -> Result<Vec<Vec<Override>>, Complaint> {
    if entries.is_empty() {
        return Err(Complaint::new(place, "must be a list of at least one table"));
    }
    let mut list = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        let place = [place, &[Segment::Entry(number)]].concat();
        let Value::Table(table) = entry else {
            return Err(Complaint::new(&place, "must be a table of settings"));
        };
        let mut overrides = Vec::new();
        for (name, value) in table {
            let place = [place.as_slice(), &[key(&name)]].concat();
            swept(&name, &place)?;
            overrides.push(Override { key: name, value, place });
        }
        list.push(overrides);
    }
    Ok(list)
}

fn swept(name: &str, place: &[Segment]) -> Result<(), Complaint> {
    match name {
        "seed" => Err(Complaint::new(place, "seeds are given by `seeds` of the table [sweep]")),
        _ => Ok(()),
    }
}

fn seeds(value: &Value, base: &Table, place: &[Segment]) -> Result<Vec<u64>, Complaint> {
    let bad = || Complaint::new(place, "must be a number of seeds, at least 1, or a list of them");
    match value {
        Value::Integer(count) if *count > 0 => {
            let count = u64::try_from(*count).map_err(|_| bad())?;
            let first = base.get("seed").map_or(Some(0), seed);
            let first = first.ok_or_else(|| Complaint::new(&[key("seed")], "must be a seed"))?;
            let end = first.checked_add(count).filter(|_| count <= MAX_POINTS as u64);
            let end = end.ok_or_else(|| Complaint::new(place, "too many seeds"))?;
            Ok((first..end).collect())
        }
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(seed).collect::<Option<_>>().ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// A seed as configurations write it: an integer, or one in quotes.
fn seed(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(seed) => u64::try_from(*seed).ok(),
        Value::String(seed) => seed.parse().ok(),
        _ => None,
    }
}

impl Point {
    fn new(base: &Table, overrides: Vec<Override>, seed: Option<u64>) -> Self {
        let mut root = Value::Table(base.clone());
        let mut refused = None;
        for change in &overrides {
            if let Err(text) = apply(&mut root, &change.key, &change.value) {
                refused = Some(Complaint::new(&change.place, text));
                break;
            }
        }
        let mut table = match root {
            Value::Table(table) => table,
            _ => Table::new(), // never: settings are put into the table, not in its place
        };
        if let Some(seed) = seed {
            // as configurations write seeds
            let seed = i64::try_from(seed).map_or(Value::String(seed.to_string()), Value::Integer);
            table.insert("seed".into(), seed);
        }
        Self { table, overrides, refused }
    }

    /// The settings that vary.
    pub fn key(&self) -> BTreeMap<String, Value> {
        self.overrides.iter().map(|change| (change.key.clone(), change.value.clone())).collect()
    }

    /// The configuration, not yet checked.
    pub fn config(&self, source: &Source<'_>) -> Result<ExperimentConfig, ConfigError> {
        if let Some(Complaint { place, text }) = &self.refused {
            return Err(Complaint::new(place, text.as_str()).located(source));
        }
        ExperimentConfig::from_table(&self.table, |path| self.line(path, source))
    }

    /// Fills in the lines of problems: those of the table `sweep` for settings that are swept.
    pub fn placed(&self, mut error: ConfigError, source: &Source<'_>) -> ConfigError {
        if let ConfigError::Problems(problems) = &mut error {
            for problem in problems {
                problem.line = self.line(&path(&problem.key), source);
            }
        }
        error
    }

    fn line(&self, at: &[Segment], source: &Source<'_>) -> Option<usize> {
        let meets = |change: &&Override| {
            let key = path(&change.key);
            !at.is_empty() && (at.starts_with(&key) || key.starts_with(at))
        };
        match self.overrides.iter().find(meets) {
            Some(change) => source.line(&change.place),
            None => source.line(at),
        }
    }
}

/// Sets one setting; tables on the way are made.
fn apply(root: &mut Value, dotted: &str, value: &Value) -> Result<(), String> {
    let path = path(dotted);
    let Some((Segment::Key(last), parents)) = path.split_last() else {
        return Err(format!("`{dotted}` is not the key of a setting"));
    };
    for depth in 1..=parents.len() {
        if lookup(root, &parents[..depth]).is_some() {
            continue;
        }
        match (&parents[depth - 1], lookup(root, &parents[..depth - 1])) {
            (Segment::Key(name), Some(Value::Table(table))) => {
                table.insert(name.clone(), Value::Table(Table::new()));
            }
            (Segment::Entry(entry), Some(Value::Array(array))) => {
                return Err(format!("there are {} entries, no number {}", array.len(), entry + 1));
            }
            _ => return Err(format!("`{dotted}` lies in something that is not a table")),
        }
    }
    match lookup(root, parents) {
        Some(Value::Table(table)) => {
            table.insert(last.clone(), value.clone());
            Ok(())
        }
        _ => Err(format!("`{dotted}` lies in something that is not a table")),
    }
}
