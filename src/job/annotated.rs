//! Targets that ask to be scraped by the conventional annotations `prometheus.io/scrape`, `path`, `port`, `scheme` and
//! `param_NAME`.

use super::{Discovery, Job, Role};
use promconf::RelabelConfig;

pub(super) fn pods() -> Job {
    let mut relabelling = by_annotations("pod");
    relabelling.extend([
        // A pod that has ended has an address still.
        RelabelConfig::drop(
            &["__meta_kubernetes_pod_phase"],
            "Pending|Succeeded|Failed|Completed",
        ),
        RelabelConfig::copy("__meta_kubernetes_namespace", "namespace"),
        RelabelConfig::copy("__meta_kubernetes_pod_name", "pod"),
        RelabelConfig::copy("__meta_kubernetes_pod_node_name", "node"),
    ]);
    Job {
        name: "pods".to_owned(),
        summary: "pods with the annotation prometheus.io/scrape: \"true\"".to_owned(),
        job_name: "kubernetes-pods".to_owned(),
        discovery: Discovery::all(Role::Pod),
        relabelling,
        ..Job::open()
    }
}

pub(super) fn services() -> Job {
    let mut relabelling = by_annotations("service");
    relabelling.extend([
        RelabelConfig::copy("__meta_kubernetes_namespace", "namespace"),
        RelabelConfig::copy("__meta_kubernetes_service_name", "service"),
        RelabelConfig::copy("__meta_kubernetes_pod_name", "pod"),
        RelabelConfig::copy("__meta_kubernetes_endpointslice_endpoint_node_name", "node"),
    ]);
    Job {
        name: "services".to_owned(),
        summary: "endpoints of Services with the annotation prometheus.io/scrape: \"true\""
            .to_owned(),
        job_name: "kubernetes-services".to_owned(),
        discovery: Discovery::all(Role::EndpointSlice),
        relabelling,
        ..Job::open()
    }
}

fn by_annotations(of: &str) -> Vec<RelabelConfig> {
    let annotation = |name: &str| format!("__meta_kubernetes_{of}_annotation_prometheus_io_{name}");
    vec![
        RelabelConfig::keep(&[&annotation("scrape")], "true"),
        RelabelConfig::replace(&[&annotation("scheme")], "(https?)", "__scheme__", "$1"),
        RelabelConfig::replace(&[&annotation("path")], "(.+)", "__metrics_path__", "$1"),
        // The address, without its port where it has one, then the annotated port. An IPv6 address stands in brackets
        // where it has a port, and gets them where it has none.
        RelabelConfig::replace(
            &["__address__", &annotation("port")],
            r"(\[.+\]|[^:]+)(?::\d+)?;(\d+)",
            "__address__",
            "$1:$2",
        ),
        RelabelConfig::replace(
            &["__address__", &annotation("port")],
            r"([^\[\];]+:[^\[\];]*:[^\[\];]*);(\d+)",
            "__address__",
            "[$1]:$2",
        ),
        RelabelConfig::labelmap(&annotation("param_(.+)"), "__param_$1"),
    ]
}
