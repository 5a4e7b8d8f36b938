//! From installation to removal, on a node that enforces the Pod Security level `restricted`.

use serde_json::{Value, json};
use testbed::Helm;
use testbed::poll::poll;

use super::release::Release;
use super::world::{Consumer, World};
use crate::support::token;

#[test]
fn with_helm_4() {
    whole_life(Helm::V4, "chart-life-4");
}

#[test]
fn with_helm_3() {
    whole_life(Helm::V3, "chart-life-3");
}

fn whole_life(helm: Helm, test: &str) {
    let Some(world) = World::shared() else {
        return;
    };
    let cp = &world.cluster.cp;
    let release = Release::new(cp, helm, test);
    let scope = &release.scope;
    let config = json!({"interval": "3s"});
    let consumer = Consumer::start(scope);

    let installed = release.install(&config, &json!({})).ok();
    assert!(
        installed
            .stdout
            .contains("monconf has connected prometheus"),
        "{}",
        installed.stdout
    );
    consumer.wait_for(3);
    let account = || {
        release
            .get(&format!("v1/serviceaccounts/{}-sa", scope.name))
            .unwrap()
    };
    let uid = account()["metadata"]["uid"].clone();
    let first = token::of_secret(scope);

    for _ in 0..2 {
        release.upgrade(&config, &json!({})).ok();
        assert_eq!(
            account()["metadata"]["uid"],
            uid,
            "the account is the same one"
        );
        assert_eq!(token::of_secret(scope), first, "its token is not due");
    }
    let made = cp.audit(&scope.user.name);
    let made = made.iter().filter(|event| {
        event.resource == "serviceaccounts"
            && event.name == release.own("apply")
            && event.code == 201
    });
    assert_eq!(
        made.count(),
        3,
        "the hook's objects are made anew each time"
    );

    let tested = release.test().ok();
    let said = tested.stdout + &tested.stderr;
    assert!(said.contains("\"result\":\"verified\""), "{said}");

    let rotated = triggered(&release, "rotate-now");
    assert_eq!(rotated["result"], "rotated", "{rotated}");
    assert_ne!(token::of_secret(scope), first);
    consumer.wait_for(3);
    assert_eq!(failed_scrapes(&consumer), json!([]), "no scrape has failed");

    let last = token::of_secret(scope);
    assert!(token::is_accepted(cp, &last));
    release.uninstall().ok();
    assert_eq!(left(&release), Vec::<String>::new());
    for verb in ["apply", "rotate", "verify", "remove"] {
        let events = cp.audit(&release.runner(verb));
        assert!(!events.is_empty(), "{verb}");
        let refused = events.iter().find(|event| event.code == 403);
        assert!(refused.is_none(), "{verb}: {refused:#?}");
    }
    for old in [&first, &last] {
        token::wait_until_refused(cp, old);
    }
}

/// Series that were down at any time since they were first scraped.
fn failed_scrapes(consumer: &Consumer) -> Value {
    consumer.query("min_over_time(up[5m])==0")
}

/// Has the CronJob's Job run once, now, as `kubectl create job --from` does, although its token is not due. Returns how it
/// ended.
fn triggered(release: &Release, name: &str) -> Value {
    let from = format!("cronjob/{}", release.own("rotate"));
    let arguments = [
        "create",
        "job",
        name,
        "--from",
        &from,
        "--dry-run=client",
        "-o",
        "json",
    ];
    let job = release.kubectl(&arguments);
    let now = job.replace("\"--if-due\",", "");
    assert_ne!(now, job);
    release.kubectl_on(&now, &["create", "-f", "-"]);
    poll(|| release.results(name).into_iter().next())
        .unwrap_or_else(|| panic!("{:#?}", release.get(&format!("batch/v1/jobs/{name}"))))
}

/// What of the release and of what its Jobs made is still there; its own history and others' objects are not.
fn left(release: &Release) -> Vec<String> {
    let collections = [
        "v1/secrets",
        "v1/configmaps",
        "v1/serviceaccounts",
        "batch/v1/jobs",
        "batch/v1/cronjobs",
        "rbac.authorization.k8s.io/v1/roles",
        "rbac.authorization.k8s.io/v1/rolebindings",
        "monitoring.coreos.com/v1/servicemonitors",
        "monitoring.coreos.com/v1/podmonitors",
        "monitoring.coreos.com/v1/prometheusrules",
        "monitoring.coreos.com/v1alpha1/scrapeconfigs",
    ];
    let others = ["default", "prometheus", "kube-root-ca.crt"];
    let of_others = |name: &str| {
        others.contains(&name)
            || name.starts_with("prometheus-main")
            || name.starts_with("rotate-now")
    };
    let mut left: Vec<String> = collections
        .iter()
        .flat_map(|collection| {
            let names = release.list(collection).into_iter();
            names
                .filter(|name| !of_others(name))
                .map(move |name| format!("{collection}/{name}"))
        })
        .collect();
    for plural in ["clusterroles", "clusterrolebindings"] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{plural}");
        let list = release.scope.admin().get(&path).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let names = items.filter_map(|item| item["metadata"]["name"].as_str());
        // The grant of the test itself is called after the account.
        let ours =
            names.filter(|name| name.contains(&release.scope.name) && !name.contains("prometheus"));
        left.extend(ours.map(|name| format!("{plural}/{name}")));
    }
    left
}
