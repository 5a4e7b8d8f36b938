//! The real Prometheus Operator, outside the cluster that it works for.

use std::fs;
use std::io::Read;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::read::GzDecoder;

use crate::client::Client;
use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::poll::poll;
use crate::process::{Directory, Launch, Process, free_port, with_free_ports};
use crate::user::unique;
use crate::web;

/// How long it may take to write a configuration.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Prometheus Operator, ended when dropped.
///
/// It acts on every namespace of its cluster, so let it run against a control plane of the test's own.
pub struct Operator {
    process: Process,
    user: String,
    admin: Client,
    _directory: Directory,
}

impl Operator {
    /// Starts it as a cluster administrator of its own and waits until it has found its kinds.
    ///
    /// It needs every one of them: start the control plane with [`Crds::All`](crate::Crds::All).
    pub fn start(cp: &ControlPlane) -> Self {
        let user = cp.user(&unique("prometheus-operator"), &["system:masters"]);
        let kubeconfig = user.kubeconfig.as_path();
        with_free_ports(|| {
            let directory = Directory::new("operator");
            let address = format!("127.0.0.1:{}", free_port());
            let log = directory.path().join("operator.log");
            let mut process = Launch::new(Component::PrometheusOperator.binary("operator"), log)
                .args([
                    format!("--web.listen-address={address}"),
                    // Only a name in the Pods that it describes: nobody pulls it without a node.
                    "--prometheus-config-reloader=any/image:1".to_owned(),
                ])
                .env("KUBECONFIG", kubeconfig)
                .attached()
                .map_err(|e| e.to_string())?;
            let url = format!("http://{address}/healthz");
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

    /// The Prometheus configuration that it generated last for the `Prometheus` object `name`; waits for the first.
    ///
    /// After a change of the objects it follows a moment later: ask again until it says what is expected.
    pub fn generated_config(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/prometheus-{name}");
        let compressed = poll(PATIENCE, || {
            let secret = self.admin.get(&path).ok()?;
            let value = secret["data"]["prometheus.yaml.gz"].as_str()?;
            // The first one that is written is empty.
            BASE64_STANDARD
                .decode(value)
                .ok()
                .filter(|bytes| !bytes.is_empty())
        });
        let compressed = compressed.unwrap_or_else(|| {
            let tail = self.process.log_tail();
            panic!("the operator writes no configuration for {namespace}/{name}: {tail}")
        });
        let mut config = String::new();
        GzDecoder::new(compressed.as_slice())
            .read_to_string(&mut config)
            .unwrap_or_else(|e| panic!("the configuration in {path} is not gzipped text: {e}"));
        config
    }

    /// The rule files that it generated last for the `Prometheus` object `name`, one behind the other; waits until they
    /// hold `wanted`.
    pub fn generated_rules(&self, namespace: &str, name: &str, wanted: &str) -> String {
        let path =
            format!("/api/v1/namespaces/{namespace}/configmaps/prometheus-{name}-rulefiles-0");
        let rules = || {
            let data = self.admin.get(&path).ok()?["data"].clone();
            let files = data.as_object()?.values();
            let text: String = files.filter_map(|file| file.as_str()).collect();
            text.contains(wanted).then_some(text)
        };
        poll(PATIENCE, rules).unwrap_or_else(|| {
            let tail = self.process.log_tail();
            panic!("the operator writes no rules with {wanted} for {namespace}/{name}: {tail}")
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
        let events = self.admin.get(path).unwrap_or_else(|e| panic!("{e}"));
        let events = events["items"].as_array().into_iter().flatten();
        all.extend(events.filter_map(|event| Some(event["message"].as_str()?.to_owned())));
        all
    }
}
