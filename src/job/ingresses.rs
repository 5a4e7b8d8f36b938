//! Ingresses, probed from outside by a blackbox exporter.

use super::{Discovery, Job, Role};
use promconf::RelabelConfig;

/// `exporter` is the blackbox exporter's `HOST:PORT`.
pub(super) fn ingresses(exporter: &str) -> Job {
    Job {
        name: "ingresses".to_owned(),
        summary: "Ingresses with the annotation prometheus.io/probe: \"true\", through a blackbox exporter".to_owned(),
        job_name: "kubernetes-ingresses".to_owned(),
        discovery: Discovery::all(Role::Ingress),
        metrics_path: "/probe".to_owned(),
        params: vec![("module".to_owned(), vec!["http_2xx".to_owned()])],
        relabelling: vec![
            RelabelConfig::keep(&["__meta_kubernetes_ingress_annotation_prometheus_io_probe"], "true"),
            RelabelConfig::replace(
                &[
                    "__meta_kubernetes_ingress_scheme",
                    "__address__",
                    "__meta_kubernetes_ingress_path",
                ],
                "(.+);(.+);(.+)",
                "__param_target",
                "$1://$2$3",
            ),
            RelabelConfig::copy("__param_target", "instance"),
            RelabelConfig::constant("__address__", exporter),
            RelabelConfig::copy("__meta_kubernetes_namespace", "namespace"),
            RelabelConfig::copy("__meta_kubernetes_ingress_name", "ingress"),
        ],
        ..Job::open()
    }
}
