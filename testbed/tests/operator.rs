//! The real Prometheus Operator: what it makes of monitors, and which it refuses.

use std::fs;

use serde_json::{Value, json};
use testbed::poll::{poll, until};
use testbed::{Client, ControlPlane, Crds, Operator, OperatorVersion, Options, promtool_check};

const MONITORING: &str = "/apis/monitoring.coreos.com/v1/namespaces/default";

#[test]
fn generates_a_configuration_and_rejects_what_is_broken() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    cp.wait_for_namespace("default");
    create(
        cp.admin(),
        "prometheuses",
        &json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
            "spec": {"serviceAccountName": "default", "serviceMonitorSelector": {}},
        }),
    );
    secret(&cp, "good", cp.ca_pem());
    secret(&cp, "broken", "this is not PEM");
    monitor(&cp, "good");

    let operator = Operator::start(&cp);
    let job = "serviceMonitor/default/good/0";
    let config = poll(|| {
        let config = operator.generated_config("default", "main");
        config.contains(job).then_some(config)
    });
    let config = config.unwrap_or_else(|| panic!("no {job}: {}", operator.log()));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, &config).expect("writable");
    promtool_check(&file, true).expect("a good configuration");
    assert_eq!(operator.rejections(), Vec::<String>::new());

    monitor(&cp, "broken");
    until("the operator rejects it", || {
        let rejections = operator.rejections();
        ["skipping object", "was rejected"].iter().all(|words| {
            rejections
                .iter()
                .any(|said| said.contains(words) && said.contains("default/broken"))
        })
    });
    let config = operator.generated_config("default", "main");
    assert!(
        config.contains(job) && !config.contains("broken"),
        "{config}"
    );
}

#[test]
fn an_older_operators_kinds_are_served() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        crds_version: OperatorVersion::V0_77_2,
        ..Options::bare()
    });
    let served = cp
        .admin()
        .get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
        .expect("an administrator");
    let served = served["items"].as_array().expect("a list");
    assert_eq!(served.len(), 10);
    for crd in served {
        assert_eq!(
            crd["metadata"]["annotations"]["operator.prometheus.io/version"],
            "0.77.2"
        );
    }
}

/// A monitor that takes its token and its authority from the Secret of its own name.
fn monitor(cp: &ControlPlane, name: &str) {
    create(
        cp.admin(),
        "servicemonitors",
        &json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": {"app": "any"}},
                "endpoints": [{
                    "port": "https", "scheme": "https",
                    "authorization": {"credentials": {"name": name, "key": "token"}},
                    "tlsConfig": {"ca": {"secret": {"name": name, "key": "ca.crt"}}},
                }],
            },
        }),
    );
}

fn secret(cp: &ControlPlane, name: &str, ca: &str) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
        "stringData": {"token": "any", "ca.crt": ca},
    });
    let secrets = "/api/v1/namespaces/default/secrets";
    cp.admin().post(secrets, &secret).expect("an administrator");
}

fn create(admin: &Client, plural: &str, object: &Value) {
    admin
        .post(&format!("{MONITORING}/{plural}"), object)
        .expect("an administrator");
}
