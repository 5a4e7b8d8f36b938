//! From objects as the API or a manifest writes them to roles and bindings.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::selector::Selector;
use super::{Binding, Name, Role, RoleKind, Roles, Subject};
use crate::object::listed;
use crate::rbac::Rule;
use yaml::Lines;

/// The API group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";
/// Where a manifest that names no namespace is taken to be.
const DEFAULT_NAMESPACE: &str = "default";

/// Where in which file an object stands.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// The lines of the document.
    pub lines: Arc<Lines>,
    /// Where in the document; empty unless it is a list.
    pub pointer: String,
}

impl Source {
    /// The line of a part of the object.
    #[must_use]
    pub fn line(&self, pointer: &str) -> usize {
        self.lines.of(&format!("{}{pointer}", self.pointer))
    }
}

/// An object that is not what its kind says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Which part of it, as a JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

impl Malformed {
    pub(super) fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            reason: reason.into(),
        }
    }
}

impl Roles {
    /// Adds an object, or every one of a list, and gives the number of roles and bindings. What is neither is passed over;
    /// what is there already under the same name is replaced, as an apply would.
    ///
    /// # Errors
    /// A role or binding that the API server would not take.
    pub fn add(&mut self, object: &Value, source: Option<&Source>) -> Result<usize, Malformed> {
        let kind = object["kind"].as_str().unwrap_or_default();
        let version = object["apiVersion"].as_str().unwrap_or_default();
        if let Some(items) = listed(object) {
            let mut added = 0;
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("/items/{index}");
                let source = source.map(|source| Source {
                    pointer: format!("{}{pointer}", source.pointer),
                    ..source.clone()
                });
                let mut item = item.clone();
                // Items of a list from the API server come without what the list says once.
                for (field, said) in [
                    ("kind", &kind[..kind.len() - "List".len()]),
                    ("apiVersion", version),
                ] {
                    if item[field].is_null() && item.is_object() {
                        item[field] = said.into();
                    }
                }
                added += self.add(&item, source.as_ref()).map_err(|wrong| {
                    Malformed::new(format!("{pointer}{}", wrong.pointer), wrong.reason)
                })?;
            }
            return Ok(added);
        }
        if !version.starts_with(&format!("{GROUP}/")) {
            return Ok(0);
        }
        match kind {
            "Role" => self.add_role(object, RoleKind::Role, source),
            "ClusterRole" => self.add_role(object, RoleKind::ClusterRole, source),
            "RoleBinding" => self.add_binding(object, RoleKind::Role, source),
            "ClusterRoleBinding" => self.add_binding(object, RoleKind::ClusterRole, source),
            _ => return Ok(0),
        }?;
        Ok(1)
    }

    fn add_role(
        &mut self,
        object: &Value,
        kind: RoleKind,
        source: Option<&Source>,
    ) -> Result<(), Malformed> {
        let mut rules = Vec::new();
        for (index, rule) in list(&object["rules"], "/rules")?.iter().enumerate() {
            rules.push(rule_of(rule, &format!("/rules/{index}"))?);
        }
        let selectors = &object["aggregationRule"]["clusterRoleSelectors"];
        let pointer = "/aggregationRule/clusterRoleSelectors";
        let mut aggregates = Vec::new();
        if kind == RoleKind::ClusterRole {
            for (index, selector) in list(selectors, pointer)?.iter().enumerate() {
                aggregates.push(Selector::read(selector, &format!("{pointer}/{index}"))?);
            }
        }
        let role = Role {
            name: name(object, kind.name(), kind == RoleKind::Role)?,
            labels: labels(object),
            rules,
            aggregates,
            source: source.cloned(),
        };
        self.index.take();
        if let Some(before) = self.defined.insert(role.name.clone(), role) {
            self.replaced.push(before.name);
        }
        Ok(())
    }

    fn add_binding(
        &mut self,
        object: &Value,
        reach: RoleKind,
        source: Option<&Source>,
    ) -> Result<(), Malformed> {
        let name = name(object, reach.binding(), reach == RoleKind::Role)?;
        let role = match (object["roleRef"]["kind"].as_str(), reach) {
            (Some("Role"), RoleKind::Role) => RoleKind::Role,
            (Some("ClusterRole"), _) => RoleKind::ClusterRole,
            _ => {
                let reason = format!("a {} cannot refer to that kind", reach.binding());
                return Err(Malformed::new("/roleRef/kind", reason));
            }
        };
        group(&object["roleRef"], GROUP, "/roleRef")?;
        let Some(role_name) = object["roleRef"]["name"].as_str() else {
            return Err(Malformed::new("/roleRef", "the role's name is missing"));
        };
        let mut subjects = Vec::new();
        for (index, subject) in list(&object["subjects"], "/subjects")?.iter().enumerate() {
            subjects.push(subject_of(subject, &format!("/subjects/{index}"))?);
        }
        let namespace = name.namespace.clone().filter(|_| role == RoleKind::Role);
        let binding = Binding {
            role: Name {
                kind: role.name(),
                namespace,
                name: role_name.to_owned(),
            },
            labels: labels(object),
            subjects,
            source: source.cloned(),
            name,
        };
        self.index.take();
        if let Some(before) = self.bindings.insert(binding.name.clone(), binding) {
            self.replaced.push(before.name);
        }
        Ok(())
    }
}

