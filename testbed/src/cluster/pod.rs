//! Pods that run.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::Cluster;
use crate::poll::poll;

/// What a Pod of one container is made of.
#[derive(Clone, Debug, Default)]
pub struct Pod<'a> {
    /// An image of [`Node::import_image`](crate::Node::import_image).
    pub image: &'a str,
    /// The arguments of the image's program.
    pub args: &'a [&'a str],
    /// A JSON object.
    pub labels: Value,
    /// A JSON object.
    pub annotations: Value,
    /// Names and numbers of the container's ports.
    pub ports: &'a [(&'a str, u16)],
    /// Run in the node's network, with the node's address.
    pub host_network: bool,
    /// Instead of `default`.
    pub service_account: Option<&'a str>,
    /// More fields of the container, such as `env` or `readinessProbe`.
    pub container: Map<String, Value>,
    /// More fields of the Pod's `spec`, such as `volumes`.
    pub spec: Map<String, Value>,
}

impl Pod<'_> {
    /// The object, to be created in a namespace or to be a template of something that makes Pods.
    pub fn object(&self, name: &str) -> Value {
        let ports = self.ports.iter();
        let ports = ports.map(|(name, port)| json!({"name": name, "containerPort": port}));
        let mut container = json!({
            "name": name, "image": self.image, "imagePullPolicy": "Never",
            "args": self.args, "ports": ports.collect::<Vec<_>>(),
        });
        let mut spec = json!({
            "hostNetwork": self.host_network, "terminationGracePeriodSeconds": 1,
            "serviceAccountName": self.service_account.unwrap_or("default"),
        });
        for (object, more) in [(&mut container, &self.container), (&mut spec, &self.spec)] {
            for (field, value) in more {
                object[field] = value.clone();
            }
        }
        spec["containers"] = json!([container]);
        json!({
            "apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": name, "labels": self.labels, "annotations": self.annotations},
        })
    }
}

impl Cluster {
    /// Creates a Pod in a namespace that exists, and waits until the scheduler has placed it and it is ready. Returns
    /// its address.
    pub fn run_pod(&self, namespace: &str, name: &str, pod: &Pod<'_>) -> Ipv4Addr {
        // Until then the API server refuses Pods there.
        self.cp.wait_for_namespace(namespace);
        let pods = format!("/api/v1/namespaces/{namespace}/pods");
        let admin = self.cp.admin();
        if let Err(failure) = admin.post(&pods, &pod.object(name)) {
            panic!("{failure}");
        }
        let get = || admin.get(&format!("{pods}/{name}")).unwrap_or_default();
        let ready = poll(|| Some(get()).filter(is_ready));
        let ready = ready.unwrap_or_else(|| {
            panic!(
                "the Pod {namespace}/{name} is not ready: {:#}\n{}",
                get()["status"],
                self.pod_log(namespace, name)
            )
        });
        let address = ready["status"]["podIP"]
            .as_str()
            .and_then(|ip| ip.parse().ok());
        address.expect("a ready Pod has an address")
    }

    /// What a Pod's container wrote.
    pub fn pod_log(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
        match self.cp.admin().send("GET", &path, "", &[]) {
            Ok(answer) => answer.text,
            Err(failure) => failure.to_string(),
        }
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    })
}
