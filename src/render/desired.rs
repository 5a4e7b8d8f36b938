//! Everything that should exist for one request: objects and files, rendered and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use serde_json::Value;

use super::context::{Context, JobContext};
use super::templates::{Rendered, Templates};
use super::{EXPIRES_AT, ISSUED_AT, REQUESTED, check, labels, selection};
use crate::access::{self, Discoverer, Rule};
use crate::error::Result;
use crate::job::Job;
use crate::object::{Kind, ObjectRef};
use crate::plan::{Content, PENDING_TIME, PENDING_TOKEN, Stage};
use crate::spec::{AccessLevel, Format, Spec};
use crate::token::{Decision, Token, Verdict};

/// The configuration that is written, once the cluster is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// ServiceMonitor and ScrapeConfig.
    Operator,
    /// `scrape_configs` on standard output.
    Mounted {
        /// Where Prometheus finds the Secret's files.
        mount_dir: String,
    },
    /// `scrape_configs` in a file, token and CA beside it.
    DropIn {
        /// The configuration file.
        file: PathBuf,
        /// The folder of `token` and `ca.crt`.
        token_dir: PathBuf,
    },
}

/// Where the consumer reads the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// The key `token` of the token Secret.
    Secret,
    /// A file.
    File(PathBuf),
}

impl Form {
    /// Settles [`Format::Auto`]: operator objects where the cluster serves their kinds.
    #[must_use]
    pub fn of(format: &Format, serves_monitors: bool) -> Self {
        match format {
            Format::Operator => Self::Operator,
            Format::Auto { .. } if serves_monitors => Self::Operator,
            Format::Auto { mount_dir } | Format::Mounted { mount_dir } => Self::Mounted {
                mount_dir: mount_dir.clone(),
            },
            Format::DropIn { file, token_dir } => Self::DropIn {
                file: file.clone(),
                token_dir: token_dir.clone(),
            },
        }
    }

    /// Where the consumer reads the token.
    #[must_use]
    pub fn token_place(&self) -> TokenPlace {
        match self {
            Self::Operator | Self::Mounted { .. } => TokenPlace::Secret,
            Self::DropIn { token_dir, .. } => TokenPlace::File(token_dir.join("token")),
        }
    }

    /// The name of the format as `--format` has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Mounted { .. } | Self::DropIn { .. } => "raw",
        }
    }
}

/// What of the cluster shapes the configuration.
pub struct Surroundings<'a> {
    /// The API server as monconf reaches it; for [`Form::DropIn`].
    pub server: &'a str,
    /// The CA bundle, PEM, that verifies the API server as the consumer reaches it.
    pub ca: &'a str,
    /// Every `Prometheus` object.
    pub prometheuses: &'a [Value],
    /// The labels of the instance's namespace.
    pub namespace_labels: &'a BTreeMap<String, String>,
    /// The token that the consumer reads today.
    pub token: Option<&'a Token>,
    /// The handle in the slot that is used, if it exists.
    pub handle: Option<&'a Value>,
}

/// Everything that should exist.
#[derive(Clone)]
pub struct Desired {
    /// Objects, in the order in which a plan lists them.
    pub objects: Vec<DesiredObject>,
    /// Files.
    pub files: Vec<DesiredFile>,
    /// Configuration that belongs to nobody's file: for standard output.
    pub output: Option<String>,
    /// What the role grants.
    pub rules: Vec<Rule>,
    /// Sentences that the user should read.
    pub warnings: Vec<String>,
}

/// One object that should exist.
#[derive(Clone)]
pub struct DesiredObject {
    /// Which.
    pub reference: ObjectRef,
    /// The fields that monconf wants, and only those.
    pub value: Value,
    /// The manifest as rendered, with comments and without any secret.
    pub text: String,
    /// When it is written.
    pub stage: Stage,
    /// A few words beside it.
    pub note: String,
}

/// One file that should exist.
#[derive(Clone)]
pub struct DesiredFile {
    /// Where.
    pub path: PathBuf,
    /// What it holds.
    pub content: Content,
    /// When it is written.
    pub stage: Stage,
    /// A few words beside it.
    pub note: String,
}

/// Inside the cluster the API server has this name, which its certificate carries.
const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// Renders and checks everything that `spec` asks for in the form `form`.
///
/// # Errors
/// A template that does not render what it should.
pub fn desired(
    spec: &Spec,
    form: &Form,
    surroundings: &Surroundings,
    decision: &Decision,
    templates: &Templates,
) -> Result<Desired> {
    let mut renderer = Renderer {
        spec,
        templates,
        labels: labels(&spec.names),
        handle: spec.names.handles()[decision.slot].clone(),
        desired: Desired {
            objects: Vec::new(),
            files: Vec::new(),
            output: None,
            rules: rules(spec, form),
            warnings: Vec::new(),
        },
    };
    renderer.access()?;
    renderer.handle(surroundings, decision)?;
    match form {
        Form::Operator => {
            renderer.token_secret(surroundings, decision)?;
            renderer.monitors(surroundings)?;
        }
        Form::Mounted { mount_dir } => {
            renderer.token_secret(surroundings, decision)?;
            let server = spec.api_server.as_deref().unwrap_or(IN_CLUSTER);
            let text = renderer.scrape_configs(server, mount_dir)?;
            renderer.desired.output = Some(text);
        }
        Form::DropIn { file, token_dir } => {
            let server = spec.api_server.as_deref().unwrap_or(surroundings.server);
            let text = renderer.scrape_configs(server, &token_dir.to_string_lossy())?;
            renderer.credential_files(token_dir, surroundings, decision);
            renderer.desired.files.push(DesiredFile {
                path: file.clone(),
                content: Content::Text(text),
                stage: Stage::Configuration,
                note: counted(spec.jobs.len(), "job"),
            });
        }
    }
    Ok(renderer.desired)
}

