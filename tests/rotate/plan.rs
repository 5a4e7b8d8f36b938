//! The plan of a rotation: which token, why, where the new one is written, and until when the old one stays.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;
use testbed::{ControlPlane, Scope};

use super::support::{Instance, writes};
use crate::support::{Monconf, token};

#[test]
fn a_plan_says_everything_and_writes_nothing() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "plan-file");
    let before = (instance.token(), writes(&instance.scope));
    let (name, namespace) = (&instance.scope.name, &instance.scope.namespace);
    // Where it leads to, not how it is called.
    let link = instance.folder().join("link");
    symlink(instance.folder().join("k8s-credentials"), &link).unwrap();
    let planned = ["--token-dir", link.to_str().unwrap(), "--detailed-exitcode"];
    let run = instance.call("rotate", &planned).run().exit(2);
    let file = fs::canonicalize(instance.token_file()).unwrap();
    let written = format!("  written to  file {}\n", file.display());
    for part in [
        format!("\nPrometheus: rotation of instance {name} in namespace {namespace}\n").as_str(),
        &format!("  token       bound Secret {name}-k8s-token-a, issued "),
        "  replaced    asked for\n",
        &written,
        "  old token   stays valid for 10m after the swap, until about ",
        "-k8s-token-b  empty; deleting it revokes the token\n",
        "-k8s-token-a  token replaced, and revoked after 10m\n",
        "Plan: 1 to create, 2 to change, 0 to delete. Nothing was written; --apply writes it.\n",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert_eq!((instance.token(), writes(&instance.scope)), before);
    assert!(!run.stdout.contains(&before.0) && !run.stderr.contains(&before.0));
}

/// Whoever rotates is told why it may not suffice to wait for the end of the overlap.
#[test]
fn what_is_known_of_the_token_is_told() {
    let instance = Instance::applied(ControlPlane::shared(), "plan-exposed");
    let told = "could use file ";
    let run = instance.call("rotate", &[]).run();
    assert!(!run.stderr.contains(told), "{}", run.stderr);
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(instance.token_file(), mode).unwrap();
    let run = instance.call("rotate", &[]).run();
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(run.stderr.contains("--overlap 0s"), "{}", run.stderr);
}

#[test]
fn as_data_it_says_the_same_and_what_was_verified() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("plan-json");
    let call = |verb: &str, arguments: &[&str]| {
        let jobs = ["--jobs", "apiserver"];
        Monconf::for_consumer(verb, &scope, &jobs).args(arguments)
    };
    call("prometheus", &["--apply"]).run().ok();
    let before = writes(&scope);
    let json = |arguments: &[&str], code: i32| -> Value {
        let arguments = [&["-o", "json"][..], arguments].concat();
        let run = call("rotate", &arguments).run().exit(code);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let plan = json(&["--detailed-exitcode"], 2);
    let rotation = &plan["rotation"];
    assert_eq!(rotation["replaces"], true);
    assert_eq!(rotation["reason"], "asked for");
    assert_eq!(rotation["overlap"], "10m");
    let secret = format!("Secret {}/{}-k8s-token", scope.namespace, scope.name);
    assert_eq!(rotation["destination"], secret.as_str());
    assert_eq!(
        rotation["boundSecret"],
        format!("{}-k8s-token-a", scope.name)
    );
    for time in ["issuedAt", "expiresAt", "dueAt", "oldValidUntil"] {
        assert!(rotation[time].is_string(), "{time}: {rotation:#}");
    }
    assert_eq!(plan["applied"], false);
    assert_eq!(writes(&scope), before);

    let kept = json(&["--if-due", "--detailed-exitcode"], 0);
    assert_eq!(kept["rotation"]["replaces"], false);
    assert!(kept["rotation"]["reason"].is_null());

    let applied = json(&["--apply"], 0);
    assert_eq!(applied["applied"], true);
    assert_eq!(applied["token"]["requested"], "90d");
    assert!(
        applied["verified"]["permissions"].as_u64() >= Some(1),
        "{applied:#}"
    );
    assert!(applied["verified"]["targets"].is_u64(), "{applied:#}");
}

/// A configuration on standard output, labels of monitors: none of it is part of a rotation.
#[test]
fn nothing_but_the_token_is_planned() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("plan-alone");
    let call = |verb: &str, arguments: &[&str]| {
        let form = ["--jobs", "apiserver", "--format", "raw"];
        Monconf::for_consumer(verb, &scope, &form).args(arguments)
    };
    call("prometheus", &["--apply"]).run().ok();
    let first = token::of_secret(&scope);
    // Other jobs than those that were applied.
    let run = call("rotate", &["--apply", "--interval", "45s"]).run().ok();
    assert!(!run.stdout.contains("scrape_configs"), "{}", run.stdout);
    assert!(!run.stdout.contains("ClusterRole"), "{}", run.stdout);
    assert_ne!(token::of_secret(&scope), first);
    assert_eq!(other_writes(&scope), Vec::<String>::new());
}

/// What rotations of this scope's user wrote beside Secrets and tokens.
fn other_writes(scope: &Scope) -> Vec<String> {
    let events = scope.cp.audit(&scope.user.name);
    let of_rotation = events.iter().filter(|event| event.is_write());
    let of_rotation = of_rotation
        .rev()
        .take_while(|event| event.resource != "servicemonitors");
    of_rotation
        .filter(|event| event.resource != "secrets" && event.subresource != "token")
        .map(|event| format!("{} {}", event.verb, event.uri))
        .filter(|write| write.starts_with("delete") || write.contains("monitoring.coreos.com"))
        .collect()
}
