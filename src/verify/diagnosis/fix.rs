//! Lines to paste that mend each cause, or tell more where the text alone does not.

use super::pickup::{candidates, ports, rejected, selected};
use super::{Answerer, Cause};
use crate::quoted::{one_line, shell_word};
use crate::rbac::bindings::Subject;
use crate::rbac::{Denied, Right, Rule, Scope};

/// Tells which of several causes it is.
const VERIFY: &str = "# tells which of them it is, with the token itself:\nmonconf verify\n";
/// A token for another one.
const NEW_TOKEN: &str =
    "# replaces the token and writes it where it is read:\nmonconf prometheus --apply\n";
const CA: &str = "# the cluster's own CA, for ca_file or ca of the scrape's tls_config:\nkubectl get configmap kube-root-ca.crt -n default -o jsonpath='{.data.ca\\.crt}'\n";

impl Cause {
    /// Lines to paste; what begins with `#` explains them. Names in it come from elsewhere, quoted for a shell: scrub
    /// it before it is printed.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a line or two for each cause")]
    pub fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Unauthorized { who: Answerer::Kubelet } => format!(
                "{VERIFY}# where the kubelet takes no token at all, its configuration lacks\nauthentication:\n  webhook:\n    enabled: true\n"
            ),
            Self::Unauthorized { .. } => VERIFY.to_owned(),
            Self::TokenExpired { .. }
            | Self::BoundObjectDeleted { .. }
            | Self::AccountDeleted { .. }
            | Self::AccountRecreated { .. } => NEW_TOKEN.to_owned(),
            Self::TokenNotYetValid { .. } | Self::ClockSkew { .. } => {
                "# shows whether this machine's clock is kept right; look at the control plane's as well\ntimedatectl status\n".to_owned()
            }
            Self::WrongAudience { .. } => format!(
                "# a token of the TokenRequest API without --audience is for the API server:\n{NEW_TOKEN}"
            ),
            Self::WrongIssuer { .. } | Self::WrongKey => format!(
                "# is the token of the cluster that is scraped? this is that cluster's issuer:\nkubectl get --raw /.well-known/openid-configuration\n{NEW_TOKEN}"
            ),
            Self::GarbageToken => format!(
                "# the whole token has three parts with dots between, and no line break within:\nwc -c < TOKEN_FILE\n{NEW_TOKEN}"
            ),
            Self::NoToken { .. } => {
                "# the scrape's configuration needs one of these:\nauthorization:\n  credentials_file: TOKEN_FILE\n# by hand:\ncurl --cacert CA_FILE -H \"Authorization: Bearer $(cat TOKEN_FILE)\" URL\n".to_owned()
            }
            Self::KubeletWithoutWebhook => {
                "# if the scrape sends a token, the kubelet's configuration lacks\nauthentication:\n  anonymous:\n    enabled: false\n  webhook:\n    enabled: true\nauthorization:\n  mode: Webhook\n".to_owned()
            }
            Self::CredentialsFile { .. } => {
                "# is it mounted, and readable for the user of the process?\nls -l TOKEN_FILE\n# writes the token where it is read:\nmonconf prometheus --apply\n".to_owned()
            }
            Self::Forbidden { right: Some(right), .. } => {
                let scope = Scope::Cluster;
                format!("{}{VERIFY}", rule(right, &scope))
            }
            Self::Forbidden { right: None, .. } => format!(
                "# the answer's body says which right is missing:\ncurl --cacert CA_FILE -H \"Authorization: Bearer $(cat TOKEN_FILE)\" URL\n{VERIFY}"
            ),
            Self::MissingRight { who: Answerer::Proxy, denied } => of_proxy(denied),
            Self::MissingRight { denied, .. } => format!(
                "{}{}# rule, binding, or the namespace of its subject: one of them is missing or wrong. What is bound to it:\n{}",
                rule(&denied.right, &denied.scope), can_i(denied), bindings(&denied.user)
            ),
            Self::MissingRule { denied, role } => {
                let into = role.as_ref().map(|role| format!("# into {role}:\n")).unwrap_or_default();
                format!("{into}{}{}", rule(&denied.right, &denied.scope), can_i(denied))
            }
            Self::MissingBinding { denied, role } => {
                format!("{}{}", bind(denied, role.kind, &role.name), can_i(denied))
            }
            Self::MissingRole { denied, .. } => format!(
                "# make the role with this rule, or bind another one:\n{}{}", rule(&denied.right, &denied.scope), can_i(denied)
            ),
            Self::WrongSubjectNamespace { denied, binding, .. } => match Subject::user(&denied.user) {
                Subject::ServiceAccount { namespace, name } => {
                    let place = binding.namespace.as_ref().map(|of| format!(" -n {}", shell_word(of))).unwrap_or_default();
                    let account = format!("{namespace}:{name}");
                    format!(
                        "kubectl set subject {} {}{place} --serviceaccount={}\n{}",
                        binding.kind.to_lowercase(), shell_word(&binding.name), shell_word(&account), can_i(denied)
                    )
                }
                _ => can_i(denied),
            },
            Self::RoleNotClusterRole { denied, .. } => {
                format!("{}{}", rule(&denied.right, &denied.scope), can_i(denied))
            }
            Self::UrlInRole => format!(
                "# move the rule to a ClusterRole, and bind that with a ClusterRoleBinding:\n{}",
                Rule::of(&Right::get_url("/metrics")).yaml()
            ),
            Self::ExtensionsGroup { denied } => served(denied),
            Self::KubeletPath { path } => {
                let right = Right::resource("", crate::access::kubelet_resource(path), "get");
                format!(
                    "# ask the kubelet itself, at port 10250 of the node:\ncurl --cacert CA_FILE -H \"Authorization: Bearer $(cat TOKEN_FILE)\" https://NODE:10250{}\n{}",
                    shell_word(path), rule(&right, &Scope::Cluster)
                )
            }
            Self::NodesProxy { .. } => format!(
                "# scrape the kubelet itself, at port 10250 of the node, for which this is enough:\n{}# jobs of that kind, with just these rights:\nmonconf prometheus --jobs kubelet,cadvisor\n",
                rule(&Right::resource("", "nodes/metrics", "get"), &Scope::Cluster)
            ),
            Self::Escalation { .. } => {
                "# let somebody apply it who holds these rights; shows what you hold:\nkubectl auth can-i --list\n".to_owned()
            }
            Self::CannotAuthorize => {
                "# what the kubelet may do is granted to every node; kube-rbac-proxy needs this for its own account:\nkubectl create clusterrolebinding NAME --clusterrole=system:auth-delegator --serviceaccount=NAMESPACE:ACCOUNT\n# and both have to reach the API server:\nkubectl get --raw /readyz\n".to_owned()
            }
            Self::UnknownCa => format!(
                "{CA}# a kubelet that made its own certificate is in no CA: serverTLSBootstrap in its configuration gives it one, approved with\nkubectl get certificatesigningrequests\n"
            ),
            Self::WrongName { .. } => {
                "# the names in the certificate; one of them goes into server_name of the scrape's tls_config:\nopenssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -ext subjectAltName\n".to_owned()
            }
            Self::CertificateExpired => {
                "# which dates it has; on a kubeadm control plane `kubeadm certs renew all` renews them\nopenssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates\n".to_owned()
            }
            Self::WrongScheme => "# in the scrape's configuration, or http where the target has no TLS:\nscheme: https\n".to_owned(),
            Self::ClientCertificate => {
                "# in the scrape's tls_config:\ncert_file: CLIENT_CERTIFICATE\nkey_file: CLIENT_KEY\n".to_owned()
            }
            Self::UnknownHost => "# from where the client runs:\nnslookup HOST\n# the addresses that the cluster itself knows:\nkubectl get nodes -o wide\n".to_owned(),
            Self::Refused | Self::Unreachable | Self::Timeout | Self::ConnectionClosed => {
                "# from where the client runs; kube-proxy, scheduler and controller-manager listen on 127.0.0.1 alone by default\ncurl -vk --max-time 5 URL\n".to_owned()
            }
            Self::NotFound { who: Answerer::ApiServer } => {
                "# what the API server serves:\nkubectl api-resources\nkubectl get --raw /\n".to_owned()
            }
            Self::NotFound { .. } => "# is metrics_path right, and the port? the jobs that are known, with their paths:\nmonconf jobs\n".to_owned(),
            Self::ListExpired => "# nothing is to be mended unless it comes back every few minutes; then:\nkubectl get --raw '/readyz?verbose'\n".to_owned(),
            Self::TooManyRequests | Self::ServerError { .. } => {
                "kubectl get --raw '/readyz?verbose'\n".to_owned()
            }
            Self::NotMetrics => "# look at what is there; is it the right port and path, without a login before it?\ncurl -sk -H \"Authorization: Bearer $(cat TOKEN_FILE)\" URL | head\n".to_owned(),
            Self::ContentType { .. } => {
                "# the target has to answer with a Content-Type that Prometheus reads, for its text format:\nContent-Type: text/plain; version=0.0.4\n# or the scrape's configuration says how such answers are read (fallbackScrapeProtocol in a monitor):\nfallback_scrape_protocol: PrometheusText0.0.4\n".to_owned()
            }
            Self::Redirected { to, .. } => format!(
                "# what is there? scheme, address and path of the job have to be those of the metrics:\ncurl -skI {}\n# keeps the token from every other address (followRedirects in a monitor):\nfollow_redirects: false\n",
                shell_word(to)
            ),
            Self::NotApplied { .. } => "# writes it again:\nmonconf prometheus --apply\n".to_owned(),
            Self::NotSelected { object, by } => selected(object, by),
            Self::NoService { monitor, namespaces, .. } => candidates(monitor, namespaces),
            Self::NoPort { monitor, .. } => ports(monitor),
            Self::RejectedByOperator { object, .. } => rejected(object),
            Self::NotLoaded { url, .. } => format!(
                "# is it the Prometheus that reads this? what it runs:\ncurl -s {0}/api/v1/status/config\n# has it read its files since they were written? makes it:\ncurl -X POST {0}/-/reload\n",
                shell_word(url)
            ),
            Self::Unknown { .. } => return None,
        })
    }
}

