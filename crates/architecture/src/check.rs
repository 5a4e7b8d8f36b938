//! Checks graphs against the layers.

use std::error::Error;
use std::path::Path;

use crate::finding::{Fault, Finding};
use crate::graph::{Graph, Import};
use crate::layers::{Layers, Rules};
use crate::purity::dependencies;
use crate::workspace::crates;

/// The violations of `layers` in the workspace in `folder`.
///
/// # Errors
/// When cargo or a source file cannot be read.
pub fn check(folder: &Path, layers: &Layers) -> Result<Vec<Finding>, Box<dyn Error>> {
    let crates = crates(folder)?;
    let mut findings = Vec::new();
    for one in &crates {
        let graph = one.graph(folder)?;
        let none = Rules::default();
        let rules = layers.crates.get(&one.name).unwrap_or(&none);
        findings.extend(faults(&graph, rules).into_iter().map(of(&one.name)));
    }
    for name in layers.crates.keys().chain(&layers.pure) {
        if crates.iter().all(|one| one.name != *name) {
            findings.push(of(name)(Fault::Unknown(format!("crate {name}"))));
        }
    }
    for name in &layers.pure {
        let present = dependencies(folder, name)?;
        let impure = layers.impure.iter().filter(|name| present.contains(*name));
        findings.extend(
            impure
                .cloned()
                .map(|dependency| of(name)(Fault::Impure { dependency })),
        );
    }
    Ok(findings)
}

fn of(name: &str) -> impl Fn(Fault) -> Finding {
    move |fault| Finding {
        of: name.to_owned(),
        fault,
    }
}

/// The violations of `rules` in the graph of one crate.
#[must_use]
pub fn faults(graph: &Graph, rules: &Rules) -> Vec<Fault> {
    let rest = graph.without(&rules.allowed.set());
    let mut faults = cycles(&rest);
    if !rules.layers.is_empty() {
        faults.extend(misplaced(graph, rules));
        faults.extend(upward(&rest, rules));
    }
    faults.extend(modules(graph, rules));
    faults.extend(unneeded(graph, rules, rest));
    faults
}

fn cycles(graph: &Graph) -> Vec<Fault> {
    let place = |import: Import| {
        let place = graph.imports[&import].clone();
        (import, place)
    };
    let cycles = graph.cycles().into_iter();
    cycles
        .map(|cycle| Fault::Cycle(cycle.into_iter().map(place).collect()))
        .collect()
}

/// Modules without a layer, and modules in a layer that do not exist.
fn misplaced(graph: &Graph, rules: &Rules) -> Vec<Fault> {
    let present = graph.modules.iter();
    let without = present.filter(|module| rules.layer(module).is_none());
    let named = rules.layers.iter().flat_map(|layer| &layer.modules);
    let gone = named.filter(|module| !graph.modules.contains(*module));
    without
        .cloned()
        .map(Fault::Unplaced)
        .chain(gone.map(|module| Fault::Unknown(format!("module {module}"))))
        .collect()
}

fn upward(graph: &Graph, rules: &Rules) -> Vec<Fault> {
    let fault = |import: &Import| {
        let (from, to) = climbs(import, rules)?;
        Some(Fault::Upward {
            import: import.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            place: graph.imports[import].clone(),
        })
    };
    graph.imports.keys().filter_map(fault).collect()
}

/// The layers of both modules, if the import goes up.
fn climbs<'r>(import: &Import, rules: &'r Rules) -> Option<(&'r str, &'r str)> {
    let (below, from) = rules.layer(&import.from)?;
    let (above, to) = rules.layer(&import.to)?;
    (above < below).then_some((from, to))
}

fn modules(graph: &Graph, rules: &Rules) -> Option<Fault> {
    let (present, limit) = (graph.modules.len(), rules.modules_at_most?);
    let allowed = rules.allowed.modules;
    let entry = |count: usize| format!("modules = {count}");
    match allowed {
        Some(count) if present <= limit => Some(Fault::Unneeded {
            entry: entry(count),
            instead: None,
        }),
        Some(count) if present < count => Some(Fault::Unneeded {
            entry: entry(count),
            instead: Some(entry(present)),
        }),
        _ => {
            let at_most = allowed.unwrap_or(limit);
            (present > at_most).then_some(Fault::TooMany { present, at_most })
        }
    }
}

/// The exceptions whose imports are gone, or neither go up nor close a cycle. `rest` is the graph without all exceptions.
fn unneeded(graph: &Graph, rules: &Rules, mut rest: Graph) -> Vec<Fault> {
    let mut faults = Vec::new();
    for import in &rules.allowed.imports {
        let place = graph.imports.get(import);
        let needed = place.is_some()
            && (climbs(import, rules).is_some() || rest.reaches(&import.to, &import.from));
        if needed {
            continue;
        }
        // The next exceptions are judged with this import in the graph.
        rest.imports
            .extend(place.map(|place| (import.clone(), place.clone())));
        faults.push(Fault::Unneeded {
            entry: format!("{:?}", import.to_string()),
            instead: None,
        });
    }
    faults
}

#[cfg(test)]
mod tests;
