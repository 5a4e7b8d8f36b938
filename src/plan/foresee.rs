//! What the API server would refuse, told before anything is written.

use serde_json::Value;

use super::change::Planner;
use super::{Action, Blocker};
use crate::access::Grants;
use crate::object::{Kind, ObjectRef};
use crate::rbac::{Rule, missing};

impl Planner<'_> {
    pub(super) fn terminating(&mut self, name: &str, namespace: &Value) {
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
            namespace: name.to_owned(),
            waits_for: finalizers.chain(conditions).collect(),
        });
    }

    /// The API server refuses a role that grants more than its writer holds, and a binding to it; said before anything
    /// is written.
    pub(super) fn escalation(&mut self, grants: &Grants) {
        let names = self.consent.names;
        let held = self.consent.held;
        let cluster_role = ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role());
        // What holds in the whole cluster is part of what holds in every namespace, and only that is.
        self.escalation_of(
            cluster_role,
            &grants.cluster,
            &held.values().collect::<Vec<_>>(),
        );
        for (namespace, rules) in &grants.namespaces {
            let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
            let held: Vec<&Vec<Rule>> = held.get(namespace).into_iter().collect();
            self.escalation_of(role, rules, &held);
        }
    }

    /// `held` are lists of rules, each of which must allow it; none where they are not known.
    fn escalation_of(&mut self, role: ObjectRef, rules: &[Rule], held: &[&Vec<Rule>]) {
        if held.is_empty() || !self.writes(&role) {
            return;
        }
        let may = |verb: &str| {
            let plural = role.kind.plural();
            let allows = |rule: &Rule| rule.may(verb, plural, &role.name);
            held.iter().all(|rules| rules.iter().any(allows))
        };
        let mut lacking: Vec<String> = Vec::new();
        for right in held.iter().flat_map(|held| missing(rules, held)) {
            let right = right.to_string();
            if !lacking.contains(&right) {
                lacking.push(right);
            }
        }
        let may_all_the_same = may("escalate") && may("bind");
        if !lacking.is_empty() && !may_all_the_same {
            self.plan.blockers.push(Blocker::Escalation {
                object: role,
                user: self.consent.user.to_owned(),
                missing: lacking,
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
            if !self.writes(&role) {
                continue;
            }
            let existing = self.existing;
            let live = ObjectRef::cluster(Kind::Namespace, namespace);
            if let Some(live) = existing.objects.get(&live)
                && *namespace != names.namespace
            {
                self.terminating(namespace, live);
            }
            if existing.missing_namespaces.contains(namespace) {
                self.plan.blockers.push(Blocker::NoNamespace {
                    namespace: namespace.clone(),
                    object: role,
                });
            }
        }
    }
}
