//! Templates: no value gets out of its place, and what a replaced one renders is checked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use monconf::job::{Authority, Job, Role};
use monconf::render::{Builtin, Operators, Surroundings, Templates, desired};
use monconf::spec::{Consumer, Form, Settings, Spec};
use monconf::token::{Decision, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::hostile::{self, hostile};
use crate::support::{Monconf, Run, state};

/// Every text that a user, a file or a cluster can put into a template, as it is. Names that Kubernetes checks are
/// checked before; here they are hostile all the same.
fn render(text: &str, form: &Form) -> Vec<Value> {
    let mut spec = Spec::new(Consumer::Prometheus, Settings::default()).unwrap();
    text.clone_into(&mut spec.names.namespace);
    text.clone_into(&mut spec.names.instance);
    spec.api_server = Some(text.to_owned());
    spec.jobs
        .extend([own_job(text, Role::Pod), own_job(text, Role::Ingress)]);
    let selector = json!({
        "metadata": {"namespace": spec.names.namespace, "name": "p"},
        "spec": {
            "serviceMonitorSelector": {"matchLabels": {format!("key{text}"): text}}, "serviceMonitorNamespaceSelector": {},
            "podMonitorSelector": {"matchLabels": {format!("key{text}"): text}}, "podMonitorNamespaceSelector": {},
            "scrapeConfigSelector": {"matchLabels": {format!("key{text}"): text}}, "scrapeConfigNamespaceSelector": {},
        },
    });
    let decision = Decision {
        verdict: Verdict::Issue("new token".to_owned()),
        slot: 0,
        used: None,
        orphan: None,
        occupied: None,
        elsewhere: None,
    };
    let operators = Operators {
        prometheuses: Some(vec![selector]),
        ..Operators::none()
    };
    let surroundings = Surroundings {
        server: text,
        ca: text,
        operators: &operators,
        schemas: &BTreeMap::new(),
        objects: &BTreeMap::new(),
        namespace_labels: &BTreeMap::new(),
        token: None,
        handle: None,
        is_named: false,
    };
    let desired = desired(
        &spec,
        form,
        &surroundings,
        &decision,
        &Templates::load(None).unwrap(),
    )
    .unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let mut documents: Vec<Value> = desired
        .objects
        .into_iter()
        .map(|object| object.value)
        .collect();
    if let Some(text) = &desired.output {
        documents.extend(yaml::parse(text, "output").unwrap());
    }
    documents
}

/// The same for what templates are for.
fn own_job(text: &str, role: Role) -> Job {
    let mut job = hostile::own_job(text, role);
    job.authority = Authority::Kubelet;
    // Behind every namespace of the catalogue, as what is harmless is too.
    job.discovery.namespaces = vec![format!("x{text}")];
    if role == Role::Pod {
        job.discovery.selectors.clear();
    }
    job.params = vec![(format!("key{text}"), vec![text.to_owned()])];
    job
}

/// The shape of a value: its keys and types, with the texts left out and the hostile key made general.
fn shape(value: &Value, text: &str) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let key = if *key == format!("key{text}") {
                    "KEY"
                } else {
                    key
                };
                (key.to_owned(), shape(value, text))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| shape(item, text)).collect(),
        Value::String(_) => json!("text"),
        other => json!(other.to_string()),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.values().flat_map(texts).collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_value_stays_the_value_that_it_is(text in hostile()) {
        for form in [Form::Operator, Form::Mounted { mount_dir: text.clone() }] {
            let harmless_form = match form {
                Form::Operator => Form::Operator,
                _ => Form::Mounted { mount_dir: "harmless".to_owned() },
            };
            let (hostile, harmless) = (render(&text, &form), render("harmless", &harmless_form));
            prop_assert_eq!(hostile.len(), harmless.len());
            for (hostile, harmless) in hostile.iter().zip(&harmless) {
                prop_assert_eq!(shape(hostile, &text), shape(harmless, "harmless"));
                let literal: Vec<String> = texts(harmless).iter().map(|harmless| harmless.replace("harmless", &text)).collect();
                // A Secret's data is no template's.
                if hostile["kind"] != "Secret" {
                    // In a replacement, `$$` is how Prometheus reads a `$`.
                    let escaped = text.replace('$', "$$");
                    let read = texts(hostile).into_iter().zip(&literal);
                    let read: Vec<String> = read
                        .map(|(found, literal)| if found == escaped { literal.clone() } else { found })
                        .collect();
                    prop_assert_eq!(read, literal);
                }
            }
        }
    }
}