/// The rule, and in what kind of role it works.
fn rule(right: &Right, scope: &Scope) -> String {
    let (right, place) = match (right, scope) {
        (Right::Url { .. }, _) => (right.clone(), "in a ClusterRole, bound by a ClusterRoleBinding; nonResourceURLs in a Role do not work".to_owned()),
        (_, Scope::Namespace(namespace)) => (
            right.of_every_object(),
            format!("in a Role of namespace {}, bound by a RoleBinding there", one_line(namespace)),
        ),
        (_, Scope::Cluster) => (right.of_every_object(), "in a ClusterRole, bound by a ClusterRoleBinding; a RoleBinding does not reach it".to_owned()),
    };
    format!("# {place}:\n{}", Rule::of(&right).yaml())
}

/// Rules of kube-rbac-proxy are what its configuration says.
fn of_proxy(denied: &Denied) -> String {
    match &denied.right {
        Right::Url { path, .. } if path.is_empty() => format!(
            "# kube-rbac-proxy checks the path that is scraped, /metrics unless told otherwise:\n{}{}",
            rule(&Right::get_url("/metrics"), &Scope::Cluster),
            bindings(&denied.user)
        ),
        right => format!(
            "# group and namespace stand in resourceAttributes of its --config-file; without a group there:\n{}{}",
            Rule::of(right).yaml(),
            bindings(&denied.user)
        ),
    }
}

