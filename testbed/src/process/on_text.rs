//! Programs that read one file and print what they make of it.

use std::fs;
use std::process::Command;

use super::Directory;

/// Runs `command` in a folder that holds `text` as the file `name`, its last argument; what it printed, or what it
/// said on standard error when it failed.
pub(crate) fn run_on_text(mut command: Command, name: &str, text: &str) -> Result<String, String> {
    let folder = Directory::new("text");
    fs::write(folder.path().join(name), text).expect("the directory is writable");
    let output = command
        .arg(name)
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|e| panic!("{command:?} cannot be started: {e}"));
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).expect("it prints UTF-8"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
