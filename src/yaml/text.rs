//! Lines of a text, as ranges of bytes.

/// Where the line begins that `position` is on.
#[must_use]
pub fn line_start(text: &str, position: usize) -> usize {
    text[..position].rfind('\n').map_or(0, |index| index + 1)
}

/// Just behind the line break of the line that ends at or after `position`; a position just behind a line break is
/// such an end itself.
#[must_use]
pub fn line_end(text: &str, position: usize) -> usize {
    if position > 0 && text.as_bytes()[position - 1] == b'\n' {
        return position;
    }
    text[position..]
        .find('\n')
        .map_or(text.len(), |index| position + index + 1)
}

/// Where the line ends that begins at `start`: just behind its line break.
#[must_use]
pub fn next_line(text: &str, start: usize) -> usize {
    let length = text[start..].find('\n');
    length.map_or(text.len(), |length| start + length + 1)
}

/// `line` without its line break: the end of what stands on the line that ends at `end`.
#[must_use]
pub fn content_end(text: &str, end: usize) -> usize {
    let line = &text[..end];
    line.strip_suffix("\r\n")
        .or_else(|| line.strip_suffix('\n'))
        .unwrap_or(line)
        .len()
}

/// The line break that lines around `position` have: that of the line before it, else the text's first, else `\n`.
#[must_use]
pub fn line_break(text: &str, position: usize) -> &'static str {
    let before = text[..position].rfind('\n');
    match before.or_else(|| text.find('\n')) {
        Some(index) if text[..index].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
