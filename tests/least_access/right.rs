//! Rights that an account really holds, one by one.

use std::fmt;

use monconf::rbac::{Right, Rule, Scope as Place};
use serde_json::{Value, json};
use testbed::poll::until;
use testbed::{ControlPlane, Event, Scope};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
/// One right in one role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) place: Place,
    pub(super) right: Right,
}

/// `list nodes`; ``list pods` in `kube-system``.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Cluster => write!(f, "`{}`", self.right),
            Place::Namespace(namespace) => write!(f, "`{}` in `{namespace}`", self.right),
        }
    }
}

impl Held {
    /// Every single right of a role's rules.
    pub(super) fn all(place: &Place, rules: &[Rule]) -> Vec<Self> {
        let rights = rules.iter().flat_map(Rule::rights);
        let held = rights.map(|right| Self {
            place: place.clone(),
            right,
        });
        held.collect()
    }

    /// As a rule of a role.
    pub(super) fn rule(&self) -> Value {
        match &self.right {
            Right::Url { path, verb } => json!({"nonResourceURLs": [path], "verbs": [verb]}),
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                let mut rule =
                    json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
                if let Some(name) = name {
                    rule["resourceNames"] = json!([name]);
                }
                rule
            }
        }
    }

    /// Whether the authorizer allows it.
    fn is_allowed(&self, cp: &ControlPlane, account: &str) -> bool {
        let attributes = match &self.right {
            Right::Url { path, verb } => {
                json!({"nonResourceAttributes": {"verb": verb, "path": path}})
            }
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                json!({"resourceAttributes": {
                    "verb": verb, "group": group, "resource": resource, "subresource": subresource,
                    "name": name, "namespace": self.namespace(),
                }})
            }
        };
        cp.may(account, &attributes)
    }

    fn namespace(&self) -> &str {
        match &self.place {
            Place::Cluster => "",
            Place::Namespace(namespace) => namespace,
        }
    }

    /// Whether that request is one for which this right is checked. One in the whole cluster is also checked for a
    /// request in a namespace.
    pub(super) fn is_asked_by(&self, event: &Event) -> bool {
        match &self.right {
            Right::Url { path, verb } => {
                let asked = event.uri.split('?').next();
                event.resource.is_empty() && asked == Some(path.as_str()) && event.verb == *verb
            }
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let place = self.namespace();
                (&event.verb, &event.group) == (verb, group)
                    && (event.resource.as_str(), event.subresource.as_str())
                        == (resource, subresource)
                    && (place.is_empty() || event.namespace == place)
                    && name.as_ref().is_none_or(|name| event.name == *name)
            }
        }
    }
}

/// A role of an instance.
struct Role {
    path: String,
    held: Vec<Held>,
}

/// Every role of an instance, as the server has it.
fn roles(scope: &Scope) -> Vec<Role> {
    let instance = format!("app.kubernetes.io%2Finstance%3D{}", scope.name);
    let list = |plural: &str| {
        let path = format!("{RBAC}/{plural}?labelSelector={instance}");
        let list = scope.admin().get(&path).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    let role = |role: &Value| {
        let name = role["metadata"]["name"].as_str().unwrap();
        let rules: Vec<Rule> = serde_json::from_value(role["rules"].clone()).unwrap();
        let (path, place) = match role["metadata"]["namespace"].as_str() {
            None => (format!("{RBAC}/clusterroles/{name}"), Place::Cluster),
            Some(namespace) => (
                format!("{RBAC}/namespaces/{namespace}/roles/{name}"),
                Place::Namespace(namespace.to_owned()),
            ),
        };
        Role {
            path,
            held: Held::all(&place, &rules),
        }
    };
    let all = [list("clusterroles"), list("roles")].concat();
    all.iter().map(role).collect()
}

/// Every single right that the roles of an instance grant, once the authorizer knows them.
pub(super) fn of_instance(scope: &Scope, account: &str) -> Vec<Held> {
    let roles = roles(scope).into_iter();
    let mut all: Vec<Held> = roles.flat_map(|role| role.held).collect();
    all.sort();
    for held in &all {
        until(&format!("{account} may {held}"), || {
            held.is_allowed(scope.cp, account)
        });
    }
    all
}

/// Takes one right out of an instance's roles, and waits until the authorizer knows.
pub(super) fn remove(scope: &Scope, account: &str, taken: &Held) {
    let mut granting = roles(scope);
    granting.retain(|role| role.held.contains(taken));
    let [role] = granting.as_slice() else {
        panic!("{taken} is granted by {} roles", granting.len())
    };
    let mut rest = role.held.clone();
    rest.retain(|held| held != taken);
    assert_eq!(rest.len() + 1, role.held.len(), "{taken} is granted once");
    let rules: Vec<Value> = rest.iter().map(Held::rule).collect();
    scope
        .admin()
        .patch_merge(&role.path, &json!({"rules": rules}))
        .unwrap();
    until(&format!("{account} may not {taken}"), || {
        !taken.is_allowed(scope.cp, account)
    });
}
