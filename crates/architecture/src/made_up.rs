//! Small made-up crates for the tests.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::graph::Graph;
use crate::layers::Rules;
use crate::source::{Source, sources};

/// The files of a crate whose root is `lib.rs`.
pub(crate) fn read(files: &[(&str, &str)]) -> Vec<Source> {
    let files: BTreeMap<&Path, &str> = files
        .iter()
        .map(|(name, text)| (Path::new(*name), *text))
        .collect();
    let read = |file: &Path| {
        let text = files.get(file).ok_or(io::ErrorKind::NotFound)?;
        Ok((*text).to_owned())
    };
    sources(Path::new("lib.rs"), &read).expect("files")
}

/// The graph of a crate whose root is `lib.rs`.
pub(crate) fn graph(files: &[(&str, &str)]) -> Graph {
    Graph::of(&read(files), Path::new(""))
}

/// The imports of that crate, the root's left out.
pub(crate) fn imports(files: &[(&str, &str)]) -> Vec<String> {
    let imports = graph(files).imports.into_keys();
    imports
        .filter(|import| import.from != crate::graph::ROOT)
        .map(|import| import.to_string())
        .collect()
}

/// The rules of one crate.
pub(crate) fn rules(text: &str) -> Rules {
    toml::from_str(text).expect("rules")
}
