//! What agents have that Prometheus has not: where samples are sent, and how the agent itself runs.

use super::names::{Consumer, valid_name};
use super::{AlloyToken, Form, Format, Settings, alloy, is_address};
use crate::alloy::Receiver;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::object::Kind;

/// How an agent runs, and what it does with the samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Where samples are sent.
    pub remote_write: Option<RemoteWrite>,
    /// The GrafanaAgent of somebody else that is to run the jobs.
    pub attach: Option<String>,
    /// Among how many agents the targets are divided.
    pub shards: Option<u32>,
    /// Components of Alloy's that take the samples.
    pub forward_to: Vec<Receiver>,
    /// Whether the members of Alloy's cluster divide the targets.
    pub clustering: bool,
}

/// Where samples are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteWrite {
    /// Of the remote-write protocol.
    pub url: String,
    /// What is shown there.
    pub auth: Option<RemoteAuth>,
}

/// What is shown to the receiver of samples, in a Secret of the instance's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAuth {
    /// Its keys `username` and `password`.
    Basic {
        /// The Secret.
        secret: String,
    },
    /// A token.
    Bearer {
        /// The Secret.
        secret: String,
        /// Its key.
        key: String,
    },
}

impl RemoteAuth {
    /// The Secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Basic { secret } | Self::Bearer { secret, .. } => secret,
        }
    }
}

impl Agent {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        if let Some(attach) = &settings.attach
            && !attach.split('.').all(valid_name)
        {
            return Err(Error::usage_hint(
                format!("--attach {attach:?} is no name of a GrafanaAgent"),
                "name one of the same namespace: `kubectl get grafanaagents -A` lists them",
            ));
        }
        if settings.shards == Some(0) {
            return Err(Error::usage("--shards 0: nobody would scrape anything"));
        }
        if settings.attach.is_some() && settings.shards.is_some() {
            return Err(Error::usage_hint(
                "--shards is a matter of the GrafanaAgent, and with --attach that is somebody else's",
                "leave out one of the two",
            ));
        }
        let forward_to = alloy::receivers(settings)?;
        if settings.remote_write.is_some() && !forward_to.is_empty() {
            return Err(Error::usage_hint(
                "--remote-write and --forward-to are two places for the same samples",
                "leave out one of the two; a component of yours can write to several",
            ));
        }
        let remote_write = remote_write(settings)?;
        Ok(Self {
            forward_to,
            clustering: settings.clustering.unwrap_or(false),
            remote_write,
            attach: settings.attach.clone(),
            shards: settings.shards,
        })
    }

    /// Whether it is known where samples go, which rights do not depend on and a configuration of Alloy does.
    pub(super) fn has_destination(&self) -> bool {
        self.remote_write.is_some() || !self.forward_to.is_empty()
    }
}

fn remote_write(settings: &Settings) -> Result<Option<RemoteWrite>> {
    let auth = match (
        &settings.remote_write_basic_auth,
        &settings.remote_write_token,
    ) {
        (Some(_), Some(_)) => {
            return Err(Error::usage_hint(
                "--remote-write-basic-auth and --remote-write-token are two ways to log in at one place",
                "leave out one of the two",
            ));
        }
        (Some(secret), None) => Some(basic(secret)?),
        (None, Some(place)) => Some(bearer(place)?),
        (None, None) => None,
    };
    match (&settings.remote_write, auth) {
        (Some(url), auth) => {
            check_url(url)?;
            Ok(Some(RemoteWrite {
                url: url.clone(),
                auth,
            }))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::usage_hint(
            "it is not said where samples are sent",
            "add --remote-write URL",
        )),
    }
}

fn basic(secret: &str) -> Result<RemoteAuth> {
    if secret.split('.').all(valid_name) {
        return Ok(RemoteAuth::Basic {
            secret: secret.to_owned(),
        });
    }
    Err(Error::usage_hint(
        format!("--remote-write-basic-auth {secret:?} is no name of a Secret"),
        "name a Secret of the same namespace with the keys username and password",
    ))
}

fn bearer(place: &str) -> Result<RemoteAuth> {
    let is_key = |key: &str| {
        !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match place.split_once(':') {
        Some((secret, key)) if secret.split('.').all(valid_name) && is_key(key) => {
            Ok(RemoteAuth::Bearer {
                secret: secret.to_owned(),
                key: key.to_owned(),
            })
        }
        _ => Err(Error::usage_hint(
            format!("--remote-write-token {place:?} names no key of a Secret"),
            "write it as NAME:KEY, a Secret of the same namespace",
        )),
    }
}

fn check_url(url: &str) -> Result<()> {
    if is_address(url) {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("--remote-write {url:?} is not an address"),
        "write it as https://HOST/PATH; what is to be shown there lies in a Secret: --remote-write-basic-auth, --remote-write-token",
    ))
}

