//! Texts that were cut off, or of which something was lost: never a panic, and no other cause than before.

use proptest::prelude::*;

use monconf::verify::diagnosis::explain;

use super::fuzz_body::explained;
use super::texts::TEXTS;

/// What a status alone says.
const BARE: [&str; 3] = ["unauthorized", "forbidden", "not-found"];

fn codes(text: &str) -> Vec<&'static str> {
    explain(text)
        .iter()
        .map(|finding| finding.cause.code())
        .collect()
}

#[test]
fn a_text_that_is_cut_off_has_no_other_cause() {
    let mut wrong = Vec::new();
    for (what, text, _) in TEXTS {
        let whole = codes(text);
        for (at, _) in text.char_indices().step_by(3) {
            for code in codes(&text[..at]) {
                // Why the right is missing may stand behind it.
                let is_wider = code == "missing-right" && whole.contains(&"missing-role");
                if !whole.contains(&code) && !BARE.contains(&code) && !is_wider {
                    wrong.push(format!("{what}: {code} of {:?}", &text[..at]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_repeated_without_end_is_read_to_the_end() {
    for piece in [
        "{",
        "{\"a\":",
        "[{\"a\":[1,{\"b\":",
        "User \"",
        "Forbidden (user=",
        " \"a is forbidden: User \"x\" cannot get resource \"nodes\"",
        "https://a b ",
        "\\\"",
    ] {
        explained(piece.repeat(200_000 / piece.len()).as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        explained(text.as_bytes());
        explained(&bytes);
    }

    #[test]
    fn what_is_lost_or_repeated_does_no_harm(
        index in 0..TEXTS.len(),
        other in 0..TEXTS.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, any::<u8>()), 1..6),
    ) {
        let mut bytes = [TEXTS[index].1, TEXTS[other].1].concat().into_bytes();
        for (place, length, put) in cuts {
            if bytes.is_empty() {
                break;
            }
            let start = place.index(bytes.len());
            let end = (start + length).min(bytes.len());
            if put % 2 == 0 {
                bytes.splice(start..end, [put]);
            } else {
                let again = bytes[start..end].to_vec();
                bytes.splice(start..start, again);
            }
        }
        explained(&bytes);
    }
}
