//! Writing the results file so that being killed costs nothing that was written.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::SweepError;
use super::format::{Header, not_results, scan};

/// A results file that this process alone is writing.
pub(super) struct ResultsFile {
    file: File,
    path: PathBuf,
    length: u64,
}

/// A line that is there already.
pub(super) struct Done {
    pub index: usize,
    pub failed: bool,
}

impl ResultsFile {
    /// Opens or makes the file, cuts off a torn last line, and says which points are done.
    pub fn open(
        path: &Path,
        header: &Header,
        keys: &[Box<serde_json::value::RawValue>],
    ) -> Result<(Self, Vec<Done>), SweepError> {
        let io = SweepError::io(path);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(&io)?;
        if !file.metadata().map_err(&io)?.is_file() {
            return Err(io(std::io::Error::other("not a regular file")));
        }
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SweepError::Locked { path: path.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let contents = scan(BufReader::new(&file), path)?;
        let mut results = Self { file, path: path.to_owned(), length: contents.complete };
        match &contents.header {
            Some(found) => header.check(found, path)?,
            // a file that is not ours stays as it is
            None if !header.line().as_bytes().starts_with(&contents.torn) => {
                return Err(not_results(path));
            }
            None => {}
        }
        for (number, entry) in contents.entries.iter().enumerate() {
            if entry.key.get() != keys[entry.index].get() {
                let why = format!("point {} has another key", entry.index);
                return Err(SweepError::Corrupt { path: path.to_owned(), line: number + 2, why });
            }
        }
        if !contents.torn.is_empty() {
            results.file.set_len(results.length).map_err(&io)?;
        }
        if contents.header.is_none() {
            results.append(&header.line())?;
            sync_folder(path).map_err(&io)?;
        }
        let done = contents.entries.iter();
        let done = done.map(|entry| Done { index: entry.index, failed: entry.error.is_some() });
        Ok((results, done.collect()))
    }

    /// Appends a line; it is on the disk when this returns.
    pub fn append(&mut self, line: &str) -> Result<(), SweepError> {
        let file = &mut self.file;
        let written = file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| file.write_all(line.as_bytes()))
            .and_then(|()| file.sync_data());
        if let Err(source) = written {
            // if this fails too, the next run cuts the torn line off
            let _ = self.file.set_len(self.length);
            return Err(SweepError::Io { path: self.path.clone(), source });
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

/// Makes the name of a new file last, too.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
