//! The real Grafana Agent Operator, outside the cluster that it works for.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::operator_process::OperatorProcess;
use crate::process::Directory;

/// Where its Pods have the Secrets of `GrafanaAgent.spec.secrets`, each in a folder of its name.
pub const EXTRA_SECRETS: &str = "/var/lib/grafana-agent/extra-secrets";

/// A running Grafana Agent Operator, ended when dropped.
///
/// It acts on every namespace of its cluster, so let it run against a control plane of the test's own. It writes what
/// follows for a `GrafanaAgent` only when a `MetricsInstance` matches it. The facts: `static/operator` of its module.
pub struct AgentOperator(OperatorProcess);

impl AgentOperator {
    /// Starts it as a cluster administrator of its own and waits until it is ready.
    ///
    /// It needs the kinds of [`Options::agent_crds`](crate::Options::agent_crds).
    pub fn start(cp: &ControlPlane) -> Self {
        let name = "grafana-agent-operator";
        let program = (Component::GrafanaAgent, name);
        let flags = |address: &str| {
            vec![
                format!("-health-listen-address={address}"),
                // Does not listen.
                "-metrics-listen-address=0".to_owned(),
                "-listen-host=127.0.0.1".to_owned(),
            ]
        };
        Self(OperatorProcess::start(cp, name, program, "/-/ready", flags))
    }

    /// Whom the API server and its audit log see.
    pub fn user(&self) -> &str {
        self.0.user()
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        self.0.log()
    }

    /// The configuration of static mode that it generated last for the `GrafanaAgent` object `name`; waits for the
    /// first. References such as `$(SHARD)` are still in it: [`AgentOperator::rendered_config`] has none.
    ///
    /// After a change of the objects it follows a moment later: ask again until it says what is expected.
    pub fn generated_config(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}-config");
        self.0.configuration(&path, "agent.yml")
    }

    /// The `StatefulSet` of the first shard of the agents of `name`; waits for it.
    pub fn stateful_set(&self, namespace: &str, name: &str) -> Value {
        self.0.object(&format!(
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
}
