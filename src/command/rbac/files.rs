//! Roles and bindings out of manifests.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::promfile;
use crate::rbac::bindings::{Roles, Source};

/// What stands for standard input.
pub(super) const STDIN: &str = "-";

const EXPECTED: &str = "-f reads manifests of rbac.authorization.k8s.io, from folders those in *.yaml, *.yml and *.json; of a chart: `helm template … | monconf rbac audit -f -`; of the cluster: `monconf rbac audit`";

/// Every role and binding in files and folders of manifests; other kinds are passed over.
///
/// # Errors
/// A file that cannot be read or is no YAML, and a role or binding that the API server would not take; with its line. A
/// path without any role or binding too: to find nothing there would say that all is well.
pub(super) fn read(paths: &[PathBuf]) -> Result<Roles> {
    let mut roles = Roles::default();
    for path in paths {
        let mut added = 0;
        if path.as_os_str() == STDIN {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| unreadable(path, &error))?;
            added += add(&mut roles, Path::new("stdin"), &text)?;
        } else if path.is_dir() {
            for file in manifests(path)? {
                added += add(&mut roles, &file, &text(&file)?)?;
            }
        } else {
            added += add(&mut roles, path, &text(path)?)?;
        }
        if added == 0 {
            let place = if path.as_os_str() == STDIN {
                "standard input".to_owned()
            } else {
                path.display().to_string()
            };
            return Err(Error::usage_hint(
                format!("no Role, ClusterRole, RoleBinding or ClusterRoleBinding in {place}"),
                EXPECTED,
            ));
        }
    }
    Ok(roles)
}

fn text(path: &Path) -> Result<String> {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let file = promfile::read(path)?;
    file.map(|file| file.text.to_string())
        .ok_or_else(|| unreadable(path, &missing()))
}

/// The manifests below `folder`, in the order of their names. Links to folders are not followed.
pub(super) fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| unreadable(folder, &error);
    let mut entries = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        entries.push((entry.path(), entry.file_type().map_err(unreadable)?));
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut files = Vec::new();
    for (path, kind) in entries {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if kind.is_dir() {
            files.extend(manifests(&path)?);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    Ok(files)
}

/// Adds what `text` holds; gives the number of roles and bindings.
fn add(roles: &mut Roles, file: &Path, text: &str) -> Result<usize> {
    let origin = file.display().to_string();
    let documents = yaml::parse_located(text, &origin).map_err(|error| {
        let hint =
            "a template has to be rendered first: `helm template … | monconf rbac audit -f -`";
        Error::usage_hint(error.to_string(), hint)
    })?;
    let mut count = 0;
    for document in documents {
        let source = Source {
            file: file.to_owned(),
            lines: Arc::new(document.lines),
            pointer: String::new(),
        };
        let added = roles.add(&document.value, Some(&source));
        count += added.map_err(|wrong| {
            let line = source.line(&wrong.pointer);
            Error::usage(format!(
                "{origin}:{line}: {}: {}",
                wrong.pointer, wrong.reason
            ))
        })?;
    }
    Ok(count)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
