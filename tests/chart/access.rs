//! Who scrapes gets from the chart what monconf itself would give, right by right, and a Job's role names the objects that
//! monconf writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use testbed::Helm;

use super::CHART;
use super::rendered::{NAMESPACE, Rendered};
use super::value_sets::{SETS, Set, values};
use crate::support::Monconf;

/// The rights of an account, each `verb group/resource name in namespace`, and what grants them.
pub(super) type Rights = BTreeSet<String>;

#[test]
fn whoever_scrapes_may_do_the_same_as_without_helm() {
    for helm in Helm::ALL {
        for set in &SETS {
            let rendered = Rendered::of(helm, &values(set), set.2);
            let derived = derived(set.0, rendered.settings());
            let account = account(&derived);
            let name = account["metadata"]["name"].as_str().unwrap();
            let ours = rendered.object("ServiceAccount", name);
            for key in ["automountServiceAccountToken", "/metadata/namespace"] {
                let pick = |object: &Value| object.pointer(key).or(object.get(key)).cloned();
                assert_eq!(pick(ours), pick(account), "{helm:?} {set:?}: {key}");
            }
            let expected = rights(&derived, name);
            assert_eq!(rights(&rendered.0, name), expected, "{helm:?} {set:?}");
        }
    }
}

#[test]
fn a_catalogue_that_is_out_of_date_is_noticed() {
    let catalogue = fs::read_to_string(format!("{CHART}/files/catalogue.yaml")).unwrap();
    for (job, was, is) in [
        ("cadvisor", "  path: /metrics/cadvisor\n", "  path: /pods\n"),
        ("kubelet", "  authority: kubelet\n", "  authority: none\n"),
        ("apiserver", "  namespaces: [default]\n", ""),
        ("kubelet", "  role: node\n", "  role: pod\n"),
    ] {
        assert!(catalogue.contains(was), "{was}");
        let folder = TempDir::new().unwrap();
        copy(Path::new(CHART), folder.path());
        let changed = catalogue.replacen(was, is, 1);
        fs::write(folder.path().join("files/catalogue.yaml"), changed).unwrap();
        let values = format!("config: {{jobs: [{job}]}}");
        let rendered = Rendered::of_chart(Helm::V4, folder.path(), &values, &[]);
        let derived = derived("prometheus", rendered.settings());
        let differ = rights(&rendered.0, "monitoring-sa") != rights(&derived, "monitoring-sa");
        assert!(differ, "{was}");
    }
}

#[test]
fn the_job_that_applies_may_create_what_monconf_writes_and_nothing_else() {
    for set in &SETS {
        let rendered = Rendered::of(Helm::V3, &values(set), set.2);
        let mut written = written(set, &derived(set.0, rendered.settings()));
        let settings = yaml::parse(rendered.settings(), "monconf.yaml").unwrap();
        if let Some(place) = settings[0]["additionalScrapeConfigs"].as_str() {
            let object = place.split(':').next().unwrap();
            let (namespace, name) = object.split_once('/').unwrap_or((NAMESPACE, object));
            written.insert(format!("/secrets {name} in {namespace}"));
        }
        let created = rights(&rendered.0, "demo-monconf-apply")
            .into_iter()
            .filter_map(|right| right.strip_prefix("create ").map(str::to_owned))
            .filter(|right| !right.starts_with("/serviceaccounts/token "))
            .collect::<Rights>();
        assert_eq!(created, written, "{set:?}");
    }
}

#[test]
fn a_job_of_the_chart_writes_only_what_its_role_names() {
    for set in &SETS {
        let rendered = Rendered::of(Helm::V3, &values(set), set.2);
        for verb in ["apply", "rotate", "remove", "verify"] {
            for right in rights(&rendered.0, &format!("demo-monconf-{verb}")) {
                let is_named = !right.contains(" * in ");
                let reads = ["list ", "watch "]
                    .iter()
                    .any(|verb| right.starts_with(verb));
                assert!(is_named || reads, "{set:?} {verb}: {right}");
                for power in ["escalate ", "bind ", "impersonate ", "* "] {
                    assert!(!right.starts_with(power), "{set:?} {verb}: {right}");
                }
            }
        }
    }
}

