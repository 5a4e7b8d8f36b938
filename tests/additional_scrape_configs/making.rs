//! A Secret that was not there when it was read, and is there by the time that it is to be made. Whoever has rights for
//! names alone makes it with another request than whoever may create any Secret; nothing of anybody's is lost by either.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use testbed::relay::Request;
use testbed::{ControlPlane, Fault, FaultRelay, Scope};

use super::{BY_HAND, live, monconf, path, text};
use crate::support::{Monconf, Run, token};

/// Who may create any Secret, and who may make this one.
const MODES: [&[&str]; 2] = [&[], &["--existing-access"]];

/// An instance that has all it needs but the Secret of its jobs.
fn without_secret(test: &str, mode: &[&str]) -> Scope<'static> {
    let test = format!("{test}-{}", mode.len());
    let scope = ControlPlane::shared().scope(&test);
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    scope.admin().delete(&path(&scope)).unwrap();
    scope
}

/// A relay that calls `policy` with the number of each request to make or change the Secret, from 0.
fn relay(scope: &Scope, policy: impl Fn(usize) -> Fault + Send + Sync + 'static) -> FaultRelay {
    let seen = AtomicUsize::new(0);
    let path = path(scope);
    let secrets = path.trim_end_matches("/more").to_owned();
    scope.cp.relay(move |request: &Request| {
        let makes = request.method == "POST" && request.path == secrets;
        if makes || request.method == "PATCH" && request.path == path {
            policy(seen.fetch_add(1, Ordering::Relaxed))
        } else {
            Fault::Pass
        }
    })
}

fn apply_through(relay: &FaultRelay, scope: &Scope, mode: &[&str]) -> Run {
    let kubeconfig = scope.user.via(&relay.url());
    monconf(scope, &["--jobs", "kubelet", "--apply"])
        .args(mode)
        .kubeconfig(&kubeconfig)
        .run()
        .ok()
}

/// An apply during which `meanwhile` makes the Secret right before the first request to do so arrives.
fn apply_while(scope: &Scope, mode: &[&str], meanwhile: impl Fn() + Send + Sync + 'static) -> Run {
    let relay = relay(scope, move |number| {
        if number == 0 {
            meanwhile();
        }
        Fault::Pass
    });
    let run = apply_through(&relay, scope, mode);
    let words = "more, key jobs.yaml changed in the meantime; planning again\n";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    run
}

/// Somebody who makes the Secret with that text in that key.
fn somebody(scope: &Scope, key: &str, text: &str) -> impl Fn() + Send + Sync + use<> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more", "labels": {"team": "infra"}},
        "stringData": {key: text},
    });
    let (admin, path) = (scope.admin().clone(), path(scope));
    move || {
        let secrets = path.trim_end_matches("/more");
        admin.post(secrets, &secret).unwrap();
    }
}

fn makers(secret: &Value) -> BTreeSet<&str> {
    let entries = secret["metadata"]["managedFields"].as_array().unwrap();
    let managers = entries.iter().filter_map(|entry| entry["manager"].as_str());
    managers
        .filter(|manager| manager.starts_with("monconf-") && *manager != "monconf-testbed")
        .collect()
}

/// That of the Secret monconf has the key at most, and has left no label.
fn is_theirs(secret: &Value) {
    assert_eq!(secret["metadata"]["labels"], json!({"team": "infra"}));
    assert!(makers(secret).is_empty(), "{secret:#}");
    let entries = secret["metadata"]["managedFields"].as_array().unwrap();
    let ours = entries.iter().filter(|entry| entry["manager"] == "monconf");
    for entry in ours {
        assert_eq!(entry["fieldsV1"], json!({"f:data": {"f:jobs.yaml": {}}}));
    }
}

#[test]
fn another_key_that_somebody_makes_meanwhile_is_kept() {
    for mode in MODES {
        let scope = without_secret("other-key-meanwhile", mode);
        apply_while(&scope, mode, somebody(&scope, "other.yaml", "[]"));
        let secret = live(&scope);
        is_theirs(&secret);
        assert_eq!(token::decoded(&secret, "other.yaml"), "[]");
        assert_eq!(text(&scope).matches("# by monconf").count(), 1);
    }
}

