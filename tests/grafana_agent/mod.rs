//! `monconf grafana-agent`, read and run by the real operator and the real agent.

mod attach;
mod documented;
mod objects;
mod run;
mod static_mode;
mod wrong;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testbed::{AgentOperator, Cluster, Crds, Options, Scope, root};

use crate::support::{Monconf, token};

/// A cluster with a node, with the kinds of both operators, and the agent's operator beside it.
struct World {
    operator: AgentOperator,
    cluster: Cluster,
}

impl World {
    /// The one of these tests; `None` where the user is not root.
    fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<World>> = LazyLock::new(|| {
            let cluster = Cluster::start(Options {
                crds: Crds::Minimal,
                agent_crds: true,
                ..Options::default()
            })?;
            Some(World {
                operator: AgentOperator::start(&cluster.cp),
                cluster,
            })
        });
        root::is_available("a cluster with Grafana Agent's operator").then(|| SHARED.as_ref())?
    }
}

/// `monconf grafana-agent` with the names and the user of a test.
fn monconf(scope: &Scope, arguments: &[&str]) -> Monconf {
    Monconf::for_consumer("grafana-agent", scope, arguments)
}

const GRAFANA: &str = "/apis/monitoring.grafana.com/v1alpha1";

fn path(scope: &Scope, plural: &str) -> String {
    format!("{GRAFANA}/namespaces/{}/{plural}", scope.namespace)
}

/// The name of the GrafanaAgent and of the MetricsInstance.
fn agent(scope: &Scope) -> String {
    format!("{}-k8s-agent", scope.name)
}

/// The jobs in the Secret that the MetricsInstance names.
fn jobs(scope: &Scope) -> Vec<Value> {
    let path = format!(
        "/api/v1/namespaces/{}/secrets/{}-jobs",
        scope.namespace,
        agent(scope)
    );
    let secret = scope.admin().get(&path).unwrap();
    let text = token::decoded(&secret, "jobs.yaml");
    let mut documents = monconf::yaml::parse(&text, "jobs").unwrap();
    serde_json::from_value(documents.remove(0)).unwrap()
}

/// Puts the token Secret's files into a folder, as a Pod has them.
fn mount(scope: &Scope, folder: &Path) {
    let secret = token::secret(scope);
    fs::create_dir_all(folder).unwrap();
    for (key, value) in secret["data"].as_object().unwrap() {
        let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
        fs::write(folder.join(key), bytes).unwrap();
    }
}
