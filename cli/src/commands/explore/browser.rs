//! Opening the browser.

use std::io;
use std::process::{Command, Stdio};
use std::thread;

/// Asks the system to open an address; what the browser says is not shown.
pub fn open(address: &str) -> io::Result<()> {
    let mut command = opener();
    let command = command.arg(address).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn()?;
    // a process that nobody waits for stays in the table of processes
    thread::spawn(move || child.wait());
    Ok(())
}

#[cfg(target_os = "macos")]
fn opener() -> Command {
    Command::new("open")
}

#[cfg(target_os = "windows")]
fn opener() -> Command {
    let mut command = Command::new("rundll32");
    command.arg("url.dll,FileProtocolHandler");
    command
}

#[cfg(not(any(target_os = "macos", target_os = "windows")))]
fn opener() -> Command {
    Command::new("xdg-open")
}
