//! What the API server would refuse, told before anything is written.

use serde_json::Value;

use super::change::Planner;
use super::{Action, Blocker};
use crate::access::{Grants, Rule, missing};
use crate::object::{Kind, ObjectRef};

impl Planner<'_> {
    pub(super) fn terminating(&mut self, namespace: &Value) {
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let finalizers = namespace["spec"]["finalizers"]
            .as_array()
            .into_iter()
            .chain(namespace["metadata"]["finalizers"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .map(|finalizer| format!("finalizer {finalizer}"));
        let conditions = namespace["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|condition| condition["status"] == "True")
            .filter_map(|condition| condition["message"].as_str().map(str::to_owned));
        self.plan.blockers.push(Blocker::Terminating {
            namespace: self.consent.names.namespace.clone(),
            waits_for: finalizers.chain(conditions).collect(),
        });
    }

    /// The API server refuses a role that grants more than its writer holds; said before anything is written.
    pub(super) fn escalation(&mut self, grants: &Grants) {
        let names = self.consent.names;
        // What holds in the whole cluster is part of what holds in any namespace.
        let in_cluster = self.consent.held.values().next();
        let cluster_role = ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role());
        self.escalation_of(cluster_role, &grants.cluster, in_cluster);
        for (namespace, rules) in &grants.namespaces {
            let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
            self.escalation_of(role, rules, self.consent.held.get(namespace));
        }
    }

    fn escalation_of(&mut self, role: ObjectRef, rules: &[Rule], held: Option<&Vec<Rule>>) {
        let Some(held) = held.filter(|_| self.writes(&role)) else {
            return;
        };
        let may_escalate = held
            .iter()
            .any(|rule| rule.may("escalate", role.kind.plural(), &role.name));
        let missing: Vec<String> = missing(rules, held)
            .iter()
            .map(ToString::to_string)
            .collect();
        if !may_escalate && !missing.is_empty() {
            self.plan.blockers.push(Blocker::Escalation {
                object: role,
                user: self.consent.user.to_owned(),
                missing,
            });
        }
    }

    fn writes(&self, object: &ObjectRef) -> bool {
        let mut changes = self.plan.changes.iter();
        changes.any(|change| {
            change.target.object() == Some(object) && change.action != Action::Unchanged
        })
    }

    /// A Role can only be written where its namespace exists; only the instance's own is made.
    pub(super) fn namespaces(&mut self, grants: &Grants) {
        let names = self.consent.names;
        for namespace in grants.namespaces.keys() {
            let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
            let known = self.existing.missing_namespaces.contains(namespace);
            if known && self.writes(&role) {
                self.plan.blockers.push(Blocker::NoNamespace {
                    namespace: namespace.clone(),
                    object: role,
                });
            }
        }
    }
}
