//! What each role makes of an object, beside what Prometheus 3.13 showed for the same ones.

use serde_json::json;

use super::*;

fn addresses(targets: &[TargetLabels]) -> Vec<&str> {
    targets
        .iter()
        .map(|labels| labels[ADDRESS].as_str())
        .collect()
}

fn get<'a>(labels: &'a TargetLabels, name: &str) -> &'a str {
    labels
        .get(&format!("__meta_kubernetes_{name}"))
        .map_or("", String::as_str)
}

#[test]
fn a_node_is_its_kubelet_at_the_first_address_that_it_has() {
    let node = json!({
        "metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux"}},
        "spec": {"providerID": "x://1"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": "node-1"},
                {"type": "InternalIP", "address": "fd00::1"},
                {"type": "InternalIP", "address": "10.0.0.1"},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    });
    let found = targets(Role::Node, &node, &Beside::default());
    assert_eq!(addresses(&found), ["[fd00::1]:10250"]);
    assert_eq!(found[0]["instance"], "node-1");
    assert_eq!(get(&found[0], "node_label_kubernetes_io_os"), "linux");
    assert_eq!(get(&found[0], "node_labelpresent_kubernetes_io_os"), "true");
    assert_eq!(get(&found[0], "node_address_InternalIP"), "fd00::1");
    assert_eq!(get(&found[0], "node_provider_id"), "x://1");
    let bare = json!({"metadata": {"name": "node-2"}});
    assert!(targets(Role::Node, &bare, &Beside::default()).is_empty());
}

#[test]
fn a_pod_is_a_target_for_each_port() {
    let pod = json!({
        "metadata": {
            "name": "shop-1", "namespace": "shop", "uid": "u",
            "ownerReferences": [{"kind": "ReplicaSet", "name": "shop", "controller": true}],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {"name": "web", "ports": [{"name": "http", "containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}]},
                {"name": "bare"},
            ],
            "initContainers": [{"name": "first"}],
        },
        "status": {"podIP": "10.1.0.1", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    });
    let found = targets(Role::Pod, &pod, &Beside::default());
    assert_eq!(
        addresses(&found),
        ["10.1.0.1:80", "10.1.0.1:81", "10.1.0.1", "10.1.0.1"]
    );
    assert_eq!(get(&found[0], "pod_container_port_name"), "http");
    assert_eq!(get(&found[1], "pod_container_port_protocol"), "UDP");
    assert_eq!(get(&found[3], "pod_container_init"), "true");
    assert_eq!(get(&found[0], "pod_ready"), "true");
    assert_eq!(get(&found[0], "pod_controller_name"), "shop");
    assert_eq!(get(&found[0], "namespace"), "shop");
}

#[test]
fn a_slice_has_the_labels_of_its_service_and_pods_and_the_ports_that_it_leaves_out() {
    let mut beside = Beside::default();
    beside.service(&json!({"metadata": {
        "name": "shop", "namespace": "shop", "annotations": {"prometheus.io/scrape": "true"},
    }}));
    beside.pod(json!({
        "metadata": {"name": "shop-1", "namespace": "shop"},
        "spec": {"containers": [{"name": "web", "ports": [{"containerPort": 80}, {"containerPort": 9100}]}]},
        "status": {"podIP": "10.1.0.1"},
    }));
    let slice = json!({
        "metadata": {"name": "shop-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "shop"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 80}, {"name": "any"}],
        "endpoints": [
            {"addresses": ["10.1.0.1"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": "shop-1"}},
            {"addresses": ["10.1.0.2"], "nodeName": "node-2"},
        ],
    });
    let found = targets(Role::EndpointSlice, &slice, &beside);
    assert_eq!(
        addresses(&found),
        ["10.1.0.1:80", "10.1.0.2:80", "10.1.0.1:9100"]
    );
    for target in &found {
        assert_eq!(
            get(target, "service_annotation_prometheus_io_scrape"),
            "true"
        );
        assert_eq!(get(target, "service_name"), "shop");
    }
    assert_eq!(get(&found[0], "pod_container_name"), "web");
    assert_eq!(
        get(&found[0], "endpointslice_endpoint_conditions_ready"),
        "true"
    );
    assert_eq!(get(&found[1], "endpointslice_endpoint_node_name"), "node-2");
    assert_eq!(get(&found[1], "pod_name"), "");
}

#[test]
fn services_and_ingresses_are_targets_by_name() {
    let service = json!({
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.9", "ports": [{"name": "http", "port": 80}]},
    });
    let found = targets(Role::Service, &service, &Beside::default());
    assert_eq!(addresses(&found), ["shop.shop.svc:80"]);
    assert_eq!(get(&found[0], "service_cluster_ip"), "10.96.0.9");
    let ingress = json!({
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "tls": [{"hosts": ["*.example.com"]}],
            "rules": [
                {"host": "shop.example.com", "http": {"paths": [{"path": "/cart"}, {}]}},
                {"host": "a.b.example.com"},
            ],
        },
    });
    let found = targets(Role::Ingress, &ingress, &Beside::default());
    assert_eq!(
        addresses(&found),
        ["shop.example.com", "shop.example.com", "a.b.example.com"]
    );
    assert_eq!(get(&found[0], "ingress_path"), "/cart");
    assert_eq!(get(&found[0], "ingress_scheme"), "https");
    assert_eq!(get(&found[2], "ingress_scheme"), "http");
}
