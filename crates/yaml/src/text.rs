//! Lines of a text, as ranges of bytes. A position may lie within a character.

/// Where the line begins that `position` is on.
#[must_use]
pub fn line_start(text: &str, position: usize) -> usize {
    let mut before = text.as_bytes()[..position].iter();
    before
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |index| index + 1)
}

/// Just behind the line break of the line that ends at or after `position`; a position just behind a line break is
/// such an end itself.
#[must_use]
pub fn line_end(text: &str, position: usize) -> usize {
    if position > 0 && text.as_bytes()[position - 1] == b'\n' {
        return position;
    }
    let mut behind = text.as_bytes()[position..].iter();
    behind
        .position(|byte| *byte == b'\n')
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
    let start = line_start(text, position);
    let end = if start > 0 {
        Some(start - 1)
    } else {
        text.find('\n')
    };
    match end {
        Some(index) if text[..index].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_alphabets_end_too() {
        let text = "é\r\n\u{feff}ü\n\nend";
        for (position, expected) in [(0, 0..4), (1, 0..4), (3, 0..4), (5, 4..10), (10, 10..10)] {
            let lines = line_start(text, position)..line_end(text, position);
            assert_eq!(lines, expected, "{position}");
        }
        assert_eq!(line_start(text, 4)..line_end(text, 4), 4..4);
        assert_eq!(line_start(text, 11)..line_end(text, 12), 11..14);
        assert_eq!(content_end(text, 4), 2);
        assert_eq!(
            [
                line_break(text, 4),
                line_break(text, 10),
                line_break(text, 1)
            ],
            ["\r\n", "\n", "\r\n"]
        );
    }
}
