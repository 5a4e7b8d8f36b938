//! The main job in operator format: what is created, what it may do, and that it is done once.

use monconf::access::observer;
use serde_json::{Value, json};
use testbed::{Client, ControlPlane};

use crate::support::{Monconf, rights, token};

const MONITORING: &str = "/apis/monitoring.coreos.com";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// The only test that uses the default names.
#[test]
fn apply_creates_exactly_the_objects_of_the_default_names() {
    let cp = ControlPlane::shared();
    let user = cp.user("default-names", &["system:masters"]);
    let run = Monconf::new(["prometheus", "--apply"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    assert!(run.stdout.contains("+ ServiceMonitor"), "{}", run.stdout);

    let labelled = |path: &str| -> Vec<String> {
        let selector = "app.kubernetes.io%2Finstance%3Dmonitoring,app.kubernetes.io%2Fmanaged-by%3Dmonconf,app.kubernetes.io%2Fcomponent%3Dprometheus";
        let list = cp
            .admin()
            .get(&format!("{path}?labelSelector={selector}"))
            .unwrap();
        let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(name).collect()
    };
    for (path, names) in [
        ("/api/v1/namespaces", vec!["monitoring"]),
        (
            "/api/v1/namespaces/monitoring/serviceaccounts",
            vec!["monitoring-sa"],
        ),
        (
            &format!("{RBAC}/clusterroles"),
            vec!["monitoring-clusterrole"],
        ),
        (
            &format!("{RBAC}/clusterrolebindings"),
            vec!["monitoring-clusterrole-binding"],
        ),
        (
            "/api/v1/namespaces/monitoring/secrets",
            vec!["prometheus-k8s-token", "prometheus-k8s-token-a"],
        ),
        (
            &format!("{MONITORING}/v1/namespaces/monitoring/servicemonitors"),
            vec!["k8s"],
        ),
        (
            &format!("{MONITORING}/v1alpha1/namespaces/monitoring/scrapeconfigs"),
            vec!["k8s-cadvisor", "k8s-kubelet"],
        ),
    ] {
        assert_eq!(labelled(path), names, "{path}");
    }

    // And nothing else: the user's own writes are these and the token.
    let mut written: Vec<String> = cp
        .audit(&user.name)
        .iter()
        .filter(|event| event.is_write())
        .map(|event| format!("{} {}", event.resource, event.name))
        .collect();
    written.sort();
    written.dedup();
    assert_eq!(
        written,
        [
            "clusterrolebindings monitoring-clusterrole-binding",
            "clusterroles monitoring-clusterrole",
            "namespaces monitoring",
            "scrapeconfigs k8s-cadvisor",
            "scrapeconfigs k8s-kubelet",
            "secrets prometheus-k8s-token",
            "secrets prometheus-k8s-token-a",
            "serviceaccounts monitoring-sa",
            "servicemonitors k8s",
        ]
    );

    let secret = cp
        .admin()
        .get("/api/v1/namespaces/monitoring/secrets/prometheus-k8s-token")
        .unwrap();
    assert_eq!(secret["type"], "Opaque");
    assert_eq!(
        secret["metadata"]["annotations"]["monconf/handle"],
        "prometheus-k8s-token-a"
    );
    assert_eq!(token::decoded(&secret, "ca.crt").trim(), cp.ca_pem().trim());
}

#[test]
fn the_token_may_do_what_the_jobs_need_and_nothing_else() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("rights");
    Monconf::prometheus(&scope, &["--apply", "--format", "operator"])
        .run()
        .ok();
    let scraper = Client::with_token(cp, &token::of_secret(&scope));
    assert_eq!(
        rights::allowed(&scraper),
        ["get nodes/metrics", "get /metrics"]
    );
    // Not only asked: the API server's metrics are there for it.
    let metrics = scraper.send("GET", "/metrics", "", &[]).unwrap();
    assert_eq!(metrics.code, 200);
}

#[test]
fn discovery_with_our_own_token_adds_list_and_watch_and_nothing_else() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("raw-rights");
    Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .run()
        .ok();
    let scraper = Client::with_token(cp, &token::of_secret(&scope));
    assert_eq!(
        rights::allowed(&scraper),
        [
            "list nodes",
            "watch nodes",
            "get nodes/metrics",
            "get /metrics",
        ]
    );
    // What one namespace suffices for is granted in that namespace.
    assert_eq!(
        rights::allowed_in(&scraper, "default"),
        [
            "list services",
            "watch services",
            "list pods",
            "watch pods",
            "list endpointslices.discovery.k8s.io",
            "watch endpointslices.discovery.k8s.io",
        ]
    );

    // And taken away where no job needs it any more.
    let no_service = ["--apply", "--format", "raw", "--jobs", "kubelet"];
    let run = Monconf::prometheus(&scope, &no_service).run().ok();
    assert!(run.stderr.contains("- RoleBinding"), "{}", run.stderr);
    testbed::poll::until("the Role is gone", || {
        rights::allowed_in(&scraper, "default").is_empty()
    });
}

