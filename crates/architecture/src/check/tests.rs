//! Checks made-up crates against made-up rules, and this workspace against `layers.toml`.

use super::*;
use crate::made_up::{graph, rules};
use crate::workspace::folder;

/// The violations in a crate with these files and rules.
fn said(files: &[(&str, &str)], text: &str) -> Vec<String> {
    let faults = faults(&graph(files), &rules(text)).into_iter();
    faults.map(|fault| of("x")(fault).to_string()).collect()
}

const LAYERS: &str = "layers = \"\"\"\ntop a\nlow b\n\"\"\"\n";

#[test]
fn the_workspace_matches_layers_toml() {
    let layers = Layers::of_workspace().expect("layers");
    let findings = check(folder(), &layers).expect("the workspace");
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn a_cycle_is_a_path_with_its_lines() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "\nuse crate::b;"),
        ("b/mod.rs", "mod inner;"),
        ("b/inner.rs", "fn f() {\n\n    crate::c::g()\n}"),
        ("c.rs", "use crate::a;"),
    ];
    assert_eq!(
        said(&files, ""),
        ["x: import cycle:\n  a -> b  (a.rs:2)\n  b -> c  (b/inner.rs:3)\n  c -> a  (c.rs:1)"]
    );
}

#[test]
fn each_knot_has_a_cycle_of_its_own() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::{a, c};"),
        ("c.rs", "use crate::d;"),
        ("d.rs", "use crate::c;"),
    ];
    assert_eq!(said(&files, "").len(), 2);
}

#[test]
fn an_import_from_a_higher_layer_is_named() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", ""),
        ("b.rs", "use super::a::A;"),
    ];
    assert_eq!(
        said(&files, LAYERS),
        ["x: b -> a goes up, from layer low to layer top (b.rs:1)"]
    );
}

#[test]
fn the_root_is_above_all_layers() {
    let files = [
        ("lib.rs", "mod a; mod b; pub fn run() { a::run() }"),
        ("a.rs", ""),
        ("b.rs", "use crate::run;"),
    ];
    assert_eq!(
        said(&files, LAYERS),
        ["x: b -> crate goes up, from layer low to layer root (b.rs:1)"]
    );
}

#[test]
fn an_allowed_import_is_no_fault() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::a;"),
    ];
    let allowed = "allowed.imports = [\"b -> a\"]";
    assert_eq!(said(&files, &format!("{LAYERS}{allowed}")), [""; 0]);
    assert_eq!(said(&files, allowed), [""; 0]);
}

#[test]
fn an_allowed_import_that_nothing_needs_is_to_be_deleted() {
    let line = "x: the exception \"b -> a\" is not needed any more: delete it from crates/architecture/layers.toml";
    let allowed = format!("{LAYERS}allowed.imports = [\"b -> a\"]");
    let gone = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", ""),
    ];
    assert_eq!(said(&gone, &allowed), [line]);
    // Without layers, it is needed only as long as it closes a cycle.
    let harmless = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", ""),
        ("b.rs", "use crate::a;"),
    ];
    assert_eq!(said(&harmless, "allowed.imports = [\"b -> a\"]"), [line]);
}

#[test]
fn of_two_allowed_imports_that_close_a_cycle_one_is_needed() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::a;"),
    ];
    let said = said(&files, "allowed.imports = [\"b -> a\", \"a -> b\"]");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("the exception \"b -> a\""), "{said:?}");
}

#[test]
fn every_module_has_a_layer_and_every_layer_has_its_modules() {
    let files = [("lib.rs", "mod a; mod c;"), ("a.rs", ""), ("c.rs", "")];
    assert_eq!(
        said(&files, LAYERS),
        [
            "x: module c is in no layer of crates/architecture/layers.toml",
            "x: module b does not exist: delete it from crates/architecture/layers.toml"
        ]
    );
}

#[test]
fn there_are_no_more_modules_than_may_be() {
    let files = [("lib.rs", "mod a; mod b;"), ("a.rs", ""), ("b.rs", "")];
    let with = |text: &str| said(&files, text);
    assert_eq!(with("modules-at-most = 2"), [""; 0]);
    assert_eq!(with("modules-at-most = 1\nallowed.modules = 2"), [""; 0]);
    assert_eq!(
        with("modules-at-most = 1"),
        [
            "x: 2 modules at the top of the crate, at most 1 are allowed: move one into the folder of another"
        ]
    );
    assert_eq!(
        with("modules-at-most = 1\nallowed.modules = 3"),
        [
            "x: fewer modules at the top than allowed: replace modules = 3 with modules = 2 in crates/architecture/layers.toml"
        ]
    );
    assert_eq!(
        with("modules-at-most = 2\nallowed.modules = 3"),
        [
            "x: the exception modules = 3 is not needed any more: delete it from crates/architecture/layers.toml"
        ]
    );
}

#[test]
fn a_crate_that_is_named_exists_and_a_pure_one_does_no_io() {
    let text = "pure = [\"architecture\"]\nimpure = [\"petgraph\", \"tokio\"]\n[crates.nothing]\n";
    let findings = check(folder(), &toml::from_str(text).expect("layers")).expect("the workspace");
    let of_these = |finding: &&Finding| ["architecture", "nothing"].contains(&finding.of.as_str());
    let said: Vec<String> = findings
        .iter()
        .filter(of_these)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "nothing: crate nothing does not exist: delete it from crates/architecture/layers.toml",
            "architecture: a pure crate depends on petgraph: \
             `cargo tree --package architecture --invert petgraph` shows why"
        ]
    );
}
