//! Why a scrape or a request fails.

use jiff::Timestamp;

use super::Answerer;
use crate::object::ObjectRef;
use crate::rbac::bindings::Name;
use crate::rbac::{Denied, Right};
use crate::render::Mismatch;

/// Why a scrape or a request fails: one variant for each thing that is mended in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A 401 whose reason only the API server's log or a `TokenReview` tells.
    Unauthorized {
        /// Who said so.
        who: Answerer,
    },
    /// The token's time is over.
    TokenExpired {
        /// Since when.
        at: Option<Timestamp>,
    },
    /// The token's time has not begun.
    TokenNotYetValid {
        /// When it begins.
        from: Option<Timestamp>,
    },
    /// Two clocks differ by more than the minute that the API server tolerates.
    ClockSkew {
        /// By how many seconds ours is ahead of the server's; negative where it is behind.
        seconds: i64,
    },
    /// The Secret, Pod or Node that the token is bound to was deleted, or is another one now.
    BoundObjectDeleted {
        /// Which, where that is known: `Secret prometheus-token-a`.
        object: Option<String>,
    },
    /// There is no ServiceAccount of that name any more.
    AccountDeleted {
        /// Its name, with the namespace where that is known.
        account: Option<String>,
    },
    /// The ServiceAccount was deleted and made again since the token was issued.
    AccountRecreated {
        /// `NAMESPACE/NAME`.
        account: Option<String>,
    },
    /// The token is for somebody else.
    WrongAudience {
        /// For whom it is, and who was to take it, as the API server lists them.
        audiences: Option<String>,
    },
    /// Another cluster issued the token.
    WrongIssuer {
        /// The issuer that the token names.
        issuer: Option<String>,
    },
    /// None of the cluster's keys has signed the token.
    WrongKey,
    /// What was sent is no token.
    GarbageToken,
    /// The request carried no token at all.
    NoToken {
        /// Who answered.
        who: Answerer,
    },
    /// The kubelet does not ask the API server about tokens.
    KubeletWithoutWebhook,
    /// The file that holds the token cannot be read.
    CredentialsFile {
        /// The reason, with the path.
        reason: String,
    },
    /// A 403 that does not say what is denied.
    Forbidden {
        /// Who said so.
        who: Answerer,
        /// What is checked for that address.
        right: Option<Right>,
    },
    /// A right is denied; whether rule, binding or subject is at fault only the roles tell.
    MissingRight {
        /// Who said so.
        who: Answerer,
        /// What is denied to whom.
        denied: Denied,
    },
    /// The role that is bound has no such rule.
    MissingRule {
        /// What is denied to whom.
        denied: Denied,
        /// The role that is bound, if there is one.
        role: Option<Name>,
    },
    /// There is a role with the rule, and no binding of it to this subject.
    MissingBinding {
        /// What is denied to whom.
        denied: Denied,
        /// The role.
        role: Name,
    },
    /// A binding names a role that does not exist.
    MissingRole {
        /// What is denied to whom.
        denied: Denied,
        /// The role, as the API server or the binding names it.
        role: String,
    },
    /// The binding names an account of the same name in another namespace.
    WrongSubjectNamespace {
        /// What is denied to whom.
        denied: Denied,
        /// The binding.
        binding: Name,
        /// The namespace that stands in it.
        namespace: String,
    },
    /// The rule is granted in a namespace, and needed in the whole cluster or in another one.
    RoleNotClusterRole {
        /// What is denied to whom.
        denied: Denied,
        /// The binding that grants it in its namespace only.
        binding: Name,
    },
    /// `nonResourceURLs` in a Role.
    UrlInRole,
    /// A rule on the API group `extensions`, which no cluster since 1.22 serves ingresses in.
    ExtensionsGroup {
        /// What is denied to whom.
        denied: Denied,
    },
    /// A path of the kubelet was asked of the API server.
    KubeletPath {
        /// The path.
        path: String,
    },
    /// The request goes through the API server's proxy to nodes, or to what the kubelet serves to nobody else.
    NodesProxy {
        /// Who said so.
        who: Answerer,
        /// To whom it is denied, if that is known.
        user: Option<String>,
    },
    /// A role or binding would give away more than its author holds.
    Escalation {
        /// Its author.
        user: String,
        /// What they lack, in words.
        missing: Vec<String>,
    },
    /// The kubelet or kube-rbac-proxy could not ask the API server what somebody may do.
    CannotAuthorize,
    /// The certificate is signed by an authority that the client does not know.
    UnknownCa,
    /// The certificate is for other names.
    WrongName {
        /// What the client says of it.
        said: String,
    },
    /// The certificate's time is over, or has not begun.
    CertificateExpired,
    /// HTTP where HTTPS is spoken, or the other way round.
    WrongScheme,
    /// The server wants a client certificate.
    ClientCertificate,
    /// The host's name is not known.
    UnknownHost,
    /// Nobody listens at that port.
    Refused,
    /// There is no way to that address.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The connection was closed before there was an answer.
    ConnectionClosed,
    /// There is nothing at that path.
    NotFound {
        /// Who said so.
        who: Answerer,
    },
    /// A list or watch continued from a version that the API server no longer has.
    ListExpired,
    /// Too many requests.
    TooManyRequests,
    /// The server failed.
    ServerError {
        /// The HTTP status, or 0 where the text does not name it.
        status: u16,
    },
    /// The answer is no metrics.
    NotMetrics,
    /// Prometheus 3 does not read answers with this Content-Type.
    ContentType {
        /// The Content-Type; empty where the answer has none.
        said: String,
    },
    /// The target redirects, and the redirect was not followed.
    Redirected {
        /// The address.
        to: String,
        /// Whether the consumer follows redirects of this job.
        follows: bool,
    },
    /// The object that carries a job is not there.
    NotApplied {
        /// Which.
        object: ObjectRef,
    },
    /// Nobody selects an object that carries a job.
    NotSelected {
        /// Which.
        object: ObjectRef,
        /// Why each one that might does not.
        by: Vec<Mismatch>,
    },
    /// A monitor selects nothing.
    NoService {
        /// The ServiceMonitor or PodMonitor.
        monitor: ObjectRef,
        /// The label selector, as kubectl takes it.
        selector: String,
        /// Where it looks; empty for every namespace.
        namespaces: Vec<String>,
    },
    /// What a monitor selects has no port of that name.
    NoPort {
        /// The ServiceMonitor or PodMonitor.
        monitor: ObjectRef,
        /// The names that it asks for.
        ports: Vec<String>,
        /// The names that are there.
        has: Vec<String>,
    },
    /// The operator leaves an object out.
    RejectedByOperator {
        /// Which.
        object: ObjectRef,
        /// What it says of it.
        said: String,
    },
    /// The running Prometheus does not have a job.
    NotLoaded {
        /// The scrape pool, which is the job's name in Prometheus' configuration.
        pool: String,
        /// The address of that Prometheus.
        url: String,
    },
    /// Something else.
    Unknown {
        /// What was said, in one line.
        said: String,
    },
}

