//! What prometheus-operator makes of monitors, run outside the cluster as the account of its Prometheus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use monconf::access::{self, Grants};
use monconf::rbac::Scope as Place;
use serde_json::{Value, json};
use testbed::Scope;
use testbed::poll::poll;

use super::case::Case;
use super::right::Held;
use super::world::World;

const NAME: &str = "discoverer";
const TOKEN: &str = "token";
const CA: &str = "ca.crt";
/// Where monitors reach the API server.
const IN_CLUSTER: &str = "kubernetes.default.svc:443";

/// Prometheus' own account.
pub(super) struct Discoverer {
    /// What it shows.
    pub(super) token: String,
    /// What it may do.
    pub(super) held: Vec<Held>,
}

/// The account of [`Discoverer`], as the API server calls it.
pub(super) fn account_name(scope: &Scope) -> String {
    format!("system:serviceaccount:{}:{NAME}", scope.namespace)
}

/// Makes an account with exactly the rights that discovery needs, without `taken`.
pub(super) fn account(scope: &Scope, case: &Case, taken: Option<&Held>) -> Discoverer {
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}});
    scope.admin().post(&accounts, &account).unwrap();
    let grants = Grants::of(&access::discovering(&case.model()));
    let namespaced = grants
        .namespaces
        .iter()
        .map(|(namespace, rules)| (Place::Namespace(namespace.clone()), rules));
    let mut all = Vec::new();
    for (place, rules) in namespaced.chain([(Place::Cluster, &grants.cluster)]) {
        let mut held = Held::all(&place, rules);
        held.retain(|held| Some(held) != taken);
        let rules: Vec<Value> = held.iter().map(Held::rule).collect();
        let namespace = match &place {
            Place::Cluster => None,
            Place::Namespace(namespace) => Some(namespace.as_str()),
        };
        scope
            .cp
            .grant(&account_name(scope), namespace, &json!(rules));
        all.extend(held);
    }
    all.sort();
    Discoverer {
        token: scope.admin().token(&scope.namespace, NAME, 3600).unwrap(),
        held: all,
    }
}

/// The monitor that a scrape job of the operator comes from: `KIND/NAMESPACE/NAME/INDEX`.
pub(super) fn monitor_of(job: &str) -> Option<&str> {
    job.split('/').nth(2)
}

/// Writes `prometheus.yml`, the token `discoverer`, and the authority, for [`generated`].
pub(crate) fn configure(
    world: &World,
    scope: &Scope,
    count: usize,
    discoverer: &str,
    folder: &Path,
) {
    fs::write(folder.join(TOKEN), discoverer).unwrap();
    fs::write(folder.join(CA), scope.cp.ca_pem()).unwrap();
    let text = generated(world, scope, count, folder);
    fs::write(folder.join("prometheus.yml"), text).unwrap();
}

/// What the operator generated for the instance's monitors, of which there are `count`, with addresses of this machine and
/// files of the folder, and discovery with the token in it.
pub(crate) fn generated(world: &World, scope: &Scope, count: usize, folder: &Path) -> String {
    let generated = poll(|| of_instance(world, scope, count));
    let (global, mut jobs) = generated
        .unwrap_or_else(|| panic!("the operator leaves out a monitor of {}", scope.namespace));
    let (token_file, ca_file) = (folder.join(TOKEN), folder.join(CA));
    for job in &mut jobs {
        let tls = job["tls_config"].as_object_mut();
        if let Some(file) = tls.and_then(|tls| tls.get_mut("ca_file")) {
            *file = json!(ca_file);
        }
        for discovery in job["kubernetes_sd_configs"].as_array_mut().unwrap() {
            discovery["api_server"] = json!(scope.cp.url());
            discovery["authorization"] = json!({"credentials_file": token_file});
            discovery["tls_config"] = json!({"ca_file": ca_file});
        }
    }
    let text = json!({"global": global, "scrape_configs": jobs}).to_string();
    let address = scope.cp.url().trim_start_matches("https://");
    text.replace(IN_CLUSTER, address)
}

/// The global part, and the scrape jobs of the instance's monitors; `None` before all are there.
fn of_instance(world: &World, scope: &Scope, count: usize) -> Option<(Value, Vec<Value>)> {
    // Beside Prometheus in its Pod it is the reloader that fills this in.
    let text = world.generated_config().replace("$(SHARD)", "0");
    let own = format!("/{}/", scope.namespace);
    if text.matches(&own).count() < count {
        return None;
    }
    let config = yaml::parse(&text, "the operator's").unwrap().remove(0);
    let name = |job: &Value| job["job_name"].as_str().unwrap_or_default().to_owned();
    let mut jobs = config["scrape_configs"].as_array().unwrap().clone();
    jobs.retain(|job| name(job).contains(&own));
    let monitors: BTreeSet<String> = jobs
        .iter()
        .filter_map(|job| Some(monitor_of(&name(job))?.to_owned()))
        .collect();
    (monitors.len() == count).then(|| (config["global"].clone(), jobs))
}
