//! Changing a list in somebody's text, item by item: only whole lines of one's own items change, every other byte
//! stays, and the outcome is proved before it is used.

mod entry;
mod names;
mod proof;
mod trace;
mod write;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Foreign, Own, Splice, Spliced, splice};
pub use names::{Named, names};

/// Why a text is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file, or what else the text came from.
    pub origin: String,
    /// Counted from 1; 0 where it is not known.
    pub line: usize,
    /// Counted from 1; 0 where it is not known.
    pub column: usize,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.why)
    }
}

impl From<yaml::YamlError> for Refusal {
    fn from(error: yaml::YamlError) -> Self {
        Self {
            origin: error.origin,
            line: error.line,
            column: error.column,
            why: error.message,
        }
    }
}
