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
use testbed::{Client, Cluster, Pod};

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
        until(
            "the kubelet has learnt of it",
            Duration::from_secs(10),
            || answer(&kubelet, path).0 == 200,
        );
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
    let patience = Duration::from_secs(20);
    until("the run's directory is gone", patience, || !run.exists());
    until("nothing is left", patience, || {
        leftovers(&name, &interface).is_empty()
    });
    assert!(!containerd.is_alive());
}

/// Processes and mounts that mention the run, its interface, its control groups.
fn leftovers(run: &str, interface: &str) -> Vec<String> {
    let mut left = Vec::new();
    for entry in fs::read_dir("/proc").expect("processes").flatten() {
        for file in ["cmdline", "mountinfo", "cgroup"] {
            let text = fs::read(entry.path().join(file)).unwrap_or_default();
            if String::from_utf8_lossy(&text).contains(run) {
                left.push(entry.path().join(file).display().to_string());
            }
        }
    }
    for folder in ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/class/net"] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(run) || name == interface {
                left.push(name);
            }
        }
    }
    left
}
