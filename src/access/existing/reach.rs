//! Where a scrape goes, and what is authorized there.

use super::host::{Host, host};
use super::labels::{ADDRESS, Labels, PATH, SCHEME};
use super::template::Template;
use crate::access::need::{kubelet_resource, single_name};
use crate::job::{Discovery, Role};
use crate::rbac::{Right, Scope};

/// What a scrape needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// These rights.
    Needs {
        rights: Vec<Right>,
        scopes: Vec<Scope>,
        why: String,
    },
    /// None.
    Nothing(String),
    /// It cannot be told. These are among what it may be.
    Unproven { why: String, maybe: Vec<Right> },
}

/// What is known of a scrape before it is made.
pub(super) struct Scraped<'a> {
    pub(super) labels: &'a Labels,
    pub(super) discovery: Option<&'a Discovery>,
    /// The addresses, `HOST:PORT`, of API servers that the configuration names.
    pub(super) api_servers: &'a [String],
    /// What is shown that Kubernetes takes for somebody, if anything: `the token`.
    pub(super) shown: Option<&'static str>,
}

/// What the scrapes of a job's targets need.
pub(super) fn reach(scraped: &Scraped<'_>) -> Outcome {
    let labels = scraped.labels;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for address in labels.get(ADDRESS) {
        for scheme in labels.get(SCHEME) {
            for path in labels.get(PATH) {
                let outcome = one(scraped, &address, &scheme, &path);
                if !outcomes.contains(&outcome) {
                    outcomes.push(outcome);
                }
            }
        }
    }
    if outcomes.len() > 1
        && outcomes
            .iter()
            .all(|one| matches!(one, Outcome::Nothing(_)))
    {
        outcomes.truncate(1);
    }
    match (outcomes.len(), outcomes.pop()) {
        (1, Some(only)) => only,
        (_, last) => undecided(outcomes.into_iter().chain(last).collect()),
    }
}

/// One address, scheme and path of several that relabelling may give.
fn one(scraped: &Scraped<'_>, address: &Template, scheme: &Template, path: &Template) -> Outcome {
    let host = host(scraped, address);
    let Some(shown) = scraped.shown else {
        return Outcome::Nothing(match host {
            Host::ApiServer | Host::Kubelet => format!(
                "the scrape shows no token, so {} answers it as system:anonymous or not at all",
                host.name()
            ),
            _ => "the scrape shows no token: the target answers everybody".to_owned(),
        });
    };
    match (host, scheme.literal()) {
        (Host::ApiServer, Some("https")) => of_api_server(scraped, path),
        (Host::Kubelet, Some("https")) => of_kubelet(scraped, path),
        (Host::ApiServer | Host::Kubelet, Some(_)) => Outcome::Nothing(
            "the scheme is http, which neither the API server nor a kubelet serves at that port"
                .to_owned(),
        ),
        (Host::ReadOnly, _) => Outcome::Nothing(format!(
            "port 10255 of a kubelet asks nobody; {shown} is shown to it all the same"
        )),
        (Host::Component(name), Some("https")) => match path.literal() {
            Some(path) => Outcome::Needs {
                rights: vec![Right::get_url(path)],
                scopes: vec![Scope::Cluster],
                why: format!("{name} asks the API server about the path"),
            },
            None => unknown_path(path),
        },
        (Host::Component(_) | Host::Ordinary, Some("http")) => asked(
            &format!(
                "{shown} is shown, unencrypted, to targets of which nobody knows whether they ask the API server about it"
            ),
            path,
        ),
        (Host::Component(_) | Host::Ordinary, Some(_)) => asked(
            &format!(
                "{shown} is shown to targets of which nobody knows whether they ask the API server about it, as kube-rbac-proxy does"
            ),
            path,
        ),
        (Host::Unknown(what), Some(_)) => asked(&format!("{shown} is shown to {what}"), path),
        (_, None) => asked(&format!("the scheme is {scheme}"), path),
    }
}

fn asked(why: &str, path: &Template) -> Outcome {
    let maybe = path.literal().map(Right::get_url);
    Outcome::Unproven {
        why: why.to_owned(),
        maybe: maybe.into_iter().collect(),
    }
}

fn unknown_path(path: &Template) -> Outcome {
    Outcome::Unproven {
        why: format!("the path is {path}, which is known for each target only"),
        maybe: Vec::new(),
    }
}

fn of_kubelet(scraped: &Scraped<'_>, path: &Template) -> Outcome {
    let Some(path) = path.literal() else {
        return unknown_path(path);
    };
    let right = Right::resource("", kubelet_resource(path), "get");
    Outcome::Needs {
        rights: named(&right, &nodes(scraped)),
        scopes: vec![Scope::Cluster],
        why: format!("the kubelets are asked directly for {path}"),
    }
}

