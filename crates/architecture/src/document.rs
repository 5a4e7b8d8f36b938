//! `docs/architecture.md`: its diagram is the one of the sources, and its table says where each concept is.

use std::fs;
use std::path::Path;

use syn::Item;

use crate::layers::Layers;
use crate::mermaid::mermaid;
use crate::source::sources;
use crate::workspace::{crates, folder};

const PAGE: &str = "docs/architecture.md";
const PRODUCT: [&str; 3] = ["monconf", "promconf", "yaml"];
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

/// The name of everything that the product and its libraries define outside of other items, with the file.
fn definitions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let crates = crates(folder()).expect("the workspace");
    let read = |file: &Path| fs::read_to_string(file);
    for one in crates.iter().filter(|one| PRODUCT.contains(&&*one.name)) {
        for source in sources(&one.root, &read).expect("its sources") {
            let file = source.file.strip_prefix(folder()).expect("within");
            let names = source.syntax.items.iter().filter_map(name);
            found.extend(names.map(|name| (name, file.display().to_string())));
        }
    }
    found
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Struct(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

#[test]
fn each_concept_is_in_its_one_place() {
    let page = page();
    let (_, rows) = page.split_once(TABLE).expect("a table");
    let definitions = definitions();
    let rows: Vec<&str> = rows.lines().take_while(|row| !row.is_empty()).collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let marked: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let [name, place] = marked[..] else {
            panic!("no type and place: {row}");
        };
        let places = definitions.iter().filter(|(defined, _)| defined == name);
        let places: Vec<&str> = places.map(|(_, file)| file.as_str()).collect();
        assert_eq!(places, [place], "{row}");
    }
}
