//! Jobs in the user's own prometheus.yml: only monconf's own lines change.

mod documented;
mod literals;
mod refusals;
mod running;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testbed::promtool_check;

use crate::support::{Monconf, Run};

const SERVER: &str = "https://kubernetes.example.com:6443";

/// As somebody keeps it: with comments, an anchor, quotes of both kinds, and jobs with secrets.
const BY_HAND: &str = "# Prometheus of the team\n\
global:\n  scrape_interval: 15s   # often enough\n\n\
rule_files: ['rules/*.yml']\n\n\
scrape_configs:\n  # the machine itself\n  - job_name: \"node\"\n    static_configs: &here\n      - targets: ['localhost:9100']   # here\n\n  \
- job_name: other\n    static_configs: *here\n    basic_auth:\n      username: jane\n      password: correct-horse-battery\n\n  # end of jobs\n\n\
alerting: {}\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(main: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.main(), main).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn main(&self) -> PathBuf {
        self.path("prometheus.yml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.main()).unwrap()
    }

    /// A plan without a cluster.
    fn plan(&self, arguments: &[&str]) -> Run {
        self.plan_for(SERVER, arguments)
    }

    fn plan_for(&self, server: &str, arguments: &[&str]) -> Run {
        let main = self.main();
        let main = main.to_str().unwrap();
        Monconf::new(["prometheus", "--offline", "--config", main])
            .args(["--api-server", server])
            .args(arguments)
            .current_dir(self.0.path())
            .run()
    }

    /// What the file would become, written.
    fn take(&self, arguments: &[&str]) {
        let config = self.plan(&[arguments, &["-o", "config"]].concat()).ok();
        fs::write(self.main(), config.stdout).unwrap();
    }
}

fn parsed(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    yaml::parse(&text, "file").unwrap().remove(0)
}

#[test]
fn the_diff_shows_the_job_s_own_lines_and_the_exit_code_gates_a_pull_request() {
    let folder = Folder::with(BY_HAND);
    let gate = ["--jobs", "apiserver", "--detailed-exitcode"];
    let planned = folder.plan(&gate).exit(2).stdout;
    assert!(
        planned.starts_with(
            "No cluster asked (offline): only configuration files are compared\n\
             Prometheus: raw format, jobs apiserver\n"
        ),
        "{planned}"
    );
    assert!(
        planned.contains("prometheus.yml  adds 1 job\n"),
        "{planned}"
    );
    let added: Vec<&str> = planned
        .lines()
        .filter(|line| line.starts_with('+'))
        .collect();
    assert_eq!(
        added[1],
        "+  - job_name: kubernetes-apiservers  # by monconf, instance monitoring"
    );
    let removed = planned.lines().filter(|line| line.starts_with('-'));
    assert_eq!(removed.count(), 1, "the file's name alone: {planned}");
    assert!(!planned.contains("battery"), "{planned}");
    assert_eq!(folder.text(), BY_HAND, "a plan writes nothing");

    folder.take(&["--jobs", "apiserver"]);
    let planned = folder.plan(&gate).ok().stdout;
    assert!(planned.contains("  = file"), "{planned}");
    assert!(
        planned.ends_with("No changes: everything is as wanted.\n"),
        "{planned}"
    );
    promtool_check(&folder.main(), true).unwrap();
    let theirs = parsed(&folder.main())["scrape_configs"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(theirs, 3);
    let kept: Vec<String> = folder
        .text()
        .lines()
        .filter(|line| BY_HAND.lines().any(|by_hand| by_hand == *line))
        .map(str::to_owned)
        .collect();
    let by_hand: Vec<&str> = BY_HAND.lines().collect();
    assert!(
        by_hand
            .iter()
            .all(|line| kept.iter().any(|kept| kept == line))
    );
}

#[test]
fn two_instances_share_a_file_and_each_changes_its_own() {
    let folder = Folder::with(BY_HAND);
    folder.take(&["--jobs", "apiserver,kubelet"]);
    let first = folder.text();
    folder.take(&["--name", "blue", "--jobs", "kubelet"]);
    let both = folder.text();
    assert!(both.contains("- job_name: blue-kubernetes-nodes  # by monconf, instance blue\n"));
    // The first one's removal of a job leaves the second one's.
    folder.take(&["--jobs", "apiserver"]);
    let less = folder.text();
    assert!(!less.contains(
        "instance monitoring\n    scheme: https\n    metrics_path: /metrics\n    honor_labels: true"
    ));
    assert!(less.contains("instance blue\n"));
    folder.take(&["--jobs", "apiserver,kubelet"]);
    assert_eq!(folder.text().len(), both.len());
    // Where the second one goes, nothing of it stays: it moves to a file that is named already.
    fs::write(folder.main(), &both).unwrap();
    folder.take(&[
        "--name",
        "blue",
        "--jobs",
        "kubelet",
        "--drop-in",
        "blue.yml",
    ]);
    let moved = folder.text();
    assert_eq!(
        moved,
        format!(
            "{first}scrape_config_files:  # by monconf\n  - blue.yml  # by monconf, instance blue\n"
        )
    );
    folder.take(&["--name", "blue", "--jobs", "kubelet"]);
    assert_eq!(folder.text(), both);
}

#[test]
fn a_drop_in_is_named_once_and_not_where_a_pattern_covers_it() {
    let arguments = ["--jobs", "kubelet", "--drop-in", "jobs/k8s.yml"];
    for (list, is_covered) in [
        ("scrape_config_files:\n- jobs/*.yml\n", true),
        (
            "scrape_config_files: ['other.yml', \"jobs/k8s.yml\"]\n",
            true,
        ),
        (
            "scrape_config_files:\n  - jobs/a*.yml # a\n\nglobal: {}\n",
            false,
        ),
        ("", false),
    ] {
        let folder = Folder::with(list);
        fs::create_dir(folder.path("jobs")).unwrap();
        let planned = folder.plan(&arguments).ok().stdout;
        assert_eq!(
            planned.contains("prometheus.yml  adds 1 entry"),
            !is_covered,
            "{planned}"
        );
        let before = parsed_files(&folder);
        folder.take(&arguments);
        let mut expected = before;
        if !is_covered {
            expected.push("jobs/k8s.yml".into());
        }
        assert_eq!(parsed_files(&folder), expected);
        let again = folder.plan(&arguments).ok().stdout;
        assert!(again.contains("  = file"), "{again}");
    }
}

fn parsed_files(folder: &Folder) -> Vec<Value> {
    let documents = yaml::parse(&folder.text(), "file").unwrap();
    let document = documents.into_iter().next().unwrap_or_default();
    document["scrape_config_files"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn others_jobs_that_read_the_same_token_are_told() {
    let folder = Folder::with(BY_HAND);
    folder.take(&["--jobs", "kubelet"]);
    let token = folder.path("monitoring-credentials/token");
    let job = format!(
        "scrape_configs:\n- job_name: pods\n  kubernetes_sd_configs:\n  - role: pod\n    api_server: {SERVER}\n    authorization: {{credentials_file: {}}}\n",
        token.display()
    );
    fs::write(folder.main(), job).unwrap();
    let run = folder.plan(&["--jobs", "kubelet"]).ok();
    let expected = format!(
        "warning: the job at {}:2 reads the same token as monconf's own: it lacks list, watch pods (for pods)\n",
        folder.main().display()
    );
    assert_eq!(run.stderr, expected);
    let run = folder.plan(&["--jobs", "kubelet,pods"]).ok();
    assert!(run.stderr.contains("its rights suffice"), "{}", run.stderr);
}
