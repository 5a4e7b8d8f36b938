//! Every setting that a consumer's command has.

use promconf::Duration;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::Deserialize;

use crate::job::Job;

/// The settings, as flags and as environment; the field names, in camel case, are the keys of `monconf.yaml`.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[command(next_help_heading = Self::HEADING)]
pub struct Settings {
    /// Instance name, from which every object's name is derived
    #[arg(
        long,
        env = "MONCONF_NAME",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub name: Option<String>,

    /// Namespace of ServiceAccount, Secrets and monitors [default: monitoring]
    #[arg(
        short,
        long,
        env = "MONCONF_NAMESPACE",
        hide_env_values = true,
        value_name = "NAMESPACE"
    )]
    pub namespace: Option<String>,

    /// What to scrape [default: apiserver,kubelet,cadvisor and your own jobs]
    #[arg(
        long,
        env = "MONCONF_JOBS",
        hide_env_values = true,
        value_name = "JOBS",
        value_delimiter = ','
    )]
    pub jobs: Option<Vec<String>>,

    /// Jobs of the user's own, read from `monconf.yaml`.
    #[arg(skip)]
    #[serde(skip)]
    pub defined: Vec<Job>,

    /// The same as the file has them.
    #[arg(skip)]
    pub(super) own_jobs: Option<serde_json::Value>,

    /// Configuration to write: `operator` objects, `raw` `scrape_configs` (of an agent `monitors` and `static`), or `auto`: operator where the cluster serves its kinds and no file is named, else text [default: auto]
    #[arg(
        long,
        env = "MONCONF_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT"
    )]
    pub format: Option<String>,

    /// Write the jobs into FILE, the prometheus.yml of a Prometheus outside the cluster: only monconf's own jobs in it change
    #[arg(
        long,
        env = "MONCONF_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub config: Option<PathBuf>,

    /// Write the jobs to FILE, for `scrape_config_files` of a Prometheus outside the cluster; with --config, name it there
    #[arg(
        long,
        env = "MONCONF_DROP_IN",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub drop_in: Option<PathBuf>,

    /// Write the jobs into this key of a Secret, a bare list that `Prometheus` objects name as additionalScrapeConfigs: only monconf's own jobs in it change
    #[arg(
        long,
        env = "MONCONF_ADDITIONAL_SCRAPE_CONFIGS",
        hide_env_values = true,
        value_name = "[NAMESPACE/]NAME:KEY"
    )]
    pub additional_scrape_configs: Option<String>,

    /// Write the jobs into this key of a ConfigMap, the prometheus.yml or agent.yaml of a chart: only monconf's own jobs in it change
    #[arg(
        long,
        env = "MONCONF_CONFIGMAP",
        hide_env_values = true,
        value_name = "[NAMESPACE/]NAME:KEY[#CONFIG]"
    )]
    pub configmap: Option<String>,

    /// The Prometheus, PrometheusAgent or GrafanaAgent that selects the monitors and so receives the token, as NAMESPACE/NAME; may be given several times [default: those of the instance's namespace]
    #[arg(
        long,
        env = "MONCONF_SELECTED_BY",
        hide_env_values = true,
        value_name = "NAMESPACE/NAME",
        value_delimiter = ','
    )]
    pub selected_by: Option<Vec<String>>,

    /// Folder of the files `token` and `ca.crt` that the jobs name [default: the drop-in's name, or with --config the instance's, with -credentials]
    #[arg(
        long,
        env = "MONCONF_TOKEN_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub token_dir: Option<PathBuf>,

    /// Whose the file `token` is to be, as USER or USER:GROUP [default: whoever runs this, or who had the old one]
    #[arg(
        long,
        env = "MONCONF_TOKEN_OWNER",
        hide_env_values = true,
        value_name = "USER[:GROUP]"
    )]
    pub token_owner: Option<String>,

    /// Keep the old content of a configuration file beside it, as FILE.bak
    #[arg(long, env = "MONCONF_BACKUP", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub backup: Option<bool>,

    /// Make the running Prometheus take the files, by POST URL/-/reload or SIGHUP to PID, and see that it does; where it refuses, the old files are put back
    #[arg(
        long,
        env = "MONCONF_RELOAD",
        hide_env_values = true,
        value_name = "URL|PID"
    )]
    pub reload: Option<String>,

    /// The running Prometheus, asked for its version and for what it runs [default: the URL of --reload]
    #[arg(
        long,
        env = "MONCONF_PROMETHEUS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub prometheus_url: Option<String>,

    /// The version of the Prometheus that reads the files, where it cannot be asked
    #[arg(
        long,
        env = "MONCONF_PROMETHEUS_VERSION",
        hide_env_values = true,
        value_name = "VERSION"
    )]
    pub prometheus_version: Option<String>,

    /// Also write alert rules about the token and about targets that refuse it: a PrometheusRule, or with --rules-file a file
    #[arg(long, env = "MONCONF_WITH_ALERTS", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub with_alerts: Option<bool>,

    /// Write the alert rules to FILE, for `rule_files` of a Prometheus without the operator
    #[arg(
        long,
        env = "MONCONF_RULES_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub rules_file: Option<PathBuf>,

    /// Which of the metrics.configs of an agent.yaml that --config names, where it has several
    #[arg(
        long,
        env = "MONCONF_AGENT_CONFIG",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub agent_config: Option<String>,

    /// Where samples are sent, by the remote-write protocol
    #[arg(
        long,
        env = "MONCONF_REMOTE_WRITE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub remote_write: Option<String>,

    /// Log in there with the keys `username` and `password` of a Secret
    #[arg(
        long,
        env = "MONCONF_REMOTE_WRITE_BASIC_AUTH",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub remote_write_basic_auth: Option<String>,

    /// Log in there with a token, a key of a Secret
    #[arg(
        long,
        env = "MONCONF_REMOTE_WRITE_TOKEN",
        hide_env_values = true,
        value_name = "SECRET:KEY"
    )]
    pub remote_write_token: Option<String>,

    /// Have somebody else's GrafanaAgent of the same namespace run the jobs: only a MetricsInstance and its Secret are written
    #[arg(
        long,
        env = "MONCONF_ATTACH",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub attach: Option<String>,

    /// Divide the targets among N agents [default: 1]
    #[arg(long, env = "MONCONF_SHARDS", hide_env_values = true, value_name = "N")]
    pub shards: Option<u32>,

    /// Hand samples to this component of the configuration beside ours, such as `prometheus.remote_write.default.receiver`
    #[arg(
        long,
        env = "MONCONF_FORWARD_TO",
        hide_env_values = true,
        value_name = "RECEIVER",
        value_delimiter = ','
    )]
    pub forward_to: Option<Vec<String>>,

    /// Whose token is used: the Pod's own, that in the token Secret read by Alloy itself, or the token Secret mounted into the Pod [default: pod; with --config, files in --token-dir]
    #[arg(
        long,
        env = "MONCONF_TOKEN_FROM",
        hide_env_values = true,
        value_name = "pod|secret|mount|files"
    )]
    pub token_from: Option<String>,

    /// Divide the targets among all members of Alloy's cluster
    #[arg(long, env = "MONCONF_CLUSTERING", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub clustering: Option<bool>,

    /// Folder where the consumer's Pod mounts the token Secret [default: /etc/prometheus/secrets/SECRET, of an agent /var/lib/grafana-agent/extra-secrets/SECRET]
    #[arg(
        long,
        env = "MONCONF_MOUNT_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub mount_dir: Option<String>,

    /// The API server as Prometheus reaches it [default: as monconf reaches it; in the cluster, the Service kubernetes.default.svc]
    #[arg(
        long,
        env = "MONCONF_API_SERVER",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub api_server: Option<String>,

    /// How long a token should live; the cluster may grant less [default: 90d]
    #[arg(
        long,
        env = "MONCONF_DURATION",
        hide_env_values = true,
        value_name = "DURATION"
    )]
    pub duration: Option<Duration>,

    /// Scrape interval of every job [default: Prometheus' own]
    #[arg(
        long,
        env = "MONCONF_INTERVAL",
        hide_env_values = true,
        value_name = "DURATION"
    )]
    pub interval: Option<Duration>,

    /// Label that every target gets, such as `cluster=prod`; may be given several times
    #[arg(
        long = "external-label",
        env = "MONCONF_EXTERNAL_LABELS",
        hide_env_values = true,
        value_name = "LABEL=VALUE",
        value_delimiter = ',',
        value_parser = label
    )]
    #[serde(deserialize_with = "label_map")]
    pub external_labels: Option<Vec<(String, String)>>,

    /// The blackbox exporter that the job `ingresses` probes through [default: prometheus-blackbox-exporter.monitoring.svc:9115]
    #[arg(
        long,
        env = "MONCONF_BLACKBOX_EXPORTER",
        hide_env_values = true,
        value_name = "HOST:PORT"
    )]
    pub blackbox_exporter: Option<String>,

    /// How kubelets are reached: each at its own address, or through the API server, which needs nodes/proxy [default: direct]
    #[arg(
        long,
        env = "MONCONF_KUBELET",
        hide_env_values = true,
        value_name = "direct|apiserver-proxy"
    )]
    pub kubelet: Option<String>,

    /// What the role grants: what the jobs need, or a general read set [default: jobs]
    #[arg(
        long,
        env = "MONCONF_ACCESS",
        hide_env_values = true,
        value_name = "jobs|observer"
    )]
    pub access: Option<String>,

    /// Leave ServiceAccount, roles and bindings to somebody else, such as a Helm chart: only the token and the configuration are written, and nothing is asked that this does not need
    #[arg(long, env = "MONCONF_EXISTING_ACCESS", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub existing_access: Option<bool>,

    /// With --access observer or --kubelet apiserver-proxy, grant nodes/proxy, which executes commands in every pod
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub allow_nodes_proxy: Option<bool>,

    /// Accept kubelets' certificates unverified (kubeadm and kind sign them themselves)
    #[arg(long, env = "MONCONF_KUBELET_INSECURE_TLS", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub kubelet_insecure_tls: Option<bool>,

    /// Take over objects and fields that others made
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub take_ownership: Option<bool>,

    /// Folder of templates that replace built-in ones of the same name
    #[arg(
        long,
        env = "MONCONF_TEMPLATES",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub templates: Option<PathBuf>,
}

/// `LABEL=VALUE`.
fn label(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((label, value)) => Ok((label.to_owned(), value.to_owned())),
        None => Err("write it as LABEL=VALUE".to_owned()),
    }
}

fn label_map<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<(String, String)>>, D::Error> {
    let labels = Option::<BTreeMap<String, String>>::deserialize(deserializer)?;
    Ok(labels.map(|labels| labels.into_iter().collect()))
}

impl Settings {
    /// The heading of their flags.
    pub const HEADING: &str = "What should exist";
}
