//! The real Grafana Agent: static mode, and flow mode, whose language and components Alloy kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};
use ureq::Agent;

use crate::components::Component;
use crate::process::{Directory, Launch, Process, free_port, run_on_text, with_free_ports};
use crate::prometheus::Target;
use crate::web;

/// Where static mode keeps its random identity, which it reads at its start; no flag changes that.
const SEED: &str = "/tmp/agent_seed.json";

/// The component of flow mode that scrapes.
const SCRAPE: &str = "prometheus.scrape";

/// A running Grafana Agent, ended when dropped.
///
/// It finds its targets 5 seconds after its start, and reads samples from its log to write them only every 10 seconds.
pub struct GrafanaAgent {
    process: Process,
    mode: Mode,
    url: String,
    agent: Agent,
    _directory: Directory,
}

#[derive(Clone, Copy)]
enum Mode {
    Static,
    Flow,
}

impl GrafanaAgent {
    /// Starts static mode with a YAML file, in which `${NAME}` of `environment` is expanded as in the Pods of its
    /// operator, and waits until it is ready.
    ///
    /// Panics with its log when it refuses the configuration. Its listeners and its write-ahead log are the testbed's,
    /// whatever the file says.
    pub fn start_static(config: &Path, extra_args: &[&str], environment: &[(&str, &str)]) -> Self {
        let seeded = Path::new(SEED).exists();
        let agent = Self::start(Mode::Static, &[], environment, |directory, address| {
            let mut arguments = vec![
                format!("-config.file={}", config.display()),
                "-config.expand-env=true".to_owned(),
                "-disable-reporting".to_owned(),
                format!("-server.http.address={address}"),
                format!("-server.grpc.address=127.0.0.1:{}", free_port()),
                format!("-metrics.wal-directory={}", directory.join("wal").display()),
            ];
            arguments.extend(extra_args.iter().map(|&argument| argument.to_owned()));
            arguments
        });
        if !seeded {
            // Another agent that starts at the same time may have done so.
            let _ = fs::remove_file(SEED);
        }
        agent
    }

    /// Starts flow mode with a River file and waits until it is ready: every component was evaluated.
    ///
    /// Panics with its log when it refuses the configuration.
    pub fn start_flow(config: &Path) -> Self {
        Self::start_flow_within(&[], config, &[])
    }

    /// As [`GrafanaAgent::start_flow`], by way of a command line such as [`Mounts::entrance`](crate::Mounts::entrance),
    /// and with variables of its environment.
    pub fn start_flow_within(
        entrance: &[String],
        config: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let environment = [&[("AGENT_MODE", "flow")], environment].concat();
        Self::start(Mode::Flow, entrance, &environment, |directory, address| {
            vec![
                "run".to_owned(),
                config.display().to_string(),
                format!("--server.http.listen-addr={address}"),
                format!("--storage.path={}", directory.join("data").display()),
                "--disable-reporting".to_owned(),
            ]
        })
    }

