//! What a namespace holds, of every kind that the cluster serves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::Value;

use super::served::Resource;
use crate::client::{Call, Cluster};
use crate::object::{Found, NamespaceContent, uid};

/// What controllers of the cluster put into every namespace: API group, kind and name.
const EVERYWHERE: [(&str, &str, &str); 3] = [
    ("", "ServiceAccount", "default"),
    ("", "ConfigMap", "kube-root-ca.crt"),
    ("", "ConfigMap", "openshift-service-ca.crt"),
];

/// What is written about objects and ends by itself: API group and kind.
const PASSING: [(&str, &str); 2] = [("", "Event"), ("events.k8s.io", "Event")];

impl Cluster {
    /// Lists the metadata of everything in a namespace but Kubernetes' own Events and what every namespace has. What
    /// cannot be listed is told, never taken for nothing.
    pub async fn content(&self, namespace: &str) -> NamespaceContent {
        let served = self.served_in_namespaces().await;
        let mut content = NamespaceContent {
            unknown: served.unknown,
            ..NamespaceContent::default()
        };
        let resources = served.resources;
        let of_kind = groups_by_kind(&resources);
        let asked = resources.iter().filter(|resource| !resource.is_passing());
        let listed = join_all(
            asked.map(async |resource| (resource, self.metadata_of(resource, namespace).await)),
        );
        for (resource, listed) in listed.await {
            match listed {
                Ok(items) => content.objects.extend(
                    items
                        .iter()
                        .filter(|item| !resource.is_everywhere(item))
                        .map(|item| resource.found(item, of_kind[resource.kind.as_str()] > 1)),
                ),
                Err(why) => content.unknown.push(why),
            }
        }
        content.objects.sort();
        // Two groups may serve the same objects.
        let mut seen = BTreeSet::new();
        content.objects.retain(|found| {
            let uid = found.uid.clone();
            uid.is_none_or(|uid| seen.insert(uid))
        });
        content
    }

    /// The metadata of every object of a resource in a namespace.
    async fn metadata_of(
        &self,
        resource: &Resource,
        namespace: &str,
    ) -> Result<Vec<Value>, String> {
        let path = format!(
            "{}/namespaces/{namespace}/{}",
            resource.root, resource.plural
        );
        let subject = format!("{}s in {namespace}", resource.kind);
        let call = |path: &str| Call::read(&subject, path).list_of_metadata();
        let mut items = Vec::new();
        match self
            .every_page(&path, call, &mut |item| items.push(item))
            .await
        {
            Ok(()) => Ok(items),
            // A resource that was removed since has no objects.
            Err(failure)
                if failure.is_not_found() && self.still_serves(resource).await == Some(false) =>
            {
                Ok(Vec::new())
            }
            Err(failure) => Err(failure.to_string()),
        }
    }
}

/// In how many groups there is a kind of each name.
fn groups_by_kind(resources: &[Resource]) -> BTreeMap<&str, usize> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for resource in resources {
        groups
            .entry(&resource.kind)
            .or_default()
            .insert(&resource.group);
    }
    groups
        .into_iter()
        .map(|(kind, groups)| (kind, groups.len()))
        .collect()
}

impl Resource {
    fn is_passing(&self) -> bool {
        PASSING.contains(&(self.group.as_str(), self.kind.as_str()))
    }

    fn is_everywhere(&self, item: &Value) -> bool {
        let name = item["metadata"]["name"].as_str().unwrap_or_default();
        EVERYWHERE.contains(&(self.group.as_str(), self.kind.as_str(), name))
    }

    /// Named with the group where another group has a kind of the same name.
    fn found(&self, item: &Value, with_group: bool) -> Found {
        let name = item["metadata"]["name"]
            .as_str()
            .unwrap_or("without a name");
        let kind = match self.group.as_str() {
            group if with_group && !group.is_empty() => format!("{}.{group}", self.kind),
            _ => self.kind.clone(),
        };
        Found {
            name: format!("{kind} {name}"),
            uid: uid(item).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource(group: &str, kind: &str) -> Resource {
        Resource {
            group: group.to_owned(),
            root: String::new(),
            plural: String::new(),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn only_the_objects_of_kubernetes_itself_are_passed_over() {
        assert!(resource("", "Event").is_passing());
        assert!(resource("events.k8s.io", "Event").is_passing());
        assert!(!resource("shop.example", "Event").is_passing());
        for (group, kind, name, is_everywhere) in [
            ("", "ServiceAccount", "default", true),
            ("", "ServiceAccount", "other", false),
            ("iam.example", "ServiceAccount", "default", false),
            ("", "ConfigMap", "kube-root-ca.crt", true),
            ("", "Secret", "kube-root-ca.crt", false),
            ("shop.example", "ConfigMap", "kube-root-ca.crt", false),
        ] {
            let item = json!({"metadata": {"name": name}});
            let found = resource(group, kind).is_everywhere(&item);
            assert_eq!(found, is_everywhere, "{group} {kind} {name}");
        }
    }
}
