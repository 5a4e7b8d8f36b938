//! Texts whose marks name no cluster, or come from elsewhere.

use std::fs;

use serde_json::json;
use testbed::Scope;

use super::{Pair, uid};

/// A file that was written without asking a cluster is for the API server that its jobs name.
#[test]
fn jobs_that_name_no_cluster_are_told_by_their_api_server() {
    let pair = Pair::new("offline");
    fs::write(pair.path("main.yml"), "scrape_configs: []\n").unwrap();
    let place = ["--config", "main.yml", "--token-dir", "token"];
    let words = [
        &[
            "prometheus",
            "--offline",
            "--jobs",
            "kubelet",
            "-o",
            "config",
        ][..],
        &place,
        &["--api-server", pair.here.cp.url()],
    ];
    let config = pair.run(&pair.here, &words.concat()).run().ok().stdout;
    assert!(!config.contains(", cluster "), "{config}");
    fs::write(pair.path("main.yml"), &config).unwrap();
    for jobs in ["kubelet", "apiserver"] {
        let apply = [&["prometheus", "--apply", "--jobs", jobs][..], &place].concat();
        let refused = pair.run(&pair.there, &apply).run().exit(1);
        assert!(
            refused.stderr.contains(&format!(
                "of this instance is for another cluster ({})",
                pair.here.cp.url()
            )),
            "{}",
            refused.stderr
        );
        assert_eq!(pair.text("main.yml"), config);
    }
    let apply = [&["prometheus", "--apply", "--jobs", "kubelet"][..], &place].concat();
    pair.run(&pair.here, &apply).run().ok();
    assert!(pair.text("main.yml").contains(&uid(&pair.here)));
}

fn config_map(on: &Scope, text: &str) {
    on.create_namespace();
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prometheus"}, "data": {"prometheus.yml": text},
    });
    let path = format!("/api/v1/namespaces/{}/configmaps", on.namespace);
    on.admin().post(&path, &object).unwrap();
}

fn text_of_map(on: &Scope) -> String {
    let path = format!("/api/v1/namespaces/{}/configmaps/prometheus", on.namespace);
    let object = on.admin().get(&path).unwrap();
    object["data"]["prometheus.yml"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Objects are copied from cluster to cluster, and their jobs hold in each.
#[test]
fn a_key_that_was_copied_from_another_cluster_is_as_wanted() {
    let pair = Pair::new("copied");
    let words = [
        "prometheus",
        "--jobs",
        "kubelet",
        "--configmap",
        "prometheus:prometheus.yml",
    ];
    config_map(&pair.here, "scrape_configs: []\n");
    pair.run(&pair.here, &words).args(["--apply"]).run().ok();
    let text = text_of_map(&pair.here);
    assert!(
        text.contains(&format!("# by monconf, instance {}\n", pair.here.name)),
        "{text}"
    );
    config_map(&pair.there, &text);
    pair.run(&pair.there, &words).args(["--apply"]).run().ok();
    assert_eq!(text_of_map(&pair.there), text);
}

/// The text of a file for one cluster, put into a key of another one.
#[test]
fn a_file_s_jobs_in_a_key_stay_their_cluster_s() {
    let pair = Pair::new("pasted");
    fs::write(pair.path("main.yml"), "scrape_configs: []\n").unwrap();
    let file = [
        "prometheus",
        "--apply",
        "--jobs",
        "kubelet",
        "--config",
        "main.yml",
    ];
    pair.run(&pair.here, &file).run().ok();
    let text = pair.text("main.yml");
    config_map(&pair.there, &text);
    let key = ["--configmap", "prometheus:prometheus.yml"];
    let apply = [&["prometheus", "--apply", "--jobs", "kubelet"][..], &key].concat();
    let refused = pair.run(&pair.there, &apply).run().exit(1);
    assert!(
        refused.stderr.contains("of monconf on another cluster"),
        "{}",
        refused.stderr
    );
    let remove = [&["remove", "prometheus", "--apply", "--yes"][..], &key].concat();
    pair.run(&pair.there, &remove).run().ok();
    assert_eq!(text_of_map(&pair.there), text);
}