    fn start(
        mode: Mode,
        entrance: &[String],
        environment: &[(&str, &str)],
        arguments: impl Fn(&Path, &str) -> Vec<String>,
    ) -> Self {
        with_free_ports(|| {
            let directory = Directory::new("grafana-agent");
            let address = format!("127.0.0.1:{}", free_port());
            let log = directory.path().join("agent.log");
            let program = Component::GrafanaAgent.binary("grafana-agent");
            let launch = match entrance {
                [] => Launch::new(program, log),
                [first, rest @ ..] => Launch::new(first, log).args(rest).args([program]),
            };
            let launch = environment
                .iter()
                .fold(launch, |launch, (name, value)| launch.env(name, value));
            let mut process = launch
                .args(arguments(directory.path(), &address))
                .attached()
                .map_err(|e| e.to_string())?;
            let (agent, url) = (web::agent(), format!("http://{address}"));
            web::wait_ready(&mut process, &agent, &format!("{url}/-/ready"))?;
            Ok(Self {
                process,
                mode,
                url,
                agent,
                _directory: directory,
            })
        })
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.process.log()).unwrap_or_default()
    }

    /// Everything that it scrapes now. Flow mode does not tell the labels before relabelling.
    pub fn targets(&self) -> Vec<Target> {
        match self.mode {
            Mode::Static => {
                let answer = self.get("/agent/api/v1/metrics/targets");
                let targets = answer["data"].as_array();
                targets.into_iter().flatten().map(static_target).collect()
            }
            Mode::Flow => {
                let scraping = self.components().into_iter();
                let scraping = scraping.filter(|component| component["name"] == SCRAPE);
                scraping
                    .flat_map(|component| self.flow_targets(&component))
                    .collect()
            }
        }
    }

    /// Waits until a job has targets and all of them have this health; returns them.
    pub fn wait_for(&self, job: &str, health: &str) -> Vec<Target> {
        Target::wait_for(|| self.targets(), job, health)
    }

    /// The components that flow mode runs, each with its `localID` and its `health`.
    pub fn components(&self) -> Vec<Value> {
        let answer = self.get("/api/v0/web/components");
        answer.as_array().cloned().unwrap_or_default()
    }

    fn flow_targets(&self, component: &Value) -> Vec<Target> {
        let id = component["localID"].as_str().expect("a component's id");
        let component = self.get(&format!("/api/v0/web/components/{id}"));
        let statements = component["debugInfo"].as_array();
        let targets = statements.into_iter().flatten();
        targets.map(flow_target).collect()
    }

    /// The configuration that static mode runs; it tells only with `-config.enable-read-api`.
    pub fn config(&self) -> String {
        self.text("/-/config")
    }

    fn get(&self, path: &str) -> Value {
        let text = self.text(path);
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{path} does not answer JSON: {text}"))
    }

    fn text(&self, path: &str) -> String {
        let url = format!("{}{path}", self.url);
        let answer = self.agent.get(&url).call();
        let mut answer = answer.unwrap_or_else(|e| panic!("{url} does not answer: {e}"));
        answer.body_mut().read_to_string().unwrap_or_default()
    }
}

/// A target of static mode: `TargetInfo` in `static/metrics/http.go` of its module.
fn static_target(json: &Value) -> Target {
    Target {
        job: text(&json["target_group"]),
        health: text(&json["state"]),
        last_error: text(&json["scrape_error"]),
        scrape_url: text(&json["endpoint"]),
        labels: json["labels"].clone(),
        discovered: json["discovered_labels"].clone(),
    }
}

/// A target of flow mode: `TargetStatus` in `internal/component/prometheus/scrape/scrape.go`, a block of attributes.
fn flow_target(block: &Value) -> Target {
    let attributes = block["body"].as_array();
    let attributes = attributes.into_iter().flatten();
    let attributes: Map<String, Value> = attributes
        .map(|attribute| (text(&attribute["name"]), literal(&attribute["value"])))
        .collect();
    let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    Target {
        job: text(&of("job")),
        health: text(&of("health")),
        last_error: text(&of("last_error")),
        scrape_url: text(&of("url")),
        labels: of("labels"),
        discovered: Value::Null,
    }
}

/// A value of the flow mode's API without its types: `river/encoding/riverjson`.
fn literal(typed: &Value) -> Value {
    let value = &typed["value"];
    match typed["type"].as_str() {
        Some("object") => {
            let fields = value.as_array().into_iter().flatten();
            let fields = fields.map(|field| (text(&field["key"]), literal(&field["value"])));
            Value::Object(fields.collect())
        }
        Some("array") => value
            .as_array()
            .into_iter()
            .flatten()
            .map(literal)
            .collect(),
        _ => value.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `grafana-agent fmt`: a River text as flow mode's own formatter writes it; what it says when it cannot be parsed.
pub fn fmt(text: &str) -> Result<String, String> {
    let mut command = Command::new(Component::GrafanaAgent.binary("grafana-agent"));
    command.arg("fmt").env("AGENT_MODE", "flow");
    run_on_text(command, "config.river", text)
}
