//! Comments at the key of a list: what was there before the first item that monconf added.

/// Stands behind a key that monconf added: it is removed with the last item.
const KEY: &str = "by monconf";

/// Stands before the word for nothing that a key had: with the comment removed, the word is back.
pub(super) const WAS: &str = "# by monconf, was: ";

/// The comment for a key.
pub(super) fn of_key() -> String {
    format!("# {KEY}")
}

/// Whether what follows a key, from its colon on, says that monconf added it.
pub(super) fn is_own_key(behind: &str) -> bool {
    let behind = behind.trim_start().strip_prefix(':');
    let comment = behind.and_then(|behind| behind.trim_start().strip_prefix('#'));
    comment.map(str::trim) == Some(KEY)
}
