//! Violations of the architecture, and their sentences.

use std::fmt;

use crate::graph::{Import, Place};
use crate::layers::FILE;

/// A violation in one crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The crate.
    pub of: String,
    /// The violation.
    pub fault: Fault,
}

/// The kinds of violations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Modules import one another. Each import has an example.
    Cycle(Vec<(Import, Place)>),
    /// A module imports from a higher layer.
    Upward {
        /// The import.
        import: Import,
        /// The layer of the module that imports.
        from: String,
        /// The layer of the module that is imported.
        to: String,
        /// An example.
        place: Place,
    },
    /// A module is in no layer.
    Unplaced(String),
    /// The file names a module or a crate that does not exist.
    Unknown(String),
    /// The number of modules at the top exceeds the limit.
    TooMany {
        /// The number of modules.
        present: usize,
        /// The limit.
        at_most: usize,
    },
    /// An exception is larger than needed, or not needed at all.
    Unneeded {
        /// The exception in the file.
        entry: String,
        /// Its replacement, if it is still needed.
        instead: Option<String>,
    },
    /// A pure crate depends on a package that does I/O.
    Impure {
        /// The package.
        dependency: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.of)?;
        match &self.fault {
            Fault::Cycle(path) => {
                write!(f, "import cycle:")?;
                path.iter()
                    .try_for_each(|(import, place)| write!(f, "\n  {import}  ({place})"))
            }
            Fault::Upward {
                import,
                from,
                to,
                place,
            } => write!(
                f,
                "{import} goes up, from layer {from} to layer {to} ({place})"
            ),
            Fault::Unplaced(module) => write!(f, "module {module} is in no layer of {FILE}"),
            Fault::Unknown(name) => write!(f, "{name} does not exist: delete it from {FILE}"),
            Fault::TooMany { present, at_most } => write!(
                f,
                "{present} modules at the top of the crate, at most {at_most} are allowed: move one into the folder of another"
            ),
            Fault::Unneeded {
                entry,
                instead: None,
            } => write!(
                f,
                "the exception {entry} is not needed any more: delete it from {FILE}"
            ),
            Fault::Unneeded {
                entry,
                instead: Some(instead),
            } => write!(
                f,
                "fewer modules at the top than allowed: replace {entry} with {instead} in {FILE}"
            ),
            Fault::Impure { dependency } => write!(
                f,
                "a pure crate depends on {dependency}: `cargo tree --package {} --invert {dependency}` shows why",
                self.of
            ),
        }
    }
}
