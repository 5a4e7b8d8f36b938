//! The real Grafana Agent Operator, outside the cluster that it works for.

use std::fs;
use std::io::Read;
use std::process::Command;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::client::Client;
use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::poll::poll;
use crate::process::{Directory, Launch, Process, free_port, with_free_ports};
use crate::user::unique;
use crate::web;

/// How long it may take to write an object.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where its Pods have the Secrets of `GrafanaAgent.spec.secrets`, each in a folder of its name.
pub const EXTRA_SECRETS: &str = "/var/lib/grafana-agent/extra-secrets";

/// What a gzipped text begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A running Grafana Agent Operator, ended when dropped.
///
/// It acts on every namespace of its cluster, so let it run against a control plane of the test's own. It writes what
/// follows for a `GrafanaAgent` only when a `MetricsInstance` matches it. The facts: `static/operator` of its module.
pub struct AgentOperator {
    process: Process,
    user: String,
    admin: Client,
    _directory: Directory,
}

impl AgentOperator {
    /// Starts it as a cluster administrator of its own and waits until it is ready.
    ///
    /// It needs the kinds of [`Options::agent_crds`](crate::Options::agent_crds).
    pub fn start(cp: &ControlPlane) -> Self {
        let user = cp.user(&unique("grafana-agent-operator"), &["system:masters"]);
        with_free_ports(|| {
            let directory = Directory::new("agent-operator");
            let address = format!("127.0.0.1:{}", free_port());
            let log = directory.path().join("operator.log");
            let program = Component::GrafanaAgent.binary("grafana-agent-operator");
            let mut process = Launch::new(program, log)
                .args([
                    format!("-health-listen-address={address}"),
                    // Does not listen.
                    "-metrics-listen-address=0".to_owned(),
                    "-listen-host=127.0.0.1".to_owned(),
                ])
                .env("KUBECONFIG", &user.kubeconfig)
                .attached()
                .map_err(|e| e.to_string())?;
            let url = format!("http://{address}/-/ready");
            web::wait_ready(&mut process, &web::agent(), &url)?;
            Ok(Self {
                process,
                user: user.name.clone(),
                admin: cp.admin().clone(),
                _directory: directory,
            })
        })
    }

    /// Whom the API server and its audit log see.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.process.log()).unwrap_or_default()
    }

    /// The configuration of static mode that it generated last for the `GrafanaAgent` object `name`; waits for the
    /// first. References such as `$(SHARD)` are still in it: [`AgentOperator::rendered_config`] has none.
    ///
    /// After a change of the objects it follows a moment later: ask again until it says what is expected.
    pub fn generated_config(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}-config");
        let secret = self.wait_for(&path);
        let value = secret["data"]["agent.yml"].as_str().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(value).expect("the server's base64");
        let mut config = String::new();
        // Only a long one is compressed.
        let read = if bytes.starts_with(&GZIP) {
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut config)
        } else {
            bytes.as_slice().read_to_string(&mut config)
        };
        read.unwrap_or_else(|e| panic!("the configuration in {path} is not text: {e}"));
        config
    }

    /// The `StatefulSet` of the first shard of the agents of `name`; waits for it.
    pub fn stateful_set(&self, namespace: &str, name: &str) -> Value {
        self.wait_for(&format!(
            "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"
        ))
    }

    /// The environment that a container of the first shard's first Pod has: names and values, `SHARD` among them.
    pub fn environment(
        &self,
        namespace: &str,
        name: &str,
        container: &str,
    ) -> Vec<(String, String)> {
        let set = self.stateful_set(namespace, name);
        let containers = set["spec"]["template"]["spec"]["containers"].as_array();
        let containers = containers.into_iter().flatten();
        let variables = containers
            .filter(|known| known["name"] == container)
            .flat_map(|known| known["env"].as_array().into_iter().flatten());
        variables
            .filter_map(|variable| {
                let name_of = variable["name"].as_str()?.to_owned();
                match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                    Some("metadata.name") => Some((name_of, format!("{name}-0"))),
                    Some(_) => None,
                    None => Some((name_of, variable["value"].as_str()?.to_owned())),
                }
            })
            .collect()
    }

    /// What the agent of the first shard's first Pod reads: [`AgentOperator::generated_config`] as the configuration
    /// reloader of that Pod writes it, run for real with that container's environment.
    pub fn rendered_config(&self, namespace: &str, name: &str) -> String {
        let folder = Directory::new("config-reloader");
        let (given, written) = (folder.path().join("in.yml"), folder.path().join("out.yml"));
        let config = self.generated_config(namespace, name);
        fs::write(&given, config).expect("the directory is writable");
        let reloader = Component::PrometheusOperator.binary("prometheus-config-reloader");
        let output = Command::new(reloader)
            .arg(format!("--config-file={}", given.display()))
            .arg(format!("--config-envsubst-file={}", written.display()))
            .args([
                "--statefulset-ordinal-from-envvar=POD_NAME",
                // Once, and nobody is there to be told.
                "--watch-interval=0",
                "--reload-url=http://127.0.0.1:0",
            ])
            .envs(self.environment(namespace, name, "config-reloader"))
            .output()
            .expect("the reloader can be started");
        fs::read_to_string(&written).unwrap_or_else(|e| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("the reloader writes no configuration ({e}): {said}")
        })
    }

    fn wait_for(&self, path: &str) -> Value {
        poll(PATIENCE, || self.admin.get(path).ok())
            .unwrap_or_else(|| panic!("the operator makes no {path}: {}", self.process.log_tail()))
    }
}
