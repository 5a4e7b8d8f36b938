//! A real node: who may scrape it, and what is left of it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use testbed::node::PAUSE;
use testbed::poll::until;
use testbed::process::{Identity, run_directory};
use testbed::{Client, Cluster, Component, Options, Pod};

const METRICS: [&str; 5] = [
    "/metrics",
    "/metrics/cadvisor",
    "/metrics/probes",
    "/metrics/resource",
    "/metrics/slis",
];

#[test]
fn the_kubelet_asks_the_api_server_who_may_scrape() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let cp = &cluster.cp;
    let scope = cp.scope("who_may_scrape");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let token = cp.admin().token(&scope.namespace, "default", 600);
    let robot = Client::with_token(cp, &token.expect("a token"));
    let user = format!("system:serviceaccount:{}:default", scope.namespace);
    let url = format!("https://{}:10250", cluster.node.address());
    let kubelet = robot.via(&url);
    let answer = |client: &Client, path: &str| {
        let answer = client.send("GET", path, "", &[]).expect("an answer");
        (answer.code, answer.text.trim_end().to_owned())
    };

    let nobody = Client::anonymous(cp).via(&url);
    assert_eq!(answer(&nobody, "/metrics"), (401, "Unauthorized".into()));
    for (path, subresources) in METRICS.map(|path| (path, "metrics")).into_iter().chain([
        ("/pods", "pods proxy"),
        ("/configz", "configz proxy"),
        ("/stats/summary", "stats"),
    ]) {
        let refusal = format!(
            "Forbidden (user={user}, verb=get, resource=nodes, subresource(s)=[{subresources}])"
        );
        assert_eq!(answer(&kubelet, path), (403, refusal), "{path}");
    }
    let proxied = "/api/v1/nodes/node1/proxy/metrics";
    assert_eq!(
        robot.get(proxied).expect_err("no right").message,
        format!(
            "nodes \"node1\" is forbidden: User \"{user}\" cannot get resource \"nodes/proxy\" \
             in API group \"\" at the cluster scope"
        )
    );

    let rules = json!([{"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}]);
    cp.grant(&user, None, &rules);
    for path in METRICS {
        until("the kubelet has learnt of it", || {
            answer(&kubelet, path).0 == 200
        });
    }
    let (_, metrics) = answer(&kubelet, "/metrics");
    assert!(metrics.contains("kubelet_node_name{node=\"node1\"} 1"));
    assert_eq!(answer(&kubelet, "/pods").0, 403);
    // The API server has the kubelet's trust, and the kubelet that of the API server.
    let (code, metrics) = answer(cp.admin(), proxied);
    assert!(
        code == 200 && metrics.contains("kubelet_node_name"),
        "{metrics}"
    );
}

/// Whoever scrapes from a Pod reaches the API server as every Pod does: by the Service's address, with the token and the
/// authority that are mounted.
#[test]
fn a_pod_reaches_the_api_server() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let image = "testbed.invalid/kubectl:1";
    cluster
        .node
        .import_image(image, &[&Component::Kubernetes.binary("kubectl")]);
    let mut pod = Pod {
        image,
        args: &[
            "auth",
            "whoami",
            "--output=jsonpath={.status.userInfo.username}",
        ],
        ..Pod::default()
    };
    pod.spec.insert("restartPolicy".into(), json!("Never"));
    let scope = cluster.cp.scope("a_pod_reaches");
    scope.create_namespace();
    let namespace = &scope.namespace;
    cluster.cp.wait_for_namespace(namespace);
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let made = scope.admin().post(&pods, &pod.object("asks"));
    made.expect("an administrator");
    until("it has ended", || {
        let pod = scope.admin().get(&format!("{pods}/asks")).expect("a Pod");
        let phase = pod["status"]["phase"].as_str().expect("a phase");
        matches!(phase, "Succeeded" | "Failed")
    });
    let user = format!("system:serviceaccount:{namespace}:default");
    assert_eq!(cluster.pod_log(namespace, "asks"), user);
}

const RUNNER: &str = "MONCONF_TESTBED_NODE_RUNNER";

/// Not a test of its own: the runner that the test below kills, started from this same program.
#[test]
fn runner_with_a_node() {
    if env::var_os(RUNNER).is_none() {
        return;
    }
    let cluster = Cluster::shared().expect("the test below is root");
    let pod = Pod {
        image: PAUSE,
        ..Pod::default()
    };
    cluster.run_pod("default", "waits", &pod);
    let report = format!(
        "\nfolder {}\ncontainerd {}\n",
        run_directory().display(),
        fs::read_to_string(cluster.node.directory().join("containerd.pid")).expect("it runs")
    );
    std::io::stdout()
        .write_all(report.as_bytes())
        .expect("a pipe");
    std::thread::sleep(Duration::from_mins(2));
}

#[test]
fn a_killed_runner_leaves_no_node() {
    if !testbed::root::is_available("a cluster with a node") {
        return;
    }
    let mut runner = Command::new(env::current_exe().expect("this program"))
        .args(["node::runner_with_a_node", "--exact", "--nocapture"])
        .env(RUNNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let lines = BufReader::new(runner.stdout.take().expect("a pipe")).lines();
    let mut lines = lines.map(|line| line.expect("text"));
    let mut value = |key: &str| lines.find_map(|line| line.strip_prefix(key).map(str::to_owned));
    let folder = value("folder ").expect("a folder");
    let run = Path::new(&folder);
    let containerd: Identity = value("containerd ")
        .expect("a process")
        .parse()
        .expect("one");
    let name = run
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let interface = format!("mcb{}.0", runner.id());
    assert!(containerd.is_alive());
    assert!(!leftovers(&name, &interface).is_empty());

    runner.kill().expect("it runs");
    runner.wait().expect("it ends");
    until("the run's directory is gone", || !run.exists());
    until("nothing is left", || {
        leftovers(&name, &interface).is_empty()
    });
    assert!(!containerd.is_alive());
}

#[test]
fn a_dropped_cluster_leaves_nothing() {
    let Some(cluster) = Cluster::start(Options::bare()) else {
        return;
    };
    let pod = Pod {
        image: PAUSE,
        ..Pod::default()
    };
    cluster.run_pod("default", "waits", &pod);
    let directory = cluster.node.directory();
    let name = directory.file_name().expect("a name").to_string_lossy();
    assert!(!leftovers(&name, "").is_empty());
    drop(cluster);
    assert!(!directory.exists());
    assert_eq!(leftovers(&name, ""), [""; 0]);
}

/// What mentions the name of a run or of a node: processes, mounts, control groups; and an interface.
fn leftovers(name: &str, interface: &str) -> Vec<String> {
    let mut left = Vec::new();
    for entry in fs::read_dir("/proc").expect("processes").flatten() {
        for file in ["cmdline", "mountinfo", "cgroup"] {
            let text = fs::read(entry.path().join(file)).unwrap_or_default();
            if String::from_utf8_lossy(&text).contains(name) {
                left.push(entry.path().join(file).display().to_string());
            }
        }
    }
    for folder in ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/class/net"] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let found = entry.file_name().to_string_lossy().into_owned();
            if found.contains(name) || found == interface {
                left.push(found);
            }
        }
    }
    left
}
