//! What a preflight tells of the chart: the rights of its Jobs, and of whoever installs it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testbed::poll::until;
use testbed::{Helm, User};

use super::access::rights;
use super::release::Release;
use super::rendered::{NAMESPACE, Rendered};
use super::value_sets::{SETS, values};
use super::world::World;
use crate::support::{Monconf, Run};

/// The chart's templates and the program each have a list of what a run asks for.
#[test]
fn each_job_has_the_rights_that_a_preflight_tells() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    for set in &SETS {
        let rendered = Rendered::of(Helm::V4, &values(set), set.2);
        fs::write(&settings, rendered.settings()).unwrap();
        for verb in ["apply", "rotate", "remove", "verify"] {
            let mut given = rights(&rendered.0, &format!("demo-monconf-{verb}"));
            if given.is_empty() {
                // Nobody rotates or tries what a Pod has by itself.
                continue;
            }
            let arguments = [
                "preflight",
                set.0,
                "--offline",
                "--for",
                verb,
                "-o",
                "json",
                "--file",
            ];
            let run = Monconf::new(arguments).args([&settings]).run().ok();
            let told = told(&run);
            // What earlier revisions may have left, no settings tell.
            given.retain(|right| !right.starts_with("delete ") || told.contains(right));
            assert_eq!(given, told, "{verb} of {set:?}");
        }
    }
}

/// The rights of a report, as those of an account are put.
fn told(run: &Run) -> BTreeSet<String> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let needs = report["needs"].as_array().unwrap().iter();
    let right = |need: &Value| {
        let text = |key: &str| need[key].as_str();
        let place = text("namespace").unwrap_or("*");
        let what = text("nonResourceURL").map_or_else(
            || {
                let name = text("resourceName").filter(|name| !name.is_empty());
                format!(
                    "{}/{} {}",
                    text("apiGroup").unwrap(),
                    text("resource").unwrap(),
                    name.unwrap_or("*")
                )
            },
            str::to_owned,
        );
        format!("{} {what} in {place}", text("verb").unwrap())
    };
    assert!(NAMESPACE != "*");
    needs.map(right).collect()
}

#[test]
fn whoever_may_too_little_for_helm_4_is_told_before() {
    limited(Helm::V4, "helm4");
}

#[test]
fn whoever_may_too_little_for_helm_3_is_told_before() {
    limited(Helm::V3, "helm3");
}

/// An administrator of one namespace.
fn owner(release: &Release, name: &str) -> User {
    let cp = release.scope.cp;
    let user = cp.user(name, &[]);
    release.put("rbac.authorization.k8s.io/v1/rolebindings", &json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "owner"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user.name}],
    }));
    user
}

fn limited(helm: Helm, tool: &str) {
    let Some(world) = World::shared() else {
        return;
    };
    let cp = &world.cluster.cp;
    let mut release = Release::new(cp, helm, &format!("chart-owner-{tool}"));
    let config = json!({"format": "operator"});
    let objects = release.rendered(&config, &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("manifests.yaml");
    let texts: Vec<String> = objects.iter().map(Value::to_string).collect();
    fs::write(&manifests, texts.join("\n---\n")).unwrap();
    let user = owner(&release, &format!("owner-{}", release.scope.name));
    let administrator = std::mem::replace(&mut release.user, user.clone());
    let secrets = format!("/api/v1/namespaces/{}/secrets", release.scope.namespace);
    until("the owner may begin", || {
        user.client().get(&secrets).is_ok()
    });
    let preflight = |kubeconfig: &Path, more: &[&str]| {
        Monconf::new([
            "preflight",
            "--with",
            tool,
            "--namespace",
            &release.scope.namespace,
            "--manifests",
        ])
        .args([&manifests])
        .args(more)
        .kubeconfig(kubeconfig)
        .run()
    };

    let report = preflight(&user.kubeconfig, &["-o", "json"]).exit(1);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let (foreseen, refused) = (foreseen(&report), refused(&user, &objects));
    match helm {
        Helm::V4 => assert_eq!(foreseen, refused),
        // It makes objects with a POST, for which there is one right to all of a kind.
        Helm::V3 => assert_eq!(kinds(&foreseen), kinds(&refused)),
    }
    let install = release.install(&config, &json!({}));
    assert_ne!(install.code, 0);
    assert!(install.stderr.contains("forbidden"), "{}", install.stderr);
    let _ = release.uninstall();

    let roles = preflight(
        &administrator.kubeconfig,
        &["--as", &user.name, "-o", "yaml"],
    )
    .exit(1);
    let limited = std::mem::replace(&mut release.user, administrator);
    release.kubectl_on(&roles.stdout, &["apply", "-f", "-"]);
    release.user = limited;
    until("the roles hold", || {
        preflight(&user.kubeconfig, &[]).code == 0
    });
    let since = cp.audit(&user.name).len();
    release.install(&config, &json!({})).ok();
    release.upgrade(&config, &json!({})).ok();
    release.test();
    release.uninstall().ok();
    let events = cp.audit(&user.name).split_off(since);
    // Helm 3 looks at the Namespace of a hook that it has deleted, and Helm prints the log of a Job that it may not find.
    let denied: Vec<_> = events
        .iter()
        .filter(|event| event.code == 403 && event.resource != "namespaces")
        .collect();
    assert!(denied.is_empty(), "{denied:#?}");
}

/// The objects that the report says cannot be made: `kind/name`.
fn foreseen(report: &Value) -> BTreeSet<String> {
    let needs = report["needs"].as_array().unwrap().iter();
    let missing = needs.filter(|need| {
        need["verb"] == "create" && need["held"] == false && need["resource"] != "secrets"
    });
    let missing = missing.map(|need| need["for"].as_str().unwrap().to_owned());
    let grants = report["grants"].as_array().unwrap().iter();
    let grants = grants.filter(|grant| {
        grant["missing"]
            .as_array()
            .is_some_and(|missing| !missing.is_empty())
    });
    missing
        .chain(grants.map(|grant| grant["role"].as_str().unwrap().to_owned()))
        .collect()
}

fn kinds(objects: &BTreeSet<String>) -> BTreeSet<&str> {
    let kinds = objects.iter().filter_map(|object| object.split(' ').next());
    kinds.collect()
}

/// Those that the API server does not let that user make.
fn refused(user: &User, objects: &[Value]) -> BTreeSet<String> {
    let plural = |kind: &str| format!("{}s", kind.to_lowercase());
    let is_refused = |object: &&Value| {
        let (version, kind) = (
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        );
        let root = if version.contains('/') { "apis" } else { "api" };
        let namespace = object["metadata"]["namespace"].as_str();
        let place =
            namespace.map_or_else(String::new, |namespace| format!("namespaces/{namespace}/"));
        let path = format!("/{root}/{version}/{place}{}?dryRun=All", plural(kind));
        let failure = user.client().post(&path, object).err();
        // The account of a Pod is not there yet.
        failure.is_some_and(|failure| {
            failure.code == 403 && !failure.message.contains("error looking up service account")
        })
    };
    let name = |object: &Value| {
        let text = |key: &str| object["metadata"][key].as_str();
        let place = text("namespace").map_or_else(String::new, |namespace| format!("{namespace}/"));
        format!(
            "{} {place}{}",
            object["kind"].as_str().unwrap(),
            text("name").unwrap()
        )
    };
    objects.iter().filter(is_refused).map(name).collect()
}
