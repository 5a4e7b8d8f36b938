//! What a job needs: rights, each with its place and the jobs that need it.

use std::fmt;

use serde_json::{Value, json};

use crate::job::{Attachment, Authority, Discovery, Job, Role};
use crate::rbac::{Right, Scope};

/// A right that somebody needs somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The right.
    pub right: Right,
    /// Where it is needed.
    pub scope: Scope,
    /// The jobs that need it, each once, in their order.
    pub jobs: Vec<String>,
}

impl Need {
    /// As data: the fields of a rule that has one verb, the namespace where it is about one, and the jobs.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut need = self.right.json();
        if let Scope::Namespace(namespace) = &self.scope {
            need["namespace"] = json!(namespace);
        }
        need["jobs"] = json!(self.jobs);
        need
    }
}

/// `get nodes/metrics`, `list pods in namespace shop`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.right.fmt(f)?;
        match &self.scope {
            Scope::Namespace(namespace) => write!(f, " in namespace {namespace}"),
            Scope::Cluster => Ok(()),
        }
    }
}

/// What `jobs` need for the scrapes themselves, shown to whoever is asked for metrics.
#[must_use]
pub fn scraping(jobs: &[Job]) -> Vec<Need> {
    collect(jobs, |job| {
        let right = scrape(job.authority, &job.metrics_path);
        right
            .map(|right| (right, Scope::Cluster))
            .into_iter()
            .collect()
    })
}

/// What `jobs` need to find their targets.
#[must_use]
pub fn discovering(jobs: &[Job]) -> Vec<Need> {
    collect(jobs, |job| discovery(&job.discovery))
}

/// Both together, for an identity that discovers and scrapes.
#[must_use]
pub fn both(jobs: &[Job]) -> Vec<Need> {
    let mut needs = discovering(jobs);
    for need in scraping(jobs) {
        add(&mut needs, need.right, need.scope, need.jobs);
    }
    needs
}

/// Adds a need, or its jobs to an equal one.
pub fn add(needs: &mut Vec<Need>, right: Right, scope: Scope, jobs: Vec<String>) {
    let same = needs
        .iter_mut()
        .find(|need| need.right == right && need.scope == scope);
    let Some(need) = same else {
        needs.push(Need { right, scope, jobs });
        return;
    };
    for job in jobs {
        if !need.jobs.contains(&job) {
            need.jobs.push(job);
        }
    }
}

fn collect(jobs: &[Job], rights: impl Fn(&Job) -> Vec<(Right, Scope)>) -> Vec<Need> {
    let mut needs = Vec::new();
    for job in jobs {
        for (right, scope) in rights(job) {
            add(&mut needs, right, scope, vec![job.name.clone()]);
        }
    }
    needs
}

/// The right that a scrape of `path` is checked for; none where nobody checks.
///
/// What the kubelet checks for each path is read from `pkg/kubelet/server/auth.go` of Kubernetes: all of its metrics
/// are the subresource `metrics`, whatever the path after `/metrics`.
#[must_use]
pub fn scrape(authority: Authority, path: &str) -> Option<Right> {
    match authority {
        Authority::ApiServer | Authority::Component => Some(Right::get_url(path)),
        Authority::Kubelet => Some(Right::resource("", kubelet_resource(path), "get")),
        Authority::KubeletProxy => Some(Right::resource("", "nodes/proxy", "get")),
        Authority::Nobody => None,
    }
}

/// The resource that a kubelet has authorized for a GET of `path` (`pkg/kubelet/server/auth.go` of Kubernetes). For
/// `/pods`, `/healthz` and `/configz`, kubelets before 1.33 ask for `nodes/proxy` instead.
#[must_use]
pub fn kubelet_resource(path: &str) -> &'static str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let below = |root: &str| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let known = [
        ("/metrics", "nodes/metrics"),
        ("/stats", "nodes/stats"),
        ("/logs", "nodes/log"),
        ("/checkpoint", "nodes/checkpoint"),
        ("/pods", "nodes/pods"),
        ("/runningpods", "nodes/pods"),
        ("/healthz", "nodes/healthz"),
        ("/configz", "nodes/configz"),
    ];
    known
        .into_iter()
        .find(|(root, _)| below(root))
        .map_or("nodes/proxy", |(_, resource)| resource)
}

/// What Prometheus lists and watches for a discovery, read from the informers in
/// `discovery/kubernetes/kubernetes.go` of Prometheus.
///
/// Namespaced objects are asked for in each namespace that the discovery names; nodes and namespaces are objects of the
/// cluster. Where a selector asks for one object by `metadata.name`, the API server authorizes that name alone.
///
/// `list` is needed although a recent Prometheus may never send it: it asks recent API servers for a watch that begins
/// with the list, and lists where that is not known or refused. Older ones always list.
#[must_use]
pub fn discovery(discovery: &Discovery) -> Vec<(Right, Scope)> {
    let mut needs = Vec::new();
    let mut watch = |group: &str, resource: &str, selected: Option<Role>, cluster: bool| {
        let name = selected.and_then(|role| single_name(discovery, role));
        for scope in places(discovery, cluster) {
            for verb in ["list", "watch"] {
                let right = Right::resource(group, resource, verb);
                let right = match name {
                    Some(name) => right.named(name),
                    None => right,
                };
                needs.push((right, scope.clone()));
            }
        }
    };
    for &role in looked_at(discovery.role) {
        let (group, resource) = role.resource();
        watch(group, resource, Some(role), !role.is_namespaced());
    }
    let attached = |attachment| discovery.attach_metadata.contains(&attachment);
    for attachment in &discovery.attach_metadata {
        if !attachment.is_for(discovery.role) {
            continue;
        }
        match attachment {
            Attachment::Node => watch("", "nodes", Some(Role::Node), true),
            Attachment::Namespace => watch("", "namespaces", None, true),
            Attachment::Deployment => watch("apps", "replicasets", None, false),
            // A CronJob is found through its Jobs.
            Attachment::CronJob if attached(Attachment::Job) => {}
            Attachment::Job | Attachment::CronJob => watch("batch", "jobs", None, false),
        }
    }
    needs
}