/// What the role of a request grants.
#[must_use]
pub fn rules(spec: &Spec, form: &Form) -> Vec<Rule> {
    let discoverer = match form {
        Form::Operator => Discoverer::Prometheus,
        Form::Mounted { .. } | Form::DropIn { .. } => Discoverer::Ours,
    };
    match spec.access {
        AccessLevel::Jobs => access::derive(&spec.jobs, discoverer),
        AccessLevel::Observer { nodes_proxy } => access::observer(nodes_proxy),
    }
}

struct Renderer<'a> {
    spec: &'a Spec,
    templates: &'a Templates,
    labels: BTreeMap<String, String>,
    handle: String,
    desired: Desired,
}

impl Renderer<'_> {
    fn access(&mut self) -> Result<()> {
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

    fn handle(&mut self, surroundings: &Surroundings, decision: &Decision) -> Result<()> {
        let duration = self.spec.duration.to_string();
        let annotations: BTreeMap<String, String> = match &decision.verdict {
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
        let note = if surroundings.handle.is_some() {
            String::new()
        } else {
            "empty; deleting it revokes the token".to_owned()
        };
        let object = self.render("handle.yaml", reference, &context, Stage::Identity, note)?;
        self.desired.objects.push(object);
        Ok(())
    }

    fn token_secret(&mut self, surroundings: &Surroundings, decision: &Decision) -> Result<()> {
        let names = &self.spec.names;
        let reference =
            ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.token_secret());
        let note = self.token_note(decision);
        let mut object = self.render(
            "token-secret.yaml",
            reference,
            &self.context(),
            Stage::Credentials,
            note,
        )?;
        let token = match (&decision.verdict, surroundings.token) {
            (Verdict::Keep(_), Some(token)) => STANDARD.encode(token.expose()),
            _ => PENDING_TOKEN.to_owned(),
        };
        object.value["data"] = serde_json::json!({
            "ca.crt": STANDARD.encode(surroundings.ca),
            "token": token,
        });
        self.desired.objects.push(object);
        Ok(())
    }

    fn credential_files(
        &mut self,
        dir: &std::path::Path,
        surroundings: &Surroundings,
        decision: &Decision,
    ) {
        let token = match (&decision.verdict, surroundings.token) {
            (Verdict::Keep(_), Some(token)) => token.expose().to_owned(),
            _ => PENDING_TOKEN.to_owned(),
        };
        self.desired.files.extend([
            DesiredFile {
                path: dir.join("ca.crt"),
                content: Content::Text(surroundings.ca.to_owned()),
                stage: Stage::Credentials,
                note: String::new(),
            },
            DesiredFile {
                path: dir.join("token"),
                content: Content::Token(token),
                stage: Stage::Credentials,
                note: self.token_note(decision),
            },
        ]);
    }

    fn token_note(&self, decision: &Decision) -> String {
        match &decision.verdict {
            Verdict::Keep(claims) => {
                format!("token valid until {}", claims.expires_at.strftime("%F"))
            }
            Verdict::Issue(reason) if reason == "new token" => {
                format!("new token, {} asked", self.spec.duration)
            }
            Verdict::Issue(reason) => reason.clone(),
        }
    }

    fn monitors(&mut self, surroundings: &Surroundings) -> Result<()> {
        let mut unselected: Vec<String> = Vec::new();
        for job in &self.spec.jobs {
            let object = self.monitor(job, surroundings, &mut unselected)?;
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

    fn monitor(
        &self,
        job: &Job,
        surroundings: &Surroundings,
        unselected: &mut Vec<String>,
    ) -> Result<DesiredObject> {
        let names = &self.spec.names;
        let kind = job.monitor_kind();
        let template = match kind {
            Kind::ServiceMonitor => "servicemonitor.yaml",
            _ => "scrapeconfig.yaml",
        };
        let selected = selection::select(
            surroundings.prometheuses,
            kind,
            &names.namespace,
            surroundings.namespace_labels,
        );
        if selected.selected_by.is_empty() {
            unselected.extend(selected.not_selected_by.iter().cloned());
        }
        let mut labels = selected.labels.clone();
        labels.extend(self.labels.clone());
        let reference = ObjectRef::namespaced(kind, &names.namespace, &names.monitor(job.name));
        let context = Context {
            labels: &labels,
            name: Some(reference.name.clone()),
            job: Some(JobContext::new(job, self.spec)),
            ..self.context()
        };
        let note = selected.note();
        self.render(template, reference, &context, Stage::Configuration, note)
    }

    fn scrape_configs(&self, server: &str, credentials: &str) -> Result<String> {
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
        Ok(rendered.text)
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
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
