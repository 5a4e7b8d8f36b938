//! Comments by which items are known again.

/// What the comment behind an item's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The item belongs to this instance of monconf.
    Instance(String),
    /// monconf did not write it.
    None,
}

const INSTANCE: &str = "by monconf, instance ";

/// Stands behind a key that monconf added: it goes with the last item.
const KEY: &str = "by monconf";

/// Stands before the word for nothing that a key had: with it gone, the word is back.
pub(super) const WAS: &str = "# by monconf, was: ";

impl Mark {
    /// The mark in what follows an item's name on its line.
    #[must_use]
    pub fn of(behind: &str) -> Self {
        comment(behind)
            .and_then(|comment| comment.strip_prefix(INSTANCE))
            .map_or(Self::None, |instance| Self::Instance(instance.to_owned()))
    }

    /// The comment for an item of `instance`.
    #[must_use]
    pub fn comment(instance: &str) -> String {
        format!("  # {INSTANCE}{instance}")
    }
}

/// The comment for a key.
pub(super) fn key_comment() -> String {
    format!("  # {KEY}")
}

/// Whether what follows a key, from its colon on, says that monconf added it.
pub(super) fn is_own_key(behind: &str) -> bool {
    let behind = behind.trim_start().strip_prefix(':');
    behind.and_then(comment) == Some(KEY)
}

/// The comment that is all that `text` holds.
fn comment(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('#').map(str::trim)
}
