//! What is said of another run is what the cluster shows.

use testbed::{ControlPlane, Fault};

use super::support::{Instance, writes};
use crate::support::cut::{relay, wait_until_held};
use crate::support::token;

#[test]
fn a_run_that_is_under_way_is_named_with_its_bound_secret() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "meanwhile");
    let before = instance.token();
    let request = "POST /api/v1/namespaces/NAMESPACE/serviceaccounts/NAME-sa/token";
    let relay = relay(&instance.scope, request, 0, Fault::Hold);
    let by_relay = instance.scope.user.via(&relay.url());
    let mut held = instance
        .call("rotate", &["--apply", "--api-server", cp.url()])
        .kubeconfig(&by_relay)
        .spawn();
    wait_until_held(&relay, &instance.scope, request, 0);
    let count = writes(&instance.scope);
    let path = token::handle_path(&instance.scope, 'b');
    let bound = instance.scope.admin().get(&path).unwrap();
    let created = bound["metadata"]["creationTimestamp"].as_str().unwrap();
    let created = created.replace('T', " ").replace('Z', " UTC");
    let said = format!(
        "Another run is replacing the token: it created bound Secret {}/{}-k8s-token-b at {created}, whose token is not in use yet. Nothing was written.\n",
        instance.scope.namespace, instance.scope.name
    );
    for arguments in [&[][..], &["--overlap", "0s"]] {
        let run = instance.rotate(arguments).ok();
        assert!(run.stderr.contains(&said), "{said}: {}", run.stderr);
    }
    // A token that serves is not replaced, so nothing is said of others.
    let run = instance.rotate(&["--if-due"]).ok();
    assert!(!run.stderr.contains("Another run"), "{}", run.stderr);
    assert_eq!((instance.token(), writes(&instance.scope)), (before, count));
    held.kill().unwrap();
    held.wait().unwrap();
}
