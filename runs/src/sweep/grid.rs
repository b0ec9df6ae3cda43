//! From the table `sweep` to the settings of every point.

use toml::{Table, Value};

use crate::config::locate::{Path, Segment, path};

/// More points than this are a mistake.
const MAX_POINTS: i64 = 1_000_000;

/// A value that a setting takes, and where the file says so.
#[derive(Clone)]
pub(super) struct Override {
    pub key: String,
    pub value: Value,
    pub place: Path,
}

impl Override {
    fn new(key: &str, value: &Value, place: Path) -> Self {
        Self { key: key.to_owned(), value: value.clone(), place }
    }
}

/// A mistake in the table: where, and what.
type Mistake = (Path, String);

fn mistake<T>(place: Path, text: &str) -> Result<T, Mistake> {
    Err((place, text.to_owned()))
}

fn place(folder: &[Segment], name: &str) -> Path {
    [folder, &[Segment::Key(name.to_owned())]].concat()
}

/// The overrides of every point, the seed last. `base` holds the experiment.
pub(super) fn points(sweep: Option<Value>, base: &Table) -> Result<Vec<Vec<Override>>, Mistake> {
    let top = place(&[], "sweep");
    let Some(Value::Table(sweep)) = sweep else {
        return mistake(top, "a sweep needs a table [sweep]");
    };
    let own_seed = base.get("seed").cloned().unwrap_or(Value::Integer(0));
    let mut list = vec![Vec::new()];
    let mut axes = Vec::new();
    let mut seeds = overrides("seed", &[own_seed], &place(&[], "seed"));
    for (name, value) in sweep {
        let at = place(&top, &name);
        match (name.as_str(), value) {
            ("grid", Value::Table(table)) => grid(&table, "", &at, &mut axes)?,
            ("points", Value::Array(entries)) => list = points_list(entries, &at)?,
            ("seeds", value) => seeds = overrides("seed", &seed_list(value, base, &at)?, &at),
            ("grid", _) => return mistake(at, "must be a table of lists"),
            ("points", _) => return mistake(at, "must be a list of tables"),
            _ => return mistake(at, "unknown key, expected `grid`, `points` or `seeds`"),
        }
    }
    axes.push(seeds);
    let count = axes.iter().map(Vec::len).try_fold(list.len(), usize::checked_mul);
    if count.is_none_or(|count| count > MAX_POINTS as usize) {
        return mistake(top, &format!("more than {MAX_POINTS} points"));
    }
    Ok(axes.iter().fold(list, |points, axis| {
        let with = |point: &[_], value| [point, std::slice::from_ref(value)].concat();
        points.iter().flat_map(|point| axis.iter().map(move |value| with(point, value))).collect()
    }))
}

fn overrides(key: &str, values: &[Value], place: &Path) -> Vec<Override> {
    values.iter().map(|value| Override::new(key, value, place.clone())).collect()
}

/// The lists of the grid. A dotted key without quotes is a table in a table.
fn grid(
    table: &Table,
    prefix: &str,
    at: &[Segment],
    axes: &mut Vec<Vec<Override>>,
) -> Result<(), Mistake> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let at = place(at, name);
        match value {
            _ if key == "seed" => return mistake(at, NO_SEED),
            Value::Array(values) if !values.is_empty() => axes.push(overrides(&key, values, &at)),
            Value::Table(inner) => grid(inner, &format!("{key}."), &at, axes)?,
            _ => return mistake(at, "must be a list of at least one value"),
        }
    }
    Ok(())
}

const NO_SEED: &str = "seeds are given by `seeds` of the table [sweep]";

fn points_list(entries: Vec<Value>, at: &[Segment]) -> Result<Vec<Vec<Override>>, Mistake> {
    if entries.is_empty() {
        return mistake(at.to_vec(), "must be a list of at least one table");
    }
    let point = |(number, entry)| {
        let at = [at, &[Segment::Entry(number)]].concat();
        match entry {
            Value::Table(table) if table.contains_key("seed") => {
                mistake(place(&at, "seed"), NO_SEED)
            }
            Value::Table(table) => {
                Ok(table.iter().map(|(k, value)| Override::new(k, value, place(&at, k))).collect())
            }
            _ => mistake(at, "must be a table of settings"),
        }
    };
    entries.into_iter().enumerate().map(point).collect()
}

/// A list of seeds, or as many as the number says, counted from the experiment's own.
fn seed_list(value: Value, base: &Table, at: &[Segment]) -> Result<Vec<Value>, Mistake> {
    match value {
        Value::Integer(count @ 1..=MAX_POINTS) => {
            let Some(first) = base.get("seed").map_or(Some(0), seed) else {
                return mistake(place(&[], "seed"), "must be a seed");
            };
            let seeds = (0..count.unsigned_abs()).map(|k| first.checked_add(k).map(written));
            seeds.collect::<Option<_>>().ok_or((at.to_vec(), "too many seeds".into()))
        }
        Value::Array(list) if !list.is_empty() && list.iter().all(|v| seed(v).is_some()) => {
            Ok(list)
        }
        _ => mistake(at.to_vec(), "must be a number of seeds, 1 to 1000000, or a list of them"),
    }
}

/// A seed as configurations write it: an integer, or a larger one in quotes.
fn written(seed: u64) -> Value {
    i64::try_from(seed).map_or(Value::String(seed.to_string()), Value::Integer)
}

fn seed(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(seed) => u64::try_from(*seed).ok(),
        Value::String(seed) => seed.parse().ok(),
        _ => None,
    }
}

/// Sets one setting of an experiment; tables on the way are made.
pub(super) fn apply(table: &mut Table, change: &Override) -> Result<(), String> {
    let outside = || format!("`{}` lies in something that is not a table", change.key);
    let empty = || Value::Table(Table::new());
    let mut segments = path(&change.key).into_iter();
    let Some(Segment::Key(first)) = segments.next() else { return Err(outside()) };
    let mut value = table.entry(first).or_insert_with(empty);
    for segment in segments {
        value = match (segment, value) {
            (Segment::Key(name), Value::Table(table)) => table.entry(name).or_insert_with(empty),
            (Segment::Entry(entry), Value::Array(array)) => {
                let missing = format!("there are {} entries, no number {}", array.len(), entry + 1);
                array.get_mut(entry).ok_or(missing)?
            }
            _ => return Err(outside()),
        };
    }
    *value = change.value.clone();
    Ok(())
}
