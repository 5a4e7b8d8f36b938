//! Words of sentences: numbers with their nouns, and lists.

/// `1 object`, `2 objects`: for nouns whose plural ends in `s`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`; with a comma before the `and` where an item has one of its own.
pub(crate) fn joined(items: &[String]) -> String {
    let Some((last, before)) = items.split_last() else {
        return String::new();
    };
    if before.is_empty() {
        return last.clone();
    }
    let is_nested = items.iter().any(|item| item.contains(" and "));
    let comma = if is_nested { "," } else { "" };
    format!("{}{comma} and {last}", before.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_sentences_do() {
        for (items, text) in [
            (vec![], ""),
            (vec!["a"], "a"),
            (vec!["a", "b"], "a and b"),
            (vec!["a", "b", "c"], "a, b and c"),
            (vec!["a and b", "c"], "a and b, and c"),
            (vec!["a", "b and c", "d"], "a, b and c, and d"),
        ] {
            let items: Vec<String> = items.into_iter().map(str::to_owned).collect();
            assert_eq!(joined(&items), text);
        }
    }

    #[test]
    fn numbers_are_inflected() {
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(2, "file"), "2 files");
    }
}
