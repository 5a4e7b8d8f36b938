//! Which state of the sources it is.

use std::env;
use std::io;
use std::path::Path;

use crate::run::ask;

/// The commit, and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit, with `-dirty` where files differ from it; `None` where the sources are not in a repository.
    pub commit: Option<String>,
    /// `SOURCE_DATE_EPOCH`, else the time of the commit, else 0.
    pub time: u64,
}

impl Revision {
    /// That of a project's folder.
    ///
    /// # Errors
    /// A `SOURCE_DATE_EPOCH` that is no number.
    pub fn of(project: &Path) -> io::Result<Self> {
        let git = |arguments: &[&str]| ask(project, "git", arguments).ok();
        // Not that of a repository around sources without one.
        let own = git(&["rev-parse", "--show-prefix"]).is_some_and(|prefix| prefix.is_empty());
        let commit = git(&["rev-parse", "HEAD"]).filter(|_| own).map(|commit| {
            match git(&["status", "--porcelain"]) {
                Some(changes) if changes.is_empty() => commit,
                _ => format!("{commit}-dirty"),
            }
        });
        let time = match env::var("SOURCE_DATE_EPOCH") {
            Ok(text) => text.parse().map_err(|_| {
                io::Error::other(format!(
                    "SOURCE_DATE_EPOCH={text} is not in seconds since 1970"
                ))
            })?,
            Err(_) => git(&["log", "-1", "--format=%ct"])
                .filter(|_| own)
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
        };
        Ok(Self { commit, time })
    }
}
