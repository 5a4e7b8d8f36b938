//! Without a cluster, and where settings come from.

use std::fs;

use crate::support::{Monconf, Run};

const SERVER: &str = "https://kubernetes.example.com:6443";

fn offline(arguments: &[&str]) -> Run {
    // No kubeconfig, no home: nothing that leads to a cluster.
    Monconf::new(["prometheus", "--offline"])
        .args(arguments)
        .run()
}

#[test]
fn every_form_can_be_planned_without_a_cluster() {
    let operator = offline(&["--format", "operator"]).ok().stdout;
    assert!(
        operator.starts_with("No cluster asked (offline)"),
        "{operator}"
    );
    assert!(
        operator.contains("+ ServiceMonitor") && operator.contains("Plan: 9 to create"),
        "{operator}"
    );
    let raw = offline(&[]).ok();
    assert!(
        raw.stdout
            .starts_with("# Written by monconf, instance monitoring"),
        "{}",
        raw.stdout
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let drop_in = ["--drop-in", file.to_str().unwrap()];
    let refused = offline(&drop_in).exit(1);
    assert!(
        refused
            .stderr
            .contains("hint: add --api-server https://HOST:PORT"),
        "{}",
        refused.stderr
    );
    let planned = offline(&[&drop_in[..], &["--api-server", SERVER]].concat())
        .ok()
        .stdout;
    assert!(
        planned.contains(&format!("+    api_server: \"{SERVER}\""))
            || planned.contains(&format!("+    api_server: {SERVER}")),
        "{planned}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is written"
    );
    offline(&["--apply"]).exit(1);
}

#[test]
fn a_pull_request_can_be_gated_by_the_file_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let arguments = [
        "--detailed-exitcode",
        "--jobs",
        "apiserver",
        "--api-server",
        SERVER,
        "--drop-in",
        file.to_str().unwrap(),
    ];
    let planned = offline(&arguments).exit(2).stdout;
    let (_, shown) = planned.split_once("k8s.yml\n@@ new @@\n").unwrap();
    let lines: Vec<&str> = shown
        .lines()
        .map_while(|line| line.strip_prefix('+'))
        .collect();
    let text = lines.join("\n") + "\n";
    fs::write(&file, text.replace("scheme: https", "scheme: http")).unwrap();
    let planned = offline(&arguments).exit(2).stdout;
    assert!(planned.contains("-  scheme: http\n"), "{planned}");
    assert!(planned.contains("+  scheme: https\n"), "{planned}");
    fs::write(&file, text).unwrap();
    let planned = offline(&arguments).exit(2).stdout;
    assert!(planned.contains("  = file"), "{planned}");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monconf.yaml");
    fs::write(
        &file,
        "name: from-file\nnamespace: from-file\njobs: [kubelet]\nformat: operator\n",
    )
    .unwrap();
    let run = Monconf::new(["prometheus", "--offline", "--name", "from-flag"])
        .env("MONCONF_NAME", "from-env")
        .env("MONCONF_NAMESPACE", "from-env")
        .current_dir(folder.path())
        .run()
        .ok();
    assert!(
        run.stdout.contains("from-env/from-flag-k8s-kubelet"),
        "{}",
        run.stdout
    );
    assert!(
        !run.stdout.contains("ServiceMonitor"),
        "the jobs are the file's: {}",
        run.stdout
    );
    let elsewhere = offline(&["-f", file.to_str().unwrap()]).ok();
    assert!(
        elsewhere.stdout.contains("from-file/from-file-k8s-kubelet"),
        "{}",
        elsewhere.stdout
    );
    for (value, code) in [("1", 2), ("yes", 2), ("true", 2), ("0", 0), ("false", 0)] {
        let run = Monconf::new(["prometheus", "--offline"])
            .env("MONCONF_DETAILED_EXITCODE", value)
            .run();
        assert_eq!(run.code, code, "{value}");
    }
}

#[test]
fn a_wrong_file_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monconf.yaml");
    for (text, words) in [
        ("name: a\nnmae: b\n", "monconf.yaml:2: unknown field `nmae`"),
        ("jobs: apiserver\n", "monconf.yaml:1: jobs: invalid type"),
        (
            "name: a\nduration: 30sec\n",
            "monconf.yaml:2: duration: \"30sec\" is not a duration",
        ),
        ("name: [\n", "monconf.yaml:1: "),
        ("name: a\nname: b\n", "duplicate"),
        (
            "takeOwnership: maybe\n",
            "monconf.yaml:1: takeOwnership: invalid type",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let run = offline(&["-f", file.to_str().unwrap()]).exit(1);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let run = offline(&["-f", "/nowhere/monconf.yaml"]).exit(1);
    assert!(
        run.stderr
            .contains("error: cannot read /nowhere/monconf.yaml: "),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_settings_are_told_with_what_is_right() {
    for (arguments, words) in [
        (
            &["--name", "No_Name"][..],
            "--name \"No_Name\" is not a valid name",
        ),
        (
            &["--namespace", "a.b"],
            "--namespace \"a.b\" is not a valid name",
        ),
        (
            &["--jobs", "kubelet,nothing"],
            "hint: the jobs are apiserver, kubelet, cadvisor",
        ),
        (
            &["--format", "xml"],
            "hint: --format is auto, operator or raw",
        ),
        (&["--access", "all"], "hint: --access is jobs or observer"),
        (
            &["--allow-nodes-proxy"],
            "--allow-nodes-proxy has no effect with --access jobs",
        ),
        (
            &["--duration", "5m"],
            "the API server issues no token for less than 10m",
        ),
        (&["--duration", "200y"], "at most 2^32 seconds"),
        (&["--duration", "soon"], "\"soon\" is not a duration"),
        (
            &["--token-dir", "x"],
            "--token-dir needs --config or --drop-in",
        ),
        (
            &["--drop-in", "x.yml", "--format", "operator"],
            "leave out one of the two",
        ),
        (
            &["--api-server", "kubernetes"],
            "write it as https://HOST:PORT",
        ),
        (
            &["--api-server", "https://a:secret@b"],
            "is not an address of an API server",
        ),
        (&["--nonsense"], "unexpected argument '--nonsense'"),
    ] {
        let run = offline(arguments).exit(1);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_role_says_what_its_rules_are_for() {
    let alloy = |arguments: &[&str]| {
        let run = Monconf::new(["alloy", "--offline", "--remote-write", "http://x/"])
            .args(arguments)
            .run()
            .ok();
        let words = run.stderr.split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    let login = &["--remote-write-token", "login:token"][..];
    let token = &["--token-from", "secret"][..];
    let same = &["--remote-write-token", "alloy-k8s-token:token"][..];
    for (arguments, expected) in [
        (token, "Role monitoring/alloy-role 1 rule for the token +"),
        (
            login,
            "Role monitoring/alloy-role 1 rule for remote write +",
        ),
        (
            &[token, login].concat(),
            "Role monitoring/alloy-role 2 rules for the token and remote write +",
        ),
        (
            &[token, same].concat(),
            "Role monitoring/alloy-role 1 rule for the token and remote write +",
        ),
        (
            &[token, &["--namespace", "kube-system", "--jobs", "coredns"]].concat(),
            "Role kube-system/alloy-role 3 rules for 1 job and the token +",
        ),
    ] {
        let said = alloy(arguments);
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}