/// The kinds of objects that a discovery of `role` looks at, the one that targets are made of first.
#[must_use]
pub const fn looked_at(role: Role) -> &'static [Role] {
    match role {
        Role::Node => &[Role::Node],
        Role::Pod => &[Role::Pod],
        Role::Service => &[Role::Service],
        Role::Ingress => &[Role::Ingress],
        Role::Endpoints => &[Role::Endpoints, Role::Service, Role::Pod],
        Role::EndpointSlice => &[Role::EndpointSlice, Role::Service, Role::Pod],
    }
}

/// Where a discovery asks for the objects of `role`.
#[must_use]
pub fn scopes(discovery: &Discovery, role: Role) -> Vec<Scope> {
    places(discovery, !role.is_namespaced())
}

fn places(discovery: &Discovery, cluster: bool) -> Vec<Scope> {
    if cluster || discovery.namespaces.is_empty() {
        return vec![Scope::Cluster];
    }
    let namespaces = discovery.namespaces.iter();
    namespaces.cloned().map(Scope::Namespace).collect()
}

/// The one name that a field selector asks for.
pub(super) fn single_name(discovery: &Discovery, role: Role) -> Option<&str> {
    let selector = discovery
        .selectors
        .iter()
        .find(|selector| selector.role == role)?;
    let terms = selector.field.as_deref()?.split(',');
    terms
        .filter_map(|term| term.trim().strip_prefix("metadata.name="))
        .map(|name| name.trim_start_matches('='))
        .find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{BLACKBOX_EXPORTER, Selector, catalogue, select};

    fn shown(needs: &[(Right, Scope)]) -> Vec<String> {
        needs
            .iter()
            .map(|(right, scope)| match scope {
                Scope::Cluster => right.to_string(),
                Scope::Namespace(namespace) => format!("{namespace}: {right}"),
            })
            .collect()
    }

    #[test]
    fn a_job_less_is_a_right_less() {
        let needs = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let jobs = select(&names, catalogue(BLACKBOX_EXPORTER)).expect("known jobs");
            scraping(&jobs)
        };
        let both = needs(&["apiserver", "kubelet", "cadvisor"]);
        assert_eq!(both.len(), 2);
        assert_eq!(both[1].right.to_string(), "get nodes/metrics");
        assert_eq!(both[1].jobs, ["kubelet", "cadvisor"]);
        let one = needs(&["apiserver", "coredns"]);
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].right, Right::get_url("/metrics"));
    }

    #[test]
    fn discovery_is_asked_for_where_it_looks() {
        let endpoints = Discovery::service(Some("default"), &[], &[]);
        assert_eq!(
            shown(&discovery(&endpoints)),
            [
                "default: list endpointslices.discovery.k8s.io",
                "default: watch endpointslices.discovery.k8s.io",
                "default: list services",
                "default: watch services",
                "default: list pods",
                "default: watch pods",
            ]
        );
        let mut pods = Discovery::pods("shop", "app=x");
        pods.attach_metadata = Attachment::ALL.into();
        assert_eq!(
            shown(&discovery(&pods)),
            [
                "shop: list pods",
                "shop: watch pods",
                "list nodes",
                "watch nodes",
                "list namespaces",
                "watch namespaces",
                "shop: list replicasets.apps",
                "shop: watch replicasets.apps",
                "shop: list jobs.batch",
                "shop: watch jobs.batch",
            ]
        );
        // Prometheus reads these for targets that are pods, and for no others.
        let mut nodes = Discovery::all(Role::Node);
        nodes.attach_metadata = Attachment::ALL.into();
        assert_eq!(shown(&discovery(&nodes)), ["list nodes", "watch nodes"]);
    }

    #[test]
    fn a_selector_for_one_name_needs_that_name_only() {
        let mut node = Discovery::all(Role::Node);
        node.selectors.push(Selector {
            role: Role::Node,
            label: None,
            field: Some("spec.unschedulable=false,metadata.name=node-1".to_owned()),
        });
        assert_eq!(
            shown(&discovery(&node)),
            ["list nodes node-1", "watch nodes node-1"]
        );
    }

    #[test]
    fn paths_of_the_kubelet_are_resources() {
        for (path, resource) in [
            ("/metrics", "nodes/metrics"),
            ("/metrics/cadvisor", "nodes/metrics"),
            ("/metricsfoo", "nodes/proxy"),
            ("/stats/summary", "nodes/stats"),
            ("/exec/a/b/c", "nodes/proxy"),
            ("/pods", "nodes/pods"),
        ] {
            assert_eq!(kubelet_resource(path), resource, "{path}");
        }
    }
}
