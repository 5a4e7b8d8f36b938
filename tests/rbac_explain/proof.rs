//! Whether rights are enough and each of them is needed: a real Prometheus is asked.
//!
//! For every case there is one identity that holds what was derived, and for each right one that lacks it. Each has its
//! own copy of the case's jobs; one Prometheus runs them all, and the audit log tells the identities apart.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use testbed::prometheus::Target;
use testbed::{ControlPlane, Event, Prometheus, poll};

/// The namespace of every ServiceAccount, and Prometheus' own.
pub(super) const NAMESPACE: &str = "monitoring";
const WORKERS: usize = 6;

/// Jobs of Prometheus, and the manifests of the roles that were derived for them.
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) jobs: Vec<Value>,
    pub(super) manifests: String,
}

/// One right of a role.
#[derive(Clone, Debug, PartialEq)]
struct Granted {
    namespace: Option<String>,
    /// A rule of RBAC with one item in each list.
    rule: Value,
}

/// An identity with the jobs of a claim.
struct Copy<'a> {
    claim: &'a Claim,
    name: String,
    rights: Vec<Granted>,
    missing: Option<Granted>,
}

/// Runs every claim; panics with what a right was not enough for, and with what no right was needed for.
pub(super) fn prove(cp: &ControlPlane, claims: &[Claim]) {
    let copies: Vec<Copy<'_>> = claims
        .iter()
        .flat_map(|claim| copies(claim, Granted::is_seen))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = start(cp, &copies, folder.path());
    let mut open: Vec<&Copy<'_>> = copies.iter().collect();
    poll::poll(|| {
        let events = events(cp);
        open.retain(|copy| !copy.is_proven(&events));
        if !open.is_empty() {
            thread::sleep(Duration::from_millis(500));
        }
        open.is_empty().then_some(())
    });
    let events = events(cp);
    drop(prometheus);
    let wrong: Vec<String> = copies.iter().flat_map(|copy| copy.wrong(&events)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same for kubelets that are asked directly: what they answer is seen at Prometheus' targets.
pub(super) fn prove_at_kubelets(cp: &ControlPlane, claims: &[Claim]) {
    let copies: Vec<Copy<'_>> = claims
        .iter()
        .flat_map(|claim| copies(claim, |right| !right.is_seen()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = start(cp, &copies, folder.path());
    let mut wrong = Vec::new();
    poll::poll(|| {
        let targets = prometheus.targets();
        wrong.clear();
        for copy in &copies {
            let is_own = |target: &&Target| target.job.ends_with(&format!("-{}", copy.name));
            let own: Vec<&Target> = targets.iter().filter(is_own).collect();
            let is_refused = |target: &&Target| target.last_error.contains("403 Forbidden");
            let scraped = !own.is_empty() && own.iter().all(|target| target.health != "unknown");
            if !scraped || own.iter().any(is_refused) != copy.missing.is_some() {
                wrong.push(format!("{} without {:?}: {own:?}", copy.name, copy.missing));
            }
        }
        wrong.is_empty().then_some(())
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One Prometheus with every copy's jobs.
fn start(cp: &ControlPlane, copies: &[Copy<'_>], folder: &Path) -> Prometheus {
    let jobs = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let jobs = &jobs;
            scope.spawn(move || {
                for copy in copies.iter().skip(worker).step_by(WORKERS) {
                    let of_copy = copy.prepare(cp, folder);
                    jobs.lock().unwrap().extend(of_copy);
                }
            });
        }
    });
    let jobs = jobs.into_inner().unwrap();
    let config = json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": jobs,
    });
    let file = folder.join("prometheus.yml");
    fs::write(&file, config.to_string()).unwrap();
    // Where the server streams lists this Prometheus needs no `list`; older ones and other servers' do.
    let environment = [("KUBE_FEATURE_WatchListClient", "false")];
    Prometheus::start_with(&file, &[], &environment)
}

fn events(cp: &ControlPlane) -> Vec<Event> {
    let prefix = format!("system:serviceaccount:{NAMESPACE}:");
    cp.audit_where(|event| event.user.starts_with(&prefix))
}

/// One identity with every right, and one without each right that is `removable`.
fn copies(claim: &Claim, removable: impl Fn(&Granted) -> bool) -> Vec<Copy<'_>> {
    let rights = rights(&claim.manifests);
    let without = |missing: Option<Granted>, index: usize| Copy {
        claim,
        name: format!("{}-{index}", claim.name),
        rights: rights
            .iter()
            .filter(|right| Some(*right) != missing.as_ref())
            .cloned()
            .collect(),
        missing,
    };
    let mut copies = vec![without(None, 0)];
    let removed = rights.iter().filter(|right| removable(right));
    copies.extend(
        removed
            .enumerate()
            .map(|(index, right)| without(Some(right.clone()), index + 1)),
    );
    copies
}

/// Every single right of the roles.
fn rights(manifests: &str) -> Vec<Granted> {
    let mut rights = Vec::new();
    for role in yaml::parse(manifests, "roles").unwrap() {
        let namespace = role.pointer("/metadata/namespace").and_then(Value::as_str);
        for rule in role["rules"].as_array().unwrap() {
            for single in singles(rule.as_object().unwrap()) {
                rights.push(Granted {
                    namespace: namespace.map(str::to_owned),
                    rule: single.into(),
                });
            }
        }
    }
    rights
}

fn singles(rule: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let mut all = vec![Map::new()];
    for (key, values) in rule {
        let with = |one: &Map<String, Value>, value: &Value| {
            let mut one = one.clone();
            one.insert(key.clone(), json!([value]));
            one
        };
        let values = values.as_array().unwrap();
        all = all
            .iter()
            .flat_map(|one| {
                values
                    .iter()
                    .map(|value| with(one, value))
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

impl Granted {
    fn first(&self, key: &str) -> &str {
        self.rule[key][0].as_str().unwrap_or_default()
    }

    /// Whether the API server is asked for it. A kubelet that is asked directly is none of the audit log's requests.
    fn is_seen(&self) -> bool {
        let resource = self.first("resources");
        !resource.starts_with("nodes/") || resource == "nodes/proxy"
    }

    /// Whether a request was authorized by this right.
    fn is_for(&self, event: &Event) -> bool {
        if event.verb != self.first("verbs") {
            return false;
        }
        if self.rule["nonResourceURLs"].is_array() {
            return event.uri.split('?').next() == Some(self.first("nonResourceURLs"));
        }
        let resource = if event.subresource.is_empty() {
            event.resource.clone()
        } else {
            format!("{}/{}", event.resource, event.subresource)
        };
        let name = self.first("resourceNames");
        event.group == self.first("apiGroups")
            && resource == self.first("resources")
            && (self.namespace.is_none() || self.namespace.as_deref() == Some(&*event.namespace))
            && (name.is_empty() || event.name == name)
    }
}

impl Copy<'_> {
    fn user(&self) -> String {
        format!("system:serviceaccount:{NAMESPACE}:{}", self.name)
    }

    /// Makes the identity; returns its jobs.
    fn prepare(&self, cp: &ControlPlane, folder: &Path) -> Vec<Value> {
        let accounts = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
        let account = json!({"metadata": {"name": self.name}});
        cp.admin().post(&accounts, &account).unwrap();
        let token = cp.admin().token(NAMESPACE, &self.name, 3600).unwrap();
        let token_file = folder.join(&self.name);
        fs::write(&token_file, &token).unwrap();
        let kubeconfig = folder.join(format!("{}.kubeconfig", self.name));
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [{"name": "x", "cluster": {"server": cp.url(), "insecure-skip-tls-verify": true}}],
            "users": [{"name": "x", "user": {"token": token}}],
        });
        fs::write(&kubeconfig, config.to_string()).unwrap();
        let mut namespaces: Vec<Option<&str>> = self
            .rights
            .iter()
            .map(|right| right.namespace.as_deref())
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        for namespace in namespaces {
            let here = self
                .rights
                .iter()
                .filter(|right| right.namespace.as_deref() == namespace);
            let rules: Vec<&Value> = here.map(|right| &right.rule).collect();
            cp.grant(&self.user(), namespace, &json!(rules));
        }
        let jobs = self.claim.jobs.iter();
        jobs.map(|job| external(job, &self.name, cp, &token_file, &kubeconfig))
            .collect()
    }

    fn is_proven(&self, events: &[Event]) -> bool {
        let own: Vec<&Event> = events
            .iter()
            .filter(|event| event.user == self.user())
            .collect();
        if let Some(missing) = &self.missing {
            let mut refused = own.iter().filter(|event| event.code == 403);
            return refused.any(|event| missing.is_for(event));
        }
        self.unused(&own).is_empty()
    }

    /// Rights that none of these requests needed.
    fn unused(&self, own: &[&Event]) -> Vec<&Granted> {
        let is_unused = |right: &&Granted| !own.iter().any(|event| right.is_for(event));
        let seen = self.rights.iter().filter(|right| right.is_seen());
        seen.filter(is_unused).collect()
    }

    /// What is not as it was claimed.
    fn wrong(&self, events: &[Event]) -> Vec<String> {
        let own = events.iter().filter(|event| event.user == self.user());
        let refused = own.clone().filter(|event| event.code == 403);
        let unexpected = refused.filter(|event| {
            !self
                .missing
                .as_ref()
                .is_some_and(|missing| missing.is_for(event))
        });
        let mut wrong: Vec<String> = unexpected
            .map(|event| {
                let path = event.uri.split('?').next().unwrap_or_default();
                format!("{}: {} {path} is refused", self.name, event.verb)
            })
            .collect();
        wrong.sort();
        wrong.dedup();
        if let (Some(missing), false) = (&self.missing, self.is_proven(events)) {
            wrong.push(format!("{}: {missing:?} is not needed", self.name));
        }
        if self.missing.is_none() && !self.is_proven(events) {
            let unused = self.unused(&own.collect::<Vec<_>>());
            wrong.push(format!("{}: never asked for: {unused:?}", self.name));
        }
        wrong
    }
}

/// The job as a Prometheus outside the cluster has it: the API server's address instead of its name, and a token of a
/// file instead of that of a pod.
fn external(
    job: &Value,
    suffix: &str,
    cp: &ControlPlane,
    token: &Path,
    kubeconfig: &Path,
) -> Value {
    let server = cp.url().trim_start_matches("https://");
    let text = job
        .to_string()
        .replace("kubernetes.default.svc:443", server)
        .replace("kubernetes.default.svc", server);
    let mut job: Value = serde_json::from_str(&text).unwrap();
    job["job_name"] = format!("{}-{suffix}", job["job_name"].as_str().unwrap()).into();
    let authorization = json!({"credentials_file": token});
    let tls = json!({"insecure_skip_verify": true});
    for discovery in job["kubernetes_sd_configs"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        if discovery["kubeconfig_file"].is_string() {
            discovery["kubeconfig_file"] = json!(kubeconfig);
            continue;
        }
        if discovery["namespaces"]["own_namespace"] == true {
            discovery["namespaces"] = json!({"names": [NAMESPACE]});
        }
        discovery["api_server"] = cp.url().into();
        discovery["authorization"] = authorization.clone();
        discovery["tls_config"] = tls.clone();
    }
    let job = job.as_object_mut().unwrap();
    let keys = ["authorization", "bearer_token_file"];
    if keys.iter().any(|key| job.get(*key).is_some()) {
        job.retain(|key, _| !keys.contains(&key.as_str()));
        job.insert("authorization".into(), authorization);
        job.insert("tls_config".into(), tls);
    }
    Value::Object(job.clone())
}
