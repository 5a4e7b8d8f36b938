//! Texts in quotes: as the API server writes them, and as a shell reads them.

/// The text in the quotes that `text` begins with, and what follows them. It is written as Go's `%q` does, and in the
/// authorizer's sentences escaped for HTML after that.
pub(crate) fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut characters = inner.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => {
                let plain = out
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&");
                return Some((plain, &inner[index + 1..]));
            }
            // Other escapes stand for characters that are not printed anyway: they stay as they are.
            '\\' => match characters.next()?.1 {
                escaped @ ('"' | '\\') => out.push(escaped),
                other => out.extend(['\\', other]),
            },
            character => out.push(character),
        }
    }
    None
}

/// A text as one word of a shell's line.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,@=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", one_line(text).replace('\'', r"'\''"))
}

/// A line to paste: the command line `arguments` (without the program's name) with more flags.
pub(crate) fn command_line(arguments: &[String], more: &[&str]) -> String {
    let end = arguments.iter().position(|argument| argument == "--");
    let (flags, rest) = arguments.split_at(end.unwrap_or(arguments.len()));
    let words = flags.iter().map(String::as_str);
    let words = words.chain(more.iter().copied());
    let words = words.chain(rest.iter().map(String::as_str));
    let words: Vec<String> = words.map(shell_word).collect();
    format!("monconf {}", words.join(" "))
}

/// Nothing in a name begins a line of its own.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::{command_line, quoted, shell_word};

    #[test]
    fn a_line_can_be_pasted() {
        for (arguments, line) in [
            (vec!["remove", "--apply"], "monconf remove --apply --yes"),
            (
                vec!["remove", "--", "prometheus"],
                "monconf remove --yes -- prometheus",
            ),
            (
                vec!["remove", "--token-dir", "a b"],
                "monconf remove --token-dir 'a b' --yes",
            ),
        ] {
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            assert_eq!(command_line(&arguments, &["--yes"]), line);
        }
    }

    #[test]
    fn a_shell_reads_one_word() {
        for (text, word) in [
            ("--jobs=a,b", "--jobs=a,b"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's $x", r"'it'\''s $x'"),
            ("a\nb", "'a b'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn quotes_are_read_to_their_end() {
        for (text, expected) in [
            (r#""a" b"#, Some(("a", " b"))),
            (r#""a\"b\\" c"#, Some((r#"a"b\"#, " c"))),
            (r#""\u202ex""#, Some((r"\u202ex", ""))),
            (r#""&lt;a&amp;lt;""#, Some(("<a&lt;", ""))),
            (r#""""#, Some(("", ""))),
            (r#"a"b""#, None),
            (r#""a"#, None),
            (r#""a\"#, None),
            ("", None),
        ] {
            let read = quoted(text);
            let read = read.as_ref().map(|(inner, rest)| (inner.as_str(), *rest));
            assert_eq!(read, expected, "{text}");
        }
    }
}