/// What monconf writes without Helm for the settings of the chart.
fn derived(consumer: &str, settings: &str) -> Vec<Value> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("monconf.yaml");
    // Which jobs are in a ConfigMap the cluster alone knows, and no right depends on that.
    let lines = settings
        .lines()
        .filter(|line| *line != "existingAccess: true" && !is_in_config_map(consumer, line));
    let settings: Vec<&str> = lines.collect();
    fs::write(&file, settings.join("\n")).unwrap();
    let run = Monconf::new([consumer, "--offline", "-o", "yaml", "-f"])
        .args([&file])
        .run();
    let documents = yaml::parse(&run.ok().stdout, "monconf").unwrap();
    documents
        .into_iter()
        .filter(|object| object["kind"].is_string())
        .collect()
}

fn is_in_config_map(consumer: &str, line: &str) -> bool {
    consumer != "alloy" && line.starts_with("configmap: ")
}

fn account(objects: &[Value]) -> &Value {
    objects
        .iter()
        .find(|object| object["kind"] == "ServiceAccount")
        .unwrap()
}

/// The rights of the ServiceAccount `name`, and the names of the roles and bindings that grant them.
pub(super) fn rights(objects: &[Value], name: &str) -> Rights {
    let mut rights = Rights::new();
    let namespace = |object: &Value| {
        object["metadata"]["namespace"]
            .as_str()
            .unwrap_or("*")
            .to_owned()
    };
    let granted = |binding: &&Value| {
        let subject = &binding["subjects"][0];
        let is_for = subject["kind"] == "ServiceAccount" && subject["name"] == name;
        is_for
            && subject["namespace"] == NAMESPACE
            && binding["subjects"].as_array().unwrap().len() == 1
    };
    let bindings = objects
        .iter()
        .filter(|object| object["roleRef"].is_object());
    for binding in bindings.filter(granted) {
        let role = &binding["roleRef"];
        let place = namespace(binding);
        let is_it = |object: &&Value| {
            object["kind"] == role["kind"]
                && object["metadata"]["name"] == role["name"]
                && namespace(object) == place
        };
        let role = objects.iter().find(is_it).unwrap();
        if !name.starts_with("demo-monconf") {
            for object in [role, binding] {
                rights.insert(format!(
                    "{} {} in {place}",
                    object["kind"], object["metadata"]["name"]
                ));
            }
        }
        for rule in role["rules"].as_array().unwrap() {
            rights.extend(single(rule, &place));
        }
    }
    rights
}

fn single(rule: &Value, place: &str) -> Vec<String> {
    let texts = |key: &str| -> Vec<String> {
        let texts = rule[key].as_array().into_iter().flatten();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let mut names = texts("resourceNames");
    if names.is_empty() {
        names.push("*".to_owned());
    }
    let mut what = texts("nonResourceURLs");
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            what.extend(
                names
                    .iter()
                    .map(|name| format!("{group}/{resource} {name}")),
            );
        }
    }
    let verbs = texts("verbs");
    let all = verbs.iter().flat_map(|verb| {
        what.iter()
            .map(move |what| format!("{verb} {what} in {place}"))
    });
    all.collect()
}

/// What of `objects` is written in the mode in which the access is the chart's, and the second handle, which takes turns with
/// the first; each as a right on it.
fn written(set: &Set, objects: &[Value]) -> Rights {
    let others = [
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
    ];
    let mut written = Rights::new();
    for object in objects {
        let kind = object["kind"].as_str().unwrap();
        if others.contains(&kind) {
            continue;
        }
        let version = object["apiVersion"].as_str().unwrap();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let name = object["metadata"]["name"].as_str().unwrap();
        let place = object["metadata"]["namespace"].as_str().unwrap();
        let right = |name: &str| format!("{group}/{}s {name} in {place}", kind.to_lowercase());
        written.insert(right(name));
        if let Some(first) = name.strip_suffix("-token-a") {
            written.insert(right(&format!("{first}-token-b")));
        }
        // The jobs of an agent, which are edited like any list of jobs and no document of their own.
        if let Some(jobs) = object.pointer("/spec/additionalScrapeConfigs/name") {
            written.insert(format!("/secrets {} in {place}", jobs.as_str().unwrap()));
        }
    }
    assert!(!written.is_empty() || set.0 == "alloy");
    written
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