/// Only what runs in the cluster, beside its Secrets, can read them.
pub(super) fn check_login(agent: &Agent, format: &Format) -> Result<()> {
    let auth = agent
        .remote_write
        .as_ref()
        .and_then(|remote_write| remote_write.auth.as_ref());
    let hint = match format.settled() {
        _ if auth.is_none() => return Ok(()),
        Some(Form::Alloy {
            token: AlloyToken::Files { .. },
            ..
        }) => {
            "write a prometheus.remote_write of your own beside this configuration, and name it with --forward-to"
        }
        Some(Form::Mounted { .. } | Form::Files { .. } | Form::Key { .. }) => {
            "write remote_write of agent.yaml yourself, and leave the jobs to monconf: --config agent.yaml"
        }
        _ => return Ok(()),
    };
    Err(Error::usage_hint(
        "--remote-write-basic-auth and --remote-write-token name a Secret, and whoever reads this configuration cannot read that",
        hint,
    ))
}

/// The object of prometheus-operator that carries `job` for Grafana Agent's operator, which knows no ScrapeConfig and
/// looks for Services by their Endpoints alone (`static/operator/config/templates` of grafana/agent).
#[must_use]
pub fn monitor_kind(job: &Job) -> Option<Kind> {
    let of_slices = |label: &String| label.starts_with("__meta_kubernetes_endpointslice");
    let mut labels = job.relabelling.iter().flat_map(|step| &step.source_labels);
    match job.monitor_kind() {
        Kind::ScrapeConfig => None,
        _ if labels.any(of_slices) => None,
        kind => Some(kind),
    }
}

/// Flags that are for some consumers only.
///
/// # Errors
/// A usage error that names the flag and whom it is for.
pub(super) fn check_consumer(settings: &Settings, consumer: Consumer) -> Result<()> {
    let given = [
        ("drop-in", settings.drop_in.is_some()),
        (
            "additional-scrape-configs",
            settings.additional_scrape_configs.is_some(),
        ),
        ("selected-by", settings.selected_by.is_some()),
        ("with-alerts", settings.with_alerts == Some(true)),
        ("rules-file", settings.rules_file.is_some()),
        ("reload", settings.reload.is_some()),
        ("prometheus-url", settings.prometheus_url.is_some()),
        ("prometheus-version", settings.prometheus_version.is_some()),
        ("attach", settings.attach.is_some()),
        ("shards", settings.shards.is_some()),
        ("agent-config", settings.agent_config.is_some()),
        ("remote-write", settings.remote_write.is_some()),
        (
            "remote-write-basic-auth",
            settings.remote_write_basic_auth.is_some(),
        ),
        ("remote-write-token", settings.remote_write_token.is_some()),
        ("forward-to", settings.forward_to.is_some()),
        ("token-from", settings.token_from.is_some()),
        ("clustering", settings.clustering.is_some()),
    ];
    let wrong = given
        .iter()
        .find(|(flag, given)| *given && !consumer.has_flag(flag));
    let Some((flag, _)) = wrong else {
        return Ok(());
    };
    let commands: Vec<String> = Consumer::ALL
        .iter()
        .filter(|consumer| consumer.has_flag(flag))
        .map(|consumer| format!("`monconf {}`", consumer.name()))
        .collect();
    Err(Error::usage_hint(
        format!("--{flag} is not for {}", consumer.title()),
        format!("it is for {}", commands.join(" and ")),
    ))
}

impl Consumer {
    /// Whether a flag of [`Settings`] is for this consumer.
    #[must_use]
    pub fn has_flag(self, flag: &str) -> bool {
        match flag {
            "with-alerts"
            | "rules-file"
            | "drop-in"
            | "additional-scrape-configs"
            | "reload"
            | "prometheus-url"
            | "prometheus-version" => self == Self::Prometheus,
            "attach" | "shards" | "agent-config" => self == Self::GrafanaAgent,
            "selected-by" => self != Self::Alloy,
            "remote-write" | "remote-write-basic-auth" | "remote-write-token" => {
                self != Self::Prometheus
            }
            "forward-to" | "token-from" | "clustering" => self == Self::Alloy,
            _ => true,
        }
    }
}
