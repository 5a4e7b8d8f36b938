//! What the user asked for: flags and `monconf.yaml`, as one validated value.

mod duration;
mod key;
mod minimum;
mod names;
mod own_jobs;
mod running;
mod settings;
mod shape;
mod version;

use std::path::{Path, PathBuf};

pub use duration::Duration;
pub use key::KeyPlace;
pub use names::{Consumer, Names, valid_label_value, valid_name};
pub use running::{Reload, Running};
pub use settings::Settings;
pub use version::Version;

use crate::error::{Error, Result};
use crate::job::Job;

/// How long a token is asked to live unless the user says otherwise: the article of practice that
/// tokens are rotated every 90 days. Most managed clusters grant far less.
pub const DEFAULT_DURATION: Duration = Duration::from_days(90);

/// Where an in-cluster Prometheus finds mounted Secrets: the directory that
/// prometheus-operator uses for `spec.secrets`.
pub(crate) const DEFAULT_MOUNT_ROOT: &str = "/etc/prometheus/secrets";

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
    /// Whose the token's file is to be: `USER` or `USER:GROUP`, in names or numbers.
    pub token_owner: Option<String>,
    /// Whether a configuration file's old content is kept beside it.
    pub backup: bool,
    /// The API server as Prometheus reaches it, `None` for the address that monconf itself uses
    /// (outside the cluster) or the cluster's own Service (inside).
    pub api_server: Option<String>,
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
    /// `scrape_configs` in a key of a Secret or ConfigMap, for a Prometheus in the cluster that mounts the token Secret.
    Key {
        /// The key.
        place: KeyPlace,
        /// As in [`Format::Mounted`].
        mount_dir: String,
    },
    /// `scrape_configs` in a file, with token and CA files, for a Prometheus outside the cluster.
    Files {
        /// The configuration.
        place: FilePlace,
        /// Where the files `token` and `ca.crt` lie.
        token_dir: PathBuf,
    },
}

/// The configuration file that jobs are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePlace {
    /// A file of its own, named by `scrape_config_files` in Prometheus' own.
    DropIn {
        /// That file.
        file: PathBuf,
        /// Prometheus' own, if it is to name the other one.
        main: Option<PathBuf>,
    },
    /// Prometheus' own, among the user's jobs.
    Main(PathBuf),
}

impl FilePlace {
    /// Prometheus' own file, where it is known.
    #[must_use]
    pub fn main(&self) -> Option<&Path> {
        match self {
            Self::DropIn { main, .. } => main.as_deref(),
            Self::Main(file) => Some(file),
        }
    }
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
            take_ownership: settings.take_ownership.unwrap_or(false),
            token_owner: settings.token_owner,
            backup: settings.backup.unwrap_or(false),
            api_server: settings.api_server,
        })
    }
}

impl Spec {
    /// The namespace of the Secret or ConfigMap that jobs are written to.
    #[must_use]
    pub fn key_namespace(&self) -> Option<String> {
        match &self.format {
            Format::Key { place, .. } => Some(place.namespace().to_owned()),
            _ => None,
        }
    }
}

fn format(settings: &Settings, names: &Names) -> Result<Format> {
    let mount_dir = settings
        .mount_dir
        .clone()
        .unwrap_or_else(|| format!("{DEFAULT_MOUNT_ROOT}/{}", names.token_secret()));
    check_path("--mount-dir", &mount_dir)?;
    let asked = settings.format.as_deref().unwrap_or("auto");
    let files = files(settings, names)?;
    if let Some(flag) = for_files(settings).filter(|_| files.is_none()) {
        return Err(Error::usage_hint(
            format!(
                "{flag} needs --config or --drop-in: files serve a Prometheus outside the cluster"
            ),
            "add --config FILE or --drop-in FILE",
        ));
    }
    let place = match KeyPlace::named(settings, names, files.is_some())? {
        Some(place) => Some(Format::Key {
            place,
            mount_dir: mount_dir.clone(),
        }),
        None => files,
    };
    match (place, asked) {
        (Some(Format::Key { place, .. }), "operator") => Err(Error::usage_hint(
            format!(
                "{} takes jobs of the raw format; --format operator writes objects",
                place.flag()
            ),
            "leave out one of the two",
        )),
        (Some(_), "operator") => Err(Error::usage_hint(
            "--config and --drop-in are files of the raw format; --format operator writes objects",
            "leave out one of the two",
        )),
        (Some(place), "auto" | "raw") => Ok(place),
        (None, "auto") => Ok(Format::Auto { mount_dir }),
        (None, "operator") => Ok(Format::Operator),
        (None, "raw") => Ok(Format::Mounted { mount_dir }),
        (_, other) => Err(Error::usage_hint(
            format!("there is no format {other:?}"),
            "--format is auto, operator or raw",
        )),
    }
}

/// A flag that is given and that files alone have a use for.
fn for_files(settings: &Settings) -> Option<&'static str> {
    let given = [
        ("--token-dir", settings.token_dir.is_some()),
        ("--token-owner", settings.token_owner.is_some()),
        ("--backup", settings.backup == Some(true)),
        ("--reload", settings.reload.is_some()),
        ("--prometheus-url", settings.prometheus_url.is_some()),
        (
            "--prometheus-version",
            settings.prometheus_version.is_some(),
        ),
    ];
    given
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
}

/// The form of files, if any is named. The token lies beside them, in a folder named after the drop-in or, as one file
/// may have jobs of several, after the instance: so that two never share a token.
fn files(settings: &Settings, names: &Names) -> Result<Option<Format>> {
    let config = settings.config.as_deref();
    let config = config.map(|file| absolute("--config", file)).transpose()?;
    let drop_in = settings.drop_in.as_deref();
    let drop_in = drop_in
        .map(|file| absolute("--drop-in", file))
        .transpose()?;
    let (place, beside) = match (drop_in, config) {
        (None, None) => return Ok(None),
        (Some(file), Some(main)) if file == main => {
            return Err(Error::usage_hint(
                "--drop-in and --config name the same file",
                "the drop-in is a file beside Prometheus' own; without --drop-in the jobs go into --config itself",
            ));
        }
        (Some(file), main) => {
            let mut name = file.file_stem().unwrap_or_default().to_owned();
            name.push("-credentials");
            let beside = file.with_file_name(name);
            (FilePlace::DropIn { file, main }, beside)
        }
        (None, Some(main)) => {
            let beside = main.with_file_name(format!("{}-credentials", names.instance));
            (FilePlace::Main(main), beside)
        }
    };
    let token_dir = match settings.token_dir.as_deref() {
        Some(dir) => absolute("--token-dir", dir)?,
        None => beside,
    };
    Ok(Some(Format::Files { place, token_dir }))
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
