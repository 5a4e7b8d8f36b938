//! A key of a Secret or ConfigMap, as it is written on the command line.

use super::Settings;
use super::names::{Names, valid_name};
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectKey, ObjectRef};

/// A key of an object in the cluster that jobs are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// Of a Secret it holds a bare list of jobs, of a ConfigMap the configuration of a Prometheus or of an agent.
    pub at: ObjectKey,
    /// Which of an agent's `metrics.configs`, where it is named.
    pub config: Option<String>,
}

/// How long the name of an object, and a key of its data, may be.
const LONGEST: usize = 253;

const OF_SECRET: &str = "[NAMESPACE/]NAME:KEY";
const OF_CONFIG_MAP: &str = "[NAMESPACE/]NAME:KEY, with #CONFIG behind it for one of an agent's";

impl KeyPlace {
    /// The one that is named, if any. Jobs go to one place: `with_files` says whether files are named too.
    ///
    /// # Errors
    /// A usage error that names the flag.
    pub(super) fn named(
        settings: &Settings,
        names: &Names,
        with_files: bool,
    ) -> Result<Option<Self>> {
        let places = [
            (Kind::Secret, &settings.additional_scrape_configs),
            (Kind::ConfigMap, &settings.configmap),
        ];
        let mut given = places
            .iter()
            .filter_map(|(kind, text)| Some((*kind, text.as_deref()?)));
        let Some((kind, text)) = given.next() else {
            return Ok(None);
        };
        let other = given.next().map(|(kind, _)| flag(kind));
        if let Some(other) = other.or(with_files.then_some("--config or --drop-in")) {
            return Err(Error::usage_hint(
                format!(
                    "{} and {other} name two places for the same jobs",
                    flag(kind)
                ),
                "leave out one of the two; --name NAME makes an instance of its own for the other",
            ));
        }
        Self::parse(kind, text, names).map(Some)
    }

    /// `[NAMESPACE/]NAME:KEY`, of a ConfigMap also `[NAMESPACE/]NAME:KEY#CONFIG`.
    fn parse(kind: Kind, text: &str, names: &Names) -> Result<Self> {
        let flag = flag(kind);
        let (form, rest, config) = match (kind, text.split_once('#')) {
            (Kind::ConfigMap, Some((rest, config))) => (OF_CONFIG_MAP, rest, Some(config)),
            (Kind::ConfigMap, None) => (OF_CONFIG_MAP, text, None),
            _ => (OF_SECRET, text, None),
        };
        let parts = rest.split_once(':').map(|(object, key)| {
            let (namespace, name) = object.split_once('/').unwrap_or((&names.namespace, object));
            (namespace, name, key)
        });
        let is_named = |(namespace, name, key): &(&str, &str, &str)| {
            valid_name(namespace) && valid_object_name(name) && valid_key(key)
        };
        let Some((namespace, name, key)) =
            parts.filter(|parts| is_named(parts) && config != Some(""))
        else {
            return Err(Error::usage_hint(
                format!("{flag} {text:?} names no key of a {}", kind.name()),
                format!("write it as {form}"),
            ));
        };
        let object = ObjectRef::namespaced(kind, namespace, name);
        refuse_own(flag, &object, names)?;
        Ok(Self {
            at: ObjectKey {
                object,
                key: key.to_owned(),
            },
            config: config.map(str::to_owned),
        })
    }

    /// The flag that names it.
    #[must_use]
    pub const fn flag(&self) -> &'static str {
        flag(self.at.object.kind)
    }

    /// The namespace of the Prometheus that reads it: no other can.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.at.object.namespace.as_deref().unwrap_or_default()
    }
}

const fn flag(kind: Kind) -> &'static str {
    match kind {
        Kind::Secret => "--additional-scrape-configs",
        _ => "--configmap",
    }
}

/// The instance's own Secrets hold nothing else.
fn refuse_own(flag: &str, object: &ObjectRef, names: &Names) -> Result<()> {
    let is_own = object.kind == Kind::Secret
        && object.namespace.as_ref() == Some(&names.namespace)
        && (object.name == names.token_secret() || names.handles().contains(&object.name));
    if is_own {
        return Err(Error::usage_hint(
            format!("{flag}: {object} is the instance's own, for its token"),
            "name another Secret",
        ));
    }
    Ok(())
}

/// A DNS subdomain.
fn valid_object_name(name: &str) -> bool {
    name.len() <= LONGEST && name.split('.').all(valid_name)
}

/// `IsConfigMapKey` in `pkg/util/validation` of Kubernetes' `apimachinery`.
fn valid_key(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !key.is_empty()
        && key.len() <= LONGEST
        && key.bytes().all(is_plain)
        && key != "."
        && !key.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::super::Consumer;
    use super::*;

    fn parse(kind: Kind, text: &str) -> Result<KeyPlace> {
        let names = Names::new(Consumer::Prometheus, None, Some("obs")).expect("valid");
        KeyPlace::parse(kind, text, &names)
    }

    #[test]
    fn a_place_is_read_with_and_without_a_namespace() {
        for (kind, text, location, key, config) in [
            (
                Kind::Secret,
                "prom/more:jobs.yaml",
                "prom/more",
                "jobs.yaml",
                None,
            ),
            (Kind::Secret, "more.jobs:a", "obs/more.jobs", "a", None),
            (
                Kind::ConfigMap,
                "agent:agent.yaml#in: fra",
                "obs/agent",
                "agent.yaml",
                Some("in: fra"),
            ),
        ] {
            let place = parse(kind, text).expect("a place");
            assert_eq!(place.at.object.location(), location);
            assert_eq!(place.at.key, key);
            assert_eq!(place.config.as_deref(), config);
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "more",
            "more:",
            ":key",
            "/more:key",
            "a/b/c:key",
            "More:key",
            "more:..key",
            "more:a b",
            "more:key#config",
            "a_b:key",
        ] {
            let error = parse(Kind::Secret, text).expect_err(text).to_string();
            assert!(error.contains("names no key of a Secret"), "{error}");
        }
        assert!(parse(Kind::ConfigMap, "agent:agent.yaml#").is_err());
    }

    #[test]
    fn the_token_s_secret_is_no_place_for_jobs() {
        for own in [
            "prometheus-k8s-token:jobs",
            "obs/prometheus-k8s-token-a:jobs",
        ] {
            let error = parse(Kind::Secret, own).expect_err(own).to_string();
            assert!(error.contains("is the instance's own"), "{error}");
        }
        parse(Kind::Secret, "elsewhere/prometheus-k8s-token:jobs").expect("another namespace's");
    }
}
