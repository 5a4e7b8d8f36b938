//! The files of one Prometheus, with those that they name.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::files::{STDIN, manifests};
use crate::access::existing::{self, Input};
use crate::error::{Error, Result};
use crate::promfile;
use crate::ui::Ui;

/// Reads `paths`: files, folders of manifests, standard input; and what their `scrape_config_files` name.
///
/// # Errors
/// A file that cannot be read or is no YAML.
pub(in crate::command) fn configurations(paths: &[PathBuf], ui: &Ui) -> Result<Vec<Input>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(manifests(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let mut inputs = Vec::new();
    let mut read: Vec<PathBuf> = Vec::new();
    let mut position = 0;
    while let Some(path) = files.get(position).cloned() {
        position += 1;
        // A file that is named twice, as by a folder and by a pattern, is one file.
        let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
        if read.contains(&identity) {
            continue;
        }
        read.push(identity);
        let input = Input {
            file: name(&path),
            text: text(&path)?,
        };
        files.extend(named(&path, &input, ui)?);
        inputs.push(input);
    }
    Ok(inputs)
}

fn name(path: &Path) -> String {
    if path.as_os_str() == STDIN {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

/// The files that a configuration's `scrape_config_files` match, relative to the configuration.
fn named(path: &Path, input: &Input, ui: &Ui) -> Result<Vec<PathBuf>> {
    let patterns =
        existing::scrape_config_files(input).map_err(|fault| Error::usage(fault.to_string()))?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut files = Vec::new();
    for (pattern, place) in patterns {
        let found = promfile::glob(&folder.join(&pattern));
        if found.is_empty() {
            // Prometheus starts without them.
            ui.warn(&format!(
                "{place}: {pattern} matches no file; jobs in it are not explained"
            ));
        }
        files.extend(found);
    }
    Ok(files)
}

fn text(path: &Path) -> Result<String> {
    if path.as_os_str() == STDIN {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| unreadable(path, &error.to_string()))?;
        return Ok(text);
    }
    let file = promfile::read(path)?;
    let file = file.ok_or_else(|| unreadable(path, "there is no such file"))?;
    Ok(file.text.to_string())
}

fn unreadable(path: &Path, reason: &str) -> Error {
    Error::File {
        action: "read",
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}
