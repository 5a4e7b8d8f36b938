//! What belongs to others: foreseen in the plan, taken over only where that is asked for.

use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use testbed::{Component, ControlPlane, Crds, Options, Scope};

use crate::support::{Monconf, Run, state, token};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn apply(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .run()
}

fn role(scope: &Scope) -> String {
    format!("{RBAC}/clusterroles/{}-clusterrole", scope.name)
}

fn binding(scope: &Scope) -> String {
    format!(
        "{RBAC}/clusterrolebindings/{}-clusterrole-binding",
        scope.name
    )
}

fn account(scope: &Scope) -> String {
    format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    )
}

fn writes(scope: &Scope) -> usize {
    let events = scope.cp.audit(&scope.user.name);
    events.iter().filter(|event| event.is_write()).count()
}

fn uid(scope: &Scope, path: &str) -> Value {
    scope.admin().get(path).unwrap()["metadata"]["uid"].clone()
}

#[test]
fn a_field_that_somebody_else_set_is_foreseen_with_its_manager_and_taken_over_on_request() {
    let scope = ControlPlane::shared().scope("conflict");
    apply(&scope, &[]).ok();
    // As `kubectl edit` does: the whole list is then that manager's.
    let edit = json!({
        "metadata": {"labels": {"team": "blue"}},
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}],
    });
    let path = format!("{}?fieldManager=kubectl-edit", role(&scope));
    scope.admin().patch_merge(&path, &edit).unwrap();
    let before = writes(&scope);

    // A plan says so too, and fails: it could not be applied.
    for arguments in [&[][..], &["--apply"]] {
        let run = Monconf::prometheus(&scope, arguments).run().exit(1);
        let sentence = format!(
            "error: ClusterRole {}-clusterrole: .rules is set by kubectl-edit",
            scope.name
        );
        assert!(run.stderr.contains(&sentence), "{}", run.stderr);
        assert!(
            run.stderr.contains(" --take-ownership` takes it over"),
            "{}",
            run.stderr
        );
        assert!(
            run.stdout.contains("-  resources: [nodes]\n"),
            "{}",
            run.stdout
        );
    }
    assert_eq!(writes(&scope), before);

    apply(&scope, &["--take-ownership"]).ok();
    let live = scope.admin().get(&role(&scope)).unwrap();
    assert_eq!(live["rules"].as_array().unwrap().len(), 2);
    assert_eq!(
        live["metadata"]["labels"]["team"], "blue",
        "only what was asked for is taken over"
    );
    let again = apply(&scope, &[]).ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
}

/// The tutorial's procedure with kubectl, and then monconf.
#[test]
fn what_was_made_by_hand_is_recognised_and_taken_over_without_making_it_anew() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("by-hand");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/with_kubectl.sh");
    let by_hand = Command::new("bash")
        .arg(script)
        .env("KUBECTL", Component::Kubernetes.binary("kubectl"))
        .env("KUBECONFIG", scope.kubeconfig())
        .env("NAMESPACE", &scope.namespace)
        .env("NAME", &scope.name)
        .output()
        .unwrap();
    assert!(
        by_hand.status.success(),
        "{}",
        String::from_utf8_lossy(&by_hand.stderr)
    );
    let paths = [
        role(&scope),
        binding(&scope),
        account(&scope),
        token::secret_path(&scope),
    ];
    let uids: Vec<Value> = paths.iter().map(|path| uid(&scope, path)).collect();
    let before = writes(&scope);

    let run = apply(&scope, &[]).exit(1);
    for kind in [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Secret",
    ] {
        let sentence = run
            .stderr
            .lines()
            .find(|line| line.contains(&format!("{kind} ")));
        let sentence = sentence.unwrap_or_else(|| panic!("{kind}: {}", run.stderr));
        assert!(
            sentence.contains("exists and was not made by monconf"),
            "{sentence}"
        );
        // What consists of a name alone has no manager.
        assert!(
            kind == "ServiceAccount" || sentence.contains("(written by kubectl"),
            "{sentence}"
        );
    }
    assert_eq!(writes(&scope), before);

    apply(&scope, &["--take-ownership"]).ok();
    let now: Vec<Value> = paths.iter().map(|path| uid(&scope, path)).collect();
    assert_eq!(now, uids);
    // kubectl keeps a copy of the Secret in an annotation: masked wherever it shows.
    let run = Monconf::prometheus(&scope, &["--duration", "30d"])
        .run()
        .ok();
    assert!(
        !run.stdout.contains(r#""stringData":{"token""#),
        "{}",
        run.stdout
    );
    assert!(token::is_accepted(cp, &token::of_secret(&scope)));
}

