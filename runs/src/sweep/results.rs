//! Reading results files, and merging those of shards.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::file::sync_folder;
use super::format::{Contents, Entry, Header, not_results, scan};
use super::{Summary, SweepError};

/// The line of one point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointResult<K, R> {
    /// The number of the point, from 0.
    pub index: usize,
    /// Its key.
    pub key: K,
    /// What came out, or the text of the error.
    pub outcome: Result<R, String>,
}

/// Reads a results file, in the order of the points. Points without a line are left out, and so is
/// a line that is being written at this moment.
///
/// # Errors
/// [`SweepError::Io`], [`SweepError::NotResults`], and [`SweepError::Corrupt`] for a line that makes
/// no sense or is not of types `K` and `R`.
pub fn read_results<K: DeserializeOwned, R: DeserializeOwned>(
    path: impl AsRef<Path>,
) -> Result<Vec<PointResult<K, R>>, SweepError> {
    let path = path.as_ref();
    let (_, entries) = read(path)?;
    let mut results = Vec::with_capacity(entries.len());
    for (number, entry) in entries.into_iter().enumerate() {
        let corrupt = |error: serde_json::Error| {
            let why = error.to_string();
            SweepError::Corrupt { path: path.to_owned(), line: number + 2, why }
        };
        let outcome = match entry.result {
            Some(result) => Ok(serde_json::from_str(result.get()).map_err(corrupt)?),
            None => Err(entry.error.unwrap_or_default()),
        };
        let key = serde_json::from_str(entry.key.get()).map_err(corrupt)?;
        results.push(PointResult { index: entry.index, key, outcome });
    }
    results.sort_by_key(|result| result.index);
    Ok(results)
}

/// Merges the files of all shards of one sweep into the file that the whole sweep would have
/// written, its lines in the order of the points.
///
/// # Errors
/// [`SweepError::OtherSweep`] when the files are not of one sweep or a shard is given twice,
/// [`SweepError::Incomplete`] when points are missing, [`SweepError::Io`] also when `output` exists;
/// the errors of [`read_results`].
pub fn merge<P: AsRef<Path>>(
    inputs: &[P],
    output: impl AsRef<Path>,
) -> Result<Summary, SweepError> {
    let output = output.as_ref();
    let mut sweep: Option<Header> = None;
    let mut entries: Vec<Entry> = Vec::new();
    let mut shards = Vec::new();
    for path in inputs.iter().map(AsRef::as_ref) {
        let (header, lines) = read(path)?;
        let first = sweep.get_or_insert_with(|| header.clone());
        first.check_sweep(&header, path)?;
        let (count, expected) = (header.shard.count(), first.shard.count());
        if count != expected || shards.contains(&header.shard) {
            return Err(SweepError::OtherSweep {
                path: path.to_owned(),
                what: "shard",
                found: header.shard.to_string(),
                expected: format!("another one of {expected}"),
            });
        }
        shards.push(header.shard);
        entries.extend(lines);
    }
    let Some(header) = sweep else { return Err(SweepError::NothingToMerge) };
    entries.sort_by_key(|entry| entry.index);
    let points = header.points;
    if entries.len() < points {
        let gap = entries.iter().enumerate().position(|(i, entry)| entry.index != i);
        let first = gap.unwrap_or(entries.len());
        return Err(SweepError::Incomplete { missing: points - entries.len(), points, first });
    }
    // the header's hash is of all keys: here they all are
    let whole = header.of_keys(entries.iter().map(|entry| entry.key.get()));
    whole.check_sweep(&header, inputs[0].as_ref())?;
    let io = SweepError::io(output);
    if output.exists() {
        return Err(io(ErrorKind::AlreadyExists.into()));
    }
    let mut partial = output.to_owned().into_os_string();
    partial.push(".partial");
    let file = File::create(&partial).map_err(&io)?;
    let mut writer = BufWriter::new(file);
    writer.write_all(whole.line().as_bytes()).map_err(&io)?;
    for entry in &entries {
        writer.write_all(entry.line().as_bytes()).map_err(&io)?;
    }
    writer.into_inner().map_err(|error| io(error.into_error()))?.sync_all().map_err(&io)?;
    std::fs::rename(&partial, output).and_then(|()| sync_folder(output)).map_err(&io)?;
    let failed = entries.iter().filter(|entry| entry.error.is_some()).count();
    Ok(Summary { total: points, resumed: points, computed: 0, failed })
}

fn read(path: &Path) -> Result<(Header, Vec<Entry>), SweepError> {
    let file = File::open(path).map_err(SweepError::io(path))?;
    let Contents { header, entries, .. } = scan(BufReader::new(file), path)?;
    Ok((header.ok_or_else(|| not_results(path))?, entries))
}
