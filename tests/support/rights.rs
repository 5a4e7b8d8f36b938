//! What an identity may do, asked of the API server with that identity's own token.

use serde_json::{Value, json};
use testbed::{Client, Event, Scope};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// One question about the whole cluster: verb, and `resource`, `resource.group`, `resource/subresource` or `/path`.
pub(crate) fn may(client: &Client, verb: &str, what: &str) -> bool {
    may_in(client, "", verb, what)
}

/// The same question about a namespace.
fn may_in(client: &Client, namespace: &str, verb: &str, what: &str) -> bool {
    let attributes = if what.starts_with('/') {
        json!({"nonResourceAttributes": {"verb": verb, "path": what}})
    } else {
        let (resource, subresource) = what.split_once('/').unwrap_or((what, ""));
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        json!({"resourceAttributes": {
            "verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace,
        }})
    };
    let review: Value = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": attributes,
    });
    client.post(REVIEWS, &review).unwrap()["status"]["allowed"] == true
}

/// Of every verb on every resource and path that monitoring could touch, those that are allowed in the whole cluster.
pub(crate) fn allowed(client: &Client) -> Vec<String> {
    among_all(|verb, what| may(client, verb, what))
}

/// Those that are allowed in a namespace and not in the whole cluster.
pub(crate) fn allowed_in(client: &Client, namespace: &str) -> Vec<String> {
    among_all(|verb, what| may_in(client, namespace, verb, what) && !may(client, verb, what))
}

/// What the API server refused to the account of a test's instance.
pub(crate) fn refused(scope: &Scope) -> Vec<Event> {
    let (namespace, name) = (&scope.namespace, &scope.name);
    let account = format!("system:serviceaccount:{namespace}:{name}-sa");
    let mut events = scope.cp.audit(&account);
    events.retain(|event| event.code == 403);
    events
}

fn among_all(holds: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let verbs = [
        "get", "list", "watch", "create", "update", "patch", "delete",
    ];
    let what = [
        "nodes",
        "nodes/metrics",
        "nodes/stats",
        "nodes/proxy",
        "nodes/log",
        "services",
        "services/proxy",
        "endpoints",
        "pods",
        "pods/exec",
        "pods/log",
        "secrets",
        "configmaps",
        "serviceaccounts",
        "serviceaccounts/token",
        "namespaces",
        "endpointslices.discovery.k8s.io",
        "ingresses.networking.k8s.io",
        "deployments.apps",
        "daemonsets.apps",
        "clusterroles.rbac.authorization.k8s.io",
        "/metrics",
        "/metrics/slis",
        "/metrics/cadvisor",
        "/debug/pprof/profile",
    ];
    let questions = what.iter().flat_map(|what| verbs.map(|verb| (verb, *what)));
    questions
        .filter(|(verb, what)| holds(verb, what))
        .map(|(verb, what)| format!("{verb} {what}"))
        .collect()
}

/// What an event needed, with the object's name and without. A patch that makes an object takes the right to create it too.
pub(crate) fn asked(event: &Event) -> Vec<String> {
    if event.resource.is_empty() {
        let path = event.uri.split('?').next().unwrap_or_default();
        return vec![format!("{} {path}", event.verb)];
    }
    let resource = if event.subresource.is_empty() {
        event.resource.clone()
    } else {
        format!("{}/{}", event.resource, event.subresource)
    };
    let made = (event.verb == "patch" && event.code == 201).then_some("create");
    let verbs = made.into_iter().chain([event.verb.as_str()]);
    let rights = verbs.map(|verb| format!("{verb} {}/{resource} ", event.group));
    rights
        .flat_map(|right| [format!("{right}{}", event.name), right])
        .collect()
}