fn with_template(scope: &Scope, folder: &Path, name: &str, text: &str) -> Run {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
    Monconf::prometheus(scope, &["--apply", "--templates"])
        .args([folder])
        .run()
}

/// A text without what stands from `begin` to before `end`.
fn without(text: &str, begin: &str, end: &str) -> String {
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{end}{after}")
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn whatever_a_template_does_wrong_is_told_with_its_line_and_nothing_is_written() {
    let scope = ControlPlane::shared().scope("bad-template");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("templates");
    let account = Builtin::named("serviceaccount.yaml").unwrap().text;
    let secret = Builtin::named("handle.yaml").unwrap().text;
    let monitor = Builtin::named("servicemonitor.yaml").unwrap().text;
    let raw = Builtin::named("scrape-configs.yaml").unwrap().text;
    for (name, text, line, words) in [
        (
            "serviceaccount.yaml",
            account.replace("names.namespace", "names.nmespace"),
            5,
            "undefined value",
        ),
        (
            "serviceaccount.yaml",
            account.replace("names.namespace }}", "names.namespace }"),
            5,
            "syntax error",
        ),
        (
            "serviceaccount.yaml",
            account.replace("  labels:", "  labels: x: y"),
            6,
            "renders no valid YAML",
        ),
        (
            "serviceaccount.yaml",
            format!("{account}---\nkind: Secret\n"),
            15,
            "renders 2 documents",
        ),
        (
            "serviceaccount.yaml",
            account.replace("kind: ServiceAccount", "kind: Secret"),
            2,
            "kind must be ServiceAccount, but is Secret",
        ),
        (
            "serviceaccount.yaml",
            account.replace("{{ names.service_account }}", "default"),
            4,
            "metadata.name must be",
        ),
        (
            "serviceaccount.yaml",
            account.replace("{{ names.namespace }}", "kube-system"),
            5,
            "metadata.namespace must be",
        ),
        (
            "serviceaccount.yaml",
            account.replace("    {{ labels | entries(4) }}", "    a: b"),
            6,
            "monconf knows its objects by it",
        ),
        (
            "serviceaccount.yaml",
            format!("{account}secrets: []\n"),
            15,
            "secrets: unknown field",
        ),
        (
            "serviceaccount.yaml",
            account.replace("  name:", "  name: a\n  name:"),
            0,
            "duplicate entry",
        ),
        (
            "serviceaccount.yaml",
            format!(
                "{{% for a in range(100000) %}}{{% for b in range(100000) %}}{{% endfor %}}{{% endfor %}}{account}"
            ),
            1,
            "fuel",
        ),
        ("serviceaccount.yaml", String::new(), 0, "renders no object"),
        (
            "handle.yaml",
            format!("{secret}stringData: {{token: x}}\n"),
            12,
            "stringData: unknown field",
        ),
        (
            "handle.yaml",
            secret.replace("Opaque", "kubernetes.io/service-account-token"),
            11,
            "type must be Opaque",
        ),
        (
            "servicemonitor.yaml",
            monitor.replacen("    path:", "    metricsPath:", 1),
            34,
            "spec.endpoints[0].metricsPath: unknown field",
        ),
        (
            "servicemonitor.yaml",
            without(monitor, "  selector:\n", "  endpoints:\n"),
            0,
            "spec.selector: Required value",
        ),
        (
            "servicemonitor.yaml",
            monitor.replace("{{ job.honor_labels }}", "maybe"),
            45,
            "spec.endpoints[0].honorLabels: must be of type boolean",
        ),
        (
            "scrape-configs.yaml",
            format!("{raw}\nglobal: {{}}\n"),
            0,
            "Prometheus allows nothing but scrape_configs",
        ),
        (
            "scrape-configs.yaml",
            raw.replace("- job_name: {{ job.job_name }}", "- job_name: x"),
            5,
            "must render the jobs",
        ),
    ] {
        let format = if name == "scrape-configs.yaml" {
            "raw"
        } else {
            "operator"
        };
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(name), &text).unwrap();
        let run = Monconf::prometheus(&scope, &["--apply", "--format", format, "--templates"])
            .args([&folder])
            .run()
            .exit(1);
        let file = folder.join(name).display().to_string();
        let place = if line == 0 {
            file
        } else {
            format!("error: {file}:{line}: ")
        };
        assert!(
            run.stderr.contains(&place),
            "{place} {words}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let writes = scope
        .cp
        .audit(&scope.user.name)
        .iter()
        .filter(|event| event.is_write())
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn a_good_template_is_used_and_what_it_grants_beyond_need_is_said() {
    let scope = ControlPlane::shared().scope("own-template");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("templates");
    let account = Builtin::named("serviceaccount").unwrap().text;
    let annotated = account.replace(
        "metadata:",
        "metadata:\n  annotations:\n    team: {{ \"x-\" ~ names.instance }}",
    );
    with_template(&scope, &folder, "serviceaccount.yaml", &annotated).ok();
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    let live = scope.admin().get(&path).unwrap();
    assert_eq!(
        live["metadata"]["annotations"]["team"],
        json!(format!("x-{}", scope.name))
    );

    let role = Builtin::named("clusterrole").unwrap().text;
    let wider = format!("{role}- apiGroups: [\"\"]\n  resources: [secrets]\n  verbs: [list]\n");
    let run = with_template(&scope, &folder, "clusterrole.yaml", &wider).ok();
    assert!(
        run.stderr.contains(
            "warning: the template clusterrole.yaml grants more than the jobs need: list secrets"
        ),
        "{}",
        run.stderr
    );
    let narrower = role.replace("{{ rule.verbs }}", "[list]");
    let run = with_template(&scope, &folder, "clusterrole.yaml", &narrower).ok();
    assert!(
        run.stderr
            .contains("lacks what the jobs need: get nodes/metrics; get /metrics"),
        "{}",
        run.stderr
    );
}

#[test]
fn ejected_templates_change_nothing_and_are_never_overwritten() {
    let scope = ControlPlane::shared().scope("ejected");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let before = state::of(&scope);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("templates");
    let eject = || {
        Monconf::new(["template", "eject", "--templates"])
            .args([&folder])
            .run()
    };
    eject().ok();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), Builtin::ALL.len());
    let run = Monconf::prometheus(&scope, &["--apply", "--templates"])
        .args([&folder])
        .run()
        .ok();
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    assert_eq!(state::of(&scope), before);

    fs::write(folder.join("namespace.yaml"), "mine").unwrap();
    fs::remove_file(folder.join("handle.yaml")).unwrap();
    let run = eject().exit(1);
    assert!(
        run.stderr
            .contains("exists already; no template was written"),
        "{}",
        run.stderr
    );
    assert_eq!(
        fs::read_to_string(folder.join("namespace.yaml")).unwrap(),
        "mine"
    );
    assert!(!folder.join("handle.yaml").exists());
}

#[test]
fn templates_are_listed_shown_and_known_by_name() {
    let list = Monconf::new(["template", "list"]).run().ok().stdout;
    for template in Builtin::ALL {
        assert!(list.contains(template.name), "{list}");
        let shown = Monconf::new(["template", "show", template.name])
            .run()
            .ok()
            .stdout;
        assert_eq!(shown, template.text);
    }
    let run = Monconf::new(["template", "show", "nothing"]).run().exit(1);
    assert!(
        run.stderr
            .contains("hint: the templates are namespace.yaml, "),
        "{}",
        run.stderr
    );

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("unheard.yaml"), "a: b").unwrap();
    let run = Monconf::new(["prometheus", "--offline", "--templates"])
        .args([folder.path()])
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("there is no template \"unheard.yaml\""),
        "{}",
        run.stderr
    );
}

/// What the templates' README lists is what they have.
#[test]
fn the_readme_of_the_templates_names_every_variable_that_they_use() {
    let readme = include_str!("../templates/README.md");
    for template in Builtin::ALL {
        for expression in template.text.split("{{ ").skip(1) {
            let name = expression.split([' ', '|', '}']).next().unwrap();
            let known = |name: &str| readme.contains(&format!("`{name}`"));
            let last = name.rsplit('.').next().unwrap();
            let is_item = template.text.contains(&format!("for {name} in "));
            let is_set = template.text.contains(&format!("set {name} = "));
            // A literal, or a variable of Prometheus' own templates.
            let is_other = name.starts_with(['"', '$']);
            assert!(
                is_item || is_set || is_other || known(name) || known(last),
                "{name} of {}",
                template.name
            );
        }
    }
}
