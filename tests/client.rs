//! Where the program runs, and a server that limits it.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testbed::{ControlPlane, Crds, Options, root};

use crate::support::Monconf;

const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";

/// As a Pod has it, in a mount namespace of its own: the paths are fixed.
#[test]
fn in_a_pod_its_own_account_is_used() {
    if !root::is_available("a mount namespace") {
        return;
    }
    let cp = ControlPlane::shared();
    let scope = cp.scope("in-cluster");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let who = format!("system:serviceaccount:{}:default", scope.namespace);
    cp.grant(
        &who,
        None,
        &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]),
    );
    let account = tempfile::tempdir().unwrap();
    let token = cp.admin().token(&scope.namespace, "default", 3600).unwrap();
    for (file, text) in [
        ("token", token.as_str()),
        ("ca.crt", cp.ca_pem()),
        ("namespace", &scope.namespace),
    ] {
        fs::write(account.path().join(file), text).unwrap();
    }
    let script = r#"mount -t tmpfs none /run
        mkdir -p /run/secrets/kubernetes.io
        cp -r "$0" /run/secrets/kubernetes.io/serviceaccount
        exec "$@""#;
    let program = Monconf::prometheus(&scope, &[]).command();
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-e", "-c", script])
        .arg(account.path())
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", cp.port().to_string())
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{stdout}{stderr}");
    let head = format!(
        "Cluster in-cluster (https://127.0.0.1:{}) as {who}, read only",
        cp.port()
    );
    assert!(stdout.starts_with(&head), "{stdout}");
}

/// The API server's own limits, which cluster administrators are exempt from.
#[test]
fn a_server_that_limits_us_is_asked_again_later() {
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        ..Options::default()
    });
    let scope = cp.scope("limited");
    let user = cp.limited_user(
        "limited",
        &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]),
    );
    let level = json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "PriorityLevelConfiguration",
        "metadata": {"name": "nothing"},
        "spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0, "limitResponse": {"type": "Reject"}}},
    });
    cp.admin()
        .post(
            &format!("{FLOW_CONTROL}/prioritylevelconfigurations"),
            &level,
        )
        .unwrap();
    let flow = json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
        "metadata": {"name": "us"},
        "spec": {
            "priorityLevelConfiguration": {"name": "nothing"}, "matchingPrecedence": 2,
            "rules": [{
                "subjects": [{"kind": "User", "user": {"name": user.name}}],
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]}],
            }],
        },
    });
    cp.admin()
        .post(&format!("{FLOW_CONTROL}/flowschemas"), &flow)
        .unwrap();
    // One request at a time is let through: a wave of many is not.
    let wave = || {
        let plan = Monconf::prometheus(&scope, &[])
            .kubeconfig(&user.kubeconfig)
            .run();
        let limited = cp.audit(&user.name).iter().any(|event| event.code == 429);
        assert!(limited || plan.code == 0, "{}", plan.stderr);
        limited
    };
    testbed::poll::until("the limit holds", Duration::from_secs(20), wave);

    let before = cp.audit(&user.name).len();
    Monconf::prometheus(&scope, &["--apply"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    let asked = cp.audit(&user.name).split_off(before);
    let refused = asked.iter().filter(|event| event.code == 429).count();
    assert!(refused > 0, "the limit was met");
    assert!(
        refused < 3 * (asked.len() - refused),
        "and not hammered: {refused} of {}",
        asked.len()
    );
}
