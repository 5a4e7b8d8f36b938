//! The syntax of label and field selectors, as the API server reads it.

/// The terms of a selector: `a=b`, `a!=b`, and for labels also `a`, `!a`, `a in (b, c)`, `a notin (b)`.
pub(super) fn selector_fault(kind: &str, text: &str) -> Option<String> {
    let wrong = || Some(format!("{text:?} is no {kind} selector"));
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return wrong();
    }
    let mut depth = 0_usize;
    let mut terms = vec![String::new()];
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return wrong(),
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(term) = terms.last_mut() {
            term.push(character);
        }
    }
    let valid = |term: &String| match kind {
        "field" => is_comparison(term, is_field),
        _ => is_comparison(term, is_label_key) || is_set(term),
    };
    (depth > 0 || !terms.iter().all(valid))
        .then(wrong)
        .flatten()
}

fn is_comparison(term: &str, is_key: fn(&str) -> bool) -> bool {
    let split = ["!=", "==", "="]
        .iter()
        .find_map(|operator| term.split_once(operator));
    split.is_some_and(|(key, value)| is_key(key.trim()) && !value.contains(['=', '!', '(', ' ']))
}

fn is_set(term: &str) -> bool {
    let term = term.trim();
    let words: Vec<&str> = term.splitn(3, ' ').collect();
    match words.as_slice() {
        [key] => is_label_key(key.trim_start_matches('!')),
        [key, "in" | "notin", values] => {
            let values = values.trim();
            is_label_key(key) && values.starts_with('(') && values.ends_with(')')
        }
        _ => false,
    }
}

fn is_label_key(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !name.is_empty() && name.len() <= 63 && key.bytes().all(plain) && key.matches('/').count() <= 1
}

fn is_field(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_the_api_server_reads_them() {
        for text in [
            "a=b",
            "a==b,c!=d",
            "a",
            "!a",
            "a in (b, c)",
            "a notin (b)",
            "x.io/a=b",
            "a=",
        ] {
            assert_eq!(selector_fault("label", text), None, "{text}");
        }
        for text in [
            "", "a b", "a in b", "a in (b", "a)", "a=b=c", "=b", "a/b/c=d", "a,,b",
        ] {
            assert!(selector_fault("label", text).is_some(), "{text}");
        }
        for text in ["metadata.name=a", "spec.nodeName!=b,status.phase=Running"] {
            assert_eq!(selector_fault("field", text), None, "{text}");
        }
        for text in ["metadata.name", "a in (b)", "!a", "meta-data=a"] {
            assert!(selector_fault("field", text).is_some(), "{text}");
        }
    }
}
