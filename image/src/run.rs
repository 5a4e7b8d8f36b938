//! Programs that are asked.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Command;

/// What `program` prints, without the last line's end.
///
/// # Errors
/// With what it wrote, when it cannot be run or fails.
pub(crate) fn ask<S: AsRef<OsStr>>(
    folder: &Path,
    program: &str,
    arguments: &[S],
) -> io::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output();
    let output =
        output.map_err(|error| io::Error::other(format!("cannot run {program}: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("{program}: {said}")));
    }
    let text = String::from_utf8(output.stdout);
    Ok(text.map_err(io::Error::other)?.trim_end().to_owned())
}
