//! Texts of files, and of standard input.

use std::fmt::Display;
use std::fs;
use std::io::read_to_string;
use std::path::Path;

/// A text, and where it comes from.
pub struct Input {
    name: String,
    pub text: String,
}

impl Input {
    /// The text of a file, or of standard input for `-`.
    ///
    /// # Errors
    /// A sentence with the name of the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let (name, text) = match path.as_os_str() == "-" {
            true => ("standard input".to_owned(), read_to_string(std::io::stdin())),
            false => (path.display().to_string(), fs::read_to_string(path)),
        };
        let text = text.map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name, text })
    }

    /// What is wrong with it, with its name in front.
    pub fn wrong(&self, problem: impl Display) -> String {
        format!("{}: {problem}", self.name)
    }
}
