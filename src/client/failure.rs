//! Why a request failed: what was to be done to what, the reason, and what to do next.

use std::fmt;

use super::refusal::Refusal;
use crate::mask::scrub;
use crate::rbac::Denied;

/// A request, or the connection before it, that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was to be done: `read ClusterRole monitoring-clusterrole`; empty before there is a request.
    pub task: String,
    /// Why it was not.
    pub cause: Cause,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There is no kubeconfig and no Pod's account.
    NoKubeconfig {
        /// Where one was looked for.
        looked: String,
    },
    /// A kubeconfig that cannot be used.
    Kubeconfig {
        /// Which, and what is wrong with it.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The kubeconfig has no context of that name.
    UnknownContext {
        /// The name.
        name: String,
        /// The kubeconfig's file, or files.
        file: String,
        /// The names that it has, the most similar first.
        known: Vec<String>,
    },
    /// The kubeconfig's credential plugin failed.
    Plugin {
        /// The program's name.
        program: String,
        /// Why; never what it printed on standard output.
        reason: String,
        /// `installHint` of the kubeconfig, where the plugin is not there.
        install: Option<String>,
    },
    /// No connection.
    Unreachable {
        /// The API server's address.
        server: String,
        /// The proxy before it.
        proxy: Option<String>,
        /// The system's reason.
        reason: String,
    },
    /// A connection, and then nothing.
    Silent {
        /// The API server's address.
        server: String,
        /// The proxy before it.
        proxy: Option<String>,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// The TLS handshake failed.
    Tls {
        /// The API server's address.
        server: String,
        /// Which check failed.
        reason: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The server answered with a status of failure.
    Refused(Refusal),
    /// Several reads were denied.
    DeniedAll {
        /// Who asked.
        user: String,
        /// What was denied.
        denied: Vec<Denied>,
    },
    /// An answer that is none: HTML, a cut-off body, an answer without what was asked for.
    Unexpected(String),
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.task.is_empty() {
            write!(f, "cannot {}: ", self.task)?;
        }
        f.write_str(&scrub(&self.cause.to_string()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKubeconfig { looked } => write!(f, "no kubeconfig found: looked at {looked}"),
            Self::Kubeconfig { reason, .. } | Self::Unexpected(reason) => f.write_str(reason),
            Self::UnknownContext { name, file, .. } => {
                write!(f, "the kubeconfig {file} has no context {name:?}")
            }
            Self::Plugin {
                program, reason, ..
            } => write!(f, "the kubeconfig's credential plugin {program} {reason}"),
            Self::Unreachable {
                server,
                proxy,
                reason,
            } => write!(
                f,
                "cannot reach {server}{}: {reason}",
                through(proxy.as_ref())
            ),
            Self::Silent {
                server,
                proxy,
                seconds,
            } => write!(
                f,
                "{server} did not answer within {seconds} s{}",
                through(proxy.as_ref())
            ),
            Self::Tls { server, reason, .. } => write!(f, "cannot trust {server}: {reason}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::DeniedAll { user, denied } => {
                write!(f, "{user} may not read what is needed\n  missing: ")?;
                let denied: Vec<String> = denied.iter().map(ToString::to_string).collect();
                f.write_str(&denied.join("; "))
            }
        }
    }
}

fn through(proxy: Option<&String>) -> String {
    let through = |proxy| format!(" through the proxy {proxy}");
    proxy.map(through).unwrap_or_default()
}

impl Failure {
    pub(crate) fn new(task: String, cause: Cause) -> Box<Self> {
        Box::new(Self { task, cause })
    }

    /// A failure before there is any request.
    pub(crate) fn before(cause: Cause) -> Box<Self> {
        Self::new(String::new(), cause)
    }

    /// An answer that lacks what was asked for.
    #[must_use]
    pub fn unexpected(task: &str, reason: &str) -> Box<Self> {
        Self::new(task.to_owned(), Cause::Unexpected(reason.to_owned()))
    }

    /// One failure for several reads that failed: the denied ones together, unless one failed for another reason.
    #[must_use]
    pub fn together(mut failures: Vec<Box<Self>>) -> Option<Box<Self>> {
        let others = failures
            .iter()
            .position(|failure| failure.denied().is_none());
        if failures.len() < 2 || others.is_some() {
            let index = others.unwrap_or(0);
            return (!failures.is_empty()).then(|| failures.swap_remove(index));
        }
        let denied: Vec<Denied> = failures
            .iter()
            .filter_map(|failure| failure.denied().cloned())
            .collect();
        let user = denied[0].user.clone();
        Some(Self::before(Cause::DeniedAll { user, denied }))
    }

    /// The HTTP status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.code)
    }

    /// Whether the object, or its whole kind, does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == 404)
    }

    /// Whether the cluster does not serve the object's kind.
    #[must_use]
    pub fn is_kind_not_served(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_kind_not_served)
    }

    /// Whether the server said no, so that it is certain that nothing was written.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.code < 500 && !refusal.uncertain)
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match &self.cause {
            Cause::Unreachable { .. } | Cause::Silent { .. } => true,
            Cause::Refused(refusal) => refusal.is_passing(),
            _ => false,
        }
    }

    /// Whether the object is no longer the one that was read.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_stale)
    }

    /// Whether an object of that name exists already.
    #[must_use]
    pub fn is_already_there(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.code == 409 && refusal.reason == "AlreadyExists")
    }

    /// What the caller may not do, if that is why.
    #[must_use]
    pub fn denied(&self) -> Option<&Denied> {
        self.refusal()?.denied.as_ref()
    }

    /// Who may not do what was asked for, if that is why.
    #[must_use]
    pub fn lacks_rights(&self) -> Option<&str> {
        match &self.cause {
            Cause::Refused(refusal) => {
                let denied = refusal.denied.as_ref().map(|denied| &denied.user);
                let escalation = refusal.escalation.as_ref();
                let user = denied.or(escalation.map(|escalation| &escalation.user));
                user.map(String::as_str)
            }
            Cause::DeniedAll { user, .. } => Some(user),
            _ => None,
        }
    }

    /// The rights, in words, that the caller would grant without holding them.
    #[must_use]
    pub fn missing_rights(&self) -> &[String] {
        let escalation = self
            .refusal()
            .and_then(|refusal| refusal.escalation.as_ref());
        escalation.map_or(&[], |escalation| &escalation.missing)
    }

    /// The fields of a server-side apply that others own: manager and field.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(&str, &str)> {
        self.refusal().map(Refusal::conflicts).unwrap_or_default()
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The next step, as a line to paste where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.cause.hint().map(|hint| scrub(&hint))
    }
}

impl Cause {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoKubeconfig { .. } => Some(
                "name one with --kubeconfig FILE or KUBECONFIG; or do without a cluster: a plan takes --offline, an audit -f FILE".into(),
            ),
            Self::UnknownContext { known, .. } => {
                (!known.is_empty()).then(|| format!("--context is one of {}", known.join(", ")))
            }
            Self::Kubeconfig { hint, .. } => hint.clone(),
            Self::Plugin { install, .. } => install.clone(),
            Self::Unreachable { proxy: Some(_), .. } | Self::Silent { proxy: Some(_), .. } => Some(
                "is the proxy the right one? NO_PROXY names servers that are reached without the proxy of the environment; proxy-url of the kubeconfig always counts".into(),
            ),
            Self::Unreachable { .. } | Self::Silent { .. } => Some(
                "is this the right cluster, and is it reachable from here? `kubectl cluster-info` asks the same server; --context and --kubeconfig choose another, --request-timeout waits longer".into(),
            ),
            Self::Tls { hint, .. } => Some((*hint).into()),
            Self::Refused(refusal) => refusal.hint(),
            Self::DeniedAll { denied, .. } => Some(Denied::rules(denied)),
            Self::Unexpected(_) => None,
        }
    }
}
