//! Reads `layers.toml`: the layers of each crate, and the exceptions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::graph::{Import, ROOT};

/// The path of the file from the root of the workspace.
pub const FILE: &str = "crates/architecture/layers.toml";

/// The complete file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// The crates that do no I/O.
    #[serde(default)]
    pub pure: Vec<String>,
    /// The packages that a pure crate must not depend on.
    #[serde(default)]
    pub impure: Vec<String>,
    /// The rules of each crate by its name.
    #[serde(default)]
    pub crates: BTreeMap<String, Rules>,
}

/// The rules of one crate.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// The limit for the number of modules at the top.
    pub modules_at_most: Option<usize>,
    /// The layers, the highest first. A crate without layers is checked for cycles only.
    #[serde(default, deserialize_with = "picture")]
    pub layers: Vec<Layer>,
    /// The exceptions of today.
    #[serde(default)]
    pub allowed: Allowed,
}

/// Modules of equal rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name of the layer.
    pub name: String,
    /// The modules.
    pub modules: Vec<String>,
}

/// Exceptions. Their number only shrinks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// The number of modules at the top, if it exceeds the limit.
    pub modules: Option<usize>,
    /// Imports that go up or close a cycle.
    #[serde(default, deserialize_with = "imports")]
    pub imports: Vec<Import>,
}

impl Layers {
    /// The layers of this workspace.
    ///
    /// # Errors
    /// When the file has another format.
    pub fn of_workspace() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../layers.toml"))
    }
}

impl Rules {
    /// The rank and the name of the layer of `module`. The root has rank 0, the lowest layer the highest number.
    #[must_use]
    pub fn layer(&self, module: &str) -> Option<(usize, &str)> {
        if module == ROOT {
            return Some((0, "root"));
        }
        let holds = |layer: &Layer| layer.modules.iter().any(|name| name == module);
        let at = self.layers.iter().position(holds)?;
        Some((at + 1, &self.layers[at].name))
    }
}

impl Allowed {
    /// The imports as a set.
    #[must_use]
    pub fn set(&self) -> BTreeSet<Import> {
        self.imports.iter().cloned().collect()
    }
}

/// Each line is a layer: its name, then its modules.
fn picture<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Layer>, D::Error> {
    let text = String::deserialize(from)?;
    let mut seen = BTreeSet::new();
    let mut layers = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace().map(str::to_owned);
        let name = words.next().unwrap_or_default();
        let modules: Vec<String> = words.collect();
        if let Some(twice) = modules
            .iter()
            .find(|module| !seen.insert((*module).clone()))
        {
            return Err(D::Error::custom(format!("module {twice} is in two layers")));
        }
        layers.push(Layer { name, modules });
    }
    Ok(layers)
}

fn imports<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Import>, D::Error> {
    let lines = Vec::<String>::deserialize(from)?;
    let parse = |line: &String| {
        let (from, to) = line
            .split_once(" -> ")
            .ok_or_else(|| D::Error::custom(format!("{line:?} is not of the form \"a -> b\"")))?;
        Ok(Import::new(from, to))
    };
    lines.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Layers, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_picture_names_layers_from_the_highest_down() {
        let layers = read("[crates.x]\nlayers = \"\"\"\n top a b\n low c\n\"\"\"").expect("layers");
        let rules = &layers.crates["x"];
        assert_eq!(rules.layer(ROOT), Some((0, "root")));
        assert_eq!(rules.layer("b"), Some((1, "top")));
        assert_eq!(rules.layer("c"), Some((2, "low")));
        assert_eq!(rules.layer("d"), None);
    }

    #[test]
    fn a_module_is_in_one_layer() {
        let refused =
            read("[crates.x]\nlayers = \"\"\"\ntop a\nlow a\n\"\"\"").expect_err("a sentence");
        assert_eq!(refused, "module a is in two layers");
    }

    #[test]
    fn an_allowed_import_names_two_modules() {
        let refused = read("[crates.x.allowed]\nimports = [\"a b\"]").expect_err("a sentence");
        assert_eq!(refused, "\"a b\" is not of the form \"a -> b\"");
    }
}
