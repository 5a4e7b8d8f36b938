//! What is said of another run is what the cluster shows.

use serde_json::json;
use testbed::{ControlPlane, Fault};

use super::support::{Instance, writes};
use crate::support::cut::{relay, wait_until_held};
use crate::support::{Monconf, token};

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
        assert!(!run.stdout.contains("No changes"), "{}", run.stdout);
    }
    // A token that serves is not replaced, so nothing is said of others.
    let run = instance.rotate(&["--if-due"]).ok();
    assert!(!run.stderr.contains("Another run"), "{}", run.stderr);
    assert_eq!((instance.token(), writes(&instance.scope)), (before, count));
    held.kill().unwrap();
    held.wait().unwrap();
}

/// It was a person, and nothing in the cluster shows another run.
#[test]
fn what_a_person_changed_in_between_is_not_taken_for_another_run() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("meanwhile-person");
    let call = |verb: &str| {
        let jobs = ["--jobs", "apiserver", "--apply"];
        Monconf::for_consumer(verb, &scope, &jobs)
    };
    call("prometheus").run().ok();
    let before = token::of_secret(&scope);
    let (admin, secret) = (scope.admin().clone(), token::secret_path(&scope));
    let relay = cp.relay(move |request| {
        // Between the plan and the write.
        if request.method == "POST" && request.path.ends_with("-sa/token") {
            let change = json!({"metadata": {"labels": {"changed": "meanwhile"}}});
            admin.patch_merge(&secret, &change).unwrap();
        }
        Fault::Pass
    });
    let run = call("rotate")
        .kubeconfig(&scope.user.via(&relay.url()))
        .run()
        .exit(75);
    assert!(
        run.stderr.contains("-k8s-token changed since it was read"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("Another run"), "{}", run.stderr);
    assert_eq!(token::of_secret(&scope), before);
    assert!(token::is_accepted(cp, &before));
    // The token that nothing reads is revoked.
    let path = token::handle_path(&scope, 'b');
    assert!(scope.admin().is_absent(&path));
    // And the next run replaces the old one.
    call("rotate").run().ok();
    assert_ne!(token::of_secret(&scope), before);
}
