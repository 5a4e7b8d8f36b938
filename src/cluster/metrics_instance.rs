//! A MetricsInstance of Grafana Agent's operator, and all that its translation needs.

use futures_util::future::OptionFuture;
use serde_json::Value;

use super::read::items;
use crate::client::{Answer, Call, Cluster, Failure};
use crate::object::{Kind, ObjectRef, decoded};
use crate::translate::{Source, needs_namespaces};

impl Cluster {
    /// Reads it: what is known by name in one wave, and what it names in another. `None` where there is no such instance.
    ///
    /// # Errors
    /// What cannot be read: all refusals of a wave together, or the first failure of another kind.
    pub async fn metrics_instance(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Source>, Box<Failure>> {
        let instance = ObjectRef::namespaced(Kind::MetricsInstance, namespace, name);
        let home = ObjectRef::cluster(Kind::Namespace, namespace);
        let agents = Kind::GrafanaAgent.collection(None);
        let (instance, home, agents) = tokio::join!(
            self.send(Call::get(&instance)),
            self.send(Call::get(&home)),
            self.send(list("GrafanaAgent objects", &agents, Kind::GrafanaAgent)),
        );
        let [instance, home, agents] = all([Some(instance), Some(home), Some(agents)])?;
        let Some(instance) = instance else {
            return Ok(None);
        };

        let selector = &instance["spec"]["additionalScrapeConfigs"];
        let secret = selector["name"].as_str();
        let secret: OptionFuture<_> = secret
            .map(|secret| ObjectRef::namespaced(Kind::Secret, namespace, secret))
            .map(|secret| async move { self.send(Call::get(&secret)).await })
            .into();
        let every = Kind::Namespace.collection(None);
        let namespaces: OptionFuture<_> = needs_namespaces(&instance)
            .then(|| self.send(list("Namespaces", &every, Kind::Namespace)))
            .into();
        let (secret, namespaces) = tokio::join!(secret, namespaces);
        let [secret, namespaces] = all([secret, namespaces])?;
        let key = selector["key"].as_str().unwrap_or_default();
        let jobs = secret.and_then(|secret| decoded(secret["data"][key].as_str()?));
        Ok(Some(Source {
            namespace: home.unwrap_or_default(),
            agents: agents.map(items).unwrap_or_default(),
            namespaces: namespaces.map(items).unwrap_or_default(),
            jobs,
            instance,
        }))
    }
}

fn list(subject: &str, path: &str, kind: Kind) -> Call {
    Call::list(subject, path, (kind.api_version(), kind.name()), None)
}

/// The answers; `None` for what was not asked and for what is not there.
fn all<const N: usize>(
    answers: [Option<Result<Answer, Box<Failure>>>; N],
) -> Result<[Option<Value>; N], Box<Failure>> {
    let mut failures = Vec::new();
    let found = answers.map(|answer| match answer? {
        Ok(answer) => Some(answer.body),
        Err(failure) if failure.is_not_found() => None,
        Err(failure) => {
            failures.push(failure);
            None
        }
    });
    match Failure::together(failures) {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}
