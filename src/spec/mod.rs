//! What the user asked for: flags and `monconf.yaml`, as one validated value.

mod agent;
mod alerts;
mod alloy;
mod form;
mod format;
mod key;
mod minimum;
mod names;
mod own_jobs;
mod running;
mod selected_by;
mod settings;
mod settings_file;
mod shape;

pub use agent::{Agent, RemoteAuth, RemoteWrite, monitor_kind};
pub use alerts::Alerts;
pub(crate) use alerts::needs_file;
pub use alloy::{AlloyPlace, AlloyToken};
pub use form::{FilePlace, Form, TokenPlace};
pub use format::{Format, beside_file};
pub use key::KeyPlace;
pub use names::{Consumer, Names, valid_label_value, valid_name};
pub use running::{Reload, Running};
pub use selected_by::SelectedBy;
pub use settings::Settings;

use crate::error::{Error, Result};
use crate::job::Job;
use crate::object::Kind;
use crate::token::Renewal;
use promconf::{Duration, Version};

/// How long a token is asked to live unless the user says otherwise: the article of practice that
/// tokens are rotated every 90 days. Most managed clusters grant far less.
pub const DEFAULT_DURATION: Duration = Duration::from_days(90);

/// One run's request.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The instance's names, which everything is called by.
    pub names: Names,
    /// What to scrape, as it is to be configured.
    pub jobs: Vec<Job>,
    /// Which configuration to write.
    pub format: Format,
    /// Whether alert rules are written, and where.
    pub alerts: Option<Alerts>,
    /// The only objects that may select the monitors; those of the instance's namespace where it is empty.
    pub selected_by: Vec<SelectedBy>,
    /// How long a token should live.
    pub duration: Duration,
    /// When a token that still serves is replaced.
    pub renewal: Renewal,
    /// How much the role grants.
    pub access: AccessLevel,
    /// Whether ServiceAccount, roles, bindings and Namespace are somebody else's. Whoever runs this holds no more rights
    /// than the rest takes, so nothing is asked that is not indispensable.
    pub existing_access: bool,
    /// Whether objects and fields of others are taken over.
    pub take_ownership: bool,
    /// Whose the token's file is to be: `USER` or `USER:GROUP`, in names or numbers.
    pub token_owner: Option<String>,
    /// Whether a configuration file's old content is kept beside it.
    pub backup: bool,
    /// The API server as Prometheus reaches it, `None` for the address that monconf itself uses
    /// (outside the cluster) or the cluster's own Service (inside).
    pub api_server: Option<String>,
    /// What an agent is to do with the samples, and how it runs.
    pub agent: Agent,
    /// The Prometheus that reads the files, where one is to be asked.
    pub running: Option<Running>,
    /// Its version, as far as the user tells it.
    pub version: Option<Version>,
}

/// How much the role grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLevel {
    /// What the jobs need.
    Jobs,
    /// A general read set for dashboards and exporters.
    Observer {
        /// With `nodes/proxy`, which is command execution in every pod.
        nodes_proxy: bool,
    },
}

impl Spec {
    /// Validates `settings` for `consumer`.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub fn new(consumer: Consumer, settings: Settings) -> Result<Self> {
        let agent = Agent::new(&settings);
        Self::with_agent(consumer, settings, agent)
    }

    /// The same for an instance that is to go: where its samples were sent need not be said.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn for_removal(consumer: Consumer, mut settings: Settings) -> Result<Self> {
        settings.selected_by = None;
        Self::with_agent(consumer, settings, Ok(Agent::default()))
    }

    fn with_agent(consumer: Consumer, settings: Settings, agent: Result<Agent>) -> Result<Self> {
        let names = Names::new(
            consumer,
            settings.name.as_deref(),
            settings.namespace.as_deref(),
        )?;
        agent::check_consumer(&settings, consumer)?;
        let jobs = shape::jobs(&settings, &names)?;
        let duration = settings.duration.unwrap_or(DEFAULT_DURATION);
        check_duration(duration)?;
        if let Some(url) = &settings.api_server {
            check_url(url)?;
        }
        let format = format::format(&settings, &names)?;
        let agent = agent?;
        agent::check_login(&agent, &format)?;
        Ok(Self {
            alerts: alerts::alerts(&settings, &format)?,
            selected_by: selected_by::selected_by(&settings, consumer, &format)?,
            format,
            agent,
            access: access_level(&settings, &jobs)?,
            running: running::running(
                settings.prometheus_url.as_deref(),
                settings.reload.as_deref(),
            )?,
            version: settings
                .prometheus_version
                .as_deref()
                .map(running::version)
                .transpose()?,
            names,
            jobs,
            duration,
            renewal: Renewal::default(),
            existing_access: settings.existing_access.unwrap_or(false),
            take_ownership: settings.take_ownership.unwrap_or(false),
            token_owner: settings.token_owner,
            backup: settings.backup.unwrap_or(false),
            api_server: settings.api_server,
        })
    }
}

