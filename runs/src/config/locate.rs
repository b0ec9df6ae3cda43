//! From a key to its line, and from a value of the wrong type to its key.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

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
    let part = |segment: &Segment| match segment {
        // "" is a key, too
        Segment::Key(key) if key.is_empty() => "\"\"".into(),
        Segment::Key(key) => key.clone(),
        Segment::Entry(entry) => (entry + 1).to_string(),
    };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

/// The text of a configuration, parsed, with the places of its keys.
pub(crate) struct Source<'a> {
    text: &'a str,
    places: DeValue<'a>,
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
        let places = DeValue::Table(DeTable::parse(text).map_err(syntax)?.into_inner());
        let mut source = Self { text, places, table: Table::new() };
        let mut problems = Vec::new();
        source.find_large(&source.places, &[], &mut problems);
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.line);
            return Err(ConfigError::Problems(problems));
        }
        source.table = toml::from_str(text).map_err(syntax)?;
        Ok(source)
    }

    /// Finds integers beyond the 64 bits of TOML, which would otherwise be an error without a key.
    fn find_large(&self, value: &DeValue<'_>, path: &[Segment], found: &mut Vec<ConfigProblem>) {
        let mut descend = |segment: Segment, value: &Spanned<DeValue<'_>>| {
            self.find_large(value.get_ref(), &[path, &[segment]].concat(), found);
        };
        match value {
            DeValue::Integer(i) if i64::from_str_radix(i.as_str(), i.radix()).is_err() => {
                let text = format!(
                    "{i} is beyond the integers of TOML, -2^63 to 2^63 - 1; a larger seed is \
                     written in quotes, another number with a decimal point"
                );
                let (key, line) = (dotted(path), self.line(path));
                found.push(ConfigProblem { key, line, reason: Reason::Malformed(text) });
            }
            DeValue::Table(table) => {
                table.iter().for_each(|(k, v)| descend(Segment::Key(k.get_ref().to_string()), v));
            }
            DeValue::Array(values) => {
                values.iter().enumerate().for_each(|(k, v)| descend(Segment::Entry(k), v));
            }
            _ => {}
        }
    }

    /// The line of the last part of `path` that the text has.
    pub(crate) fn line(&self, path: &[Segment]) -> Option<usize> {
        let mut value = &self.places;
        let mut start = None;
        for segment in path {
            let found = match (segment, value) {
                (Segment::Key(key), DeValue::Table(table)) => {
                    table.get_key_value(key.as_str()).map(|(key, inner)| (key.span(), inner))
                }
                (Segment::Entry(entry), DeValue::Array(array)) => {
                    array.get(*entry).map(|inner| (inner.span(), inner))
                }
                _ => None,
            };
            let Some((span, inner)) = found else { break };
            start = Some(span.start);
            value = inner.get_ref();
        }
        start.map(|start| line_at(self.text, start))
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
