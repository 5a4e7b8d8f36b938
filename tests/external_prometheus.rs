//! A real Prometheus outside the cluster scrapes the real API server with what monconf wrote.

use std::fs;
use std::path::{Path, PathBuf};

use testbed::{ControlPlane, Network, Options, Prometheus, Scope, promtool_check};

use crate::support::{Monconf, token};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let main =
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_config_files: [k8s.yml]\n";
        fs::write(folder.path("prometheus.yml"), main).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn apply(&self, scope: &Scope, arguments: &[&str]) {
        let drop_in = self.path("k8s.yml");
        let drop_in = ["--apply", "--drop-in", drop_in.to_str().unwrap()];
        Monconf::prometheus(scope, &drop_in)
            .args(arguments)
            .run()
            .ok();
    }
}

#[test]
fn prometheus_scrapes_the_api_server_through_a_rotation_and_stops_without_the_right() {
    // The Service `kubernetes` has endpoints only where the API server has an address beside loopback.
    let Some(network) = Network::new() else {
        return;
    };
    let cp = ControlPlane::start(Options {
        address: Some(network.address()),
        ..Options::default()
    });
    let scope = cp.scope("external");
    let folder = Folder::new();
    folder.apply(&scope, &[]);
    promtool_check(&folder.path("prometheus.yml"), false).unwrap();

    let prometheus = Prometheus::start(&folder.path("prometheus.yml"), &[]);
    let job = format!("{}-kubernetes-apiservers", scope.name);
    let targets = prometheus.wait_for(&job, "up");
    assert_eq!(targets.len(), 1);
    assert_eq!(value(&prometheus, &format!("up{{job=\"{job}\"}}")), "1");

    let account = format!(
        "system:serviceaccount:{}:{}-sa",
        scope.namespace, scope.name
    );
    let refused = || {
        cp.audit(&account)
            .iter()
            .filter(|event| event.code == 403)
            .count()
    };
    let scrapes = || {
        cp.audit(&account)
            .iter()
            .filter(|event| event.uri == "/metrics" && event.code == 200)
            .count()
    };
    assert!(
        scrapes() > 0,
        "the scraper is the account that monconf made"
    );
    assert_eq!(refused(), 0, "every request is within the derived rights");

    // A new token is picked up from the file, without a reload and without a failed scrape.
    let token_file = folder.path("k8s-credentials/token");
    let before = fs::read_to_string(&token_file).unwrap();
    folder.apply(&scope, &["--duration", "30d"]);
    assert_ne!(fs::read_to_string(&token_file).unwrap(), before);
    let seen = scrapes();
    testbed::poll::until("more scrapes", || scrapes() > seen + 2);
    assert_eq!(
        value(
            &prometheus,
            &format!("min_over_time(up{{job=\"{job}\"}}[5m])")
        ),
        "1"
    );

    // One right less, and the same Prometheus is refused: the right was needed.
    let role = format!(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/{}-clusterrole",
        scope.name
    );
    let mut live = cp.admin().get(&role).unwrap();
    live["rules"]
        .as_array_mut()
        .unwrap()
        .retain(|rule| rule["nonResourceURLs"].is_null());
    cp.admin().put(&role, &live).unwrap();
    prometheus.wait_for(&job, "down");
    assert!(refused() > 0);
}

/// The value of the only series; Prometheus answers queries a moment after it has scraped.
fn value(prometheus: &Prometheus, query: &str) -> String {
    let value = testbed::poll::poll(|| {
        let answer = prometheus.query(query);
        Some(answer.pointer("/0/value/1")?.as_str()?.to_owned())
    });
    value.unwrap_or_else(|| panic!("{query} gives nothing"))
}

#[test]
fn the_form_for_a_prometheus_in_the_cluster_passes_promtool() {
    let scope = ControlPlane::shared().scope("mounted");
    let folder = Folder::new();
    let mount = folder.path("secrets");
    let mount = mount.to_str().unwrap();
    let arguments = [
        "--apply",
        "--format",
        "raw",
        "--mount-dir",
        mount,
        "--kubelet-insecure-tls",
        "--interval",
        "45s",
    ];
    let run = Monconf::prometheus(&scope, &arguments).run().ok();
    fs::write(folder.path("k8s.yml"), &run.stdout).unwrap();
    fs::create_dir(mount).unwrap();
    let secret = token::secret(&scope);
    for key in ["token", "ca.crt"] {
        fs::write(Path::new(mount).join(key), token::decoded(&secret, key)).unwrap();
    }
    promtool_check(&folder.path("prometheus.yml"), false).unwrap();
    assert!(
        run.stdout.contains("scrape_interval: \"45s\""),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("api_server: https://kubernetes.default.svc"),
        "{}",
        run.stdout
    );
    // The plan and its progress are beside it, on standard error.
    assert!(run.stderr.contains("+ ClusterRole"), "{}", run.stderr);
}