#[test]
fn the_key_that_somebody_makes_meanwhile_is_merged_into() {
    for mode in MODES {
        let scope = without_secret("same-key-meanwhile", mode);
        apply_while(&scope, mode, somebody(&scope, "jobs.yaml", BY_HAND));
        is_theirs(&live(&scope));
        let merged = text(&scope);
        assert!(merged.starts_with("# jobs that no monitor"), "{merged}");
        assert_eq!(merged.matches("# by monconf").count(), 1, "{merged}");
    }
}

#[test]
fn the_very_text_that_somebody_makes_meanwhile_stays_theirs() {
    for mode in MODES {
        let scope = without_secret("same-text-meanwhile", mode);
        let config = monconf(&scope, &["--jobs", "kubelet", "-o", "config"]);
        let config = config.run().ok().stdout;
        apply_while(&scope, mode, somebody(&scope, "jobs.yaml", &config));
        is_theirs(&live(&scope));
        assert_eq!(text(&scope), config);
    }
}

#[test]
fn another_instance_that_makes_it_meanwhile_keeps_its_key() {
    for mode in MODES {
        let scope = without_secret("first-meanwhile", mode);
        let second = without_secret("second-meanwhile", mode);
        let name = second.name.clone();
        let place = format!("{}/more:theirs.yaml", scope.namespace);
        let arguments: Vec<String> = ["--apply", "--jobs", "kubelet"]
            .into_iter()
            .chain(["--additional-scrape-configs", &place])
            .chain(mode.iter().copied())
            .map(str::to_owned)
            .collect();
        apply_while(&scope, mode, move || {
            Monconf::prometheus(&second, &[])
                .args(&arguments)
                .run()
                .ok();
        });
        let secret = live(&scope);
        let label = &secret["metadata"]["labels"]["app.kubernetes.io/instance"];
        assert_eq!(*label, name.as_str());
        let theirs = token::decoded(&secret, "theirs.yaml");
        assert!(
            theirs.contains(&format!("# by monconf, instance {name}")),
            "{theirs}"
        );
        assert_eq!(text(&scope).matches("# by monconf").count(), 1);
        assert!(makers(&secret).len() < 2, "{secret:#}");
    }
}

/// Between the request that found it there and the one that gives it back.
#[test]
fn one_that_is_gone_again_is_made() {
    let mode = MODES[1];
    let scope = without_secret("gone-meanwhile", mode);
    let make = somebody(&scope, "other.yaml", "[]");
    let (admin, at) = (scope.admin().clone(), path(&scope));
    let relay = relay(&scope, move |number| {
        match number {
            0 => make(),
            1 => drop(admin.delete(&at).unwrap()),
            _ => {}
        }
        Fault::Pass
    });
    apply_through(&relay, &scope, mode);
    let secret = live(&scope);
    assert_eq!(secret["data"].as_object().unwrap().len(), 1);
    assert_eq!(
        secret["metadata"]["labels"]["app.kubernetes.io/managed-by"],
        "monconf"
    );
}

/// The repeated request finds what the first one has made.
#[test]
fn by_name_it_is_made_once_and_goes_with_its_last_job() {
    let mode = MODES[1];
    let scope = without_secret("made-by-name", mode);
    let relay = relay(&scope, |number| {
        if number == 0 {
            Fault::DropAfter
        } else {
            Fault::Pass
        }
    });
    let run = apply_through(&relay, &scope, mode);
    assert!(
        run.stderr.contains("more, key jobs.yaml created\n"),
        "{}",
        run.stderr
    );
    let secret = live(&scope);
    let maker = format!("monconf-{}.{}", scope.namespace, scope.name);
    assert_eq!(makers(&secret), BTreeSet::from([maker.as_str()]));
    assert_eq!(
        secret["metadata"]["labels"]["app.kubernetes.io/managed-by"],
        "monconf"
    );
    // The key is merged into from now on, as monconf.
    monconf(&scope, &["--jobs", "apiserver,kubelet", "--apply"])
        .run()
        .ok();
    let place = [
        "--additional-scrape-configs",
        "more:jobs.yaml",
        "--apply",
        "--yes",
    ];
    let names = ["--name", &scope.name, "--namespace", &scope.namespace];
    Monconf::new([&["remove", "prometheus"][..], &names, &place, mode].concat())
        .kubeconfig(scope.kubeconfig())
        .run()
        .ok();
    assert!(scope.admin().is_absent(&path(&scope)));
}