#[test]
fn a_job_less_takes_its_rights_and_its_monitor_away() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("job-less");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let run = Monconf::prometheus(&scope, &["--apply", "--jobs", "apiserver"])
        .run()
        .ok();
    assert!(run.stdout.contains("- ScrapeConfig"), "{}", run.stdout);
    let scraper = Client::with_token(cp, &token::of_secret(&scope));
    assert_eq!(rights::allowed(&scraper), ["get /metrics"]);
    let left = format!(
        "{MONITORING}/v1alpha1/namespaces/{}/scrapeconfigs",
        scope.namespace
    );
    assert_eq!(cp.admin().get(&left).unwrap()["items"], json!([]));
}

#[test]
fn the_observer_reads_more_and_nodes_proxy_only_where_it_is_asked_for() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("observer");
    Monconf::prometheus(&scope, &["--apply", "--access", "observer"])
        .run()
        .ok();
    let scraper = Client::with_token(cp, &token::of_secret(&scope));
    for what in [
        "nodes",
        "services",
        "endpoints",
        "pods",
        "deployments.apps",
        "ingresses.networking.k8s.io",
    ] {
        for verb in ["get", "list", "watch"] {
            assert!(rights::may(&scraper, verb, what), "{verb} {what}");
        }
    }
    for (verb, what) in [
        ("get", "nodes/metrics"),
        ("get", "nodes/stats"),
        ("get", "/metrics"),
    ] {
        assert!(rights::may(&scraper, verb, what), "{verb} {what}");
    }
    for (verb, what) in [
        ("get", "nodes/proxy"),
        ("list", "secrets"),
        ("create", "pods"),
        ("create", "pods/exec"),
    ] {
        assert!(!rights::may(&scraper, verb, what), "{verb} {what}");
    }

    let run = Monconf::prometheus(
        &scope,
        &["--apply", "--access", "observer", "--allow-nodes-proxy"],
    )
    .run()
    .ok();
    assert!(rights::may(&scraper, "get", "nodes/proxy"));
    assert!(
        run.stderr
            .contains("warning: nodes/proxy lets whoever holds this token execute commands"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_second_apply_writes_nothing_and_issues_no_token() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("second-apply");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let before = token::secret(&scope);
    let writes = || {
        cp.audit(&scope.user.name)
            .iter()
            .filter(|event| event.is_write())
            .count()
    };
    let first = writes();
    let run = Monconf::prometheus(&scope, &["--apply"]).run().ok();
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    assert_eq!(writes(), first);
    assert_eq!(token::secret(&scope), before);
}

#[test]
fn what_somebody_else_added_stays_and_what_somebody_removed_comes_back() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("drift");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let role = format!("{RBAC}/clusterroles/{}-clusterrole", scope.name);
    let added = json!({"metadata": {"labels": {"team": "observability"}}});
    cp.admin().patch_merge(&role, &added).unwrap();
    let account = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    cp.admin().delete(&account).unwrap();

    let run = Monconf::prometheus(&scope, &["--apply"]).run().ok();
    assert!(run.stdout.contains("+ ServiceAccount"), "{}", run.stdout);
    assert!(
        run.stdout.contains("ServiceAccount is gone"),
        "{}",
        run.stdout
    );
    assert_eq!(
        cp.admin().get(&role).unwrap()["metadata"]["labels"]["team"],
        "observability"
    );
    let scraper = Client::with_token(cp, &token::of_secret(&scope));
    assert!(rights::may(&scraper, "get", "nodes/metrics"));
}

#[test]
fn the_page_of_rights_names_every_rule_of_the_observer() {
    let page = include_str!("../docs/access.md");
    for rule in observer(true) {
        let row = format!("| `{rule}` | {}", rule.reasons.join(", "));
        assert!(page.contains(&row), "{row}");
    }
}
