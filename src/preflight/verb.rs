//! The commands whose rights can be asked about.

use clap::ValueEnum;

use crate::spec::Consumer;

/// A command whose rights are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Verb {
    /// The consumer's own command, without --apply
    Plan,
    /// The consumer's own command with --apply
    #[default]
    Apply,
    /// `monconf rotate`
    Rotate,
    /// `monconf verify`
    Verify,
    /// `monconf status`
    Status,
    /// `monconf remove --apply`
    Remove,
}

impl Verb {
    /// As on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Rotate => "rotate",
            Self::Verify => "verify",
            Self::Status => "status",
            Self::Remove => "remove",
        }
    }

    /// `monconf prometheus --apply`.
    #[must_use]
    pub fn command(self, consumer: Consumer) -> String {
        let consumer = consumer.name();
        match self {
            Self::Plan => format!("monconf {consumer}"),
            Self::Apply => format!("monconf {consumer} --apply"),
            Self::Rotate | Self::Verify | Self::Status => {
                format!("monconf {} {consumer}", self.name())
            }
            Self::Remove => format!("monconf remove {consumer} --apply"),
        }
    }
}