impl Spec {
    /// The same with the running Prometheus at that address, which may read any form of configuration.
    ///
    /// # Errors
    /// A usage error where it is no address.
    pub fn running_at(mut self, url: &str) -> Result<Self> {
        self.running = running::running(Some(url), None)?;
        Ok(self)
    }

    /// What a configuration takes beyond the rights: Alloy keeps no samples.
    ///
    /// # Errors
    /// A usage error where it is not said where samples go.
    pub fn check_destination(&self) -> Result<()> {
        if self.names.consumer != Consumer::Alloy || self.agent.has_destination() {
            return Ok(());
        }
        Err(Error::usage_hint(
            "it is not said where samples are sent",
            "add --remote-write URL, or --forward-to RECEIVER for a component of the configuration beside ours",
        ))
    }

    /// The operator object that may carry `job`, where one may.
    #[must_use]
    pub fn monitor_kind(&self, job: &Job) -> Option<Kind> {
        let kind = job.monitor_kind();
        match (&self.format, self.names.consumer) {
            (Format::Settled(Form::Operator), _) | (Format::Auto { .. }, Consumer::Prometheus) => {
                Some(kind)
            }
            (Format::Settled(Form::Agent { monitors: true, .. }), _) => agent::monitor_kind(job),
            _ => None,
        }
    }

    /// The kinds of the operator's objects that may be written.
    #[must_use]
    pub fn operator_kinds(&self) -> Vec<Kind> {
        let is_agent = match self.format {
            Format::Settled(Form::Agent { .. }) => true,
            Format::Auto { .. } => self.names.consumer == Consumer::GrafanaAgent,
            Format::Settled(_) => false,
        };
        let agents = Kind::AGENTS.into_iter().filter(|_| is_agent);
        let carries = |kind: &Kind| {
            let mut jobs = self.jobs.iter();
            jobs.any(|job| self.monitor_kind(job) == Some(*kind))
        };
        let rule = (self.alerts == Some(Alerts::Object)).then_some(Kind::PrometheusRule);
        agents
            .chain(Kind::MONITORS.into_iter().filter(carries))
            .chain(rule)
            .collect()
    }

    /// The namespace of the Secret or ConfigMap that jobs are written to.
    #[must_use]
    pub fn key_namespace(&self) -> Option<String> {
        match self.format.settled() {
            Some(Form::Key { place, .. }) => Some(place.namespace().to_owned()),
            _ => None,
        }
    }
}

fn access_level(settings: &Settings, jobs: &[Job]) -> Result<AccessLevel> {
    let nodes_proxy = settings.allow_nodes_proxy.unwrap_or(false);
    match settings.access.as_deref().unwrap_or("jobs") {
        "jobs" if nodes_proxy && !jobs.iter().any(shape::needs_nodes_proxy) => {
            Err(Error::usage_hint(
                "--allow-nodes-proxy has no effect with --access jobs: no job needs nodes/proxy",
                "leave it out, or ask for --access observer or --kubelet apiserver-proxy",
            ))
        }
        "jobs" => Ok(AccessLevel::Jobs),
        "observer" => Ok(AccessLevel::Observer { nodes_proxy }),
        other => Err(Error::usage_hint(
            format!("there is no access level {other:?}"),
            "--access is jobs or observer",
        )),
    }
}

/// The limits of the TokenRequest API (`pkg/apis/authentication/validation` of Kubernetes).
fn check_duration(duration: Duration) -> Result<()> {
    if duration.as_secs() < 600 {
        return Err(Error::usage_hint(
            format!("--duration {duration} is too short"),
            "the API server issues no token for less than 10m",
        ));
    }
    if duration.as_secs() > 1 << 32 {
        return Err(Error::usage_hint(
            format!("--duration {duration} is too long"),
            "the API server accepts at most 2^32 seconds, about 136y",
        ));
    }
    Ok(())
}

fn check_url(url: &str) -> Result<()> {
    if is_address(url) {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("--api-server {url:?} is not an address of an API server"),
        "write it as https://HOST:PORT",
    ))
}

/// Whether it is a URL of HTTP or HTTPS that holds no credentials.
fn is_address(url: &str) -> bool {
    let is_http = url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some()
    });
    is_http && !url.contains('@')
}
