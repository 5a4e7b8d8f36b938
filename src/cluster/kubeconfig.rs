//! Finding kubeconfigs as kubectl does, and what of them monconf reads itself.

use std::env;
use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;

use super::failure::{Cause, Failure};

/// The file that was named; else the files of `KUBECONFIG`, those that exist, merged so that the first to say
/// something wins; else `~/.kube/config`; else `None`.
pub(super) fn load(named: Option<&Path>) -> Result<Option<Kubeconfig>, Box<Failure>> {
    if let Some(path) = named {
        return read(path).map(Some);
    }
    let listed: Vec<PathBuf> = match env::var_os("KUBECONFIG") {
        Some(list) if !list.is_empty() => env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        _ => env::home_dir()
            .map(|home| home.join(".kube/config"))
            .into_iter()
            .collect(),
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in listed.iter().filter(|path| path.exists()) {
        let next = read(path)?;
        merged = Some(match merged {
            Some(first) => first
                .merge(next)
                .map_err(|error| unusable(path, &error.to_string()))?,
            None => next,
        });
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Kubeconfig, Box<Failure>> {
    Kubeconfig::read_from(path).map_err(|error| match error {
        kube::config::KubeconfigError::ReadConfig(error, _) => unusable(path, &error.to_string()),
        kube::config::KubeconfigError::Parse(error) => {
            // Of a text that holds credentials only the first line of the complaint, never the excerpt below it.
            unusable(path, error.to_string().lines().next().unwrap_or_default())
        }
        error => unusable(path, &error.to_string()),
    })
}

fn unusable(path: &Path, reason: &str) -> Box<Failure> {
    Failure::before(Cause::Kubeconfig {
        reason: format!("cannot use kubeconfig {}: {reason}", path.display()),
    })
}

/// The context to use: the one that was named, else the current one.
pub(super) fn context(
    kubeconfig: &Kubeconfig,
    named: Option<String>,
) -> Result<String, Box<Failure>> {
    let known: Vec<String> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.clone())
        .collect();
    let current = kubeconfig
        .current_context
        .clone()
        .filter(|name| !name.is_empty());
    match named.or(current) {
        Some(name) if known.contains(&name) => Ok(name),
        Some(name) => Err(Failure::before(Cause::UnknownContext {
            known: nearest(&name, known),
            name,
        })),
        None => Err(Failure::before(Cause::Kubeconfig {
            reason: format!(
                "the kubeconfig has no current context; name one of {} with --context",
                known.join(", ")
            ),
        })),
    }
}

/// Of many names those that share most with `name`, at most ten.
fn nearest(name: &str, mut known: Vec<String>) -> Vec<String> {
    let alike = |other: &str| similar::TextDiff::from_chars(name, other).ratio();
    known.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
    known.truncate(10);
    known
}

/// The name of the context's user entry.
pub(super) fn user(kubeconfig: &Kubeconfig, context: &str) -> Option<String> {
    let context = kubeconfig
        .contexts
        .iter()
        .find(|entry| entry.name == context)?;
    context.context.as_ref()?.user.clone()
}

/// `proxy-url` of the context's cluster entry.
pub(super) fn proxy(kubeconfig: &Kubeconfig, context: &str) -> Option<String> {
    let context = kubeconfig
        .contexts
        .iter()
        .find(|entry| entry.name == context)?;
    let name = &context.context.as_ref()?.cluster;
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|entry| entry.name == *name)?;
    cluster
        .cluster
        .as_ref()?
        .proxy_url
        .clone()
        .filter(|url| !url.is_empty())
}
