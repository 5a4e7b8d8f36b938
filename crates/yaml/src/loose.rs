//! The values of some keys, as far as lines by themselves tell: in comments, and in what is no valid YAML. Rather too
//! much is found than too little.

use std::ops::Range;

use super::wanted::{Extent, Wanted};

/// Adds the bytes of what stands behind keys that are `wanted`, to the end of the line, and of the lines below that are
/// further in than the key; those behind `Bearer` and `Basic`; and private keys. A `#` at the beginning of a line counts
/// as a blank.
pub fn loosely(text: &str, lines: Range<usize>, wanted: Wanted, found: &mut Vec<Range<usize>>) {
    let mut reader = Reader {
        wanted,
        below: None,
        until: None,
        in_private_key: false,
    };
    let mut start = lines.start;
    for line in text[lines].split_inclusive(['\n', '\r']) {
        let content = line.trim_end();
        let found_here = reader.line(content);
        found.extend(found_here.map(|from| start + from..start + content.len()));
        start += line.len();
    }
}

struct Reader {
    wanted: Wanted,
    /// The column of the key of which the lines further in are a part.
    below: Option<usize>,
    /// What ends the value under way.
    until: Option<char>,
    in_private_key: bool,
}

impl Reader {
    /// Where what is found begins on this line.
    fn line(&mut self, line: &str) -> Option<usize> {
        let shown = line.trim_start_matches(['\u{feff}', ' ', '\t', '#']);
        let column = line.len() - shown.len();
        if shown.is_empty() {
            return None;
        }
        if self.in_private_key {
            self.in_private_key = !shown.contains("-----END");
            return Some(column);
        }
        if let Some(end) = self.until {
            if shown.contains(end) {
                self.until = None;
            }
            return Some(column);
        }
        if self.below.is_some_and(|key| column > key) {
            return Some(column);
        }
        self.below = None;
        let value = self.value(line, column);
        let others = [private_key(line), credentials(line)];
        if let [Some(_), _] = others {
            self.in_private_key = !line.contains("-----END");
        }
        value.into_iter().chain(others.into_iter().flatten()).min()
    }

    fn value(&mut self, line: &str, column: usize) -> Option<usize> {
        let separators = line.match_indices([':', '=']);
        for (separator, kind) in separators {
            let (key, name) = name_before(line, separator);
            let extent = (self.wanted)(name);
            let rest = &line[separator + 1..];
            let value = rest.trim_start();
            let is_word = matches!(value, "~" | "null" | "true" | "false");
            let is_map = extent == Extent::Value && value.starts_with('{');
            // What has an anchor may stand for a secret elsewhere; a value whose key is on another line is anything.
            let before = line[..separator].trim_matches([' ', '\t', '#', '-']);
            let is_alone = before.is_empty() && rest.starts_with(' ');
            let is_unknown = extent == Extent::Nothing && !value.starts_with('&') && !is_alone;
            if is_unknown || is_word || is_map || is_reference(kind, value) {
                continue;
            }
            let is_in_brackets = line[..key].contains(['{', '[']);
            self.below = Some(if is_in_brackets { column } else { key });
            if is_block_head(value) {
                return None;
            }
            let end = match value.chars().next() {
                Some('[') => Some(']'),
                Some('{') => Some('}'),
                first => first.filter(|first| "\"'".contains(*first)),
            };
            self.until = end.filter(|end| !value[1..].contains(*end));
            return Some(line.len() - value.len());
        }
        None
    }
}

/// The word before a separator, and where it begins; in quotes or not.
pub(super) fn name_before(line: &str, separator: usize) -> (usize, &str) {
    let before = line[..separator].trim_end().trim_end_matches(['"', '\'']);
    let is_part = |character: char| character.is_alphanumeric() || "_-".contains(character);
    let name = before.trim_end_matches(is_part).len();
    (name, &before[name..])
}

/// `|`, `>2-`, or nothing: the value stands on the lines below.
fn is_block_head(value: &str) -> bool {
    let is_head = value.starts_with(['|', '>']);
    value.is_empty()
        || (is_head
            && value[1..]
                .bytes()
                .all(|byte| b"+-123456789".contains(&byte)))
}

/// Where the configuration of Alloy has a secret from, and not the secret.
fn is_reference(separator: &str, value: &str) -> bool {
    let inner = ["convert.nonsensitive(", "nonsensitive("]
        .iter()
        .find_map(|function| value.strip_prefix(function))
        .unwrap_or(value);
    let components = ["local.file.", "remote.kubernetes.secret."];
    separator == "="
        && components.iter().any(|name| inner.starts_with(name))
        && value
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_.-[]\"()".contains(character))
}

fn private_key(line: &str) -> Option<usize> {
    let begin = line.find("-----BEGIN")?;
    line[begin..].contains("PRIVATE KEY").then_some(begin)
}

/// What stands behind the name of a scheme of HTTP authentication.
fn credentials(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    ["bearer ", "basic "].iter().find_map(|scheme| {
        let behind = lower.find(scheme)? + scheme.len();
        let value = line[behind..].trim_start();
        let length = value.find(char::is_whitespace).unwrap_or(value.len());
        (length >= 8).then(|| line.len() - value.len())
    })
}

/// Values behind keys that are `wanted` within one line, each no longer than a word: `user=a&token=b`. Says whether there
/// is such a key.
pub fn embedded(
    text: &str,
    line: Range<usize>,
    wanted: Wanted,
    found: &mut Vec<Range<usize>>,
) -> bool {
    let shown = &text[line.clone()];
    let mut has_key = false;
    let is_end = |character: char| character.is_whitespace() || "\"'&,;)]}\\".contains(character);
    let word = |start: usize| {
        let value = &shown[start..];
        start..start + value.find(is_end).unwrap_or(value.len())
    };
    let mut words: Vec<Range<usize>> = credentials(shown).map(word).into_iter().collect();
    for (separator, kind) in shown.match_indices([':', '=']) {
        let (_, name) = name_before(shown, separator);
        if wanted(name) == Extent::Nothing {
            continue;
        }
        let value = shown[separator + 1..].trim_start();
        let word = word(shown.len() - value.trim_start_matches(['"', '\'', '\\']).len());
        let value = &shown[word.clone()];
        let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let is_port = kind == ":" && value.len() <= 5 && is_digits;
        let is_word = matches!(value, "~" | "null" | "true" | "false");
        let is_elsewhere = value.starts_with(['{', '[', '|', '>', '#', '&', '*', '!']);
        if is_word || (is_port && !value.is_empty()) || is_reference(kind, value) {
            continue;
        }
        has_key = true;
        if !is_elsewhere {
            words.push(word);
        }
    }
    let words = words.into_iter();
    found.extend(words.map(|word| line.start + word.start..line.start + word.end));
    has_key
}
