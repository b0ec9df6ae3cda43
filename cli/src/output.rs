//! What is printed, and the places of files.

use std::fs;
use std::io::{ErrorKind, Write, stdout};
use std::path::{Path, PathBuf};

use gallery::picture::{Figure, save};
use serde::Serialize;

/// Prints to standard output. A reader that has seen enough, as `head`, is no error.
pub fn print(text: &str) -> Result<(), String> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| format!("standard output: {error}")),
    }
}

/// Prints JSON with indented lines.
pub fn print_json(value: &impl Serialize) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    print(&(text + "\n"))
}

/// Checks that the picture has a name that says SVG, and that its folder is there.
pub fn check_svg(path: &Path) -> Result<(), String> {
    match path.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("svg") => check_place(path),
        _ => Err(format!("{}: the picture is SVG; let its name end in .svg", path.display())),
    }
}

/// Checks that a file may be written, before hours of computing.
pub fn check_place(path: &Path) -> Result<(), String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let found = fs::metadata(&folder);
    let why = match (found, fs::metadata(path)) {
        (Err(error), _) => error.to_string(),
        (Ok(found), _) if !found.is_dir() => format!("{} is no folder", folder.display()),
        (_, Ok(there)) if there.is_dir() => "this is a folder".into(),
        _ => return Ok(()),
    };
    Err(format!("{}: {why}", path.display()))
}

/// Writes a picture as SVG.
pub fn save_picture(figure: &Figure, path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("picture");
    let written = save(figure, folder, name);
    written.map(|_| ()).map_err(|error| format!("{}: {error}", path.display()))
}
