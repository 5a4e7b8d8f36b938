//! The real exporters.

use std::net::Ipv4Addr;

use testbed::{Component, Exporter};

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

#[test]
fn the_node_exporter_tells_of_this_machine() {
    let exporter = Exporter::node(LOOPBACK);
    assert_ne!(exporter.port(), 0);
    let metrics = exporter.get("/metrics");
    assert_is_text_format(&metrics);
    assert_names_version(&metrics, "node_exporter", Component::NodeExporter);
    assert!(metrics.contains("\nnode_cpu_seconds_total{"), "{metrics}");
}

#[test]
fn the_node_exporter_tells_what_it_is_given() {
    let exporter = Exporter::text(LOOPBACK, "own{job=\"theirs\"} 1\n");
    let metrics = exporter.get("/metrics");
    assert_is_text_format(&metrics);
    assert!(metrics.contains("\nown{job=\"theirs\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("node_cpu"), "{metrics}");
}

#[test]
fn the_blackbox_exporter_probes_another() {
    let (blackbox, node) = (Exporter::blackbox(LOOPBACK), Exporter::node(LOOPBACK));
    let metrics = blackbox.get("/metrics");
    assert_is_text_format(&metrics);
    assert_names_version(&metrics, "blackbox_exporter", Component::BlackboxExporter);

    let probe = format!("/probe?module=tcp_connect&target={}", node.address());
    assert!(blackbox.get(&probe).contains("\nprobe_success 1\n"));
    drop(node);
    assert!(blackbox.get(&probe).contains("\nprobe_success 0\n"));
}

#[test]
fn coredns_tells_of_its_zone() {
    let exporter = Exporter::coredns(LOOPBACK);
    let metrics = exporter.get("/metrics");
    assert_is_text_format(&metrics);
    assert_names_version(&metrics, "coredns", Component::CoreDns);
    assert!(metrics.contains("name=\"whoami\""), "{metrics}");
}

#[test]
fn an_exporter_starts_on_the_port_that_was_asked_for() {
    let address = Exporter::blackbox(LOOPBACK).address();
    assert_eq!(Exporter::blackbox(address).address(), address);
}

/// Every line is a comment or `name{labels} value`.
fn assert_is_text_format(metrics: &str) {
    assert!(metrics.contains("# TYPE "), "{metrics}");
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit_once(' ').map(|(_, value)| value.parse::<f64>());
        assert!(matches!(value, Some(Ok(_))), "{line}");
    }
}

fn assert_names_version(metrics: &str, program: &str, component: Component) {
    let info = format!("{program}_build_info{{");
    let version = format!("version=\"{}\"", component.version());
    assert!(
        metrics
            .lines()
            .any(|line| line.starts_with(&info) && line.contains(&version)),
        "{metrics}"
    );
}
