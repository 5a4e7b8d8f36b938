//! What templates may use. `templates/README.md` documents these names for users.

use promconf::Duration;
use promconf::RelabelConfig;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::job::{Job, Selector, Service};
use crate::rbac::Rule;
use crate::spec::{Names, Spec};

/// The variables of a template. Which of them a template has is a matter of what is known when it
/// is rendered; using another is an error.
#[derive(Serialize)]
pub(super) struct Context<'a> {
    pub names: ObjectNames<'a>,
    pub labels: &'a BTreeMap<String, String>,
    /// Whether Pods run as the ServiceAccount.
    pub automount: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<RuleContext<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobContext<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<&'a AgentContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertsContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_rules: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        spec: &'a Spec,
        labels: &'a BTreeMap<String, String>,
        handle: &'a str,
        automount: bool,
    ) -> Self {
        Self {
            names: ObjectNames::new(&spec.names, handle),
            labels,
            annotations: None,
            rules: None,
            name: None,
            namespace: None,
            job: None,
            jobs: None,
            agent: None,
            alerts: None,
            alert_rules: None,
            automount,
            api_server: None,
            token_file: None,
            ca_file: None,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ObjectNames<'a> {
    instance: &'a str,
    namespace: &'a str,
    service_account: String,
    cluster_role: String,
    cluster_role_binding: String,
    role: String,
    role_binding: String,
    token_secret: String,
    agent: String,
    agent_jobs: String,
    handle: &'a str,
}

impl<'a> ObjectNames<'a> {
    fn new(names: &'a Names, handle: &'a str) -> Self {
        Self {
            instance: &names.instance,
            namespace: &names.namespace,
            service_account: names.service_account(),
            cluster_role: names.cluster_role(),
            cluster_role_binding: names.cluster_role_binding(),
            role: names.role(),
            role_binding: names.role_binding(),
            token_secret: names.token_secret(),
            agent: names.agent(),
            agent_jobs: names.agent_jobs(),
            handle,
        }
    }
}

/// What an agent runs.
#[derive(Serialize)]
pub(super) struct AgentContext {
    pub shards: Option<u32>,
    /// Secrets that its Pods mount.
    pub secrets: Vec<String>,
    /// In the words of a MetricsInstance.
    pub remote_write: Option<Value>,
    /// The key of the Secret of jobs, where there are such.
    pub jobs_key: Option<&'static str>,
    /// Whether monitors are selected.
    pub monitors: bool,
    /// The labels that select what is this instance's.
    pub selector: BTreeMap<String, String>,
}

/// What alert rules are about.
#[derive(Serialize)]
pub(super) struct AlertsContext<'a> {
    /// The ServiceAccount, as `monconf status` labels its metrics.
    pub account: &'a str,
    /// What selects its metrics, in PromQL: `{service_account="monitoring/monitoring-sa"}`.
    pub selector: String,
    /// A regular expression of the jobs whose targets are shown our token; empty where there is none.
    pub jobs: String,
}

#[derive(Serialize)]
pub(super) struct RuleContext<'a> {
    api_groups: &'a [String],
    resources: &'a [String],
    resource_names: &'a [String],
    non_resource_urls: &'a [String],
    verbs: &'a [String],
    reasons: &'a [String],
}

impl<'a> From<&'a Rule> for RuleContext<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self {
            api_groups: &rule.api_groups,
            resources: &rule.resources,
            resource_names: &rule.resource_names,
            non_resource_urls: &rule.non_resource_urls,
            verbs: &rule.verbs,
            reasons: &rule.reasons,
        }
    }
}

/// Whose spelling of fields a template needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `source_labels`, `endpointslice`: a configuration of Prometheus.
    Prometheus,
    /// `sourceLabels`, `EndpointSlice`: an object of prometheus-operator.
    Operator,
    /// As Prometheus', with durations that Go reads: a configuration of Alloy.
    Alloy,
}

#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a variable of the templates"
)]
pub(super) struct JobContext<'a> {
    name: &'a str,
    summary: &'a str,
    job_name: &'a str,
    scheme: &'static str,
    metrics_path: &'a str,
    params: Map<String, Value>,
    interval: Option<String>,
    timeout: Option<String>,
    honor_labels: bool,
    honor_timestamps: bool,
    wants_token: bool,
    /// Whether the token is named by the field that Grafana Agent's operator reads.
    pub bearer_token_secret: bool,
    tls: bool,
    server_name: Option<&'static str>,
    insecure_tls: bool,
    role: &'static str,
    namespaces: &'a [String],
    selectors: Vec<Value>,
    attach_metadata: Map<String, Value>,
    service: Option<ServiceContext<'a>>,
    relabelling: Vec<Value>,
    metric_relabelling: Vec<Value>,
}