#[test]
fn an_object_of_another_instance_is_refused_whatever_is_asked() {
    let scope = ControlPlane::shared().scope("other-instance");
    let foreign = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": format!("{}-clusterrole", scope.name), "labels": {
            "app.kubernetes.io/managed-by": "monconf",
            "app.kubernetes.io/instance": "somebody",
            "app.kubernetes.io/component": "grafana-agent",
        }},
        "rules": [],
    });
    scope
        .admin()
        .post(&format!("{RBAC}/clusterroles"), &foreign)
        .unwrap();
    for arguments in [&[][..], &["--take-ownership"]] {
        let run = apply(&scope, arguments).exit(1);
        assert!(
            run.stderr
                .contains("belongs to instance somebody of monconf (grafana-agent)"),
            "{}",
            run.stderr
        );
        let hint = format!(
            " --name {}-2` creates an instance with other names",
            scope.name
        );
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
    }
    assert_eq!(writes(&scope), 0);
    scope.admin().delete(&role(&scope)).unwrap();
}

#[test]
fn a_binding_to_another_role_is_replaced_and_the_plan_says_so() {
    let scope = ControlPlane::shared().scope("role-ref");
    apply(&scope, &[]).ok();
    let mut live = scope.admin().get(&binding(&scope)).unwrap();
    scope.admin().delete(&binding(&scope)).unwrap();
    let metadata = live["metadata"].as_object_mut().unwrap();
    metadata.retain(|field, _| ["name", "labels"].contains(&field.as_str()));
    live["roleRef"]["name"] = json!("view");
    // As an earlier monconf might have.
    scope
        .admin()
        .apply(&binding(&scope), &live, "monconf")
        .unwrap();
    let old = uid(&scope, &binding(&scope));

    let plan = Monconf::prometheus(&scope, &["--detailed-exitcode"])
        .run()
        .exit(2);
    assert!(
        plan.stdout.contains("-/+ ClusterRoleBinding"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("-  name: view"), "{}", plan.stdout);
    assert_eq!(uid(&scope, &binding(&scope)), old);

    apply(&scope, &[]).ok();
    let live = scope.admin().get(&binding(&scope)).unwrap();
    assert_eq!(
        live["roleRef"]["name"],
        json!(format!("{}-clusterrole", scope.name))
    );
    assert_ne!(live["metadata"]["uid"], old);
}

#[test]
fn a_token_secret_of_another_type_is_replaced() {
    let scope = ControlPlane::shared().scope("legacy-secret");
    apply(&scope, &[]).ok();
    let path = token::secret_path(&scope);
    scope.admin().delete(&path).unwrap();
    let legacy = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": format!("{}-k8s-token", scope.name),
            "annotations": {"kubernetes.io/service-account.name": format!("{}-sa", scope.name)},
        },
    });
    scope
        .admin()
        .post(
            &format!("/api/v1/namespaces/{}/secrets", scope.namespace),
            &legacy,
        )
        .unwrap();
    let run = apply(&scope, &["--take-ownership"]).ok();
    assert!(run.stdout.contains("-/+ Secret"), "{}", run.stdout);
    assert_eq!(token::secret(&scope)["type"], "Opaque");
}

#[test]
fn a_namespace_that_is_being_deleted_is_told_with_what_holds_it() {
    // Without its controller a deleted namespace stays for ever.
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        controller_manager: false,
        ..Options::default()
    });
    let scope = cp.scope("terminating");
    scope.create_namespace();
    cp.admin()
        .delete(&format!("/api/v1/namespaces/{}", scope.namespace))
        .unwrap();
    let run = apply(&scope, &[]).exit(1);
    let sentence = format!(
        "error: Namespace {} is being deleted; it waits for: finalizer kubernetes",
        scope.namespace
    );
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    assert_eq!(writes(&scope), 0);
}

