//! The results file: one header line, then one line a point, all JSON.

use std::hash::Hasher;
use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Shard, SweepError};

/// The version of the format; other versions are refused.
const VERSION: u32 = 1;
const FORMAT: &str = "linear-width sweep";

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    format: String,
    version: u32,
    /// A hash of the settings and of all keys, in 16 hexadecimal digits.
    identity: String,
    /// Number of points of all shards together.
    pub points: usize,
    pub shard: Shard,
    settings: Box<RawValue>,
}

impl Header {
    pub fn new<'a>(
        settings: &RawValue,
        keys: impl ExactSizeIterator<Item = &'a str>,
        shard: Shard,
    ) -> Self {
        let mut hasher = fnv::FnvHasher::default();
        let points = keys.len();
        hasher.write(settings.get().as_bytes());
        for key in keys {
            hasher.write_u8(b'\n');
            hasher.write(key.as_bytes());
        }
        Self {
            format: FORMAT.into(),
            version: VERSION,
            identity: format!("{:016x}", hasher.finish()),
            points,
            shard,
            settings: settings.to_owned(),
        }
    }

    /// The same sweep as `keys` in this order say, whatever the shard.
    pub fn of_keys<'a>(&self, keys: impl ExactSizeIterator<Item = &'a str>) -> Self {
        Self::new(&self.settings, keys, Shard::WHOLE)
    }

    /// The line, with its end.
    pub fn line(&self) -> String {
        // a header of strings, numbers and raw JSON always has a JSON form
        let json = serde_json::to_string(self).unwrap_or_default();
        json + "\n"
    }

    /// Whether `other`, read from `path`, is of the same sweep.
    pub fn check_sweep(&self, other: &Self, path: &Path) -> Result<(), SweepError> {
        let pairs = [
            ("number of points", other.points.to_string(), self.points.to_string()),
            ("settings", other.settings.to_string(), self.settings.to_string()),
            ("identity", other.identity.clone(), self.identity.clone()),
        ];
        same(path, pairs)
    }

    /// Whether `other`, read from `path`, is of the same shard of the same sweep.
    pub fn check(&self, other: &Self, path: &Path) -> Result<(), SweepError> {
        self.check_sweep(other, path)?;
        same(path, [("shard", other.shard.to_string(), self.shard.to_string())])
    }
}

/// Refuses the first pair (what, found, expected) that differs.
fn same<const K: usize>(
    path: &Path,
    pairs: [(&'static str, String, String); K],
) -> Result<(), SweepError> {
    for (what, found, expected) in pairs {
        if found != expected {
            let path = path.to_owned();
            return Err(SweepError::OtherSweep { path, what, found, expected });
        }
    }
    Ok(())
}

/// Every line after the first: a result or an error.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The number of the point, from 0.
    pub index: usize,
    pub key: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A result that is there, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

impl Entry {
    /// The line, with its end.
    pub fn line(&self) -> String {
        // as for the header
        let json = serde_json::to_string(self).unwrap_or_default();
        json + "\n"
    }
}

/// What a file holds.
pub(super) struct Contents {
    pub header: Option<Header>,
    pub entries: Vec<Entry>,
    /// Bytes up to the end of the last result; what follows was torn off in a write, or is empty
    /// lines.
    pub complete: u64,
    /// What follows.
    pub torn: Vec<u8>,
}

/// Reads a file. Every complete line must make sense, by itself and together with the others.
pub(super) fn scan(mut reader: impl BufRead, path: &Path) -> Result<Contents, SweepError> {
    let mut contents =
        Contents { header: None, entries: Vec::new(), complete: 0, torn: Vec::new() };
    let mut seen = Vec::new();
    for number in 1.. {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).map_err(SweepError::io(path))?;
        // editors leave empty lines at the end
        let empty = contents.header.is_some() && line.trim_ascii().is_empty();
        let complete = line.last() == Some(&b'\n');
        if empty || !complete {
            contents.torn.append(&mut line);
            if complete {
                continue;
            }
            break;
        }
        if !contents.torn.is_empty() {
            let why = "an empty line before this one".into();
            return Err(SweepError::Corrupt { path: path.to_owned(), line: number, why });
        }
        contents.complete += line.len() as u64;
        let Some(header) = &contents.header else {
            let known = serde_json::from_slice::<Header>(&line).ok();
            let known = known.filter(|h| h.format == FORMAT && h.version == VERSION);
            let header = known.ok_or_else(|| not_results(path))?;
            seen = vec![false; header.points.min(MAX_POINTS)];
            contents.header = Some(header);
            continue;
        };
        let corrupt =
            |why: String| SweepError::Corrupt { path: path.to_owned(), line: number, why };
        let entry: Entry =
            serde_json::from_slice(&line).map_err(|error| corrupt(error.to_string()))?;
        if entry.result.is_some() == entry.error.is_some() {
            return Err(corrupt("neither a result nor an error, or both".into()));
        }
        match seen.get_mut(entry.index) {
            Some(seen) if header.shard.holds(entry.index) => {
                if std::mem::replace(seen, true) {
                    return Err(corrupt(format!("point {} has a line already", entry.index)));
                }
            }
            _ => return Err(corrupt(format!("point {} is not in this shard", entry.index))),
        }
        contents.entries.push(entry);
    }
    Ok(contents)
}

/// Most points a sweep may have; a header that claims more is not believed.
pub(super) const MAX_POINTS: usize = 100_000_000;

pub(super) fn not_results(path: &Path) -> SweepError {
    SweepError::NotResults { path: path.to_owned(), version: VERSION }
}
