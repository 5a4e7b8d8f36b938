//! Resolves paths in made-up crates.

use crate::made_up::{graph, imports};

/// The imports of a crate with modules a, b and c, where `text` is `a/mod.rs`.
fn of(text: &str) -> Vec<String> {
    imports(&[
        (
            "lib.rs",
            "mod a; mod b; mod c; pub use b::B as Renamed; pub use crate::c::C;",
        ),
        ("a/mod.rs", text),
        ("a/inner.rs", "use super::super::c::C;"),
        ("b.rs", ""),
        ("c.rs", ""),
    ])
}

#[test]
fn groups_may_lie_in_groups() {
    assert_eq!(
        of("use crate::{b::{self, x::{Y, Z}}, c::*};"),
        ["a -> b", "a -> c"]
    );
}

#[test]
fn a_path_in_an_expression_counts() {
    assert_eq!(of("fn f() -> u8 { crate::b::x::<u8>(1) }"), ["a -> b"]);
    assert_eq!(of("fn f(x: &super::b::B) {}"), ["a -> b"]);
    assert_eq!(of("impl crate::b::T for X {}"), ["a -> b"]);
}

#[test]
fn a_path_in_the_arguments_of_a_macro_counts() {
    assert_eq!(
        of("fn f() { println!(\"{}\", [crate::b::x()].len()); }"),
        ["a -> b"]
    );
    assert_eq!(
        of("macro_rules! m { () => { use $crate::{b, c::C}; } }"),
        ["a -> b", "a -> c"]
    );
}

#[test]
fn a_path_in_an_attribute_counts() {
    assert_eq!(
        of("struct X { #[serde(with = \"crate::b::x\")] y: u8 }"),
        ["a -> b"]
    );
    assert_eq!(
        of("struct X { #[arg(value_parser = crate::b::x)] y: u8 }"),
        ["a -> b"]
    );
}

#[test]
fn super_and_self_are_resolved() {
    assert_eq!(of("mod inner;"), ["a -> c"]);
    assert_eq!(
        of("mod inline { use super::super::b; use self::super::super::c; }"),
        ["a -> b", "a -> c"]
    );
    assert_eq!(
        of("use self::inner::X; mod inline { use super::inner; }"),
        [""; 0]
    );
}

#[test]
fn a_name_that_the_root_imports_leads_to_its_module() {
    assert_eq!(of("use crate::Renamed;"), ["a -> b"]);
    assert_eq!(of("use crate::C;"), ["a -> c"]);
}

#[test]
fn an_item_of_the_root_leads_to_the_root() {
    assert_eq!(of("use crate::run;"), ["a -> crate"]);
    assert_eq!(of("use super::*;"), ["a -> crate"]);
}

#[test]
fn doc_links_visibilities_and_other_crates_are_no_imports() {
    assert_eq!(
        of("//! As [`crate::b`] has it.\n/// And [`crate::c::C`].\nstruct X;"),
        [""; 0]
    );
    assert_eq!(
        of("pub(in crate::b) struct X; pub(crate) struct Y;"),
        [""; 0]
    );
    assert_eq!(
        of("use b::x; use ::b::y; use std::crate_b; fn f() { b::x() }"),
        [""; 0]
    );
}

#[test]
fn code_for_tests_only_is_left_out() {
    for text in [
        "#[cfg(test)] use crate::b;",
        "#[cfg(test)] mod tests { use crate::b; }",
        "#[cfg(all(test, unix))] mod absent;",
        "#[cfg(test)] impl X { fn f() { crate::b::x() } }",
        "impl X { #[cfg(test)] fn f() { crate::b::x() } }",
        "struct X { #[cfg(test)] y: crate::b::B }",
        "fn f() { #[cfg(test)] let x = crate::b::x(); }",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn an_import_has_its_first_line() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "\n\nuse crate::b;\nuse crate::b::B;"),
        ("b.rs", ""),
    ]);
    let import = crate::graph::Import::new("a", "b");
    assert_eq!(graph.imports[&import].to_string(), "a.rs:3");
}
