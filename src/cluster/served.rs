//! Which resources the cluster serves in namespaces: those of every version of every group.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::Value;

use crate::client::{Call, Cluster};

/// A resource whose objects can be listed in a namespace. Group and kind together name what its objects are: two groups
/// may have kinds of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// The API group, empty for the core group.
    pub(super) group: String,
    /// The path of the group and version that it is listed by: `/apis/apps/v1`.
    pub(super) root: String,
    /// The name in paths.
    pub(super) plural: String,
    /// The kind of its objects.
    pub(super) kind: String,
}

/// The resources of every version, each once, and sentences about the versions of which they are not known.
#[derive(Default)]
pub(super) struct Served {
    pub(super) resources: Vec<Resource>,
    pub(super) unknown: Vec<String>,
}

impl Cluster {
    /// Reads the discovery document of every version of every group. A group may serve a kind in a version that it does
    /// not prefer, and in no other.
    pub(super) async fn served_in_namespaces(&self) -> Served {
        let mut served = Served::default();
        let groups = Call::groups();
        let groups = match self.send(groups).await {
            Ok(answer) => answer.body,
            Err(failure) => {
                served.unknown.push(failure.to_string());
                return served;
            }
        };
        let Some(versions) = versions(&groups) else {
            served.unknown.push("/apis is no list of API groups".into());
            return served;
        };
        let documents = join_all(versions.into_iter().map(async |(group, root)| {
            let resources = self.listable(&group, &root).await;
            resources.map_err(|why| format!("cannot tell which kinds {root} serves: {why}"))
        }));
        let mut known = BTreeSet::new();
        for document in documents.await {
            match document {
                Ok(resources) => {
                    let mut is_new = |resource: &Resource| {
                        known.insert((resource.group.clone(), resource.plural.clone()))
                    };
                    let new = resources.into_iter().filter(&mut is_new);
                    served.resources.extend(new);
                }
                Err(why) => served.unknown.push(why),
            }
        }
        served
    }

    /// Whether a version of a group still serves a resource; `None` where that is not known.
    pub(super) async fn still_serves(&self, resource: &Resource) -> Option<bool> {
        let listable = self.listable(&resource.group, &resource.root).await.ok()?;
        Some(listable.contains(resource))
    }

    async fn listable(&self, group: &str, root: &str) -> Result<Vec<Resource>, String> {
        let call = Call::kinds(root);
        let answer = self.send(call).await;
        let answer = answer.map_err(|failure| failure.to_string())?;
        listable(group, root, &answer.body)
            .ok_or_else(|| "the answer is no list of resources".to_owned())
    }
}

/// Every group and version with its path, of a group the preferred version first. The core group has one version.
fn versions(document: &Value) -> Option<Vec<(String, String)>> {
    let mut versions = vec![(String::new(), "/api/v1".to_owned())];
    for group in document.get("groups")?.as_array()? {
        let name = group["name"].as_str()?;
        let preferred = group["preferredVersion"]["groupVersion"].as_str();
        let others = group["versions"].as_array()?.iter();
        let others = others.filter_map(|version| version["groupVersion"].as_str());
        let others = others.filter(|version| Some(*version) != preferred);
        for version in preferred.into_iter().chain(others) {
            versions.push((name.to_owned(), format!("/apis/{version}")));
        }
    }
    Some(versions)
}

fn listable(group: &str, root: &str, document: &Value) -> Option<Vec<Resource>> {
    let has = |resource: &Value, verb: &str| {
        let verbs = resource["verbs"].as_array();
        verbs.is_some_and(|verbs| verbs.iter().any(|known| known == verb))
    };
    let resources = document.get("resources")?.as_array()?.iter();
    let resources =
        resources.filter(|resource| resource["namespaced"] == true && has(resource, "list"));
    let resource = |resource: &Value| {
        Some(Resource {
            group: group.to_owned(),
            root: root.to_owned(),
            plural: resource["name"].as_str()?.to_owned(),
            kind: resource["kind"].as_str()?.to_owned(),
        })
    };
    resources.map(resource).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_version_of_a_group_is_read_the_preferred_one_first() {
        let document = json!({"groups": [
            {"name": "a.example", "preferredVersion": {"groupVersion": "a.example/v1"}, "versions": [
                {"groupVersion": "a.example/v1beta1"}, {"groupVersion": "a.example/v1"},
            ]},
            {"name": "b.example", "versions": [{"groupVersion": "b.example/v1"}]},
        ]});
        let paths: Vec<String> = versions(&document)
            .expect("groups")
            .into_iter()
            .map(|(group, path)| format!("{group} {path}"))
            .collect();
        let expected = [
            " /api/v1",
            "a.example /apis/a.example/v1",
            "a.example /apis/a.example/v1beta1",
            "b.example /apis/b.example/v1",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn an_answer_of_another_form_is_no_empty_list() {
        for document in [
            json!([]),
            json!(null),
            json!({}),
            json!({"groups": {}}),
            json!({"groups": [{}]}),
        ] {
            assert_eq!(versions(&document), None, "{document}");
        }
        for document in [
            json!([]),
            json!("ok"),
            json!({}),
            json!({"resources": 1}),
            json!({"resources": [{"namespaced": true, "verbs": ["list"], "name": "things"}]}),
        ] {
            assert_eq!(listable("", "/api/v1", &document), None, "{document}");
        }
        let none =
            json!({"resources": [{"namespaced": false}, {"namespaced": true, "verbs": ["get"]}]});
        assert_eq!(listable("", "/api/v1", &none), Some(Vec::new()));
    }
}
