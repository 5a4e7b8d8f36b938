//! What a translation has to say beside its result.

use std::fmt;

/// Whether the result does what the original did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does not, or will not for long.
    Error,
    /// It does, if what is said is done or wanted.
    Note,
}

/// One thing that somebody should know before the result replaces the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The field: `spec.remoteWrite[0].bearerToken`.
    pub path: String,
    /// What is the matter with it, and what to do. Never a value: it may be secret.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, path.into(), message.into());
    }

    pub(super) fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Note, path.into(), message.into());
    }

    fn add(&mut self, severity: Severity, path: String, message: String) {
        let finding = Finding {
            severity,
            path,
            message,
        };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }
}
