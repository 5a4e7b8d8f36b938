//! `docs/architecture.md`: its diagram is the one of the sources, and its table says where each concept is.

use std::fs;

use crate::layers::Layers;
use crate::mermaid::mermaid;
use crate::workspace::{crates, folder};

const PAGE: &str = "docs/architecture.md";
const BEGIN: &str = "```mermaid\n";
const END: &str = "```\n";
const TABLE: &str = "| concept | type | its one place |\n|---|---|---|\n";

fn page() -> String {
    fs::read_to_string(folder().join(PAGE)).expect("the page")
}

/// Written where `MONCONF_WRITE_DOCS=1`.
#[test]
fn the_diagram_is_the_one_of_the_sources() {
    let rules = Layers::of_workspace().expect("layers").crates;
    let crates = crates(folder()).expect("the workspace");
    let product = crates.iter().find(|one| one.name == "monconf");
    let graph = product.expect("the product").graph(folder());
    let drawn = mermaid(&graph.expect("its sources"), &rules["monconf"]);
    let page = page();
    let (before, rest) = page.split_once(BEGIN).expect("a diagram");
    let (shown, after) = rest.split_once(END).expect("its end");
    if std::env::var_os("MONCONF_WRITE_DOCS").is_some() {
        let written = format!("{before}{BEGIN}{drawn}{END}{after}");
        fs::write(folder().join(PAGE), written).expect("written");
    } else {
        assert!(shown == drawn, "write it with MONCONF_WRITE_DOCS=1");
    }
}

/// Every file of the product and its libraries with its text, paths relative to the workspace.
fn sources() -> Vec<(String, String)> {
    let places = ["src", "crates/promconf", "crates/yaml"];
    let mut folders: Vec<_> = places.map(|place| folder().join(place)).into();
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(folder()).expect("within").display();
            let name = name.to_string();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !name.contains("tests") {
                found.push((name, fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found
}

fn defines(text: &str, name: &str) -> bool {
    let words = ["struct", "enum", "type", "fn", "const"];
    text.lines().any(|line| {
        let (visibility, behind) = line.split_once(' ').unwrap_or_default();
        let line = if visibility.starts_with("pub") {
            behind
        } else {
            line
        };
        let mut parts = line.splitn(2, ' ');
        let is_definition = parts.next().is_some_and(|word| words.contains(&word));
        let rest = parts.next().and_then(|rest| rest.strip_prefix(name));
        is_definition
            && rest.is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
            })
    })
}

#[test]
fn each_concept_is_in_its_one_place() {
    let page = page();
    let (_, rows) = page.split_once(TABLE).expect("a table");
    let sources = sources();
    let rows: Vec<&str> = rows.lines().take_while(|row| !row.is_empty()).collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let marked: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let [name, place] = marked[..] else {
            panic!("no type and place: {row}");
        };
        let places = sources.iter().filter(|(_, text)| defines(text, name));
        let places: Vec<&str> = places.map(|(file, _)| file.as_str()).collect();
        assert_eq!(places, [place], "{row}");
    }
}