fn name(object: &Value, kind: &'static str, namespaced: bool) -> Result<Name, Malformed> {
    let metadata = &object["metadata"];
    let Some(name) = metadata["name"].as_str() else {
        return Err(Malformed::new("/metadata", "the name is missing"));
    };
    let namespace = metadata["namespace"].as_str().unwrap_or(DEFAULT_NAMESPACE);
    Ok(Name {
        kind,
        namespace: namespaced.then(|| namespace.to_owned()),
        name: name.to_owned(),
    })
}

fn labels(object: &Value) -> Map<String, Value> {
    let labels = object["metadata"]["labels"].as_object();
    labels.cloned().unwrap_or_default()
}

fn rule_of(rule: &Value, pointer: &str) -> Result<Rule, Malformed> {
    let field = |name: &str| strings(&rule[name], &format!("{pointer}/{name}"));
    if !rule.is_object() {
        return Err(Malformed::new(pointer, "a rule is a map"));
    }
    Ok(Rule {
        api_groups: field("apiGroups")?,
        resources: field("resources")?,
        resource_names: field("resourceNames")?,
        non_resource_urls: field("nonResourceURLs")?,
        verbs: field("verbs")?,
        reasons: Vec::new(),
    })
}

fn subject_of(subject: &Value, pointer: &str) -> Result<Subject, Malformed> {
    let Some(name) = subject["name"].as_str() else {
        return Err(Malformed::new(pointer, "the subject's name is missing"));
    };
    let api_group = match subject["kind"].as_str() {
        Some("ServiceAccount") => "",
        _ => GROUP,
    };
    group(subject, api_group, pointer)?;
    match subject["kind"].as_str() {
        Some("User") => Ok(Subject::user(name)),
        Some("Group") => Ok(Subject::Group(name.to_owned())),
        Some("ServiceAccount") => match subject["namespace"].as_str() {
            Some(namespace) if !namespace.is_empty() => Ok(Subject::ServiceAccount {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => {
                let reason = "a ServiceAccount needs its namespace here";
                Err(Malformed::new(pointer, reason))
            }
        },
        _ => {
            let reason = "a subject is a User, a Group or a ServiceAccount";
            Err(Malformed::new(pointer, reason))
        }
    }
}

/// A kind of the same name in another group is another kind.
fn group(reference: &Value, wanted: &str, pointer: &str) -> Result<(), Malformed> {
    match reference["apiGroup"].as_str() {
        None | Some("") => Ok(()),
        Some(group) if group == wanted => Ok(()),
        Some(_) => {
            let pointer = format!("{pointer}/apiGroup");
            Err(Malformed::new(pointer, format!("this is {wanted:?} here")))
        }
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> Result<&'a [Value], Malformed> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(Malformed::new(pointer, "this is a list")),
    }
}

/// A list of texts, or nothing.
pub(super) fn strings(value: &Value, pointer: &str) -> Result<Vec<String>, Malformed> {
    let texts = list(value, pointer)?.iter().enumerate();
    texts
        .map(|(index, text)| match text.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(Malformed::new(
                format!("{pointer}/{index}"),
                "this is a text",
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_api_server_would_not_take_is_told_with_its_place() {
        let role =
            |rules: Value| json!({"kind": "Role", "metadata": {"name": "r"}, "rules": rules});
        let binding = |kind: &str, to: &str, subject: Value| {
            json!({
                "kind": kind, "metadata": {"name": "b"}, "roleRef": {"kind": to, "name": "r"}, "subjects": [subject],
            })
        };
        let account = json!({"kind": "ServiceAccount", "name": "a"});
        let group = json!({"kind": "Group", "name": "g"});
        for (mut object, pointer) in [
            (json!({"kind": "Role", "metadata": {}}), "/metadata"),
            (role(json!("all")), "/rules"),
            (role(json!(["all"])), "/rules/0"),
            (role(json!([{"verbs": "get"}])), "/rules/0/verbs"),
            (role(json!([{"verbs": ["get", 1]}])), "/rules/0/verbs/1"),
            (
                binding("ClusterRoleBinding", "Role", group),
                "/roleRef/kind",
            ),
            (binding("RoleBinding", "Role", account), "/subjects/0"),
            (
                binding(
                    "RoleBinding",
                    "Role",
                    json!({"kind": "Group", "name": "g", "apiGroup": "iam.example"}),
                ),
                "/subjects/0/apiGroup",
            ),
            (
                binding(
                    "RoleBinding",
                    "Role",
                    json!({"kind": "ServiceAccount", "name": "a", "namespace": "n", "apiGroup": "iam.example"}),
                ),
                "/subjects/0/apiGroup",
            ),
            (
                binding("RoleBinding", "Role", json!({"kind": "Robot", "name": "r"})),
                "/subjects/0",
            ),
        ] {
            object["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
            let wrong = Roles::default().add(&object, None).expect_err("malformed");
            assert_eq!(wrong.pointer, pointer, "{object}");
            let list =
                json!({"kind": "List", "apiVersion": "v1", "items": [{"kind": "Pod"}, object]});
            let wrong = Roles::default().add(&list, None).expect_err("malformed");
            assert_eq!(wrong.pointer, format!("/items/1{pointer}"));
        }
    }
}
