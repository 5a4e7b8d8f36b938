//! The real Prometheus.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::components::Component;
use crate::poll::poll;
use crate::process::{Directory, Launch, Process, free_port, with_free_ports};
use crate::web;

/// A running Prometheus, ended when dropped.
pub struct Prometheus {
    process: Process,
    url: String,
    agent: Agent,
    storage: Directory,
}

const LOG: &str = "prometheus.log";
const LIFECYCLE: &str = "--web.enable-lifecycle";
const ROUTE_PREFIX: &str = "--web.route-prefix=";

/// What Prometheus scrapes, or would scrape; or Grafana Agent.
#[derive(Clone, Debug)]
pub struct Target {
    /// The scrape job.
    pub job: String,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why the last scrape failed; empty when it did not.
    pub last_error: String,
    /// Where it is scraped.
    pub scrape_url: String,
    /// Its labels after relabelling.
    pub labels: Value,
    /// Its labels before relabelling.
    pub discovered: Value,
}

impl Target {
    /// Where a Prometheus tells of its targets.
    pub const PATH: &str = "/api/v1/targets?state=active";

    /// The targets in the `data` of an answer at [`Target::PATH`].
    pub fn all(data: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let target = |json: &Value| Self {
            job: text(&json["scrapePool"]),
            health: text(&json["health"]),
            last_error: text(&json["lastError"]),
            scrape_url: text(&json["scrapeUrl"]),
            labels: json["labels"].clone(),
            discovered: json["discoveredLabels"].clone(),
        };
        let targets = data["activeTargets"].as_array();
        targets.into_iter().flatten().map(target).collect()
    }

    /// Waits until a job is among `all` and each of its targets has this health; returns these.
    pub(crate) fn wait_for(all: impl Fn() -> Vec<Self>, job: &str, health: &str) -> Vec<Self> {
        let of_job = || {
            let mut targets = all();
            targets.retain(|target| target.job == job);
            targets
        };
        poll(|| {
            let targets = of_job();
            (!targets.is_empty() && targets.iter().all(|target| target.health == health))
                .then_some(targets)
        })
        .unwrap_or_else(|| panic!("job {job} is not {health}: {:#?}", of_job()))
    }
}

impl Prometheus {
    /// Starts it with a configuration file, or with `prometheus.yml` of a folder, and waits until it is ready.
    ///
    /// Panics with its log when it refuses the configuration; ask [`promtool_check`](crate::promtool_check) for that.
    pub fn start(config: &Path, extra_args: &[&str]) -> Self {
        Self::start_with(config, extra_args, &[])
    }

    /// [`Prometheus::start`] without `--web.enable-lifecycle`.
    pub fn without_lifecycle(config: &Path) -> Self {
        with_free_ports(|| Self::try_start(config, &[], &[]))
    }

    /// [`Prometheus::start`] with variables of its environment.
    pub fn start_with(config: &Path, extra_args: &[&str], environment: &[(&str, &str)]) -> Self {
        let config = if config.is_dir() {
            config.join("prometheus.yml")
        } else {
            config.to_owned()
        };
        let arguments: Vec<&str> = [LIFECYCLE].iter().chain(extra_args).copied().collect();
        with_free_ports(|| Self::try_start(&config, &arguments, environment))
    }

    fn try_start(
        config: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self, String> {
        let storage = Directory::new("prometheus");
        let address = format!("127.0.0.1:{}", free_port());
        let log = storage.path().join(LOG);
        let launch = Launch::new(Component::Prometheus.binary("prometheus"), log);
        let launch = environment
            .iter()
            .fold(launch, |launch, (name, value)| launch.env(name, value));
        let mut process = launch
            .args([
                format!("--config.file={}", config.display()),
                format!(
                    "--storage.tsdb.path={}",
                    storage.path().join("data").display()
                ),
                format!("--web.listen-address={address}"),
            ])
            .args(arguments.iter().copied())
            .attached()
            .map_err(|e| e.to_string())?;
        let agent = web::agent();
        let prefix = arguments
            .iter()
            .find_map(|argument| argument.strip_prefix(ROUTE_PREFIX));
        let url = format!("http://{address}{}", prefix.unwrap_or_default());
        web::wait_ready(&mut process, &agent, &format!("{url}/-/ready"))?;
        Ok(Self {
            process,
            url,
            agent,
            storage,
        })
    }

    /// Its address: `http://127.0.0.1:PORT`, and behind it what `--web.route-prefix=` gives.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.identity().pid
    }

    /// The folder of its data and of `prometheus.log`.
    pub fn directory(&self) -> PathBuf {
        self.storage.path().to_owned()
    }

    /// What it has said until now.
    pub fn log(&self) -> String {
        let path = self.storage.path().join(LOG);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Everything that it scrapes now.
    pub fn targets(&self) -> Vec<Target> {
        Target::all(&self.get(Target::PATH))
    }

    /// Waits until a job has targets and all of them have this health; returns them.
    pub fn wait_for(&self, job: &str, health: &str) -> Vec<Target> {
        Target::wait_for(|| self.targets(), job, health)
    }

    /// The result of an instant query: the API's `result` list.
    pub fn query(&self, promql: &str) -> Value {
        let answer = self
            .agent
            .get(format!("{}/api/v1/query", self.url))
            .query("query", promql);
        data(promql, answer.call())["result"].clone()
    }

    /// The names of the jobs that it runs, in order.
    pub fn jobs(&self) -> Vec<String> {
        let pools = self.get("/api/v1/scrape_pools");
        let pools = pools["scrapePools"].as_array().into_iter().flatten();
        let mut jobs: Vec<String> = pools
            .filter_map(|pool| Some(pool.as_str()?.to_owned()))
            .collect();
        jobs.sort_unstable();
        jobs
    }

    /// The value of one of its own metrics that has no labels.
    pub fn metric(&self, name: &str) -> f64 {
        let answer = self.agent.get(format!("{}/metrics", self.url)).call();
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        let text = text.unwrap_or_else(|e| panic!("prometheus has no metrics: {e}"));
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("prometheus has no metric {name}"))
    }

    /// The configuration that it loaded, as it prints it: secrets are hidden, defaults are not.
    pub fn config(&self) -> String {
        let data = self.get("/api/v1/status/config");
        data["yaml"].as_str().unwrap_or_default().to_owned()
    }

    /// Makes it read its configuration again; what it says when it refuses.
    pub fn reload(&self) -> Result<(), String> {
        let answer = self
            .agent
            .post(format!("{}/-/reload", self.url))
            .send_empty();
        let mut answer = answer.map_err(|e| e.to_string())?;
        if answer.status() == 200 {
            Ok(())
        } else {
            Err(answer.body_mut().read_to_string().unwrap_or_default())
        }
    }

    fn get(&self, path: &str) -> Value {
        data(path, self.agent.get(format!("{}{path}", self.url)).call())
    }
}

/// The `data` of an answer of its API.
fn data(what: &str, answer: Result<Response<Body>, ureq::Error>) -> Value {
    let mut answer = answer.unwrap_or_else(|e| panic!("prometheus does not answer {what}: {e}"));
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        json["status"] == "success",
        "prometheus refuses {what}: {text}"
    );
    json["data"].clone()
}
