//! Everything that an instance may have, whichever way it was asked for, read in one parallel wave.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;

use super::read::{Outcome, found, items, labelled_path, objects, text};
use super::{Call, Cluster};
use crate::object::{Kind, ObjectRef};
use crate::spec::{Form, Format, Spec};

/// `SecretTypeServiceAccountToken` in `core/v1` of the Kubernetes API.
const LEGACY_TOKEN: &str = "kubernetes.io/service-account-token";
const PROMETHEUSES: &str = "/apis/monitoring.coreos.com/v1/prometheuses";

/// What may belong to an instance: objects of its names, and those of other names that carry its labels.
pub struct Owned {
    /// Who the API server says we are.
    pub user: Option<String>,
    /// The objects that exist.
    pub objects: BTreeMap<ObjectRef, Value>,
    /// Every `Prometheus` object, where jobs are in a Secret that one may read.
    pub prometheuses: Vec<Value>,
    /// The names of the Secrets in its namespace that carry its labels, as far as the caller may list them.
    pub secrets: Vec<String>,
    /// What could not be read and is not indispensable.
    pub warnings: Vec<String>,
}

impl Cluster {
    /// Asks everything at once.
    ///
    /// # Errors
    /// Objects that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn read_owned(&self, spec: &Spec) -> Outcome<Owned> {
        let names = &spec.names;
        let mut references = objects(spec, true);
        if spec.existing_access {
            references.retain(|object| !Kind::ACCESS.contains(&object.kind));
        }
        let by_name = join_all(references.iter().map(|object| self.send(Call::get(object))));
        let labelled = join_all(
            places(spec)
                .into_iter()
                .map(async |(kind, namespace)| (kind, self.own(kind, namespace, names).await)),
        );
        let prometheuses = async {
            match &spec.format {
                Format::Settled(Form::Key { place, .. })
                    if place.at.object.kind == Kind::Secret && !spec.existing_access =>
                {
                    let call = Call::read("Prometheus objects", PROMETHEUSES);
                    Some(self.send(call).await)
                }
                _ => None,
            }
        };
        let secrets = labelled_path(Kind::Secret, Some(&names.namespace), names);
        let secrets = Call::read("Secrets of this instance", &secrets).list_of_metadata();
        let secrets = async {
            if spec.existing_access {
                return None;
            }
            self.send(secrets).await.ok()
        };
        let user = self.send(Call::who_am_i());
        let (by_name, labelled, prometheuses, secrets, user) =
            tokio::join!(by_name, labelled, prometheuses, secrets, user);
        let secrets = secrets.map(|answer| items(answer.body)).unwrap_or_default();
        let mut owned = Owned {
            user: text(user.ok(), "/status/userInfo/username"),
            objects: found(references, by_name)?,
            prometheuses: Vec::new(),
            secrets: secrets
                .iter()
                .filter_map(|secret| secret["metadata"]["name"].as_str().map(str::to_owned))
                .collect(),
            warnings: Vec::new(),
        };
        for (kind, answer) in labelled {
            match answer {
                Ok(objects) => owned.objects.extend(objects),
                Err(failure) if failure.is_not_found() => {}
                Err(failure) if spec.existing_access => return Err(failure),
                Err(failure) => owned.warnings.push(format!(
                    "{failure}; so a {} of another name than this command's own flags give is not found",
                    kind.name()
                )),
            }
        }
        match prometheuses {
            Some(Ok(answer)) => owned.prometheuses = items(answer.body),
            Some(Err(failure)) if !failure.is_not_found() => owned.warnings.push(format!(
                "{failure}; so it is not known whether one still names the key that the jobs are in"
            )),
            _ => {}
        }
        Ok(owned)
    }
}

impl Cluster {
    /// The metadata of the Secrets of a namespace that hold tokens which never expire.
    ///
    /// # Errors
    /// Whatever kept the server from answering.
    pub async fn legacy_tokens(&self, namespace: &str) -> Outcome<Vec<Value>> {
        let collection = Kind::Secret.collection(Some(namespace));
        let path = format!("{collection}?fieldSelector=type%3D{LEGACY_TOKEN}");
        let subject = format!("Secrets of type {LEGACY_TOKEN} in {namespace}");
        let call = Call::read(&subject, &path).list_of_metadata();
        Ok(items(self.send(call).await?.body))
    }
}

/// The kinds that are looked for by their labels, each with its namespace, or in all.
fn places(spec: &Spec) -> Vec<(Kind, Option<&str>)> {
    let namespace = Some(spec.names.namespace.as_str());
    if spec.existing_access {
        let kinds = spec.names.consumer.kinds().into_iter();
        return kinds.map(|kind| (kind, namespace)).collect();
    }
    labelled()
        .map(|kind| (kind, namespace))
        // A job may need rights in any namespace.
        .chain([(Kind::Role, None), (Kind::RoleBinding, None)])
        .collect()
}

/// Kinds of which an instance may have objects of any name in its own namespace. Of Secrets, whose names are fixed but
/// for one of somebody's choosing that jobs are in, only metadata is listed.
fn labelled() -> impl Iterator<Item = Kind> {
    let by_name = [
        Kind::Secret,
        Kind::ServiceAccount,
        Kind::Role,
        Kind::RoleBinding,
    ];
    Kind::ALL
        .into_iter()
        .filter(move |kind| kind.namespaced() && !by_name.contains(kind))
}