fn named(right: &Right, names: &[String]) -> Vec<Right> {
    if names.is_empty() {
        return vec![right.clone()];
    }
    let names = names.iter();
    names.map(|name| right.clone().named(name)).collect()
}

/// The only nodes that are looked for or kept.
fn nodes(scraped: &Scraped<'_>) -> Vec<String> {
    let Some(discovery) = scraped.discovery.filter(|found| found.role == Role::Node) else {
        return Vec::new();
    };
    match single_name(discovery, Role::Node) {
        Some(name) => vec![name.to_owned()],
        None => scraped.labels.kept("__meta_kubernetes_node_name").to_vec(),
    }
}

/// A path of the API server: a proxy, or a path that is no resource (`RequestInfo` of `k8s.io/apiserver`).
fn of_api_server(scraped: &Scraped<'_>, path: &Template) -> Outcome {
    let segments = path.segments();
    let texts: Vec<&str> = segments
        .iter()
        .map(|segment| segment.literal().unwrap_or("*"))
        .collect();
    let why = |of: &str| format!("the API server is asked to pass the scrape on to {of}");
    match texts.as_slice() {
        ["", "api", "v1", "nodes", _, "proxy", ..] => Outcome::Needs {
            rights: named(
                &Right::resource("", "nodes/proxy", "get"),
                &names(scraped, &segments[4], "__meta_kubernetes_node_name"),
            ),
            scopes: vec![Scope::Cluster],
            why: why("the kubelet"),
        },
        [
            "",
            "api",
            "v1",
            "namespaces",
            _,
            kind @ ("services" | "pods"),
            _,
            "proxy",
            ..,
        ] => {
            let label = match *kind {
                "pods" => "__meta_kubernetes_pod_name",
                _ => "__meta_kubernetes_service_name",
            };
            let right = Right::resource("", &format!("{kind}/proxy"), "get");
            Outcome::Needs {
                rights: named(&right, &names(scraped, &segments[6], label)),
                scopes: namespaces(scraped, &segments[4]),
                why: why(kind),
            }
        }
        ["", "api" | "apis", ..] => Outcome::Unproven {
            why: format!("{path} at the API server is an object and no metrics"),
            maybe: Vec::new(),
        },
        _ => match path.literal() {
            Some(path) => Outcome::Needs {
                rights: vec![Right::get_url(path)],
                scopes: vec![Scope::Cluster],
                why: "the API server itself is scraped".to_owned(),
            },
            None => unknown_path(path),
        },
    }
}

/// The names that stand in a segment of a path; empty for any.
fn names(scraped: &Scraped<'_>, segment: &Template, label: &str) -> Vec<String> {
    if let Some(name) = segment.literal() {
        // `NODE:PORT` is authorized under that whole text.
        return vec![name.to_owned()];
    }
    match segment.label() {
        Some("__meta_kubernetes_node_name") => nodes(scraped),
        Some(taken) if taken == label => scraped.labels.kept(label).to_vec(),
        _ => Vec::new(),
    }
}

fn namespaces(scraped: &Scraped<'_>, segment: &Template) -> Vec<Scope> {
    let names = match (segment.literal(), segment.label()) {
        (Some(name), _) => vec![name.to_owned()],
        (None, Some(label @ "__meta_kubernetes_namespace")) => {
            let kept = scraped.labels.kept(label);
            let looked_into = scraped.discovery.map(|found| found.namespaces.clone());
            if kept.is_empty() {
                looked_into.unwrap_or_default()
            } else {
                kept.to_vec()
            }
        }
        _ => Vec::new(),
    };
    if names.is_empty() {
        return vec![Scope::Cluster];
    }
    names.into_iter().map(Scope::Namespace).collect()
}

/// Several outcomes, of which each target has one.
fn undecided(outcomes: Vec<Outcome>) -> Outcome {
    let mut reasons: Vec<String> = Vec::new();
    let mut maybe: Vec<Right> = Vec::new();
    for outcome in outcomes {
        let (why, rights) = match outcome {
            Outcome::Needs { rights, why, .. } => (why, rights),
            Outcome::Nothing(why) => (why, Vec::new()),
            Outcome::Unproven { why, maybe } => (why, maybe),
        };
        reasons.push(why);
        for right in rights {
            if !maybe.contains(&right) {
                maybe.push(right);
            }
        }
    }
    reasons.dedup();
    Outcome::Unproven {
        why: format!(
            "relabelling decides for each target: {}",
            reasons.join("; or ")
        ),
        maybe,
    }
}
