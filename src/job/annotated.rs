//! Targets that ask to be scraped by the conventional annotations `prometheus.io/scrape`, `path`, `port`, `scheme` and
//! `param_NAME`.

use super::{Discovery, Job, Relabelling, Role};

pub(super) fn pods() -> Job {
    let mut relabelling = by_annotations("pod");
    relabelling.extend([
        // A pod that has ended has an address still.
        Relabelling::drop(
            &["__meta_kubernetes_pod_phase"],
            "Pending|Succeeded|Failed|Completed",
        ),
        Relabelling::copy("__meta_kubernetes_namespace", "namespace"),
        Relabelling::copy("__meta_kubernetes_pod_name", "pod"),
        Relabelling::copy("__meta_kubernetes_pod_node_name", "node"),
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
        Relabelling::copy("__meta_kubernetes_namespace", "namespace"),
        Relabelling::copy("__meta_kubernetes_service_name", "service"),
        Relabelling::copy("__meta_kubernetes_pod_name", "pod"),
        Relabelling::copy("__meta_kubernetes_endpointslice_endpoint_node_name", "node"),
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

fn by_annotations(of: &str) -> Vec<Relabelling> {
    let annotation = |name: &str| format!("__meta_kubernetes_{of}_annotation_prometheus_io_{name}");
    vec![
        Relabelling::keep(&[&annotation("scrape")], "true"),
        Relabelling::replace(&[&annotation("scheme")], "(https?)", "__scheme__", "$1"),
        Relabelling::replace(&[&annotation("path")], "(.+)", "__metrics_path__", "$1"),
        // The address, without its port where it has one, then the annotated port. An IPv6 address stands in brackets
        // where it has a port, and gets them where it has none.
        Relabelling::replace(
            &["__address__", &annotation("port")],
            r"(\[.+\]|[^:]+)(?::\d+)?;(\d+)",
            "__address__",
            "$1:$2",
        ),
        Relabelling::replace(
            &["__address__", &annotation("port")],
            r"([^\[\];]+:[^\[\];]*:[^\[\];]*);(\d+)",
            "__address__",
            "[$1]:$2",
        ),
        Relabelling::labelmap(&annotation("param_(.+)"), "__param_$1"),
    ]
}
