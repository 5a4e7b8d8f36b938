//! What a document shows, and whether that is what was printed.

/// The text of the first code block of that language.
#[track_caller]
pub(crate) fn block<'t>(document: &'t str, language: &str) -> &'t str {
    let (_, start) = document.split_once(&format!("```{language}\n")).unwrap();
    start.split_once("```").unwrap().0
}

/// Panics unless the parts of `shown`, between lines of `…`, are in `printed`, in their order.
#[track_caller]
pub(crate) fn is_printed(shown: &str, printed: &str) {
    let mut rest = printed;
    for part in shown.split("…\n") {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("shown is\n{part}\nbut printed was\n{printed}"));
        rest = &rest[at + part.len()..];
    }
}

/// The arguments of the command in backquotes that begins with `beginning`, `monconf` left out.
#[track_caller]
pub(crate) fn command<'t>(document: &'t str, beginning: &str) -> Vec<&'t str> {
    let start = document.find(&format!("`{beginning}")).unwrap();
    let command = document[start..].split('`').nth(1).unwrap();
    command.split_whitespace().skip(1).collect()
}
