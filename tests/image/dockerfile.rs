//! The Dockerfile makes the same image.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::image::PROJECT;

const DOCKERFILE: &str = include_str!("../../Dockerfile");

/// The arguments of each instruction of that name, continued lines joined.
fn instructions(name: &str) -> Vec<String> {
    let text = DOCKERFILE.replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            Some(
                line.strip_prefix(name)?
                    .strip_prefix(' ')?
                    .trim()
                    .to_owned(),
            )
        })
        .collect()
}

#[test]
fn it_has_the_same_labels() {
    let [labels] = instructions("LABEL").try_into().unwrap();
    let mut rest = labels.as_str();
    let mut found = BTreeMap::new();
    while let Some((name, more)) = rest.split_once("=\"") {
        let (value, more) = more.split_once('"').unwrap();
        found.insert(name.trim().to_owned(), value.to_owned());
        rest = more;
    }
    let mut expected = PROJECT.labels();
    // Who builds it says so.
    let revision = "org.opencontainers.image.revision";
    expected.insert(revision.to_owned(), "${REVISION}".to_owned());
    assert_eq!(found, expected);
    assert_eq!(instructions("ARG"), ["REVISION"]);
}

#[test]
fn it_holds_and_runs_the_same() {
    let entrypoint = image::ENTRYPOINT;
    assert_eq!(instructions("USER"), [image::USER]);
    assert_eq!(instructions("ENTRYPOINT"), [format!("[{entrypoint:?}]")]);
    assert_eq!(
        instructions("COPY"),
        [
            ". .".to_owned(),
            format!("--from=build --chmod=0755 /monconf {entrypoint}")
        ]
    );
    // Built by the same code.
    assert_eq!(instructions("RUN"), ["cargo image --program /monconf"]);
    for other in ["ENV", "CMD", "ADD", "VOLUME", "EXPOSE"] {
        assert!(instructions(other).is_empty(), "{other}");
    }
}

#[test]
fn its_compiler_is_pinned_and_new_enough() {
    let [compiler, base] = instructions("FROM").try_into().unwrap();
    assert_eq!(base, "scratch");
    let version = compiler.strip_prefix("rust:").unwrap();
    let version = version.strip_suffix("-slim-trixie AS build").unwrap();
    let numbers: Vec<u32> = version
        .split('.')
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 3, "{version}");
    let needed = env!("CARGO_PKG_RUST_VERSION").split('.');
    let needed: Vec<u32> = needed.map(|number| number.parse().unwrap()).collect();
    assert!(numbers >= needed, "{numbers:?}");
}

/// [`super::reproducible`] builds of just these.
#[test]
fn what_it_is_given_is_named() {
    let named = super::reproducible::context();
    assert!(named.is_superset(&BTreeSet::from([
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "crates",
        "image"
    ])));
}
