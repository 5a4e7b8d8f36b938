//! Why a right is denied.

use super::answerer::is_kubelet_path;
use super::{Answerer, Cause};
use crate::quoted::quoted;
use crate::rbac::bindings::{Binding, Identity, Name, Roles, Subject};
use crate::rbac::{Denied, Escalation, Right, Scope};

impl Cause {
    /// Why `who` denies it, as far as the answer tells; `because` is what follows in it.
    #[must_use]
    pub fn of_denied(denied: Denied, who: Answerer, because: &str) -> Self {
        if denied.user == "system:anonymous" {
            return match who {
                Answerer::Kubelet => Self::KubeletWithoutWebhook,
                who => Self::NoToken { who },
            };
        }
        if let Some(role) = missing_role(because) {
            return Self::MissingRole { denied, role };
        }
        match &denied.right {
            Right::Url { path, .. } if who == Answerer::ApiServer && is_kubelet_path(path) => {
                Self::KubeletPath { path: path.clone() }
            }
            Right::Resource { group, .. } if group == "extensions" => {
                Self::ExtensionsGroup { denied }
            }
            Right::Resource { resource, .. } if resource == "nodes/proxy" => Self::NodesProxy {
                who,
                user: Some(denied.user),
            },
            _ => Self::MissingRight { who, denied },
        }
    }

    /// Why it is denied, from every role and binding of the cluster. `None` where they allow it, so that the denial is
    /// an earlier one or another authorizer's.
    #[must_use]
    pub fn of_roles(denied: &Denied, roles: &Roles) -> Option<Self> {
        let subject = Subject::user(&denied.user);
        let identity = Identity::of(&subject);
        if roles.allows(&identity, &denied.right, &denied.scope) {
            return None;
        }
        let denied = denied.clone();
        let granting = roles.granting(&denied.right);
        let subjects = identity.subjects();
        let granted: Vec<&Binding> = roles
            .bindings()
            .filter(|binding| granting.contains(&&binding.role))
            .collect();
        let is_ours = |binding: &&&Binding| binding.subjects.iter().any(|of| subjects.contains(of));
        if let Some(binding) = granted.iter().find(is_ours) {
            return Some(match denied.right {
                Right::Url { .. } if binding.role.kind == "Role" => Self::UrlInRole,
                _ => Self::RoleNotClusterRole {
                    binding: binding.name.clone(),
                    denied,
                },
            });
        }
        let elsewhere = granted.iter().find_map(|binding| {
            let mut subjects = binding.subjects.iter();
            Some((binding, subjects.find_map(|of| namesake(of, &subject))?))
        });
        if let Some((binding, namespace)) = elsewhere {
            return Some(Self::WrongSubjectNamespace {
                binding: binding.name.clone(),
                namespace: namespace.to_owned(),
                denied,
            });
        }
        let unknown = roles.unknown();
        let own: Vec<&Name> = roles
            .bindings()
            .filter(|binding| binding.subjects.contains(&subject))
            // A role that is bound in one namespace lacks no rule for another.
            .filter(|binding| reaches(&binding.name, &denied.scope))
            .map(|binding| &binding.role)
            .collect();
        if let Some(role) = own.iter().find(|role| unknown.contains(*role)) {
            return Some(Self::MissingRole {
                role: role.to_string(),
                denied,
            });
        }
        if let Some(denied) = in_extensions(&denied)
            && own
                .iter()
                .any(|role| roles.granting(&denied.right).contains(role))
        {
            return Some(Self::ExtensionsGroup { denied });
        }
        if let Some(role) = own.first() {
            return Some(Self::MissingRule {
                role: Some((*role).clone()),
                denied,
            });
        }
        let made = granting
            .into_iter()
            .filter(|role| !roles.is_default(role) && reaches(role, &denied.scope))
            .map(|role| (kinship(&role.name, &subject), role))
            .max_by_key(|(kinship, _)| *kinship)
            .filter(|(kinship, _)| *kinship >= NAMESAKES)
            .map(|(_, role)| role);
        Some(match made {
            Some(role) => Self::MissingBinding {
                role: role.clone(),
                denied,
            },
            None => Self::MissingRule { role: None, denied },
        })
    }
}

/// The same in the API group that ingresses were in before Kubernetes 1.22, where rules of then still look for them.
fn in_extensions(denied: &Denied) -> Option<Denied> {
    let Right::Resource {
        group,
        resource,
        verb,
        ..
    } = &denied.right
    else {
        return None;
    };
    (group == "networking.k8s.io").then(|| Denied {
        right: Right::resource("extensions", resource, verb),
        ..denied.clone()
    })
}

/// Names that have as much in common are taken to belong together.
const NAMESAKES: usize = 3;

/// How much of its beginning a role's name has in common with that of an account or its namespace. Of all the roles in a
/// cluster that happen to grant something, only one that is called alike was meant for it.
fn kinship(role: &str, subject: &Subject) -> usize {
    let common = |name: &str| {
        let both = role.bytes().zip(name.bytes());
        both.take_while(|(one, other)| one == other).count()
    };
    match subject {
        Subject::ServiceAccount { namespace, name } => common(name).max(common(namespace)),
        Subject::User(name) | Subject::Group(name) => common(name),
    }
}

