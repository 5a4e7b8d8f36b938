//! Comments by which items are known again.

const INSTANCE: &str = "by monconf, instance ";

/// Stands behind a key that monconf added: it goes with the last item.
const KEY: &str = "by monconf";

/// Stands before the word for nothing that a key had: with it gone, the word is back.
pub(super) const WAS: &str = "# by monconf, was: ";

/// The instance of monconf that an item belongs to, as the comment behind its name says.
pub(super) fn instance(behind: &str) -> Option<&str> {
    comment(behind)?.strip_prefix(INSTANCE)
}

/// The comment for an item of `instance`.
pub(super) fn of_instance(instance: &str) -> String {
    format!("# {INSTANCE}{instance}")
}

/// The comment for a key.
pub(super) fn of_key() -> String {
    format!("# {KEY}")
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
