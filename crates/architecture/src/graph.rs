//! The imports among the modules at the top of a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use petgraph::algo::{astar, tarjan_scc};
use petgraph::graphmap::DiGraphMap;

use crate::mention::{Mention, mentions};
use crate::source::Source;

/// The name of the root, `lib.rs` or `main.rs`, in the graph. As a keyword, it cannot be the name of a module.
pub const ROOT: &str = "crate";

/// The modules at the top of one crate, and the imports among them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The modules, without the root.
    pub modules: BTreeSet<String>,
    /// The imports, also of the root, each with its first line.
    pub imports: BTreeMap<Import, Place>,
}

/// An import of one module by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The module that imports.
    pub from: String,
    /// The module that is imported.
    pub to: String,
}

impl Import {
    /// The import of `to` by `from`.
    #[must_use]
    pub fn new(from: &str, to: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl Graph {
    /// The graph of the crate that consists of `sources`. Paths in it are relative to `folder`.
    #[must_use]
    pub fn of(sources: &[Source], folder: &Path) -> Self {
        let modules: BTreeSet<String> = sources
            .iter()
            .filter_map(|source| source.module.first().cloned())
            .collect();
        let read: Vec<(&Source, Vec<Mention>)> = sources
            .iter()
            .map(|source| (source, mentions(source)))
            .collect();
        let scope = Scope::of(&modules, &read);
        let mut imports = BTreeMap::new();
        for (source, mentions) in &read {
            let file = source.file.strip_prefix(folder).unwrap_or(&source.file);
            for mention in mentions {
                let Some(to) = scope.module(mention) else {
                    continue;
                };
                let from = mention.within.first().map_or(ROOT, String::as_str);
                if from == to {
                    continue;
                }
                let place = Place {
                    file: file.to_owned(),
                    line: mention.line,
                };
                let first = imports
                    .entry(Import::new(from, to))
                    .or_insert(place.clone());
                if place < *first {
                    *first = place;
                }
            }
        }
        Self { modules, imports }
    }

    /// The graph without the imports in `left_out`.
    #[must_use]
    pub fn without(&self, left_out: &BTreeSet<Import>) -> Self {
        let mut rest = self.clone();
        rest.imports.retain(|import, _| !left_out.contains(import));
        rest
    }

    /// One cycle, as short as possible, of each group of modules that import one another.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<Import>> {
        let graph = self.directed();
        let knots = tarjan_scc(&graph);
        let knots = knots.iter().filter(|knot| knot.len() > 1);
        let mut cycles: Vec<Vec<Import>> = knots
            .filter_map(|knot| {
                let mut ways: Vec<Vec<Import>> = self
                    .imports
                    .keys()
                    .filter(|import| knot.contains(&import.from.as_str()))
                    .filter_map(|import| around(&graph, import))
                    .collect();
                ways.sort_by_key(Vec::len);
                ways.into_iter().next()
            })
            .collect();
        cycles.sort();
        cycles
    }

    /// Whether `from` imports `to`, directly or through other modules.
    #[must_use]
    pub fn reaches(&self, from: &str, to: &str) -> bool {
        let graph = self.directed();
        graph.contains_node(from) && petgraph::algo::has_path_connecting(&graph, from, to, None)
    }

    /// The transitive reduction: without the imports that a path through other modules implies. The graph must have no
    /// cycle.
    #[must_use]
    pub fn reduced(&self) -> Vec<Import> {
        let mut graph = self.directed();
        let mut rest = Vec::new();
        for import in self.imports.keys() {
            let (from, to) = (import.from.as_str(), import.to.as_str());
            graph.remove_edge(from, to);
            if !petgraph::algo::has_path_connecting(&graph, from, to, None) {
                graph.add_edge(from, to, ());
                rest.push(import.clone());
            }
        }
        rest
    }

    fn directed(&self) -> DiGraphMap<&str, ()> {
        self.imports
            .keys()
            .map(|import| (import.from.as_str(), import.to.as_str()))
            .collect()
    }
}

/// The shortest cycle that begins with `import`.
fn around(graph: &DiGraphMap<&str, ()>, import: &Import) -> Option<Vec<Import>> {
    let (from, to) = (import.from.as_str(), import.to.as_str());
    let (_, back) = astar(graph, to, |module| module == from, |_| 1, |_| 0)?;
    let steps = back.windows(2).map(|step| Import::new(step[0], step[1]));
    Some([import.clone()].into_iter().chain(steps).collect())
}

/// The names at the root of a crate.
struct Scope<'m> {
    modules: &'m BTreeSet<String>,
    /// The imports of the root by their names there.
    root: BTreeMap<String, Vec<String>>,
}

impl<'m> Scope<'m> {
    fn of(modules: &'m BTreeSet<String>, read: &[(&Source, Vec<Mention>)]) -> Self {
        let of_root = read.iter().flat_map(|(_, mentions)| mentions);
        let named = of_root
            .filter(|mention| mention.within.is_empty())
            .filter_map(|mention| Some((mention.known_as.clone()?, mention.path.clone())));
        Self {
            modules,
            root: named.collect(),
        }
    }

    /// The module at the top that a path leads to. An item of the root leads to the root, a path to another crate to none.
    fn module(&self, mention: &Mention) -> Option<&str> {
        let path = absolute(mention)?;
        if mention.within.is_empty() && mention.path.first().is_none_or(|name| name != "crate") {
            // At the root, a path without `crate` can lead to another crate.
            return self.modules.get(path.first()?).map(String::as_str);
        }
        self.top(&path, 0)
    }

    fn top(&self, path: &[String], depth: usize) -> Option<&str> {
        let Some(first) = path.first() else {
            return Some(ROOT);
        };
        if let Some(module) = self.modules.get(first) {
            return Some(module);
        }
        match self.root.get(first) {
            Some(meant) if depth < 8 => {
                let meant = meant.strip_prefix(&["crate".to_owned()]).unwrap_or(meant);
                self.top(meant, depth + 1)
            }
            _ => Some(ROOT),
        }
    }
}

/// The path from the root of the crate, unless it leads to another crate.
fn absolute(mention: &Mention) -> Option<Vec<String>> {
    let mut base = mention.within.clone();
    let mut names = mention.path.as_slice();
    match names.first()?.as_str() {
        "crate" => {
            base.clear();
            names = &names[1..];
        }
        "self" | "super" => {
            while let Some((first, rest)) = names.split_first() {
                match first.as_str() {
                    "self" => {}
                    "super" => drop(base.pop()?),
                    _ => break,
                }
                names = rest;
            }
        }
        _ if base.is_empty() => {}
        _ => return None,
    }
    Some([&base, names].concat())
}

#[cfg(test)]
mod tests;
