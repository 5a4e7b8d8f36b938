//! Each cause in a sentence.

use super::Cause;
use super::pickup::{no_port, no_service, not_selected};
use crate::rbac::bindings::Subject;
use crate::rbac::{Denied, Right, Scope};

impl Cause {
    /// The cause in one sentence. Names in it come from elsewhere: scrub it before it is printed.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a line or two for each cause")]
    pub fn sentence(&self) -> String {
        match self {
            Self::Unauthorized { who } => format!(
                "{} does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.",
                capital(&who.to_string())
            ),
            Self::TokenExpired { at: Some(at) } => format!("The token expired at {at}."),
            Self::TokenExpired { at: None } => "The token has expired.".to_owned(),
            Self::TokenNotYetValid { from: Some(from) } => {
                format!("The token is valid from {from} on, and by the API server's clock that is still to come.")
            }
            Self::TokenNotYetValid { from: None } => {
                "The token is not valid yet by the API server's clock.".to_owned()
            }
            Self::ClockSkew { seconds } => {
                let way = if *seconds < 0 { "behind" } else { "ahead of" };
                format!(
                    "This machine's clock is {} s {way} the API server's, which tolerates 60 s.",
                    seconds.unsigned_abs()
                )
            }
            Self::BoundObjectDeleted { object } => format!(
                "The token has been revoked: {} that it is bound to was deleted or replaced.",
                object.as_deref().map_or_else(|| "the Secret, Pod or Node".to_owned(), |object| format!("the {object}"))
            ),
            Self::AccountDeleted { account } => {
                format!("The token's ServiceAccount{} no longer exists.", named(account.as_deref()))
            }
            Self::AccountRecreated { account } => format!(
                "The ServiceAccount{} was deleted and made again after the token was issued: the new one has another UID.",
                named(account.as_deref())
            ),
            Self::WrongAudience { audiences } => format!(
                "The token is for another audience than this cluster's API server{}.",
                audiences.as_deref().map(|of| format!(" ({of})")).unwrap_or_default()
            ),
            Self::WrongIssuer { issuer } => format!(
                "The token's issuer{} is not this cluster's: another cluster has issued it, or the cluster's issuer has changed.",
                named(issuer.as_deref())
            ),
            Self::WrongKey => {
                "None of this cluster's keys has signed the token: it is another cluster's, the keys were replaced, or it was changed on the way.".to_owned()
            }
            Self::GarbageToken => {
                "Nobody in this cluster knows what was sent as a token: it is cut off or garbled, or another cluster's.".to_owned()
            }
            Self::NoToken { who } => format!(
                "The request reached {who} without a token, as system:anonymous."
            ),
            Self::KubeletWithoutWebhook => {
                "The kubelet takes the request for anonymous: no token was sent, or the kubelet does not check tokens (--authentication-token-webhook is off).".to_owned()
            }
            Self::CredentialsFile { reason } => {
                format!("The client cannot read the file that holds its token: {reason}.")
            }
            Self::Forbidden { who, right: Some(right) } => format!(
                "{} knows the caller and denies the request; for that address it checks {right}.",
                capital(&who.to_string())
            ),
            Self::Forbidden { who, right: None } => format!(
                "{} knows the caller and denies the request; which right is missing stands in the answer's body.",
                capital(&who.to_string())
            ),
            Self::MissingRight { who, denied } => {
                let Denied { user, right, .. } = denied;
                if self.right().is_none() {
                    return format!("{who} denies {} the path that was asked for.", subject(user));
                }
                format!(
                    "{} may not {right}{}: no rule that is bound to it there allows that.",
                    capital(&subject(user)), place(denied)
                )
            }
            Self::MissingRule { denied, role } => {
                let held = role.as_ref().map_or_else(
                    || "no role is bound to it".to_owned(),
                    |role| format!("{role}, which is bound to it, has no such rule"),
                );
                format!("{}: {held}.", may_not(denied))
            }
            Self::MissingBinding { denied, role } => format!(
                "{}: {role} has the rule, and is not bound to it.", may_not(denied)
            ),
            Self::MissingRole { denied, role } => format!(
                "{}: a binding names {role}, which does not exist.", may_not(denied)
            ),
            Self::WrongSubjectNamespace { denied, binding, namespace } => format!(
                "{}: {binding} names an account of that name in the namespace {namespace}.", may_not(denied)
            ),
            Self::RoleNotClusterRole { denied, binding } => format!(
                "{}: {binding} grants it in its own namespace only, {}.",
                may_not(denied),
                match denied.scope {
                    Scope::Cluster => "and the request is about the whole cluster",
                    Scope::Namespace(_) => "and the request is about another one",
                }
            ),
            Self::UrlInRole => {
                "nonResourceURLs stand in a Role: paths have no namespace, so only a ClusterRole can grant them.".to_owned()
            }
            Self::ExtensionsGroup { denied } => format!(
                "{}: no cluster since 1.22 serves anything in the API group extensions, and a rule on it would not help.",
                may_not(denied)
            ),
            Self::KubeletPath { path } => format!(
                "{path} is a path of the kubelet, and the API server was asked for it; no rule on nonResourceURLs helps, the kubelet checks {}.",
                crate::access::kubelet_resource(path)
            ),
            Self::NodesProxy { user, .. } => format!(
                "{} may not get nodes/proxy, which is checked for what goes through the API server to a kubelet; granted, it executes commands in every pod.",
                user.as_deref().map_or_else(|| "The caller".to_owned(), |user| capital(&subject(user)))
            ),
            Self::Escalation { user, missing } => {
                let missing = if missing.is_empty() { String::new() } else { format!(": {}", missing.join("; ")) };
                format!("{} would grant rights without holding them{missing}.", capital(&subject(user)))
            }
            Self::CannotAuthorize => {
                "The one who was asked could not find out from the API server what the caller may do.".to_owned()
            }
            Self::UnknownCa => {
                "The server's certificate is signed by an authority that the client does not know.".to_owned()
            }
            Self::WrongName { said } => format!("The server's certificate is for another name or address: {said}."),
            Self::CertificateExpired => "A certificate has expired or is not valid yet, or the client's clock is wrong.".to_owned(),
            Self::WrongScheme => "One side speaks HTTP and the other HTTPS.".to_owned(),
            Self::ClientCertificate => "The server wants a client certificate that it trusts; a token is not enough, as with etcd.".to_owned(),
            Self::UnknownHost => "The host's name is not known to the client's DNS.".to_owned(),
            Self::Refused => "Nobody listens at that address and port, or a firewall refuses the connection.".to_owned(),
            Self::Unreachable => "There is no route from the client to that address.".to_owned(),
            Self::Timeout => "No answer came in time: packets are dropped on the way, or the target is too slow for the timeout.".to_owned(),
            Self::ConnectionClosed => "The connection was closed before there was an answer.".to_owned(),
            Self::NotFound { who } => format!("{} has nothing at that path.", capital(&who.to_string())),
            Self::ListExpired => "A list or watch went on from a version that the API server no longer has; Expired is about that, not about a token, and clients list again by themselves.".to_owned(),
            Self::TooManyRequests => "The server takes no more requests right now (429).".to_owned(),
            Self::ServerError { status: 0 } => "The server itself failed.".to_owned(),
            Self::ServerError { status } => format!("The server itself failed ({status})."),
            Self::NotMetrics => "The answer is no metrics: a web page, a login page, or another service.".to_owned(),
            Self::ContentType { said } => {
                let how = match said.as_str() {
                    "" => "without a Content-Type".to_owned(),
                    said => format!("with Content-Type {said:?}"),
                };
                format!("The target answers {how}; Prometheus 3 refuses such an answer, also where it holds metrics.")
            }
            Self::Redirected { to, follows: false } => format!(
                "The target redirects to {to}; the job does not follow redirects, so that a token reaches no other address: the target is not scraped."
            ),
            Self::Redirected { to, follows: true } => format!(
                "The target redirects to {to}; verify sends no token after a redirect, so it is not known whether the target is scraped."
            ),
            Self::NotApplied { object } => format!("{object} is not in the cluster."),
            Self::NotSelected { object, by } => not_selected(object, by),
            Self::NoService { monitor, selector, namespaces } => no_service(monitor, selector, namespaces),
            Self::NoPort { monitor, ports, has } => no_port(monitor, ports, has),
            Self::RejectedByOperator { object, said } => format!("The operator leaves {object} out: {said}"),
            Self::NotLoaded { pool, url } => format!("The Prometheus at {url} runs no job {pool}."),
            Self::Unknown { said } => format!("Not known: {said}"),
        }
    }
}

/// `ServiceAccount monitoring/prometheus`; a user's name as it is.
fn subject(user: &str) -> String {
    match Subject::user(user) {
        Subject::User(name) => name,
        account => account.to_string(),
    }
}

fn may_not(denied: &Denied) -> String {
    format!(
        "{} may not {}{}",
        capital(&subject(&denied.user)),
        denied.right,
        place(denied)
    )
}

fn place(denied: &Denied) -> String {
    match (&denied.scope, &denied.right) {
        (Scope::Namespace(namespace), _) => format!(" in namespace {namespace}"),
        // Nodes and paths are in no namespace: nothing to be said.
        (Scope::Cluster, Right::Url { .. }) => String::new(),
        (Scope::Cluster, Right::Resource { resource, .. }) if resource.starts_with("nodes") => {
            String::new()
        }
        (Scope::Cluster, _) => " in the whole cluster".to_owned(),
    }
}

fn named(name: Option<&str>) -> String {
    name.map(|name| format!(" {name}")).unwrap_or_default()
}

/// Names keep their spelling: only articles and kinds begin a sentence otherwise.
fn capital(text: &str) -> String {
    text.strip_prefix("the ")
        .map_or_else(|| text.to_owned(), |rest| format!("The {rest}"))
}
