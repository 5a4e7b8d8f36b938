//! What the chart's templates know of jobs and kinds: written from the program's own model.

use std::env;
use std::fs;

use clap::{Args, Command};
use monconf::access::{discovery, kubelet_resource, looked_at, observer};
use monconf::job::{
    Attachment, Authority, BLACKBOX_EXPORTER, DEFAULT, Discovery, Job, Role, catalogue,
};
use monconf::object::Kind;
use monconf::rbac::{Rule, Scope};
use monconf::spec::{Consumer, Settings, monitor_kind};
use serde_json::{Map, Value, json};

use super::camel_case;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/charts/monconf/files/catalogue.yaml"
);

const HEAD: &str = "# What the templates know of monconf's model. A test writes it: MONCONF_WRITE_DOCS=1 cargo test --test integration chart::catalogue\n";

/// Where kubelets serve what they ask the API server about by a subresource of its own.
const KUBELET: [&str; 8] = [
    "/metrics",
    "/stats",
    "/logs",
    "/checkpoint",
    "/pods",
    "/runningpods",
    "/healthz",
    "/configz",
];

#[test]
fn the_chart_knows_the_program_s_own_model() {
    let kubelet = KUBELET.map(|path| json!({"path": path, "resource": kubelet_resource(path)}));
    let kinds = Kind::MONITORS.into_iter().chain([Kind::PrometheusRule]);
    let kinds = kinds.chain(Kind::AGENTS);
    let model = json!({
        "defaultJobs": DEFAULT,
        "jobs": catalogue(BLACKBOX_EXPORTER).iter().map(job).collect::<Value>(),
        "roles": Role::ALL.into_iter().map(role).collect::<Map<_, _>>(),
        "selectable": Role::ALL.into_iter().map(selectable).collect::<Map<_, _>>(),
        "attachments": Attachment::ALL.into_iter().map(attachment).collect::<Map<_, _>>(),
        "kubelet": kubelet,
        "observer": observer(false).iter().map(rule).collect::<Value>(),
        "kinds": kinds.map(kind).collect::<Map<_, _>>(),
        "formats": Consumer::ALL.into_iter().map(formats).collect::<Map<_, _>>(),
        "settings": settings(),
        "listed": Consumer::ALL.into_iter().map(listed).collect::<Map<_, _>>(),
    });
    let text = format!("{HEAD}{}", yaml::emit_lines(&model));
    if env::var_os("MONCONF_WRITE_DOCS").is_some() {
        fs::write(PATH, &text).unwrap();
    }
    let written = fs::read_to_string(PATH).unwrap();
    assert_eq!(written, text, "MONCONF_WRITE_DOCS=1 writes it anew");
}

fn job(job: &Job) -> Value {
    let authority = Authority::NAMED
        .into_iter()
        .find(|(_, authority)| *authority == job.authority);
    let discovery = &job.discovery;
    let mut shown = json!({
        "name": job.name,
        "role": discovery.role.name(),
        "authority": authority.unwrap().0,
        "path": job.metrics_path,
        "kind": job.monitor_kind().name(),
        "agentKind": monitor_kind(job).map_or("", Kind::name),
    });
    if !discovery.namespaces.is_empty() {
        shown["namespaces"] = json!(discovery.namespaces);
    }
    if !discovery.attach_metadata.is_empty() {
        let names = discovery
            .attach_metadata
            .iter()
            .map(|attachment| attachment.name());
        shown["attachMetadata"] = names.collect();
    }
    let fields = discovery
        .selectors
        .iter()
        .filter_map(|selector| Some((selector.role.name(), selector.field.as_deref()?)));
    let selectors: Vec<Value> = fields
        .map(|(role, field)| json!({"role": role, "field": field}))
        .collect();
    if !selectors.is_empty() {
        shown["selectors"] = selectors.into();
    }
    shown
}

/// What is looked at to find targets of a role.
fn role(role: Role) -> (String, Value) {
    let resource = |role: &Role| {
        let (group, resource) = role.resource();
        json!({"role": role.name(), "group": group, "resource": resource, "namespaced": role.is_namespaced()})
    };
    let looked_at = looked_at(role).iter().map(resource).collect();
    (role.name().to_owned(), looked_at)
}

/// What may be selected in a discovery of a role.
fn selectable(role: Role) -> (String, Value) {
    let selectable = role.selectable().iter().map(|role| role.name());
    (role.name().to_owned(), selectable.collect())
}

/// What is watched for an attachment: what a discovery with it needs beyond one without.
fn attachment(attachment: Attachment) -> (String, Value) {
    let mut with = Discovery::all(Role::Pod);
    let plain = discovery(&with).len();
    with.attach_metadata.insert(attachment);
    with.namespaces = vec!["somewhere".to_owned()];
    let (right, scope) = &discovery(&with)[plain];
    let right = right.json();
    let watched = json!({
        "group": right["apiGroup"],
        "resource": right["resource"],
        "namespaced": *scope != Scope::Cluster,
        "roles": Role::ALL.into_iter().filter(|role| attachment.is_for(*role)).map(Role::name).collect::<Value>(),
    });
    (attachment.name().to_owned(), watched)
}

fn rule(rule: &Rule) -> Value {
    if rule.non_resource_urls.is_empty() {
        json!({"apiGroups": rule.api_groups, "resources": rule.resources, "verbs": rule.verbs})
    } else {
        json!({"nonResourceURLs": rule.non_resource_urls, "verbs": rule.verbs})
    }
}

fn kind(kind: Kind) -> (String, Value) {
    let version = kind.api_version().rsplit('/').next().unwrap();
    let served = json!({"group": kind.group(), "version": version, "resource": kind.plural()});
    (kind.name().to_owned(), served)
}

fn formats(consumer: Consumer) -> (String, Value) {
    (consumer.name().to_owned(), json!(consumer.formats()))
}

/// The settings that are not for every consumer, each with those that it is for.
fn settings() -> Map<String, Value> {
    let command = Settings::augment_args(Command::new("settings"));
    let flags = command.get_arguments().filter_map(|flag| {
        let key = camel_case(flag.get_id().as_str());
        let long = flag.get_long()?;
        let is_for = Consumer::ALL
            .into_iter()
            .filter(|consumer| consumer.has_flag(long));
        let consumers: Vec<&str> = is_for.map(Consumer::name).collect();
        (consumers.len() < Consumer::ALL.len()).then(|| (key, json!(consumers)))
    });
    flags.collect()
}

/// The kinds of which a run looks for objects that are no longer wanted.
fn listed(consumer: Consumer) -> (String, Value) {
    let resource = |kind: &Kind| json!({"group": kind.group(), "resource": kind.plural()});
    let kinds = consumer.kinds().iter().map(resource).collect();
    (consumer.name().to_owned(), kinds)
}
