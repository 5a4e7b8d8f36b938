//! One enum for everything that can fail: what, on which object, why, and what to do next.

use promconf::{Duration, Version};
use std::path::PathBuf;

use crate::client::Failure;

/// Everything that ends a run early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A new token that does not pass its checks.
    #[error("the new token does not work, so the old one stays in use: {cause}")]
    Unproven {
        /// Why it does not.
        cause: String,
        /// What to do about it.
        fix: Option<String>,
    },
    /// The plan holds something that cannot be applied; every reason is listed.
    #[error("{reasons}")]
    Blocked {
        /// What blocks, a line each.
        reasons: String,
        /// What unblocks it, a line for each step.
        fixes: Option<String>,
        /// Who lacks rights, where that is why.
        user: Option<String>,
        /// Whether standard output holds all of it already.
        is_shown: bool,
    },
    /// A question that has to be answered and cannot be asked.
    #[error("cannot ask \"{question}\": {reason}; nothing was written")]
    Unasked {
        /// The question.
        question: String,
        /// Why not.
        reason: String,
        /// The command line that does not ask.
        command: String,
    },
    /// A question that was not answered in time.
    #[error("no answer to \"{question}\" within {limit}; nothing was written")]
    Unanswered {
        /// The question.
        question: String,
        /// That time.
        limit: Duration,
        /// The command line that does not ask.
        command: String,
    },
    /// An object or file is no longer what the confirmed diff showed.
    #[error("{target} changed since it was read; it was not written")]
    Changed {
        /// The object or file.
        target: String,
    },
    /// The cluster could not be reached, or it refused a request.
    #[error(transparent)]
    Cluster(#[from] Box<Failure>),
    /// A local file could not be read or written.
    #[error("cannot {action} {}: {reason}", path.display())]
    File {
        /// The verb: `read`, `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        reason: String,
    },
    /// A local file that could not be replaced, known before anything was written.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// What to do about it.
        hint: String,
    },
    /// SIGINT or SIGTERM arrived.
    #[error("interrupted by {signal}")]
    Interrupted {
        /// `SIGINT` or `SIGTERM`.
        signal: &'static str,
        /// `128 +` the signal's number.
        code: u8,
    },
    /// All the time that the run was given has gone by.
    #[error("not done within {limit}")]
    OutOfTime {
        /// That time.
        limit: Duration,
    },
    /// The running Prometheus could not be asked, or not be told to reload.
    #[error("cannot {task}: {reason}")]
    Prometheus {
        /// What was to be done: `ask Prometheus at http://127.0.0.1:9090`.
        task: String,
        /// Why it was not.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
        /// Whether the same request may succeed later.
        passing: bool,
    },
    /// The running Prometheus did not take what was written.
    #[error("Prometheus {url} does not run the new configuration: {said}\n  {left}")]
    NotTaken {
        /// Where it is asked.
        url: String,
        /// What it said, or what it did not do.
        said: String,
        /// How files, Prometheus and cluster are left.
        left: String,
        /// What to do about it.
        hint: String,
    },
    /// Prometheus does not know what would be written for it.
    #[error("Prometheus {version} is too old: {what} came with {since}")]
    TooOld {
        /// Its version.
        version: Version,
        /// What it does not know.
        what: String,
        /// The first version that does.
        since: Version,
        /// What to do about it.
        hint: String,
    },
    /// What was asked for can only be done later.
    #[error("{message}")]
    TooEarly {
        /// The sentence, with the time.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// What the user asked for is not valid.
    #[error("{message}")]
    Usage {
        /// The sentence, which names the flag or field.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A built-in template did not render what a job says, or what jobs need to be run.
    #[error("built-in template {template} does not render {wanted}: {difference}")]
    Disagreement {
        /// Its name.
        template: &'static str,
        /// `what the job kubelet says`.
        wanted: String,
        /// The field, what it is and what it should be.
        difference: String,
    },
    /// A template, or what it rendered, is not usable.
    #[error("{origin}: {reason}")]
    Template {
        /// `FILE:LINE`, or the name of a built-in template and the line.
        origin: String,
        /// What is wrong.
        reason: String,
    },
}

/// Exit code of what a repetition may mend: `EX_TEMPFAIL` of `sysexits.h`.
const TEMPORARY: u8 = 75;

/// What most functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// A usage error with a line that the user can follow.
    pub fn usage_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// The next step, as a line to paste where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Blocked { fixes, .. } => fixes.clone(),
            Self::Changed { .. } => Some("read the new diff above, then run the command again".into()),
            Self::Unasked { command, .. } | Self::Unanswered { command, .. } => {
                Some(format!("`{command}` does not ask"))
            }
            Self::Cluster(failure) => failure.hint(),
            Self::Usage { hint, .. } | Self::Prometheus { hint, .. } => hint.clone(),
            Self::Unproven { fix, .. } => fix.clone(),
            Self::NotTaken { hint, .. }
            | Self::TooEarly { hint, .. }
            | Self::TooOld { hint, .. }
            | Self::Unwritable { hint, .. } => Some(hint.clone()),
            Self::Disagreement { .. } => Some("this is a bug of monconf, and nothing was written: please report it with this message and the output of `monconf --version`".into()),
            Self::Template { .. } => Some("`monconf template show NAME` prints the built-in one; templates/README.md lists what a template may use".into()),
            Self::OutOfTime { .. } => Some("`--timeout DURATION` gives a run more time; `-v` shows which requests take it".into()),
            Self::File { .. } | Self::Interrupted { .. } => None,
        }
    }

    /// Who lacks rights, where that is why.
    #[must_use]
    pub fn lacks_rights(&self) -> Option<&str> {
        match self {
            Self::Cluster(failure) => failure.lacks_rights(),
            Self::Blocked { user, .. } => user.as_deref(),
            _ => None,
        }
    }

    /// Whether the request was refused, or not sent at all, so that it is certain that nothing was written.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Blocked { .. } | Self::Changed { .. } => true,
            Self::Cluster(failure) => failure.is_refusal(),
            _ => false,
        }
    }

    /// Whether the same command may succeed later, with nothing mended in between.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Changed { .. }
            | Self::Interrupted { .. }
            | Self::OutOfTime { .. }
            | Self::TooEarly { .. } => true,
            Self::Cluster(failure) => failure.is_passing(),
            Self::Prometheus { passing, .. } => *passing,
            Self::Blocked { .. }
            | Self::Disagreement { .. }
            | Self::File { .. }
            | Self::NotTaken { .. }
            | Self::Template { .. }
            | Self::TooOld { .. }
            | Self::Unanswered { .. }
            | Self::Unasked { .. }
            | Self::Unproven { .. }
            | Self::Unwritable { .. }
            | Self::Usage { .. } => false,
        }
    }

    /// The process's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted { code, .. } => *code,
            error if error.is_retryable() => TEMPORARY,
            _ => 1,
        }
    }
}
