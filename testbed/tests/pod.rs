//! Pods of a real node.

use serde_json::json;
use testbed::poll::{poll, until};
use testbed::{Cluster, Component, Pod};

#[test]
fn a_pod_runs_is_scraped_and_is_an_endpoint() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = cluster.cp.scope("a_pod_runs");
    scope.create_namespace();
    let image = "testbed.invalid/etcd:1";
    cluster
        .node
        .import_image(image, &[&Component::Etcd.binary("etcd")]);
    let pod = Pod {
        image,
        args: &[
            "--data-dir=/data",
            "--listen-client-urls=http://0.0.0.0:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
        ],
        labels: json!({"app": "store"}),
        ports: &[("client", 2379)],
        ..Pod::default()
    };
    let address = cluster.run_pod(&scope.namespace, "store", &pod);

    let metrics = poll(|| {
        let answer = ureq::get(format!("http://{address}:2379/metrics")).call();
        answer.ok()?.body_mut().read_to_string().ok()
    });
    assert!(metrics.expect("metrics").contains("etcd_server_has_leader"));

    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "store"},
        "spec": {"selector": {"app": "store"}, "ports": [{"name": "client", "port": 2379}]},
    });
    let namespace = &scope.namespace;
    let services = format!("/api/v1/namespaces/{namespace}/services");
    scope
        .admin()
        .post(&services, &service)
        .expect("an administrator");
    let slices = format!(
        "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices\
         ?labelSelector=kubernetes.io%2Fservice-name%3Dstore"
    );
    let endpoint = poll(|| {
        let slices = scope.admin().get(&slices).ok()?;
        Some(slices.pointer("/items/0/endpoints/0/addresses/0")?.clone())
    });
    assert_eq!(endpoint, Some(json!(address)));

    let usage = poll(|| {
        let metrics = cluster.kubelet("/metrics/cadvisor");
        let labels = [
            "container_memory_working_set_bytes{",
            "container=\"store\"",
            &format!("namespace=\"{namespace}\""),
        ];
        let mut lines = metrics.lines();
        lines
            .any(|line| labels.iter().all(|label| line.contains(label)))
            .then_some(())
    });
    usage.expect("the kubelet knows the Pod");
    assert!(
        cluster
            .pod_log(namespace, "store")
            .contains("ready to serve")
    );

    let pod = format!("/api/v1/namespaces/{namespace}/pods/store");
    scope.admin().delete(&pod).expect("an administrator");
    until("the Pod is gone", || scope.admin().is_absent(&pod));
}
