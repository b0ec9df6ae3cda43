//! From a key to its line, and from a value of the wrong type to its key.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::error::{ConfigError, ConfigProblem, Reason};

/// One step on the way from the top of the file to a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    Key(String),
    /// An entry of a list, from 0.
    Entry(usize),
}

/// The way from the top of the file to a value.
pub(crate) type Path = Vec<Segment>;

/// The path of a dotted key, as in `steps.2.alpha`; entries of lists count from 1.
pub(crate) fn path(dotted: &str) -> Path {
    dotted
        .split('.')
        .map(|part| match part.parse::<usize>() {
            Ok(entry) if entry > 0 => Segment::Entry(entry - 1),
            _ => Segment::Key(part.to_owned()),
        })
        .collect()
}

/// A path as it is shown.
pub(crate) fn dotted(path: &[Segment]) -> String {
    if path.is_empty() {
        return "top level".into();
    }
    let parts: Vec<String> = path
        .iter()
        .map(|segment| match segment {
            // "" is a key, too
            Segment::Key(key) if key.is_empty() => "\"\"".into(),
            Segment::Key(key) => key.clone(),
            Segment::Entry(entry) => (entry + 1).to_string(),
        })
        .collect();
    parts.join(".")
}

/// The text of a configuration, parsed, with the places of its keys.
pub(crate) struct Source<'a> {
    text: &'a str,
    places: DeTable<'a>,
    pub(crate) table: Table,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, ConfigError> {
        let syntax = |error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let before = &text.as_bytes()[..start];
            let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
            let message = error.message().to_owned();
            ConfigError::Syntax { line: line_at(text, start), column, message }
        };
        let places = DeTable::parse(text).map_err(syntax)?.into_inner();
        let mut found = Vec::new();
        too_large(&places, &mut Vec::new(), &mut found);
        let mut source = Self { text, places, table: Table::new() };
        if !found.is_empty() {
            let placed = |(path, text): (Path, String)| ConfigProblem {
                key: dotted(&path),
                line: source.line(&path),
                reason: Reason::Malformed(text),
            };
            let mut problems: Vec<ConfigProblem> = found.into_iter().map(placed).collect();
            problems.sort_by_key(|problem| problem.line);
            return Err(ConfigError::Problems(problems));
        }
        source.table = toml::from_str(text).map_err(syntax)?;
        Ok(source)
    }

    /// The line of the last part of `path` that the text has.
    pub(crate) fn line(&self, path: &[Segment]) -> Option<usize> {
        let (Segment::Key(first), rest) = path.split_first()? else { return None };
        let (key, mut value) = self.places.get_key_value(first.as_str())?;
        let mut start = key.span().start;
        for segment in rest {
            match (segment, value.get_ref()) {
                (Segment::Key(key), DeValue::Table(table)) => {
                    let Some((key, inner)) = table.get_key_value(key.as_str()) else { break };
                    (start, value) = (key.span().start, inner);
                }
                (Segment::Entry(entry), DeValue::Array(array)) => {
                    let Some(inner) = array.get(*entry) else { break };
                    (start, value) = (inner.span().start, inner);
                }
                _ => break,
            }
        }
        Some(line_at(self.text, start))
    }

    /// Fills in the lines of problems whose keys are those of the text.
    pub(crate) fn placed(&self, mut error: ConfigError) -> ConfigError {
        if let ConfigError::Problems(problems) = &mut error {
            for problem in problems {
                problem.line = self.line(&path(&problem.key));
            }
        }
        error
    }
}

/// Integers beyond the 64 bits of TOML, which would otherwise be an error without a key.
fn too_large(table: &DeTable<'_>, path: &mut Path, found: &mut Vec<(Path, String)>) {
    for (key, value) in table {
        path.push(Segment::Key(key.get_ref().to_string()));
        too_large_within(value.get_ref(), path, found);
        path.pop();
    }
}

fn too_large_within(value: &DeValue<'_>, path: &mut Path, found: &mut Vec<(Path, String)>) {
    match value {
        DeValue::Integer(i) if i64::from_str_radix(i.as_str(), i.radix()).is_err() => {
            let text = format!(
                "{i} is beyond the integers of TOML, -2^63 to 2^63 - 1; a larger seed is written \
                 in quotes, another number with a decimal point"
            );
            found.push((path.clone(), text));
        }
        DeValue::Table(table) => too_large(table, path, found),
        DeValue::Array(values) => {
            for (entry, value) in values.iter().enumerate() {
                path.push(Segment::Entry(entry));
                too_large_within(value.get_ref(), path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn line_at(text: &str, start: usize) -> usize {
    1 + text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count()
}

/// Reads a typed value; the error has the path within the value.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, (Path, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let segments = error.path().iter().filter_map(|segment| match segment {
            serde_path_to_error::Segment::Seq { index } => Some(Segment::Entry(*index)),
            serde_path_to_error::Segment::Map { key } => Some(Segment::Key(key.clone())),
            serde_path_to_error::Segment::Enum { variant } => Some(Segment::Key(variant.clone())),
            serde_path_to_error::Segment::Unknown => None,
        });
        (segments.collect(), error.inner().message().to_owned())
    })
}
