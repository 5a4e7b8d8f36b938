//! The same settings from two places: flags and environment first, then `monconf.yaml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::Deserialize;

use super::{Duration, own_jobs};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::yaml;

/// Every setting of a consumer's command; the field names, in camel case, are the keys of `monconf.yaml`.
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

    /// The same as the file has them; [`own_jobs::read`] makes jobs of them.
    #[arg(skip)]
    own_jobs: Option<serde_json::Value>,

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

    /// With --access observer or --kubelet apiserver-proxy, grant nodes/proxy, which executes commands in every pod
    #[arg(long, env = "MONCONF_ALLOW_NODES_PROXY", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub allow_nodes_proxy: Option<bool>,

    /// Accept kubelets' certificates unverified (kubeadm and kind sign them themselves)
    #[arg(long, env = "MONCONF_KUBELET_INSECURE_TLS", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub kubelet_insecure_tls: Option<bool>,

    /// Take over objects and fields that others made
    #[arg(long, env = "MONCONF_TAKE_OWNERSHIP", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
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

/// Read from the working directory when no `-f` is given.
const DEFAULT_FILE: &str = "monconf.yaml";

impl Settings {
    /// The heading of their flags.
    pub const HEADING: &str = "What should exist";

    /// These settings, and for those not given, what `file` says; without a file, what
    /// `monconf.yaml` in the working directory says, if there is one.
    ///
    /// Relative paths in the file are relative to the file.
    ///
    /// # Errors
    /// A file that cannot be read, is not YAML, or has an unknown key or a wrong value, with its line.
    pub fn or_file(self, file: Option<&Path>) -> Result<Self> {
        match file {
            Some(path) => Ok(self.or(read(path)?)),
            None if Path::new(DEFAULT_FILE).exists() => Ok(self.or(read(Path::new(DEFAULT_FILE))?)),
            None => Ok(self),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            namespace: self.namespace.or(other.namespace),
            jobs: self.jobs.or(other.jobs),
            defined: other.defined,
            own_jobs: None,
            format: self.format.or(other.format),
            config: self.config.or(other.config),
            drop_in: self.drop_in.or(other.drop_in),
            additional_scrape_configs: self
                .additional_scrape_configs
                .or(other.additional_scrape_configs),
            configmap: self.configmap.or(other.configmap),
            token_dir: self.token_dir.or(other.token_dir),
            token_owner: self.token_owner.or(other.token_owner),
            backup: self.backup.or(other.backup),
            reload: self.reload.or(other.reload),
            prometheus_url: self.prometheus_url.or(other.prometheus_url),
            prometheus_version: self.prometheus_version.or(other.prometheus_version),
            agent_config: self.agent_config.or(other.agent_config),
            remote_write: self.remote_write.or(other.remote_write),
            remote_write_basic_auth: self
                .remote_write_basic_auth
                .or(other.remote_write_basic_auth),
            remote_write_token: self.remote_write_token.or(other.remote_write_token),
            attach: self.attach.or(other.attach),
            shards: self.shards.or(other.shards),
            forward_to: self.forward_to.or(other.forward_to),
            token_from: self.token_from.or(other.token_from),
            clustering: self.clustering.or(other.clustering),
            mount_dir: self.mount_dir.or(other.mount_dir),
            api_server: self.api_server.or(other.api_server),
            duration: self.duration.or(other.duration),
            interval: self.interval.or(other.interval),
            external_labels: self.external_labels.or(other.external_labels),
            blackbox_exporter: self.blackbox_exporter.or(other.blackbox_exporter),
            kubelet: self.kubelet.or(other.kubelet),
            access: self.access.or(other.access),
            allow_nodes_proxy: self.allow_nodes_proxy.or(other.allow_nodes_proxy),
            kubelet_insecure_tls: self.kubelet_insecure_tls.or(other.kubelet_insecure_tls),
            take_ownership: self.take_ownership.or(other.take_ownership),
            templates: self.templates.or(other.templates),
        }
    }
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

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let origin = path.display().to_string();
    let mut settings: Settings =
        yaml::from_str(&text, &origin).map_err(|error| Error::usage(error.to_string()))?;
    if let Some(own) = &settings.own_jobs {
        settings.defined = own_jobs::read(own, &text, &origin)?;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for own in [
        &mut settings.config,
        &mut settings.drop_in,
        &mut settings.token_dir,
        &mut settings.templates,
    ] {
        if let Some(relative) = own {
            *own = Some(folder.join(&*relative));
        }
    }
    Ok(settings)
}
