//! What others write in between is never lost.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use testbed::relay::Request;
use testbed::{ControlPlane, Fault, Scope};

use super::{BY_HAND, live, made_by_hand, monconf, path, rewrite, text, writes};
use crate::support::{Run, token};

/// An apply during which `meanwhile` happens right before the first request to write the Secret arrives.
fn apply_while(scope: &Scope<'static>, meanwhile: impl Fn() + Send + Sync + 'static) -> Run {
    let done = AtomicBool::new(false);
    let end = path(scope);
    let relay = scope.cp.relay(move |request: &Request| {
        let (path, _) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if request.method == "PATCH" && path.ends_with(&end) && !done.swap(true, Ordering::Relaxed)
        {
            meanwhile();
        }
        Fault::Pass
    });
    let kubeconfig = scope.user.via(&relay.url());
    monconf(scope, &["--jobs", "kubelet", "--apply"])
        .kubeconfig(&kubeconfig)
        .run()
}

#[test]
fn a_write_to_the_key_in_between_leads_to_a_new_plan() {
    let scope = ControlPlane::shared().scope("key-in-between");
    made_by_hand(&scope, BY_HAND);
    let more = format!("{BY_HAND}- job_name: late\n");
    let (admin, at) = (scope.admin().clone(), path(&scope));
    let change = json!({"data": {"jobs.yaml": STANDARD.encode(&more)}});
    let run = apply_while(&scope, move || {
        admin.patch_merge(&at, &change).unwrap();
    })
    .ok();
    assert!(
        run.stderr
            .contains("more, key jobs.yaml changed in the meantime; planning again\n"),
        "{}",
        run.stderr
    );
    let merged = text(&scope);
    assert!(merged.starts_with(&more), "{merged}");
    assert_eq!(merged.matches("# by monconf").count(), 1, "{merged}");
}

#[test]
fn a_write_to_another_key_in_between_is_kept() {
    let scope = ControlPlane::shared().scope("other-in-between");
    made_by_hand(&scope, BY_HAND);
    let (admin, at) = (scope.admin().clone(), path(&scope));
    let change = json!({"data": {"other.yaml": STANDARD.encode("late")}});
    apply_while(&scope, move || {
        admin.patch_merge(&at, &change).unwrap();
    })
    .ok();
    assert_eq!(token::decoded(&live(&scope), "other.yaml"), "late");
    assert_eq!(text(&scope).matches("# by monconf").count(), 1);
}

#[test]
fn a_secret_that_somebody_deletes_in_between_is_made_anew() {
    let scope = ControlPlane::shared().scope("gone-in-between");
    made_by_hand(&scope, BY_HAND);
    let (admin, at) = (scope.admin().clone(), path(&scope));
    apply_while(&scope, move || {
        admin.delete(&at).unwrap();
    })
    .ok();
    assert!(text(&scope).starts_with("- job_name: "));
}

#[test]
fn an_answer_that_is_lost_is_no_failure() {
    let scope = ControlPlane::shared().scope("lost-key");
    made_by_hand(&scope, BY_HAND);
    let done = AtomicBool::new(false);
    let at = path(&scope);
    let relay = scope.cp.relay(move |request: &Request| {
        if request.method == "PATCH"
            && request.path.starts_with(&format!("{at}?"))
            && !done.swap(true, Ordering::Relaxed)
        {
            Fault::DropAfter
        } else {
            Fault::Pass
        }
    });
    let kubeconfig = scope.user.via(&relay.url());
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .kubeconfig(&kubeconfig)
        .run()
        .ok();
    assert_eq!(text(&scope).matches("# by monconf").count(), 1);
}

/// The one request that writes it says by whom, what it expects, and nothing of the rest.
#[test]
fn it_is_one_merge_patch_by_monconf() {
    let scope = ControlPlane::shared().scope("one-patch");
    made_by_hand(&scope, BY_HAND);
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    rewrite(&scope, &text(&scope).replace("localhost", "127.0.0.1"));
    let before = writes(&scope).len();
    monconf(&scope, &["--jobs", "kubelet,apiserver", "--apply"])
        .run()
        .ok();
    let events = scope.cp.audit(&scope.user.name);
    let patched = events
        .iter()
        .filter(|event| event.is_write() && event.name == "more");
    let uris: Vec<&str> = patched.map(|event| event.uri.as_str()).collect();
    let expected = format!(
        "{}?fieldManager=monconf&fieldValidation=Strict",
        path(&scope)
    );
    assert_eq!(uris, [expected.as_str(); 2]);
    assert!(writes(&scope).len() > before);
    assert!(text(&scope).contains("127.0.0.1:9100"));
}
