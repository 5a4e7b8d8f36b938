//! The real Prometheus Operator, outside the cluster that it works for.

use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::operator_process::OperatorProcess;

/// The image of the reloader in the Pods that it describes: only a name, unless a test gives it to its node.
pub const RELOADER: &str = "testbed.invalid/prometheus-config-reloader:1";

/// A running Prometheus Operator, ended when dropped.
///
/// It acts on every namespace of its cluster, so let it run against a control plane of the test's own.
pub struct Operator(OperatorProcess);

impl Operator {
    /// Starts it as a cluster administrator of its own and waits until it has found its kinds.
    ///
    /// It needs every one of them: start the control plane with [`Crds::All`](crate::Crds::All).
    pub fn start(cp: &ControlPlane) -> Self {
        let program = (Component::PrometheusOperator, "operator");
        let flags = |address: &str| {
            vec![
                format!("--web.listen-address={address}"),
                format!("--prometheus-config-reloader={RELOADER}"),
            ]
        };
        let name = "prometheus-operator";
        Self(OperatorProcess::start(cp, name, program, "/healthz", flags))
    }

    /// Whom the API server and its audit log see.
    pub fn user(&self) -> &str {
        self.0.user()
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        self.0.log()
    }

    /// The Prometheus configuration that it generated last for the `Prometheus` object `name`; waits for the first.
    ///
    /// After a change of the objects it follows a moment later: ask again until it says what is expected.
    pub fn generated_config(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/prometheus-{name}");
        self.0.configuration(&path, "prometheus.yaml.gz")
    }

    /// The rule files that it generated last for the `Prometheus` object `name`, one behind the other; waits until they
    /// hold `wanted`.
    pub fn generated_rules(&self, namespace: &str, name: &str, wanted: &str) -> String {
        let path =
            format!("/api/v1/namespaces/{namespace}/configmaps/prometheus-{name}-rulefiles-0");
        self.0.wait_for(&path, |map| {
            let files = map["data"].as_object()?.values();
            let text: String = files.filter_map(|file| file.as_str()).collect();
            text.contains(wanted).then_some(text)
        })
    }

    /// What it said of objects that it leaves out of a configuration: lines of its log, then messages of Events.
    pub fn rejections(&self) -> Vec<String> {
        let log = self.log();
        let logged = log
            .lines()
            .filter(|line| line.contains("skipping") || line.contains("reject"));
        let mut all: Vec<String> = logged.map(str::to_owned).collect();
        let path = "/api/v1/events?fieldSelector=reason%3DInvalidConfiguration";
        let events = self.0.admin().get(path).unwrap_or_else(|e| panic!("{e}"));
        let events = events["items"].as_array().into_iter().flatten();
        all.extend(events.filter_map(|event| Some(event["message"].as_str()?.to_owned())));
        all
    }
}
