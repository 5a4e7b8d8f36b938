//! The CA beside the token: the one that the cluster publishes only where it verifies the API server.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::{ControlPlane, Fault, Options, Scope, poll};

use crate::support::{Monconf, Run, token};

const PUBLISHED: &str = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";

/// A way to the API server on which the published CA is `ca`.
fn publishing(cp: &ControlPlane, ca: String) -> testbed::FaultRelay {
    cp.relay(move |request| {
        if request.path != PUBLISHED {
            return Fault::Pass;
        }
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": ca},
            "metadata": {"name": "kube-root-ca.crt", "namespace": "default", "uid": "u"},
        });
        Fault::Respond {
            status: 200,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: map.to_string(),
        }
    })
}

/// The user's kubeconfig with other fields of its cluster.
fn with_cluster(scope: &Scope, url: &str, change: impl Fn(&mut Value)) -> PathBuf {
    let path = scope.user.via(url);
    let text = fs::read_to_string(&path).unwrap();
    let mut config = yaml::parse(&text, "a kubeconfig").unwrap().remove(0);
    change(&mut config["clusters"][0]["cluster"]);
    fs::write(&path, config.to_string()).unwrap();
    path
}

fn apply(scope: &Scope, kubeconfig: &Path, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .kubeconfig(kubeconfig)
        .run()
}

fn written(scope: &Scope) -> String {
    token::decoded(&token::secret(scope), "ca.crt")
}

#[test]
fn a_published_ca_of_another_cluster_is_not_written() {
    let cp = ControlPlane::shared();
    let other = ControlPlane::start(Options::bare());
    let relay = publishing(cp, other.ca_pem().to_owned());
    let scope = cp.scope("foreign-ca");
    let run = apply(&scope, &scope.user.via(&relay.url()), &[]).ok();
    let words = format!(
        "ConfigMap default/kube-root-ca.crt does not verify {}: its certificate is signed by another authority; the certificate authority of the kubeconfig is used instead",
        relay.url()
    );
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains(&words), "{said}");
    assert_eq!(written(&scope).trim(), cp.ca_pem().trim());

    // And into a file.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(folder.path().join("t")).unwrap();
    let scope = cp.scope("foreign-ca-file");
    let files = ["--drop-in", &at("jobs.yml"), "--token-dir", &at("t")];
    apply(&scope, &scope.user.via(&relay.url()), &files).ok();
    let file = fs::read_to_string(folder.path().join("t/ca.crt")).unwrap();
    let (mark, ca) = file.split_once('\n').unwrap();
    assert!(mark.starts_with("# Written by monconf"), "{mark}");
    assert_eq!(ca.trim(), cp.ca_pem().trim());
}

#[test]
fn a_foreign_certificate_in_the_published_bundle_is_left_out() {
    let cp = ControlPlane::shared();
    let other = ControlPlane::start(Options::bare());
    let relay = publishing(cp, format!("{}\n{}", other.ca_pem(), cp.ca_pem()));
    let scope = cp.scope("foreign-in-bundle");
    let run = apply(&scope, &scope.user.via(&relay.url()), &[]).ok();
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(
        said.contains("1 of 2 certificates in ConfigMap default/kube-root-ca.crt are left out"),
        "{said}"
    );
    assert_eq!(written(&scope).trim(), cp.ca_pem().trim());
}

#[test]
fn text_that_is_no_certificate_is_not_written() {
    let cp = ControlPlane::shared();
    for (index, ca) in [
        "",
        "global: {}\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ]
    .into_iter()
    .enumerate()
    {
        let relay = publishing(cp, ca.to_owned());
        let scope = cp.scope(&format!("no-ca-{index}"));
        apply(&scope, &scope.user.via(&relay.url()), &[]).ok();
        assert_eq!(written(&scope).trim(), cp.ca_pem().trim(), "{ca:?}");
    }
}

#[test]
fn without_a_ca_that_verifies_nothing_is_written() {
    let cp = ControlPlane::shared();
    let other = ControlPlane::start(Options::bare());
    let relay = publishing(cp, other.ca_pem().to_owned());
    let scope = cp.scope("no-ca-at-all");
    let insecure = |cluster: &mut Value| {
        let cluster = cluster.as_object_mut().unwrap();
        cluster.remove("certificate-authority-data");
        cluster.insert("insecure-skip-tls-verify".to_owned(), json!(true));
    };
    let run = apply(&scope, &with_cluster(&scope, &relay.url(), insecure), &[]).exit(1);
    let words = "the cluster's CA is not known: the kubeconfig has none, and ConfigMap default/kube-root-ca.crt does not verify";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert!(cp.admin().is_absent(&token::secret_path(&scope)));

    // With the true one the same kubeconfig does.
    let relay = publishing(cp, cp.ca_pem().to_owned());
    apply(&scope, &with_cluster(&scope, &relay.url(), insecure), &[]).ok();
    assert_eq!(written(&scope).trim(), cp.ca_pem().trim());
}

/// The ConfigMap itself, changed by somebody who may.
#[test]
fn a_stale_configmap_is_not_believed() {
    let cp = ControlPlane::start(Options::default());
    let other = ControlPlane::start(Options::bare());
    let stale = json!({"data": {"ca.crt": other.ca_pem()}});
    // Its controller writes the true one again: the relay is asked for what it was in between.
    poll::until("the ConfigMap exists", || {
        cp.admin().patch_merge(PUBLISHED, &stale).is_ok()
    });
    let relay = publishing(&cp, other.ca_pem().to_owned());
    let scope = cp.scope("stale-ca");
    // `tls-server-name` is the name that is verified.
    let named = with_cluster(&scope, &relay.url(), |cluster| {
        cluster["tls-server-name"] = json!("localhost");
    });
    let run = apply(&scope, &named, &[]).ok();
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("is used instead"), "{said}");
    assert_eq!(written(&scope).trim(), cp.ca_pem().trim());
    // A kubeconfig whose own CA is another, of which the published one is not a part, takes the published one.
    let both = format!("{}\n{}", cp.ca_pem(), other.ca_pem());
    let relay = publishing(&cp, cp.ca_pem().to_owned());
    let wide = with_cluster(&scope, &relay.url(), |cluster| {
        cluster["certificate-authority-data"] = json!(STANDARD.encode(&both));
    });
    let run = apply(&scope, &wide, &[]).ok();
    assert!(!run.stderr.contains("is used instead"), "{}", run.stderr);
    assert_eq!(written(&scope).trim(), cp.ca_pem().trim());
}
