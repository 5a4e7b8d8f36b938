//! Finds the files of made-up crates.

use std::io;
use std::path::Path;

use super::*;
use crate::made_up::read;

fn files(given: &[(&str, &str)]) -> Vec<String> {
    let sources = read(given).into_iter();
    sources
        .map(|source| format!("{} {}", source.module.join("::"), source.file.display()))
        .collect()
}

#[test]
fn a_module_is_a_file_or_a_folder() {
    let found = files(&[
        ("lib.rs", "mod a; mod b; mod c { mod d; }"),
        ("a.rs", "mod inner;"),
        ("a/inner.rs", ""),
        ("b/mod.rs", "mod inner;"),
        ("b/inner.rs", ""),
        ("c/d.rs", ""),
    ]);
    assert_eq!(
        found,
        [
            " lib.rs",
            "a a.rs",
            "a::inner a/inner.rs",
            "b b/mod.rs",
            "b::inner b/inner.rs",
            "c::d c/d.rs"
        ]
    );
}

#[test]
fn a_path_attribute_names_the_file() {
    let found = files(&[
        ("lib.rs", "#[path = \"elsewhere/x.rs\"] mod a;"),
        ("elsewhere/x.rs", "mod y;"),
        ("elsewhere/y.rs", ""),
    ]);
    assert_eq!(
        found,
        [" lib.rs", "a elsewhere/x.rs", "a::y elsewhere/y.rs"]
    );
}

#[test]
fn a_file_for_tests_only_is_left_out() {
    let found = files(&[("lib.rs", "mod a;"), ("a.rs", "#![cfg(test)]\nmod absent;")]);
    assert_eq!(found, [" lib.rs"]);
}

#[test]
fn a_file_that_is_missing_or_not_rust_is_named() {
    let missing = sources(
        Path::new("lib.rs"),
        &|_| Err(io::ErrorKind::NotFound.into()),
    );
    assert_eq!(
        missing.err().expect("a missing file").to_string(),
        "lib.rs: entity not found"
    );
    let wrong = sources(Path::new("lib.rs"), &|_| Ok("\nfn f( {}".to_owned()));
    assert_eq!(
        wrong.err().expect("a wrong file").to_string(),
        "lib.rs:2: cannot parse string into token stream"
    );
}