#[test]
fn without_the_crds_the_operator_format_says_what_to_do_and_auto_is_raw() {
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        ..Options::default()
    });
    let scope = cp.scope("no-crds");
    let run = apply(&scope, &["--format", "operator"]).exit(1);
    assert!(
        run.stderr.contains("this cluster does not serve ServiceMonitor and ScrapeConfig: the CRDs of prometheus-operator are not installed"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("; or install prometheus-operator"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--format raw"), "{}", run.stderr);
    assert_eq!(writes(&scope), 0);

    let run = apply(&scope, &[]).ok();
    assert!(run.stdout.contains("scrape_configs:"), "{}", run.stdout);
    let run = Monconf::prometheus(&scope, &["--detailed-exitcode"])
        .run()
        .ok();
    assert!(run.stderr.contains("No changes"), "{}", run.stderr);
}

#[test]
fn an_existing_namespace_is_used_as_it_is() {
    let scope = ControlPlane::shared().scope("namespace");
    scope.create_namespace();
    let path = format!("/api/v1/namespaces/{}", scope.namespace);
    let before = scope.admin().get(&path).unwrap();
    apply(&scope, &[]).ok();
    assert_eq!(scope.admin().get(&path).unwrap(), before);
}

#[test]
fn eight_at_once_end_as_one_does() {
    let cp = ControlPlane::shared();
    let alone = cp.scope("alone");
    apply(&alone, &[]).ok();
    let scope = cp.scope("at-once");
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| apply(&scope, &[]).ok());
        }
    });
    assert_eq!(state::of(&scope), state::of(&alone));
    assert!(token::is_accepted(cp, &token::of_secret(&scope)));
    let run = apply(&scope, &[]).ok();
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
}

/// Two instances of one name in two namespaces would share what lies outside of them.
#[test]
fn an_instance_of_the_same_name_in_another_namespace_is_left_alone() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("same-name");
    let raw = ["--apply", "--format", "raw"];
    Monconf::prometheus(&scope, &raw).run().ok();
    let elsewhere = format!("{}-b", scope.namespace);
    let other = Monconf::new([
        "prometheus",
        "--name",
        &scope.name,
        "--namespace",
        &elsewhere,
    ])
    .args(["--apply", "--format", "raw", "--jobs", "kubelet"])
    .kubeconfig(scope.kubeconfig())
    .run()
    .exit(1);
    let sentence = format!(
        "ClusterRoleBinding {0}-clusterrole-binding belongs to instance {0} in namespace {1} of monconf",
        scope.name, scope.namespace
    );
    assert!(other.stderr.contains(&sentence), "{}", other.stderr);
    assert!(!other.stderr.contains("- Role "), "{}", other.stderr);
    let again = Monconf::prometheus(&scope, &raw).run().ok();
    assert!(again.stderr.contains("No changes"), "{}", again.stderr);
}

/// A Role is wanted in a namespace that is going away.
#[test]
fn a_job_s_namespace_that_is_being_deleted_is_told_before_anything_is_written() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("going");
    let name = format!("{}-job", scope.namespace);
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "finalizers": ["example.com/wait"]},
    });
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    let path = format!("/api/v1/namespaces/{name}");
    cp.admin().delete(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("ownJobs:\n- name: shop\n  role: pod\n  namespaces: [{name}]\n");
    std::fs::write(folder.path().join("monconf.yaml"), settings).unwrap();
    let run = Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .current_dir(folder.path())
        .run()
        .exit(1);
    assert!(
        run.stderr
            .contains(&format!("Namespace {name} is being deleted")),
        "{}",
        run.stderr
    );
    assert!(
        cp.audit(&scope.user.name)
            .iter()
            .all(|event| !event.is_write())
    );
    let released = json!({"metadata": {"finalizers": null}});
    cp.admin().patch_merge(&path, &released).unwrap();
}