/// Whether a role or binding can grant anything there.
fn reaches(role: &Name, scope: &Scope) -> bool {
    match (&role.namespace, scope) {
        (None, _) => true,
        (Some(held), Scope::Namespace(wanted)) => held == wanted,
        (Some(_), Scope::Cluster) => false,
    }
}

/// The namespace of an account that has the name of `wanted` and is another one.
fn namesake<'s>(found: &'s Subject, wanted: &Subject) -> Option<&'s str> {
    match (found, wanted) {
        (
            Subject::ServiceAccount { namespace, name },
            Subject::ServiceAccount { name: wanted, .. },
        ) => (name == wanted).then_some(namespace),
        _ => None,
    }
}

/// What a text says of rights that are denied, each once for every sentence.
pub(super) fn of_text(text: &str) -> Vec<Cause> {
    let of_server = Denied::all(text)
        .into_iter()
        .map(|(denied, because)| Cause::of_denied(denied, Answerer::ApiServer, because));
    let mut causes: Vec<Cause> = of_server.collect();
    let plain = text
        .match_indices(FORBIDDEN)
        .filter_map(|(at, _)| of_kubelet(&text[at..]));
    let plain = plain.chain(of_log(text));
    causes.extend(plain.map(|(denied, who)| Cause::of_denied(denied, who, "")));
    if let Some(Escalation { user, missing }) = Escalation::parse(text) {
        causes.push(Cause::Escalation { user, missing });
    }
    if text.contains("Authorization error (user=") || text.contains("authorization error (user=") {
        causes.push(Cause::CannotAuthorize);
    }
    if text.contains("namespaced rules cannot apply to non-resource URLs") {
        causes.push(Cause::UrlInRole);
    }
    causes
}

const FORBIDDEN: &str = "Forbidden (user=";
/// No such sentence is longer, in bytes.
const LONGEST: usize = 2_000;

/// `Forbidden (user=U, verb=V, resource=R, subresource=S)` of kubelets up to 1.31 and of kube-rbac-proxy, and
/// `…, subresource(s)=[S T])` of later kubelets (`pkg/kubelet/server/server.go` of Kubernetes). Of several subresources
/// one is enough, and the first is the least.
fn of_kubelet(text: &str) -> Option<(Denied, Answerer)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let rest = text.strip_prefix(FORBIDDEN)?;
    let (user, rest) = rest.split_once(", verb=")?;
    let (verb, rest) = rest.split_once(", resource=")?;
    let (resource, rest) = rest.split_once(", subresource")?;
    let sub = match rest.strip_prefix("(s)=[") {
        Some(rest) => rest.split_once(']')?.0.split(' ').next()?,
        None => rest.strip_prefix('=')?.split_once([')', ','])?.0,
    };
    checked(user, verb, resource, sub)
}

/// The same in the kubelet's log.
fn of_log(text: &str) -> Option<(Denied, Answerer)> {
    let (_, fields) = text.split_once("\"Forbidden\" ")?;
    let fields = &fields[..fields.floor_char_boundary(LONGEST)];
    let field = |key: &str| {
        let (_, rest) = fields.split_once(&format!("{key}="))?;
        Some(quoted(rest)?.0)
    };
    let (user, verb, resource) = (field("user")?, field("verb")?, field(" resource")?);
    // A list since 1.32.
    let sub = match fields.split_once("subresource(s)=[") {
        Some((_, list)) => quoted(list)?.0,
        None => field("subresource")?,
    };
    checked(&user, &verb, &resource, &sub)
}

/// What was checked, by whom.
fn checked(user: &str, verb: &str, resource: &str, sub: &str) -> Option<(Denied, Answerer)> {
    let is_word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.*".contains(&byte))
    };
    if ![verb, resource, sub].into_iter().all(is_word) {
        return None;
    }
    let (right, who) = match (resource, sub) {
        // The path is not said.
        ("", _) => (
            Right::Url {
                path: String::new(),
                verb: verb.to_owned(),
            },
            Answerer::Proxy,
        ),
        ("nodes", sub) => (
            Right::resource("", &joined("nodes", sub), verb),
            Answerer::Kubelet,
        ),
        (resource, sub) => (
            Right::resource("", &joined(resource, sub), verb),
            Answerer::Proxy,
        ),
    };
    let denied = Denied {
        user: user.to_owned(),
        right,
        scope: Scope::Cluster,
    };
    Some((denied, who))
}

fn joined(resource: &str, sub: &str) -> String {
    if sub.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{sub}")
    }
}

/// `RBAC: clusterrole.rbac.authorization.k8s.io "x" not found`, behind the sentence of the authorizer.
fn missing_role(because: &str) -> Option<String> {
    let because = because.strip_prefix(": RBAC: ")?;
    [("clusterrole", "ClusterRole"), ("role", "Role")]
        .into_iter()
        .find_map(|(word, kind)| {
            let rest = because
                .split_once(&format!("{word}.rbac.authorization.k8s.io "))?
                .1;
            let (name, rest) = quoted(rest)?;
            rest.starts_with(" not found")
                .then(|| format!("{kind} {name}"))
        })
}
