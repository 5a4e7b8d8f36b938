//! Which configuration is asked for, and where.

use std::path::{Path, PathBuf};

use super::names::{Consumer, Names};
use super::{FilePlace, Form, KeyPlace, Settings, alloy};
use crate::error::{Error, Result};

/// Which configuration to write, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Objects of the consumer's operator where the cluster serves them, else [`Form::Mounted`].
    Auto {
        /// As in [`Form::Mounted`].
        mount_dir: String,
    },
    /// This one, whatever the cluster serves.
    Settled(Form),
}

impl Format {
    /// The form, where the cluster has no say in it.
    #[must_use]
    pub fn settled(&self) -> Option<&Form> {
        match self {
            Self::Auto { .. } => None,
            Self::Settled(form) => Some(form),
        }
    }
}

/// What `--format` and the flags of places ask for.
pub(super) fn format(settings: &Settings, names: &Names) -> Result<Format> {
    let mount_dir = settings.mount_dir.clone().unwrap_or_else(|| {
        let root = names.consumer.mount_root();
        format!("{root}/{}", names.token_secret())
    });
    check_path("--mount-dir", &mount_dir)?;
    let asked = settings.format.as_deref().unwrap_or("auto");
    let formats = names.consumer.formats();
    if !formats.contains(&asked) {
        return Err(Error::usage_hint(
            format!(
                "there is no format {asked:?} for {}",
                names.consumer.title()
            ),
            format!("--format is {}", one_of(formats)),
        ));
    }
    if names.consumer == Consumer::Alloy {
        let place = alloy::place(settings, names)?;
        let token = alloy::token(settings, names, &place, mount_dir)?;
        return Ok(Format::Settled(Form::Alloy { token, place }));
    }
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
        Some(place) => Some(Form::Key {
            place,
            mount_dir: mount_dir.clone(),
        }),
        None => files,
    };
    let for_text = names.consumer.text_format();
    let form = match (place, asked) {
        (Some(place), "auto") => place,
        (Some(place), asked) if asked == for_text => place,
        (Some(place), asked) => {
            let flag = match &place {
                Form::Key { place, .. } => place.flag(),
                Form::Files {
                    place: FilePlace::DropIn { .. },
                    ..
                } => "--drop-in",
                _ => "--config",
            };
            return Err(Error::usage_hint(
                format!(
                    "{flag} is for a text of the {for_text} format; --format {asked} writes objects"
                ),
                "leave out one of the two",
            ));
        }
        (None, "auto") => return Ok(Format::Auto { mount_dir }),
        (None, asked) if asked == for_text => Form::Mounted { mount_dir },
        (None, asked) => match names.consumer {
            Consumer::GrafanaAgent => Form::Agent {
                monitors: asked == "monitors",
                mount_dir,
            },
            _ => Form::Operator,
        },
    };
    Ok(Format::Settled(form))
}

impl Consumer {
    /// Where its Pods find Secrets that its operator mounts: `spec.secrets` of prometheus-operator
    /// (`pkg/prometheus/common.go`) and of Grafana Agent's operator.
    #[must_use]
    pub const fn mount_root(self) -> &'static str {
        match self {
            Self::Prometheus => "/etc/prometheus/secrets",
            Self::GrafanaAgent => "/var/lib/grafana-agent/extra-secrets",
            Self::Alloy => "/etc/alloy/secrets",
        }
    }

    /// The values of `--format`.
    #[must_use]
    pub const fn formats(self) -> &'static [&'static str] {
        match self {
            Self::Prometheus => &["auto", "operator", "raw"],
            Self::GrafanaAgent => &["auto", "operator", "monitors", "static"],
            Self::Alloy => &["auto"],
        }
    }

    /// The one that is a text, not objects.
    #[must_use]
    pub const fn text_format(self) -> &'static str {
        match self {
            Self::GrafanaAgent => "static",
            Self::Prometheus | Self::Alloy => "raw",
        }
    }
}

/// `auto, operator or raw`.
fn one_of(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        words => words.concat(),
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
fn files(settings: &Settings, names: &Names) -> Result<Option<Form>> {
    let config = settings.config.as_deref();
    let config = config.map(|file| absolute("--config", file)).transpose()?;
    let drop_in = settings.drop_in.as_deref();
    let drop_in = drop_in
        .map(|file| absolute("--drop-in", file))
        .transpose()?;
    let place = match (drop_in, config) {
        (None, None) => return Ok(None),
        (Some(file), Some(main)) if file == main => {
            return Err(Error::usage_hint(
                "--drop-in and --config name the same file",
                "the drop-in is a file beside Prometheus' own; without --drop-in the jobs go into --config itself",
            ));
        }
        (Some(file), main) => FilePlace::DropIn { file, main },
        (None, Some(main)) => FilePlace::Main {
            file: main,
            config: settings.agent_config.clone(),
        },
    };
    let token_dir = match settings.token_dir.as_deref() {
        Some(dir) => absolute("--token-dir", dir)?,
        None => beside_file(&place, names)?,
    };
    Ok(Some(Form::Files { place, token_dir }))
}

/// The folder of the token where none is named.
///
/// # Errors
/// A name that is not UTF-8.
pub fn beside_file(place: &FilePlace, names: &Names) -> Result<PathBuf> {
    match place {
        FilePlace::DropIn { file, .. } => {
            let mut name = file.file_stem().unwrap_or_default().to_owned();
            name.push("-credentials");
            Ok(file.with_file_name(name))
        }
        FilePlace::Main { file, .. } => beside(file, names),
    }
}

/// The folder of an instance's token beside a file that may have jobs of several.
pub(super) fn beside(file: &Path, names: &Names) -> Result<PathBuf> {
    let folder = file.with_file_name(format!("{}-credentials", names.instance));
    absolute("--config", &folder)
}

/// Absolute, because Prometheus resolves relative paths against the file's folder, not ours.
pub(super) fn absolute(flag: &str, path: &Path) -> Result<PathBuf> {
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

fn check_path(flag: &str, path: &str) -> Result<()> {
    if path.is_empty() || path.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "{flag}: {path:?} is empty or holds control characters"
        )));
    }
    Ok(())
}
