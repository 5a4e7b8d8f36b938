//! What the user asked for: flags and `monconf.yaml`, as one validated value.

mod duration;
mod names;
mod own_jobs;
mod settings;
mod shape;

use std::path::{Path, PathBuf};

pub use duration::Duration;
pub use names::{Consumer, Names, valid_label_value, valid_name};
pub use settings::Settings;

use crate::error::{Error, Result};
use crate::job::Job;

/// How long a token is asked to live unless the user says otherwise: the article of practice that
/// tokens are rotated every 90 days. Most managed clusters grant far less.
pub const DEFAULT_DURATION: Duration = Duration::from_days(90);

/// Where an in-cluster Prometheus finds the mounted token Secret: the directory that
/// prometheus-operator uses for `spec.secrets`.
const DEFAULT_MOUNT_ROOT: &str = "/etc/prometheus/secrets";

/// One run's request.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The instance's names, which everything is called by.
    pub names: Names,
    /// What to scrape, as it is to be configured.
    pub jobs: Vec<Job>,
    /// Which configuration to write.
    pub format: Format,
    /// How long a token should live.
    pub duration: Duration,
    /// How much the role grants.
    pub access: AccessLevel,
    /// Whether objects and fields of others are taken over.
    pub take_ownership: bool,
    /// The API server as Prometheus reaches it, `None` for the address that monconf itself uses
    /// (outside the cluster) or the cluster's own Service (inside).
    pub api_server: Option<String>,
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

/// Which configuration to write, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Operator objects where the cluster serves them, else [`Format::Mounted`].
    Auto {
        /// As in [`Format::Mounted`].
        mount_dir: String,
    },
    /// ServiceMonitor and ScrapeConfig.
    Operator,
    /// `scrape_configs` on standard output for a Prometheus in the cluster that mounts the token Secret.
    Mounted {
        /// Where Prometheus finds the Secret's files.
        mount_dir: String,
    },
    /// `scrape_configs` in a file, with token and CA files, for a Prometheus outside the cluster.
    DropIn {
        /// The configuration file, named by `scrape_config_files` in Prometheus' own.
        file: PathBuf,
        /// Where the files `token` and `ca.crt` lie.
        token_dir: PathBuf,
    },
}

impl Spec {
    /// Validates `settings` for `consumer`.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub fn new(consumer: Consumer, settings: Settings) -> Result<Self> {
        let names = Names::new(
            consumer,
            settings.name.as_deref(),
            settings.namespace.as_deref(),
        )?;
        let jobs = shape::jobs(&settings, &names)?;
        let duration = settings.duration.unwrap_or(DEFAULT_DURATION);
        check_duration(duration)?;
        if let Some(url) = &settings.api_server {
            check_url(url)?;
        }
        Ok(Self {
            format: format(&settings, &names)?,
            access: access_level(&settings, &jobs)?,
            names,
            jobs,
            duration,
            take_ownership: settings.take_ownership.unwrap_or(false),
            api_server: settings.api_server,
        })
    }
}

fn format(settings: &Settings, names: &Names) -> Result<Format> {
    let mount_dir = settings
        .mount_dir
        .clone()
        .unwrap_or_else(|| format!("{DEFAULT_MOUNT_ROOT}/{}", names.token_secret()));
    check_path("--mount-dir", &mount_dir)?;
    let asked = settings.format.as_deref().unwrap_or("auto");
    match (&settings.drop_in, asked) {
        (Some(_), "operator") => Err(Error::usage_hint(
            "--drop-in is a file of the raw format; --format operator writes objects",
            "leave out one of the two",
        )),
        (Some(file), "auto" | "raw") => Ok(Format::DropIn {
            token_dir: token_dir(settings.token_dir.as_deref(), file)?,
            file: absolute("--drop-in", file)?,
        }),
        (None, _) if settings.token_dir.is_some() => Err(Error::usage_hint(
            "--token-dir needs --drop-in: files of the token serve a Prometheus outside the cluster",
            "add --drop-in FILE",
        )),
        (None, "auto") => Ok(Format::Auto { mount_dir }),
        (None, "operator") => Ok(Format::Operator),
        (None, "raw") => Ok(Format::Mounted { mount_dir }),
        (_, other) => Err(Error::usage_hint(
            format!("there is no format {other:?}"),
            "--format is auto, operator or raw",
        )),
    }
}

/// Beside the drop-in and named after it, so that two drop-ins in one folder never share a token.
fn token_dir(asked: Option<&Path>, drop_in: &Path) -> Result<PathBuf> {
    if let Some(dir) = asked {
        absolute("--token-dir", dir)
    } else {
        let mut name = drop_in.file_stem().unwrap_or_default().to_owned();
        name.push("-credentials");
        absolute("--drop-in", &drop_in.with_file_name(name))
    }
}

/// Absolute, because Prometheus resolves relative paths against the file's folder, not ours.
fn absolute(flag: &str, path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path)
        .map_err(|error| Error::usage(format!("{flag}: {}: {error}", path.display())))?;
    match absolute.to_str() {
        Some(text) => check_path(flag, text)?,
        None => {
            return Err(Error::usage(format!(
                "{flag}: {} is not valid UTF-8, which YAML needs",
                path.display()
            )));
        }
    }
    if absolute.file_name().is_none() {
        return Err(Error::usage(format!(
            "{flag}: {} names no file",
            path.display()
        )));
    }
    Ok(absolute)
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
    let valid = url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some()
    });
    if valid && !url.contains('@') {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("--api-server {url:?} is not an address of an API server"),
        "write it as https://HOST:PORT",
    ))
}

fn check_path(flag: &str, path: &str) -> Result<()> {
    if path.is_empty() || path.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "{flag}: {path:?} is empty or holds control characters"
        )));
    }
    Ok(())
}
