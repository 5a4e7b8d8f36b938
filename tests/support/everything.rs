//! Everything that a cluster holds.

use std::collections::BTreeMap;

use serde_json::Value;
use testbed::Client;

/// What comes and goes by itself.
const RESTLESS: [&str; 2] = ["Event", "Lease"];

/// Every object of every kind that can be listed, by its path, without what the server counts.
pub(crate) fn in_cluster(client: &Client) -> BTreeMap<String, Value> {
    let groups = client.get("/apis").unwrap();
    let groups = groups["groups"].as_array().unwrap().iter();
    let versions = groups.map(|group| {
        let version = &group["preferredVersion"]["groupVersion"];
        format!("/apis/{}", version.as_str().unwrap())
    });
    let mut objects = BTreeMap::new();
    for root in versions.chain(["/api/v1".to_owned()]) {
        let document = client.get(&root).unwrap();
        for resource in document["resources"].as_array().unwrap() {
            let verbs = resource["verbs"].as_array().unwrap();
            let kind = resource["kind"].as_str().unwrap();
            if !verbs.contains(&"list".into()) || RESTLESS.contains(&kind) {
                continue;
            }
            let plural = resource["name"].as_str().unwrap();
            let list = client.get(&format!("{root}/{plural}")).unwrap();
            for mut object in list["items"].as_array().unwrap().clone() {
                let metadata = object["metadata"].as_object_mut().unwrap();
                metadata.remove("resourceVersion");
                metadata.remove("managedFields");
                let of = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
                let namespace = metadata
                    .get("namespace")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let path = format!("{root}/{plural} {namespace}/{}", of("name"));
                object.as_object_mut().unwrap().remove("status");
                objects.insert(path, object);
            }
        }
    }
    objects
}
