//! Who scrapes, and what they may do: Namespace, ServiceAccount, roles and bindings.

use std::collections::BTreeSet;

use super::context::Context;
use super::desired::DesiredObject;
use super::renderer::Renderer;
use crate::error::Result;
use crate::object::{Kind, ObjectRef};
use crate::rbac::{Rule, missing};
use crate::render::Stage;
use crate::spec::AccessLevel;
use crate::words::counted;

impl Renderer<'_> {
    pub(super) fn access(&mut self) -> Result<()> {
        let names = &self.spec.names;
        let namespace = ObjectRef::cluster(Kind::Namespace, &names.namespace);
        self.plain("namespace.yaml", namespace, Stage::Foundation)?;
        let account = ObjectRef::namespaced(
            Kind::ServiceAccount,
            &names.namespace,
            &names.service_account(),
        );
        self.plain("serviceaccount.yaml", account, Stage::Identity)?;
        if !self.desired.grants.cluster.is_empty() {
            self.in_cluster()?;
        }
        let namespaces: Vec<String> = self.desired.grants.namespaces.keys().cloned().collect();
        for namespace in &namespaces {
            self.in_namespace(namespace)?;
        }
        Ok(())
    }

    fn in_cluster(&mut self) -> Result<()> {
        let names = &self.spec.names;
        let role = ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role());
        let binding = ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding());
        let rules = self.desired.grants.cluster.clone();
        let context = Context {
            rules: Some(rules.iter().map(Into::into).collect()),
            ..self.context()
        };
        let note = self.role_note(&rules);
        let object = self.render("clusterrole.yaml", role, &context, Stage::Foundation, note)?;
        self.role(object, &rules);
        self.plain("clusterrolebinding.yaml", binding, Stage::Identity)
    }

    fn in_namespace(&mut self, namespace: &str) -> Result<()> {
        let names = &self.spec.names;
        let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
        let binding = ObjectRef::namespaced(Kind::RoleBinding, namespace, &names.role_binding());
        // A namespace of the instance's own may come into being in the first stage only.
        let (first, second) = if namespace == names.namespace {
            (Stage::Identity, Stage::Credentials)
        } else {
            (Stage::Foundation, Stage::Identity)
        };
        let rules = self.desired.grants.namespaces[namespace].clone();
        let context = Context {
            rules: Some(rules.iter().map(Into::into).collect()),
            namespace: Some(namespace),
            ..self.context()
        };
        let note = self.role_note(&rules);
        let object = self.render("role.yaml", role, &context, first, note)?;
        let binding = self.render("rolebinding.yaml", binding, &context, second, String::new())?;
        self.role(object, &rules);
        self.desired.objects.push(binding);
        Ok(())
    }

    /// `2 rules for 3 jobs`, `2 rules for the token and remote write`.
    fn role_note(&self, rules: &[Rule]) -> String {
        let number = counted(rules.len(), "rule");
        match self.spec.access {
            AccessLevel::Observer { .. } => format!("{number}, read only"),
            AccessLevel::Jobs => {
                let reasons: BTreeSet<&String> =
                    rules.iter().flat_map(|rule| &rule.reasons).collect();
                let is_job =
                    |reason: &&String| self.spec.jobs.iter().any(|job| job.name == **reason);
                let (jobs, others): (Vec<&String>, Vec<&String>) =
                    reasons.into_iter().partition(is_job);
                let mut wherefore: Vec<String> = others.into_iter().rev().cloned().collect();
                if !jobs.is_empty() {
                    wherefore.insert(0, counted(jobs.len(), "job"));
                }
                format!("{number} for {}", wherefore.join(" and "))
            }
        }
    }

    /// A replaced template may grant anything; what differs from the jobs' needs is said.
    fn role(&mut self, object: DesiredObject, derived: &[Rule]) {
        let granted: Vec<Rule> = object.value["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|rule| serde_json::from_value(rule.clone()).ok())
            .collect();
        let words = |wanted: &[Rule], held: &[Rule]| -> String {
            let lacking = missing(wanted, held);
            let words: Vec<String> = lacking.iter().map(ToString::to_string).collect();
            words.join("; ")
        };
        let template = format!("{}.yaml", object.reference.kind.name().to_lowercase());
        for (difference, what) in [
            (words(&granted, derived), "grants more than the jobs need"),
            (words(derived, &granted), "lacks what the jobs need"),
        ] {
            if !difference.is_empty() {
                let warning = format!("the template {template} {what}: {difference}");
                self.desired.warnings.push(warning);
            }
        }
        self.desired.objects.push(object);
    }
}
