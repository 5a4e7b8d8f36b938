//! What keeps the right objects, and no others, from selecting the monitors and so from receiving the token.

use std::fmt;

use crate::object::Kind;
use crate::render::{Conflict, Receiver};

/// Why it is not settled who selects the monitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unselected {
    /// No object in the instance's namespace selects them, and some of other namespaces could.
    Elsewhere {
        /// The instance's namespace.
        namespace: String,
        /// Those that could.
        candidates: Vec<Candidate>,
    },
    /// Objects of other namespaces that are not named select them whatever labels they carry.
    Uninvited {
        /// The objects that would begin to receive the token.
        receivers: Vec<Receiver>,
        /// Namespace and name of each that selects them and is meant to.
        meant: Vec<String>,
    },
    /// The selectors that are meant to select them ask for different values of one label.
    Conflict {
        /// The kind that is selected.
        kind: Kind,
        /// What is asked.
        conflict: Conflict,
    },
    /// Objects that are named do not exist.
    Absent {
        /// Namespace and name of each.
        named: Vec<String>,
        /// Those that exist and select the monitors, or could.
        candidates: Vec<Candidate>,
    },
}

/// An object that selects the monitors, or would with the labels that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// `Prometheus monitoring/main`.
    pub who: String,
    /// `monitoring/main`.
    pub place: String,
}

impl fmt::Display for Unselected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere {
                namespace,
                candidates,
            } => write!(
                f,
                "no Prometheus or PrometheusAgent in namespace {namespace} selects the monitors; candidates elsewhere: {}. An operator copies the token into the namespace of each that selects them",
                names(candidates)
            ),
            Self::Uninvited { receivers, .. } => {
                let names: Vec<&str> = receivers.iter().map(|receiver| &*receiver.who).collect();
                write!(
                    f,
                    "{} would select the monitors too, and would receive the token: an operator copies it into the namespace of each",
                    names.join(", ")
                )
            }
            Self::Conflict { kind, conflict } => {
                let asked = conflict.asked.iter();
                let asked: Vec<String> = asked
                    .map(|asked| format!("{} asks for {}", asked.who, asked.what))
                    .collect();
                write!(
                    f,
                    "a {} cannot have the label {} that its selectors ask for: {}",
                    kind.name(),
                    conflict.label,
                    asked.join("; ")
                )
            }
            Self::Absent { named, candidates } => {
                write!(
                    f,
                    "--selected-by {}: no such Prometheus, PrometheusAgent or GrafanaAgent",
                    named.join(",")
                )?;
                if candidates.is_empty() {
                    return Ok(());
                }
                write!(f, "; candidates: {}", names(candidates))
            }
        }
    }
}

fn names(candidates: &[Candidate]) -> String {
    let names: Vec<&str> = candidates.iter().map(|candidate| &*candidate.who).collect();
    names.join(", ")
}

impl Unselected {
    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Elsewhere { candidates, .. } => {
                one_of(candidates.iter().map(|found| &found.place))
            }
            Self::Uninvited { receivers, meant } => {
                let places = meant
                    .iter()
                    .chain(receivers.iter().map(|found| &found.place));
                let flags: Vec<String> = places.map(flag).collect();
                format!(
                    "{}; or have the owners of the others narrow their namespace selectors",
                    flags.join(" ")
                )
            }
            Self::Conflict { conflict, .. } => {
                one_of(conflict.asked.iter().map(|asked| &asked.place))
            }
            Self::Absent { candidates, .. } if candidates.is_empty() => {
                "create it first, or leave out --selected-by".to_owned()
            }
            Self::Absent { candidates, .. } => one_of(candidates.iter().map(|found| &found.place)),
        }
    }
}

/// `--selected-by a/b`, or with several of them ` or ` between.
fn one_of<'a>(places: impl Iterator<Item = &'a String>) -> String {
    let flags: Vec<String> = places.map(flag).collect();
    flags.join(" or ")
}

fn flag(place: &String) -> String {
    format!("--selected-by {place}")
}