impl Cause {
    /// Every code, in the order of the variants.
    pub const CODES: [&'static str; 50] = [
        "unauthorized",
        "token-expired",
        "token-not-yet-valid",
        "clock-skew",
        "bound-object-deleted",
        "account-deleted",
        "account-recreated",
        "wrong-audience",
        "wrong-issuer",
        "wrong-key",
        "garbage-token",
        "no-token",
        "kubelet-without-webhook",
        "credentials-file",
        "forbidden",
        "missing-right",
        "missing-rule",
        "missing-binding",
        "missing-role",
        "wrong-subject-namespace",
        "role-not-cluster-role",
        "url-in-role",
        "extensions-group",
        "kubelet-path",
        "nodes-proxy",
        "escalation",
        "cannot-authorize",
        "unknown-ca",
        "wrong-name",
        "certificate-expired",
        "wrong-scheme",
        "client-certificate",
        "unknown-host",
        "refused",
        "unreachable",
        "timeout",
        "connection-closed",
        "not-found",
        "list-expired",
        "too-many-requests",
        "server-error",
        "not-metrics",
        "content-type",
        "redirected",
        "not-applied",
        "not-selected",
        "no-service",
        "no-port",
        "rejected-by-operator",
        "not-loaded",
    ];

    /// A stable name for programs; `unknown` for what is in no list.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::TokenExpired { .. } => "token-expired",
            Self::TokenNotYetValid { .. } => "token-not-yet-valid",
            Self::ClockSkew { .. } => "clock-skew",
            Self::BoundObjectDeleted { .. } => "bound-object-deleted",
            Self::AccountDeleted { .. } => "account-deleted",
            Self::AccountRecreated { .. } => "account-recreated",
            Self::WrongAudience { .. } => "wrong-audience",
            Self::WrongIssuer { .. } => "wrong-issuer",
            Self::WrongKey => "wrong-key",
            Self::GarbageToken => "garbage-token",
            Self::NoToken { .. } => "no-token",
            Self::KubeletWithoutWebhook => "kubelet-without-webhook",
            Self::CredentialsFile { .. } => "credentials-file",
            Self::Forbidden { .. } => "forbidden",
            Self::MissingRight { .. } => "missing-right",
            Self::MissingRule { .. } => "missing-rule",
            Self::MissingBinding { .. } => "missing-binding",
            Self::MissingRole { .. } => "missing-role",
            Self::WrongSubjectNamespace { .. } => "wrong-subject-namespace",
            Self::RoleNotClusterRole { .. } => "role-not-cluster-role",
            Self::UrlInRole => "url-in-role",
            Self::ExtensionsGroup { .. } => "extensions-group",
            Self::KubeletPath { .. } => "kubelet-path",
            Self::NodesProxy { .. } => "nodes-proxy",
            Self::Escalation { .. } => "escalation",
            Self::CannotAuthorize => "cannot-authorize",
            Self::UnknownCa => "unknown-ca",
            Self::WrongName { .. } => "wrong-name",
            Self::CertificateExpired => "certificate-expired",
            Self::WrongScheme => "wrong-scheme",
            Self::ClientCertificate => "client-certificate",
            Self::UnknownHost => "unknown-host",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::ConnectionClosed => "connection-closed",
            Self::NotFound { .. } => "not-found",
            Self::ListExpired => "list-expired",
            Self::TooManyRequests => "too-many-requests",
            Self::ServerError { .. } => "server-error",
            Self::NotMetrics => "not-metrics",
            Self::ContentType { .. } => "content-type",
            Self::Redirected { .. } => "redirected",
            Self::NotApplied { .. } => "not-applied",
            Self::NotSelected { .. } => "not-selected",
            Self::NoService { .. } => "no-service",
            Self::NoPort { .. } => "no-port",
            Self::RejectedByOperator { .. } => "rejected-by-operator",
            Self::NotLoaded { .. } => "not-loaded",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Who gave the answer, where the cause is about one.
    #[must_use]
    pub const fn who(&self) -> Option<Answerer> {
        match self {
            Self::Unauthorized { who }
            | Self::NoToken { who }
            | Self::Forbidden { who, .. }
            | Self::MissingRight { who, .. }
            | Self::NodesProxy { who, .. }
            | Self::NotFound { who } => Some(*who),
            Self::KubeletWithoutWebhook => Some(Answerer::Kubelet),
            Self::ExtensionsGroup { .. }
            | Self::KubeletPath { .. }
            | Self::Escalation { .. }
            | Self::UrlInRole
            | Self::ListExpired
            | Self::MissingRole { .. } => Some(Answerer::ApiServer),
            _ => None,
        }
    }

    /// What is denied to whom, where that is known.
    #[must_use]
    pub const fn denied(&self) -> Option<&Denied> {
        match self {
            Self::MissingRight { denied, .. }
            | Self::MissingRule { denied, .. }
            | Self::MissingBinding { denied, .. }
            | Self::MissingRole { denied, .. }
            | Self::WrongSubjectNamespace { denied, .. }
            | Self::RoleNotClusterRole { denied, .. }
            | Self::ExtensionsGroup { denied } => Some(denied),
            _ => None,
        }
    }

    /// The right that was checked, where that is known.
    #[must_use]
    pub fn right(&self) -> Option<&Right> {
        let right = match self {
            Self::Forbidden { right, .. } => right.as_ref(),
            other => other.denied().map(|denied| &denied.right),
        };
        // kube-rbac-proxy does not say which path it was asked for.
        right.filter(|right| !matches!(right, Right::Url { path, .. } if path.is_empty()))
    }

    /// The cause that only the status tells, where another one of the same answer may tell more.
    pub(super) const fn is_bare(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::ServerError { .. }
        )
    }
}
