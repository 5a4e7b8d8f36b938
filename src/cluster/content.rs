//! What a namespace holds, of every kind that the cluster serves.

use futures_util::future::join_all;
use serde_json::Value;

use super::read::{Outcome, items};
use super::{Call, Cluster};
use crate::plan::{Found, NamespaceContent};

/// What controllers of the cluster put into every namespace.
const EVERYWHERE: [(&str, &str); 3] = [
    ("ServiceAccount", "default"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "openshift-service-ca.crt"),
];

/// A resource that can be listed: the path of its group and version, its plural and its kind.
struct Resource {
    root: String,
    plural: String,
    kind: String,
}

impl Cluster {
    /// Lists the metadata of everything in a namespace but Events and what every namespace has. What cannot be listed is
    /// told, never taken for nothing.
    pub async fn content(&self, namespace: &str) -> NamespaceContent {
        let mut content = NamespaceContent::default();
        let mut resources = Vec::new();
        for served in self.resources().await {
            match served {
                Ok(served) => resources.extend(served),
                Err(failure) => content.unknown.push(failure.to_string()),
            }
        }
        let listed = join_all(resources.iter().map(async |resource| {
            let path = format!(
                "{}/namespaces/{namespace}/{}",
                resource.root, resource.plural
            );
            let subject = format!("{}s in {namespace}", resource.kind);
            let call = Call::read(&subject, &path).list_of_metadata();
            (resource, self.send(call).await)
        }));
        for (resource, answer) in listed.await {
            match answer {
                Ok(answer) => {
                    let found = items(answer.body).into_iter();
                    content
                        .objects
                        .extend(found.filter_map(|item| resource.found(&item)));
                }
                Err(failure) if failure.is_not_found() => {}
                Err(failure) => content.unknown.push(failure.to_string()),
            }
        }
        // What two groups serve is there once.
        content.objects.sort_by(|a, b| a.uid.cmp(&b.uid));
        content.objects.dedup_by(|a, b| a.uid == b.uid);
        content.objects.sort_by(|a, b| a.name.cmp(&b.name));
        content
    }

    /// Every namespaced resource that can be listed, by the version that its group prefers.
    async fn resources(&self) -> Vec<Outcome<Vec<Resource>>> {
        let groups = match self.send(Call::groups()).await {
            Ok(answer) => answer.body["groups"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
            Err(failure) => return vec![Err(failure)],
        };
        let versions = groups
            .iter()
            .filter_map(|group| group["preferredVersion"]["groupVersion"].as_str())
            .map(|version| format!("/apis/{version}"));
        let roots = std::iter::once("/api/v1".to_owned()).chain(versions);
        let documents = join_all(roots.map(async |root| {
            let answer = self.send(Call::kinds(&root)).await?;
            Ok(Resource::listable(&root, &answer.body))
        }));
        documents.await
    }
}

impl Resource {
    fn listable(root: &str, document: &Value) -> Vec<Self> {
        let resources = document["resources"].as_array().into_iter().flatten();
        let has = |resource: &Value, verb: &str| {
            let verbs = resource["verbs"].as_array();
            verbs.is_some_and(|verbs| verbs.iter().any(|known| known == verb))
        };
        resources
            .filter(|resource| resource["namespaced"] == true && has(resource, "list"))
            .filter_map(|resource| {
                Some(Self {
                    root: root.to_owned(),
                    plural: resource["name"].as_str()?.to_owned(),
                    kind: resource["kind"].as_str()?.to_owned(),
                })
            })
            .filter(|resource| resource.kind != "Event" && !resource.plural.contains('/'))
            .collect()
    }

    fn found(&self, item: &Value) -> Option<Found> {
        let name = item["metadata"]["name"].as_str()?;
        if EVERYWHERE.contains(&(self.kind.as_str(), name)) {
            return None;
        }
        Some(Found {
            name: format!("{} {name}", self.kind),
            uid: item["metadata"]["uid"].as_str().unwrap_or(name).to_owned(),
        })
    }
}
