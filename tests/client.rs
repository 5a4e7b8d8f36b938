//! A server that limits who asks it.

use serde_json::json;
use testbed::{ControlPlane, Crds, Options};

use crate::support::Monconf;

const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";

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
    testbed::poll::until("the limit holds", wave);

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
