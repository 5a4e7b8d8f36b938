//! What Alloy has that no other consumer has: whose token it uses, and where its configuration goes.

use std::path::{Path, PathBuf};

use super::format::{absolute, beside};
use super::names::Names;
use super::{KeyPlace, Settings};
use crate::alloy::Receiver;
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectKey};

/// Whose token Alloy uses, and how it reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlloyToken {
    /// Its Pod's own: the Pod runs as our ServiceAccount.
    Pod,
    /// That in the token Secret, which Alloy itself reads.
    Secret,
    /// That in the token Secret, mounted into the Pod.
    Mounted {
        /// Where.
        mount_dir: String,
    },
    /// That in files, for an Alloy outside the cluster.
    Files {
        /// The folder of `token` and `ca.crt`.
        token_dir: PathBuf,
    },
}

/// Where Alloy's configuration goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlloyPlace {
    /// To standard output.
    Output,
    /// Into a file that holds nothing else.
    File(PathBuf),
    /// Into a key of a ConfigMap of ours.
    ConfigMap(ObjectKey),
}

pub(super) fn place(settings: &Settings, names: &Names) -> Result<AlloyPlace> {
    let file = settings.config.as_deref();
    let key = KeyPlace::named(settings, names, file.is_some())?;
    match (file, key) {
        (_, Some(place)) => {
            if place.config.is_some() || place.namespace() != names.namespace {
                return Err(Error::usage_hint(
                    format!(
                        "--configmap: {} is not one that Alloy's configuration can be in",
                        place.at
                    ),
                    "write it as NAME:KEY, a ConfigMap of the namespace that --namespace names, such as alloy-k8s:config.alloy",
                ));
            }
            debug_assert_eq!(place.at.object.kind, Kind::ConfigMap);
            Ok(AlloyPlace::ConfigMap(place.at))
        }
        (Some(file), None) => Ok(AlloyPlace::File(absolute("--config", file)?)),
        (None, None) => Ok(AlloyPlace::Output),
    }
}

pub(super) fn token(
    settings: &Settings,
    names: &Names,
    place: &AlloyPlace,
    mount_dir: String,
) -> Result<AlloyToken> {
    let file = match place {
        AlloyPlace::File(file) => Some(file.as_path()),
        _ => None,
    };
    let of_files = file.is_some() || settings.token_dir.is_some();
    let default = if of_files { "files" } else { "pod" };
    let asked = settings.token_from.as_deref().unwrap_or(default);
    let flag = [
        ("--token-dir", settings.token_dir.is_some()),
        ("--token-owner", settings.token_owner.is_some()),
    ];
    if let Some((flag, _)) = flag.iter().find(|(_, given)| *given)
        && asked != "files"
    {
        return Err(Error::usage_hint(
            format!("{flag} is about files, and --token-from {asked} uses none"),
            "leave out one of the two",
        ));
    }
    match asked {
        "pod" => Ok(AlloyToken::Pod),
        "secret" => Ok(AlloyToken::Secret),
        "mount" => Ok(AlloyToken::Mounted { mount_dir }),
        "files" => Ok(AlloyToken::Files {
            token_dir: token_dir(settings, names, file)?,
        }),
        other => Err(Error::usage_hint(
            format!("there is no token from {other:?}"),
            "--token-from is pod, secret, mount or files",
        )),
    }
}

fn token_dir(settings: &Settings, names: &Names, file: Option<&Path>) -> Result<PathBuf> {
    match (settings.token_dir.as_deref(), file) {
        (Some(dir), _) => absolute("--token-dir", dir),
        (None, Some(file)) => beside(&absolute("--config", file)?, names),
        (None, None) => Err(Error::usage_hint(
            "--token-from files: it is not said where they are to be",
            "add --token-dir DIR",
        )),
    }
}

/// The components that take the samples.
pub(super) fn receivers(settings: &Settings) -> Result<Vec<Receiver>> {
    let names = settings.forward_to.iter().flatten();
    names
        .map(|name| {
            Receiver::named(name).ok_or_else(|| {
                Error::usage_hint(
                    format!("--forward-to {name:?} is no name of a receiver"),
                    "write it as the configuration does: prometheus.remote_write.default.receiver",
                )
            })
        })
        .collect()
}
