//! A Prometheus in a Pod that takes what is sent to it.

use std::collections::BTreeMap;

use serde_json::json;
use testbed::client::Identity;
use testbed::poll::poll;
use testbed::{Client, Cluster, Pod, Scope};

use crate::support::Receiver;
use crate::support::prometheus_pod::{self, IMAGE};

const FOLDER: &str = "/config";
const PORT: u16 = 9090;
pub(super) const USER: &str = "alloy";
pub(super) const PASSWORD: &str = "wrong-horse";
/// bcrypt of the password, with as little work as it allows.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuQq6xtzyHsu1fpykOalna2RS57IicIWW";

/// One in the namespace of a test.
pub(super) struct ReceiverPod {
    url: String,
    client: Client,
}

impl ReceiverPod {
    /// Starts one that demands user and password of everybody, or of nobody.
    pub(super) fn start(cluster: &Cluster, scope: &Scope, demanding: bool) -> Self {
        prometheus_pod::import(cluster);
        let users = if demanding {
            json!({USER: HASH})
        } else {
            json!({})
        };
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "receiver"},
            "data": {
                "prometheus.yml": "{}",
                "web.yml": json!({"basic_auth_users": users}).to_string(),
            },
        });
        let maps = format!("/api/v1/namespaces/{}/configmaps", scope.namespace);
        scope.admin().post(&maps, &map).unwrap();
        let container = json!({"volumeMounts": [{"name": "config", "mountPath": FOLDER}]});
        let spec = json!({
            "volumes": [{"name": "config", "configMap": {"name": "receiver"}}],
            "automountServiceAccountToken": false,
        });
        let pod = Pod {
            image: IMAGE,
            args: &[
                &format!("--config.file={FOLDER}/prometheus.yml"),
                &format!("--web.config.file={FOLDER}/web.yml"),
                Receiver::FLAG,
                "--storage.tsdb.path=/data",
            ],
            container: container.as_object().unwrap().clone(),
            spec: spec.as_object().unwrap().clone(),
            ..Pod::default()
        };
        let address = cluster.run_pod(&scope.namespace, "receiver", &pod);
        let url = format!("http://{address}:{PORT}");
        let login = || Identity::Basic(USER.to_owned(), PASSWORD.to_owned());
        let identity = if demanding {
            login()
        } else {
            Identity::Anonymous
        };
        let receiver = Self {
            client: Client::unverified(&url, &identity),
            url,
        };
        let ready = poll(|| receiver.client.get(QUERY).ok());
        ready.unwrap_or_else(|| {
            panic!(
                "Prometheus in a Pod does not answer: {}",
                cluster.pod_log(&scope.namespace, "receiver")
            )
        });
        receiver
    }

    /// For `--remote-write`.
    pub(super) fn write_url(&self) -> String {
        format!("{}{}", self.url, Receiver::PATH)
    }

    /// The status of an answer to somebody who shows nothing.
    pub(super) fn answer_to_anybody(&self) -> u16 {
        let anybody = Client::unverified(&self.url, &Identity::Anonymous);
        anybody.send("POST", Receiver::PATH, "", &[]).unwrap().code
    }

    /// Each job that has sent `up`, with the values of all its targets.
    pub(super) fn up(&self) -> BTreeMap<String, Vec<String>> {
        let answer = self.client.get(QUERY).unwrap();
        let series = answer["data"]["result"].as_array().unwrap().iter();
        let mut up: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in series {
            let job = one["metric"]["job"].as_str().unwrap().to_owned();
            let value = one["value"][1].as_str().unwrap().to_owned();
            up.entry(job).or_default().push(value);
        }
        up
    }
}

const QUERY: &str = "/api/v1/query?query=up";
