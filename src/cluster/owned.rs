//! Everything that an instance may have, whichever way it was asked for, read in one parallel wave.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;

use super::read::{Outcome, Refused, items, labelled_path, text, what_may_be, whole};
use crate::client::{Call, Cluster};
use crate::mark::ClusterIdentity;
use crate::object::{Kind, ObjectRef};
use crate::reads::{Labelled, RemovalReads};
use crate::spec::Spec;

/// `SecretTypeServiceAccountToken` in `core/v1` of the Kubernetes API.
const LEGACY_TOKEN: &str = "kubernetes.io/service-account-token";

/// `apiVersion` and kind.
const SECRET: (&str, &str) = ("v1", "Secret");

/// What may belong to an instance: objects of its names, and those of other names that carry its labels.
pub struct Owned {
    /// Who the API server says we are.
    pub user: Option<String>,
    /// Which cluster it is, as far as it is known.
    pub cluster: ClusterIdentity,
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
        whole(self.read_owned_that_may_be(spec).await?)
    }

    /// The same as far as the caller may read it; beside it what was denied and is indispensable, each with the object
    /// that it is about, if it is one.
    ///
    /// # Errors
    /// The first failure other than a denied read.
    pub async fn read_owned_that_may_be(&self, spec: &Spec) -> Outcome<(Owned, Vec<Refused>)> {
        let names = &spec.names;
        let reads = RemovalReads::of(spec);
        let by_name = join_all(
            reads
                .objects
                .iter()
                .map(|object| self.send(Call::get(object))),
        );
        let labelled = join_all(
            reads
                .labelled
                .iter()
                .map(async |Labelled { kind, namespace }| {
                    (*kind, self.own(*kind, namespace.as_deref(), names).await)
                }),
        );
        let prometheuses = async {
            let selecting = reads.naming?;
            let call = Call::list(selecting.title(), selecting.path(), selecting.kind(), None);
            Some(self.send(call).await)
        };
        let secrets = async {
            if !reads.secrets {
                return None;
            }
            let secrets = labelled_path(Kind::Secret, Some(&names.namespace), names);
            let call = Call::list(
                "Secrets of this instance",
                &secrets,
                SECRET,
                Some(&names.namespace),
            );
            let call = call.list_of_metadata();
            self.send(call).await.ok()
        };
        let namespace = self.cluster_namespace(reads.cluster, &reads.objects);
        let user = self.send(Call::who_am_i());
        let (by_name, labelled, prometheuses, secrets, namespace, user) =
            tokio::join!(by_name, labelled, prometheuses, secrets, namespace, user);
        let secrets = secrets.map(|answer| items(answer.body)).unwrap_or_default();
        let (objects, mut refused) = what_may_be(reads.objects, by_name)?;
        let mut owned = Owned {
            user: text(user.ok(), "/status/userInfo/username"),
            cluster: self.identity(namespace.as_ref(), &objects, None),
            objects,
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
                Err(failure) if spec.existing_access && failure.denied().is_some() => {
                    refused.push((None, failure));
                }
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
        Ok((owned, refused))
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
        let call = Call::list(&subject, &path, SECRET, Some(namespace)).list_of_metadata();
        Ok(items(self.send(call).await?.body))
    }
}
