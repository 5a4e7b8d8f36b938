//! What templates may use. `templates/README.md` documents these names for users.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::access::Rule;
use crate::job::{Discovery, Endpoint, Job};
use crate::spec::{Names, Spec};

/// The variables of a template. Which of them a template has is a matter of what is known when it
/// is rendered; using another is an error.
#[derive(Serialize)]
pub(super) struct Context<'a> {
    pub names: ObjectNames<'a>,
    pub labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<RuleContext<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobContext<'a>>>,
    /// Always there, `none` where Prometheus' own interval serves.
    pub interval: Option<String>,
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
    ) -> Self {
        Self {
            names: ObjectNames::new(&spec.names, handle),
            labels,
            annotations: None,
            rules: None,
            name: None,
            job: None,
            jobs: None,
            interval: spec.interval.map(|interval| interval.to_string()),
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
    token_secret: String,
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
            token_secret: names.token_secret(),
            handle,
        }
    }
}

#[derive(Serialize)]
pub(super) struct RuleContext<'a> {
    api_groups: &'a [String],
    resources: &'a [String],
    non_resource_urls: &'a [String],
    verbs: &'a [String],
    reasons: &'a [String],
}

impl<'a> From<&'a Rule> for RuleContext<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self {
            api_groups: &rule.api_groups,
            resources: &rule.resources,
            non_resource_urls: &rule.non_resource_urls,
            verbs: &rule.verbs,
            reasons: &rule.reasons,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JobContext<'a> {
    name: &'a str,
    summary: &'a str,
    job_name: String,
    metrics_path: &'a str,
    honor_labels: bool,
    honor_timestamps: bool,
    server_name: Option<&'a str>,
    insecure_tls: bool,
    service: Option<ServiceContext<'a>>,
    relabelling: Vec<StepContext<'a>>,
}

#[derive(Serialize)]
struct ServiceContext<'a> {
    namespace: &'a str,
    name: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
    port: &'a str,
}

#[derive(Serialize)]
struct StepContext<'a> {
    action: &'a str,
    source_labels: &'a [&'static str],
    regex: Option<&'a str>,
    target_label: Option<&'a str>,
}

impl<'a> JobContext<'a> {
    pub(super) fn new(job: &'a Job, spec: &'a Spec) -> Self {
        Self {
            name: job.name,
            summary: job.summary,
            job_name: spec.names.job_name(job.job_name),
            metrics_path: job.metrics_path,
            honor_labels: job.honor_labels,
            honor_timestamps: job.honor_timestamps,
            // The certificate that endpoints behind the Service present names `kubernetes`, not their address.
            server_name: (job.endpoint == Endpoint::ApiServer).then_some("kubernetes"),
            insecure_tls: job.endpoint == Endpoint::Kubelet && spec.kubelet_insecure_tls,
            service: match job.discovery {
                Discovery::Service {
                    namespace,
                    name,
                    labels,
                    port,
                } => Some(ServiceContext {
                    namespace,
                    name,
                    labels: labels.iter().copied().collect(),
                    port,
                }),
                Discovery::Nodes => None,
            },
            relabelling: job
                .relabelling
                .iter()
                .map(|step| StepContext {
                    action: step.action,
                    source_labels: &step.source_labels,
                    regex: step.regex,
                    target_label: step.target_label,
                })
                .collect(),
        }
    }
}