#[derive(Serialize)]
struct ServiceContext<'a> {
    match_labels: BTreeMap<&'a str, &'a str>,
    match_expressions: Vec<Value>,
    ports: &'a [String],
}

impl<'a> JobContext<'a> {
    pub(super) fn new(job: &'a Job, spelling: Spelling) -> Self {
        let discovery = &job.discovery;
        let steps = |steps: &[RelabelConfig]| {
            steps
                .iter()
                .map(|step| self::step(step, spelling))
                .collect()
        };
        let (role, relabelling) = match spelling {
            Spelling::Prometheus | Spelling::Alloy => {
                (discovery.role.name(), steps(&job.raw_relabelling()))
            }
            Spelling::Operator => (discovery.role.operator_name(), steps(&job.relabelling)),
        };
        let params = job
            .params
            .iter()
            .map(|(name, values)| (name.clone(), json!(values)));
        let attachments = discovery.attach_metadata.iter();
        let duration = |duration: Duration| match spelling {
            Spelling::Prometheus | Spelling::Operator => duration.to_string(),
            Spelling::Alloy => duration.in_hours(),
        };
        Self {
            name: &job.name,
            summary: &job.summary,
            job_name: &job.job_name,
            scheme: if job.tls { "https" } else { "http" },
            metrics_path: &job.metrics_path,
            params: params.collect(),
            interval: job.interval.map(duration),
            timeout: job.timeout.map(duration),
            honor_labels: job.honor_labels,
            honor_timestamps: job.honor_timestamps,
            wants_token: job.authority.wants_token(),
            bearer_token_secret: false,
            tls: job.tls,
            server_name: job.authority.server_name(),
            insecure_tls: job.insecure_tls,
            role,
            namespaces: &discovery.namespaces,
            selectors: discovery
                .selectors
                .iter()
                .map(|selector| self::selector(selector, spelling))
                .collect(),
            attach_metadata: attachments
                .map(|attachment| (attachment.name().to_owned(), true.into()))
                .collect(),
            service: discovery.service.as_ref().map(ServiceContext::new),
            relabelling,
            metric_relabelling: steps(&job.metric_relabelling),
        }
    }
}

impl<'a> ServiceContext<'a> {
    fn new(service: &'a Service) -> Self {
        let (mut match_labels, mut match_expressions) = (BTreeMap::new(), Vec::new());
        for (label, values) in &service.labels {
            match values.as_slice() {
                [value] => {
                    match_labels.insert(label.as_str(), value.as_str());
                }
                values => match_expressions
                    .push(json!({"key": label, "operator": "In", "values": values})),
            }
        }
        Self {
            match_labels,
            match_expressions,
            ports: &service.ports,
        }
    }
}

/// A step's fields, those that it has.
fn step(step: &RelabelConfig, spelling: Spelling) -> Value {
    let (source_labels, target_label) = match spelling {
        Spelling::Prometheus | Spelling::Alloy => ("source_labels", "target_label"),
        Spelling::Operator => ("sourceLabels", "targetLabel"),
    };
    let mut fields = Map::new();
    fields.insert("action".to_owned(), json!(step.action));
    if !step.source_labels.is_empty() {
        fields.insert(source_labels.to_owned(), json!(step.source_labels));
    }
    for (field, text) in [
        ("separator", &step.separator),
        ("regex", &step.regex),
        (target_label, &step.target_label),
        ("replacement", &step.replacement),
    ] {
        if let Some(text) = text {
            // An operator takes an empty regex for none.
            let is_empty = field == "regex" && text.is_empty() && spelling == Spelling::Operator;
            let text = if is_empty { "()" } else { text };
            fields.insert(field.to_owned(), json!(text));
        }
    }
    if let Some(modulus) = step.modulus {
        fields.insert("modulus".to_owned(), json!(modulus));
    }
    Value::Object(fields)
}

fn selector(selector: &Selector, spelling: Spelling) -> Value {
    let role = match spelling {
        Spelling::Prometheus | Spelling::Alloy => selector.role.name(),
        Spelling::Operator => selector.role.operator_name(),
    };
    let mut fields = Map::new();
    fields.insert("role".to_owned(), json!(role));
    for (field, text) in [("label", &selector.label), ("field", &selector.field)] {
        if let Some(text) = text {
            fields.insert(field.to_owned(), json!(text));
        }
    }
    Value::Object(fields)
}
