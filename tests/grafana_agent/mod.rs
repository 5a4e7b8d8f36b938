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

use serde_json::Value;
use testbed::poll::poll;
use testbed::{AgentOperator, Cluster, Crds, GrafanaAgent, Options, Scope, root};

use crate::support::{Monconf, Run, token};

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

    /// What the operator generated, with the variables of one of its Pods put in.
    fn rendered(&self, scope: &Scope, words: &str) -> String {
        let (namespace, name) = (&scope.namespace, agent(scope));
        let text = poll(|| {
            let generated = self.operator.generated_config(namespace, &name);
            let is_current = generated.contains(words);
            is_current.then(|| self.operator.rendered_config(namespace, &name))
        });
        text.unwrap_or_else(|| panic!("no {words}: {}", self.operator.log()))
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
    let mut documents = yaml::parse(&text, "jobs").unwrap();
    serde_json::from_value(documents.remove(0)).unwrap()
}

/// Applies for an agent that runs beside the cluster, with the token where a Pod would have it mounted: in `folder`.
fn apply_outside(scope: &Scope, folder: &Path, write: &str, more: &[&str]) -> Run {
    let mounted = folder.join("mounted");
    let arguments = [
        "--apply",
        "--api-server",
        scope.cp.url(),
        "--mount-dir",
        mounted.to_str().unwrap(),
        "--remote-write",
        write,
        "--interval",
        "1s",
    ];
    let run = monconf(scope, &arguments).args(more).run().ok();
    token::mount(scope, &mounted);
    run
}

/// Starts an agent with a configuration of the operator's, as that starts its Pods.
fn start(folder: &Path, config: &str, more: &[&str], environment: &[(&str, &str)]) -> GrafanaAgent {
    let file = folder.join("agent.yml");
    fs::write(&file, config).unwrap();
    let arguments = [&["-enable-features=integrations-next"], more].concat();
    GrafanaAgent::start_static(&file, &arguments, environment)
}
