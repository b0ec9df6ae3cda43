//! The results file: one header line, then one line per point, all JSON.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::hash::Hasher;
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;

use fs4::{FileExt, TryLockError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Progress, Shard, SweepError};

const VERSION: u32 = 1;
const FORMAT: &str = "linear-width sweep";
const NOT_RESULTS: &str = "not a results file of a sweep, format version 1";

/// The first line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    format: String,
    version: u32,
    /// A hash of the settings and of all keys, in 16 hexadecimal digits.
    identity: String,
    /// Number of points of all shards together.
    points: usize,
    shard: Shard,
    settings: Box<RawValue>,
}

impl Header {
    pub fn new<'a>(
        settings: &RawValue,
        keys: impl ExactSizeIterator<Item = &'a Box<RawValue>>,
        shard: Shard,
    ) -> Self {
        let points = keys.len();
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(settings.get().as_bytes());
        for key in keys {
            hasher.write_u8(b'\n');
            hasher.write(key.get().as_bytes());
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

    /// Refuses `found`, read from `path`, when it is the header of another sweep or shard.
    fn check(&self, found: &Self, path: &Path) -> Result<(), SweepError> {
        for (what, found, expected) in [
            ("number of points", found.points.to_string(), self.points.to_string()),
            ("settings", found.settings.to_string(), self.settings.to_string()),
            ("identity", found.identity.clone(), self.identity.clone()),
            ("shard", found.shard.to_string(), self.shard.to_string()),
        ] {
            if found != expected {
                let why = format!("another sweep or shard: its {what} is {found}, not {expected}");
                return Err(SweepError::refused(path, why));
            }
        }
        Ok(())
    }
}

/// The line of one point in a results file: its result or its error, never both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "K: Deserialize<'de>, R: Deserialize<'de>"))]
pub struct PointResult<K, R> {
    /// The number of the point, from 0.
    pub index: usize,
    /// Its key.
    pub key: K,
    /// The result; `None` when there is an error.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result: Option<R>,
    /// The text of the error; `None` when there is a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A result that is there, `null` included.
fn present<'de, D: Deserializer<'de>, R: Deserialize<'de>>(from: D) -> Result<Option<R>, D::Error> {
    R::deserialize(from).map(Some)
}

pub(super) type Entry = PointResult<Box<RawValue>, Box<RawValue>>;

/// Results by the number of their point.
type Results<K, R> = BTreeMap<usize, PointResult<K, R>>;

/// The header, the results, and the number of bytes before a torn line or empty lines at the end.
type Contents<K, R> = (Option<Header>, Results<K, R>, usize);

fn parse<K: DeserializeOwned, R: DeserializeOwned>(
    bytes: &[u8],
    path: &Path,
) -> Result<Contents<K, R>, SweepError> {
    let last_end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let text_end = bytes[..last_end].trim_ascii_end().len();
    let line_end = bytes[text_end..].iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let complete = if text_end == 0 { 0 } else { text_end + line_end + 1 };
    let mut lines = bytes[..complete].split_inclusive(|byte| *byte == b'\n');
    let mut results = Results::new();
    let Some(first) = lines.next() else { return Ok((None, results, complete)) };
    let known = |header: &Header| header.format == FORMAT && header.version == VERSION;
    let header = serde_json::from_slice(first).ok().filter(known);
    let header = header.ok_or_else(|| SweepError::refused(path, NOT_RESULTS))?;
    for (number, line) in (2..).zip(lines) {
        let refused = |why: String| SweepError::refused(path, format!("line {number}: {why}"));
        let result: PointResult<K, R> =
            serde_json::from_slice(line).map_err(|error| refused(error.to_string()))?;
        let index = result.index;
        if result.result.is_some() == result.error.is_some() {
            return Err(refused("neither a result nor an error, or both".into()));
        }
        if index >= header.points || !header.shard.holds(index) {
            return Err(refused(format!("point {index} is not in this shard")));
        }
        if results.insert(index, result).is_some() {
            return Err(refused(format!("point {index} has a line already")));
        }
    }
    Ok((Some(header), results, complete))
}

/// Opens or makes a file for this process alone and cuts off a torn last line.
pub(super) fn open(
    path: &Path,
    header: &Header,
    keys: &[Box<RawValue>],
) -> Result<(File, BTreeMap<usize, Entry>), SweepError> {
    let io = SweepError::io(path);
    let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
    let mut file = opened.map_err(&io)?;
    if !file.metadata().map_err(&io)?.is_file() {
        return Err(io(Error::other("not a regular file")));
    }
    FileExt::try_lock(&file).map_err(|error| match error {
        TryLockError::WouldBlock => {
            io(Error::new(ErrorKind::WouldBlock, "another process is writing this file"))
        }
        TryLockError::Error(source) => io(source),
    })?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(&io)?;
    let (found, results, complete): (_, BTreeMap<_, Entry>, _) = parse(&bytes, path)?;
    match &found {
        Some(found) => header.check(found, path)?,
        None if line(header).as_bytes().starts_with(&bytes) => {}
        None => return Err(SweepError::refused(path, NOT_RESULTS)),
    }
    if let Some((index, _)) = results.iter().find(|(i, line)| line.key.get() != keys[**i].get()) {
        return Err(SweepError::refused(path, format!("point {index} has another key")));
    }
    file.set_len(complete as u64).map_err(&io)?;
    if found.is_none() {
        append(&mut file, header).map_err(&io)?;
        sync_folder(path).map_err(&io)?;
    }
    Ok((file, results))
}

/// Appends a line; it is on the disk when this returns. A line that an error has torn is cut off by
/// the next run.
pub(super) fn append(file: &mut File, value: &impl Serialize) -> std::io::Result<()> {
    file.write_all(line(value).as_bytes())?;
    file.sync_data()
}

/// A line with its end.
fn line(value: &impl Serialize) -> String {
    // strings, numbers and raw JSON always have a JSON form
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// Waits until the name of a new file is on the disk, too.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) { File::open(folder.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}

/// Reads a results file, in the order of the points. A line that is being written is left out.
///
/// # Errors
/// [`SweepError::Io`], and [`SweepError::Refused`] for a line that is not one of types `K` and `R`.
pub fn read_results<K: DeserializeOwned, R: DeserializeOwned>(
    path: impl AsRef<Path>,
) -> Result<Vec<PointResult<K, R>>, SweepError> {
    let (_, results) = read(path.as_ref())?;
    Ok(results.into_values().collect())
}

fn read<K: DeserializeOwned, R: DeserializeOwned>(
    path: &Path,
) -> Result<(Header, Results<K, R>), SweepError> {
    let bytes = std::fs::read(path).map_err(SweepError::io(path))?;
    let (header, results, _) = parse(&bytes, path)?;
    Ok((header.ok_or_else(|| SweepError::refused(path, NOT_RESULTS))?, results))
}

/// Merges the files of all shards of one sweep into the file of the whole sweep, its lines in the
/// order of the points.
///
/// # Errors
/// [`SweepError::Refused`] when the files are not of one sweep, [`SweepError::Incomplete`] when points
/// are missing, [`SweepError::Io`] also when `output` exists.
pub fn merge<P: AsRef<Path>>(
    inputs: &[P],
    output: impl AsRef<Path>,
) -> Result<Progress, SweepError> {
    let mut first: Option<Header> = None;
    let mut entries: BTreeMap<usize, Entry> = BTreeMap::new();
    for path in inputs.iter().map(AsRef::as_ref) {
        let (mut header, results) = read(path)?;
        header.shard = Shard::WHOLE;
        first.get_or_insert_with(|| header.clone()).check(&header, path)?;
        entries.extend(results);
    }
    let points = first.as_ref().map_or(0, |header| header.points);
    let gap = (0..points).find(|index| !entries.contains_key(index));
    let (Some(header), None) = (first, gap) else {
        let missing = points - entries.len();
        return Err(SweepError::Incomplete(missing, points, gap.unwrap_or_default()));
    };
    // the hash is one of all keys, which are all here
    let keys = entries.values().map(|entry| &entry.key);
    let whole = Header::new(&header.settings, keys, Shard::WHOLE);
    whole.check(&header, inputs[0].as_ref())?;
    let mut text = line(&whole);
    entries.values().for_each(|entry| text += &line(entry));
    write_new(output.as_ref(), &text).map_err(SweepError::io(output.as_ref()))?;
    let failed = entries.values().filter(|entry| entry.error.is_some()).count();
    Ok(Progress { total: points, resumed: points, failed, ..Progress::default() })
}

/// A kill leaves no file or a whole one.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text)?;
    File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, path)?;
    sync_folder(path)
}
