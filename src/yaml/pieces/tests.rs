use std::fs;
use std::path::Path;

use super::*;
use crate::yaml::{Extent, locate};
use generator::Document;

#[path = "../../../tests/splice/generator/mod.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the integration tests use more of it, and may unwrap"
)]
mod generator;

const TOKENS: Wanted = |key| match key {
    "credentials" | "password" => Extent::Value,
    _ => Extent::Nothing,
};

fn steps() -> [Step; 1] {
    [Step::Key("scrape_configs".to_owned())]
}

/// Read in pieces of `size` bytes.
fn cut_into<'t>(text: &'t str, size: usize, before: Option<&Located<'t>>) -> Option<Located<'t>> {
    in_pieces(text, &steps(), "job_name", TOKENS, size, before)
}

/// What there is to know, apart from how it was read.
fn shown(mut located: Located<'_>) -> String {
    located.pieces.clear();
    format!("{located:#?}")
}

/// Whether it is read in pieces, however large they are; and then means the same.
fn is_same(text: &str) -> bool {
    let cuts: Vec<_> = [1, 200]
        .into_iter()
        .filter_map(|size| cut_into(text, size, None))
        .collect();
    for cut in &cuts {
        assert!(!cut.pieces.is_empty());
    }
    let is_cut = !cuts.is_empty();
    for cut in cuts {
        let whole =
            whole(text, &steps(), "job_name", TOKENS, "").expect("it can be read in pieces");
        assert_eq!(shown(cut), shown(whole), "{text}");
    }
    is_cut
}

#[test]
fn a_document_means_the_same_in_pieces() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/splice/corpus");
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let texts = files.map(|file| fs::read_to_string(file.path()).expect("UTF-8"));
    let cut = texts.filter(|text| is_same(text)).count();
    assert!(cut >= 30, "{cut}");
    let random = (0..6_000).map(|seed| Document::new(seed).text);
    let cut = random.filter(|text| is_same(text)).count();
    assert!(cut >= 800, "{cut}");
}

#[test]
fn what_an_item_leaves_open_is_not_cut() {
    let rest = "  - job_name: b\n  - job_name: c\n";
    for item in [
        "params: {a: [\n  - ]}",
        "x: \"a\n  - job_name: d\n    b\"",
        "x: 'a\n  - job_name: d'",
        "x: &a 1\n  - job_name: d\n    x: *a",
        "x: [1,\n  - 2",
    ] {
        let text = format!("scrape_configs:\n  - job_name: a\n    {item}\n{rest}");
        let is_valid = locate(&text, &steps(), "job_name", TOKENS, "").is_ok();
        assert!(!is_same(&text) || is_valid, "{text}");
        let text = format!("scrape_configs:\n{rest}  - job_name: a\n    {item}\n{rest}");
        assert!(!is_same(&text) || is_valid, "{text}");
    }
    // The end of a text of several lines is the beginning of what follows.
    let text = format!("scrape_configs:\n{rest}  - job_name: 'a\nrule_files: ['b']\n");
    assert!(!is_same(&text));
}

#[test]
fn the_list_must_be_the_one_under_the_key() {
    for text in [
        "a: |\n scrape_configs:\nscrape_configs:\n- a\n- b\nscrape_configs:\n- a\n",
        "|\nscrape_configs:\n- job_name: a\n- job_name: b\n- job_name: c\n",
        "a: '\nscrape_configs:\n  - job_name: a\n  - job_name: b\n'\n",
        "scrape_configs:\n  - job_name: a\n  - job_name: b\nother:\n  - c\nscrape_configs: []\n",
        "---\n---\nscrape_configs:\n  - job_name: a\n  - job_name: b\n",
        "scrape_configs: # a list\n  - job_name: a\n - job_name: b\n",
        "scrape_configs:\n  a: 1\n  b: 2\n",
        "scrape_configs:\n  - job_name: a\n",
    ] {
        assert!(!is_same(text), "{text}");
    }
}

#[test]
fn pieces_that_are_there_already_are_not_read_again() {
    let job = |name: &str| {
        format!("  - job_name: {name}\n    basic_auth:\n      password: of-{name} # one\n\n")
    };
    let jobs = |names: &[&str]| -> String { names.iter().map(|name| job(name)).collect() };
    let old = format!(
        "global: {{}}\nscrape_configs:\n{}",
        jobs(&["a", "b", "c", "d"])
    );
    let new = format!(
        "# more\nglobal: {{}}\nscrape_configs:\n{}",
        jobs(&["x", "a", "b", "e", "d"])
    );
    let before = cut_into(&old, 1, None).expect("it can be cut");
    let whole = whole(&new, &steps(), "job_name", TOKENS, "").expect("it is valid");
    let again = shown(cut_into(&new, 1, Some(&before)).expect("it can be cut"));
    assert_eq!(again, shown(whole));
    // Nobody looks into them: what is known of a piece is taken for what it holds.
    let mut wrong = before;
    wrong.fingerprint.items[1] ^= 1;
    assert_ne!(
        shown(cut_into(&new, 1, Some(&wrong)).expect("it can be cut")),
        again
    );
}
