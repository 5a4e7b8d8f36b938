//! The Pod Security Standards: what of a Pod template is against them, as far as its fields tell.

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything is admitted.
    Privileged,
    /// No known escalation of privileges.
    Baseline,
    /// Hardened Pods alone.
    Restricted,
}

impl Level {
    /// As in the label of a Namespace.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}