/// The group that a resource of `extensions` is served in today.
fn served(denied: &Denied) -> String {
    let Right::Resource { resource, verb, .. } = &denied.right else {
        return String::new();
    };
    let group = match resource.split('/').next().unwrap_or_default() {
        "ingresses" | "networkpolicies" => "networking.k8s.io",
        _ => "apps",
    };
    let right = Right::resource(group, resource, verb);
    format!(
        "{}# and the client has to ask for {group}/v1: it is too old, or configured for the old group\n",
        rule(&right, &denied.scope)
    )
}

/// Asks the API server whether it is mended.
fn can_i(denied: &Denied) -> String {
    let user = shell_word(&denied.user);
    let (what, place) = match &denied.right {
        Right::Url { path, verb } => (
            format!("{} {}", shell_word(verb), shell_word(path)),
            String::new(),
        ),
        Right::Resource {
            group,
            resource,
            verb,
            name,
        } => {
            let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
            let mut kind = resource.to_owned();
            if !group.is_empty() {
                kind = format!("{kind}.{group}");
            }
            if let Some(name) = name {
                kind = format!("{kind}/{name}");
            }
            let mut what = format!("{} {}", shell_word(verb), shell_word(&kind));
            if !sub.is_empty() {
                what = format!("{what} --subresource={}", shell_word(sub));
            }
            let place = match &denied.scope {
                Scope::Namespace(namespace) => format!(" -n {}", shell_word(namespace)),
                Scope::Cluster if resource == "nodes" => String::new(),
                Scope::Cluster => " --all-namespaces".to_owned(),
            };
            (what, place)
        }
    };
    format!("kubectl auth can-i {what}{place} --as={user}\n")
}

/// Shows what is bound to a user.
fn bindings(user: &str) -> String {
    let subject = Subject::user(user).name();
    let mut lines = format!(
        "kubectl get clusterrolebindings,rolebindings --all-namespaces -o wide | grep -F {}\n",
        shell_word(&subject)
    );
    if matches!(Subject::user(user), Subject::ServiceAccount { .. }) {
        lines = format!(
            "{lines}monconf rbac diff --service-account {}\n",
            shell_word(&subject)
        );
    }
    lines
}

/// Binds a role to the user.
fn bind(denied: &Denied, kind: &str, role: &str) -> String {
    let subject = match Subject::user(&denied.user) {
        Subject::ServiceAccount { namespace, name } => {
            format!(
                "--serviceaccount={}",
                shell_word(&format!("{namespace}:{name}"))
            )
        }
        other => format!("--user={}", shell_word(&other.name())),
    };
    let of = if kind == "Role" {
        "role"
    } else {
        "clusterrole"
    };
    let role = shell_word(role);
    match &denied.scope {
        Scope::Namespace(namespace) => format!(
            "kubectl create rolebinding {role} --{of}={role} {subject} -n {}\n",
            shell_word(namespace)
        ),
        Scope::Cluster => {
            format!("kubectl create clusterrolebinding {role} --{of}={role} {subject}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_runs_nothing_in_a_shell_word() {
        for (name, word) in [
            ("system:serviceaccount:m:sa", "system:serviceaccount:m:sa"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("a'; reboot; '", r"'a'\''; reboot; '\'''"),
            ("a\nreboot", "'a reboot'"),
        ] {
            assert_eq!(shell_word(name), word);
        }
    }
}
