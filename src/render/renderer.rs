//! One request's objects and texts, rendered from templates one by one.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use serde_json::Value;

use super::context::{Context, JobContext};
use super::desired::{Desired, DesiredFile, DesiredObject, Surroundings};
use super::templates::{Rendered, Templates};
use super::{EXPIRES_AT, ISSUED_AT, REQUESTED, check, file_header, labels, selection};
use crate::access::{self, Rule};
use crate::error::Result;
use crate::job::Job;
use crate::object::{Kind, ObjectRef};
use crate::plan::{Content, PENDING_TIME, PENDING_TOKEN, Stage};
use crate::spec::{AccessLevel, Spec};
use crate::token::{Decision, Verdict};

/// Collects what it renders.
pub(super) struct Renderer<'a> {
    spec: &'a Spec,
    surroundings: &'a Surroundings<'a>,
    decision: &'a Decision,
    templates: &'a Templates,
    labels: BTreeMap<String, String>,
    handle: String,
    pub(super) desired: Desired,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(
        spec: &'a Spec,
        surroundings: &'a Surroundings,
        decision: &'a Decision,
        templates: &'a Templates,
        rules: Vec<Rule>,
    ) -> Self {
        Self {
            spec,
            surroundings,
            decision,
            templates,
            labels: labels(&spec.names),
            handle: spec.names.handles()[decision.slot].clone(),
            desired: Desired {
                objects: Vec::new(),
                files: Vec::new(),
                output: None,
                rules,
                warnings: Vec::new(),
            },
        }
    }

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
        self.cluster_role()?;
        let binding = ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding());
        self.plain("clusterrolebinding.yaml", binding, Stage::Identity)
    }

    fn cluster_role(&mut self) -> Result<()> {
        let rules = self.desired.rules.clone();
        let note = match self.spec.access {
            AccessLevel::Jobs => format!(
                "{} for {}",
                counted(rules.len(), "rule"),
                counted(self.spec.jobs.len(), "job")
            ),
            AccessLevel::Observer { .. } => format!("{}, read only", counted(rules.len(), "rule")),
        };
        let context = Context {
            rules: Some(rules.iter().map(Into::into).collect()),
            ..self.context()
        };
        let role = ObjectRef::cluster(Kind::ClusterRole, &self.spec.names.cluster_role());
        let object = self.render("clusterrole.yaml", role, &context, Stage::Foundation, note)?;
        self.compare_rules(&object.value);
        self.desired.objects.push(object);
        Ok(())
    }

    /// A replaced template may grant anything; what differs from the jobs' needs is said.
    fn compare_rules(&mut self, role: &Value) {
        let granted: Vec<Rule> = role["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|rule| serde_json::from_value(rule.clone()).ok())
            .collect();
        let derived = &self.desired.rules;
        let words = |rights: Vec<access::Right>| -> String {
            let words: Vec<String> = rights.iter().map(ToString::to_string).collect();
            words.join("; ")
        };
        let surplus = words(access::missing(&granted, derived));
        let lacking = words(access::missing(derived, &granted));
        if !surplus.is_empty() {
            self.desired.warnings.push(format!(
                "the template clusterrole.yaml grants more than the jobs need: {surplus}"
            ));
        }
        if !lacking.is_empty() {
            self.desired.warnings.push(format!(
                "the template clusterrole.yaml lacks what the jobs need: {lacking}"
            ));
        }
    }

    pub(super) fn handle(&mut self) -> Result<()> {
        let duration = self.spec.duration.to_string();
        let annotations: BTreeMap<String, String> = match &self.decision.verdict {
            Verdict::Issue(_) => [
                (REQUESTED, duration.as_str()),
                (ISSUED_AT, PENDING_TIME),
                (EXPIRES_AT, PENDING_TIME),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
            // What the token says of itself, should a run have ended between issuing and recording.
            Verdict::Keep(claims) => [
                (REQUESTED, duration),
                (ISSUED_AT, claims.issued_at.to_string()),
                (EXPIRES_AT, claims.expires_at.to_string()),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
        };
        let context = Context {
            annotations: Some(&annotations),
            ..self.context()
        };
        let reference =
            ObjectRef::namespaced(Kind::Secret, &self.spec.names.namespace, &self.handle);
        let note = if self.surroundings.handle.is_some() {
            String::new()
        } else {
            "empty; deleting it revokes the token".to_owned()
        };
        let object = self.render("handle.yaml", reference, &context, Stage::Identity, note)?;
        self.desired.objects.push(object);
        Ok(())
    }

    pub(super) fn token_secret(&mut self) -> Result<()> {
        let names = &self.spec.names;
        let reference =
            ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.token_secret());
        let note = self.token_note();
        let mut object = self.render(
            "token-secret.yaml",
            reference,
            &self.context(),
            Stage::Credentials,
            note,
        )?;
        let token = match (&self.decision.verdict, self.surroundings.token) {
            (Verdict::Keep(_), Some(token)) => STANDARD.encode(token.expose()),
            _ => PENDING_TOKEN.to_owned(),
        };
        object.value["data"] = serde_json::json!({
            "ca.crt": STANDARD.encode(self.surroundings.ca),
            "token": token,
        });
        self.desired.objects.push(object);
        Ok(())
    }

    pub(super) fn credential_files(&mut self, dir: &Path) {
        let token = match (&self.decision.verdict, self.surroundings.token) {
            (Verdict::Keep(_), Some(token)) => token.expose().to_owned(),
            _ => PENDING_TOKEN.to_owned(),
        };
        self.desired.files.extend([
            DesiredFile {
                path: dir.join("ca.crt"),
                content: Content::Text(self.surroundings.ca.to_owned()),
                stage: Stage::Credentials,
                note: String::new(),
            },
            DesiredFile {
                path: dir.join("token"),
                content: Content::Token(token),
                stage: Stage::Credentials,
                note: self.token_note(),
            },
        ]);
    }

    fn token_note(&self) -> String {
        match &self.decision.verdict {
            Verdict::Keep(claims) => {
                format!("token valid until {}", claims.expires_at.strftime("%F"))
            }
            Verdict::Issue(reason) if reason == "new token" => {
                format!("new token, {} asked", self.spec.duration)
            }
            Verdict::Issue(reason) => reason.clone(),
        }
    }

    pub(super) fn monitors(&mut self) -> Result<()> {
        let mut unselected: Vec<String> = Vec::new();
        for job in &self.spec.jobs {
            let object = self.monitor(job, &mut unselected)?;
            self.desired.objects.push(object);
        }
        // In the order of kinds, as the plan lists them.
        self.desired.objects.sort_by_key(|object| {
            Kind::ALL
                .iter()
                .position(|&kind| kind == object.reference.kind)
        });
        unselected.sort();
        unselected.dedup();
        self.desired.warnings.extend(unselected);
        Ok(())
    }

    fn monitor(&self, job: &Job, unselected: &mut Vec<String>) -> Result<DesiredObject> {
        let names = &self.spec.names;
        let kind = job.monitor_kind();
        let template = match kind {
            Kind::ServiceMonitor => "servicemonitor.yaml",
            _ => "scrapeconfig.yaml",
        };
        let reference = ObjectRef::namespaced(kind, &names.namespace, &names.monitor(job.name));
        let (mut labels, note) = match self.surroundings.prometheuses {
            Some(prometheuses) => {
                let selected = selection::select(
                    prometheuses,
                    kind,
                    &names.namespace,
                    self.surroundings.namespace_labels,
                );
                let note = selected.note();
                if selected.selected_by.is_empty() {
                    unselected.extend(selected.not_selected_by);
                }
                (selected.labels, note)
            }
            // What made a Prometheus select it must not get lost because this caller cannot see why.
            None => (self.live_labels(&reference), String::new()),
        };
        labels.extend(self.labels.clone());
        let context = Context {
            labels: &labels,
            name: Some(reference.name.clone()),
            job: Some(JobContext::new(job, self.spec)),
            ..self.context()
        };
        self.render(template, reference, &context, Stage::Configuration, note)
    }

    fn live_labels(&self, reference: &ObjectRef) -> BTreeMap<String, String> {
        let live = self.surroundings.objects.get(reference);
        let labels = live.and_then(|live| live["metadata"]["labels"].as_object());
        let labels = labels.into_iter().flatten();
        labels
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    pub(super) fn scrape_configs(&self, server: &str, credentials: &str) -> Result<String> {
        let context = Context {
            jobs: Some(
                self.spec
                    .jobs
                    .iter()
                    .map(|job| JobContext::new(job, self.spec))
                    .collect(),
            ),
            api_server: Some(server),
            token_file: Some(format!("{credentials}/token")),
            ca_file: Some(format!("{credentials}/ca.crt")),
            ..self.context()
        };
        let rendered = self.text("scrape-configs.yaml", &context)?;
        let job_names: Vec<String> = self
            .spec
            .jobs
            .iter()
            .map(|job| self.spec.names.job_name(job.job_name))
            .collect();
        check::scrape_configs(&rendered, &job_names)?;
        Ok(file_header(&self.spec.names.instance) + &rendered.text)
    }

    fn context(&self) -> Context<'_> {
        Context::new(self.spec, &self.labels, &self.handle)
    }

    /// An object whose template needs nothing but names.
    fn plain(&mut self, template: &'static str, reference: ObjectRef, stage: Stage) -> Result<()> {
        let object = self.render(template, reference, &self.context(), stage, String::new())?;
        self.desired.objects.push(object);
        Ok(())
    }

    fn render(
        &self,
        template: &'static str,
        reference: ObjectRef,
        context: &Context,
        stage: Stage,
        note: String,
    ) -> Result<DesiredObject> {
        let rendered = self.text(template, context)?;
        let value = check::object(&rendered, &reference, &self.labels)?;
        Ok(DesiredObject {
            reference,
            value,
            text: rendered.text,
            stage,
            note,
        })
    }

    fn text(&self, template: &'static str, context: &Context) -> Result<Rendered> {
        self.templates.render(template, &Serde(context).into())
    }
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
