//! What is refused, in which words; the file is as it was.

use std::fs;

use super::{BY_HAND, Folder};

fn refused(main: &str, arguments: &[&str], expected: &str, hint: &str) {
    let folder = Folder::with(main);
    let run = folder
        .plan(&[&["--jobs", "kubelet"], arguments].concat())
        .exit(1);
    let place = folder.main().display().to_string();
    let (message, told) = run
        .stderr
        .rsplit_once("\nhint: ")
        .unwrap_or_else(|| panic!("{}", run.stderr));
    let message = message
        .rsplit_once("error: ")
        .unwrap()
        .1
        .replace(&place, "FILE");
    assert_eq!(message, expected, "{main}");
    assert!(told.contains(hint), "{told}");
    assert_eq!(folder.text(), main);
}

#[test]
fn somebody_else_s_job_of_the_same_name_is_taken_over_only_where_that_is_asked_for() {
    let main = "scrape_configs:\n- job_name: kubernetes-nodes # mine\n  static_configs: []\n";
    refused(
        main,
        &[],
        "FILE:2: job kubernetes-nodes was not written by monconf",
        " --take-ownership` replaces it",
    );
    let folder = Folder::with(main);
    folder.take(&["--jobs", "kubelet", "--take-ownership"]);
    assert!(folder.text().starts_with(
        "scrape_configs:\n- job_name: kubernetes-nodes  # by monconf, instance monitoring\n  scheme: https\n"
    ));
    let of_another = main.replace("# mine", "# by monconf, instance blue");
    for arguments in [&[][..], &["--take-ownership"]] {
        refused(
            &of_another,
            arguments,
            "FILE:2: job kubernetes-nodes belongs to instance blue of monconf",
            " --name monitoring-2` creates an instance with other names",
        );
    }
    let twice = "scrape_configs:\n- job_name: kubernetes-nodes\n- job_name: kubernetes-nodes\n";
    refused(
        twice,
        &["--take-ownership"],
        "FILE:3: kubernetes-nodes is there twice",
        "line",
    );
}

#[test]
fn jobs_of_another_cluster_are_not_replaced_by_this_one_s() {
    let folder = Folder::with(BY_HAND);
    folder.take(&["--jobs", "kubelet"]);
    let before = folder.text();
    let other = ["--jobs", "kubelet"];
    let run = folder.plan_for("https://other.example.com", &other).exit(1);
    assert!(
        run.stderr.contains(
            "job kubernetes-nodes of this instance is for another cluster (https://kubernetes.example.com:6443)\n\
             hint: `monconf prometheus "
        ),
        "{}",
        run.stderr
    );
    assert_eq!(folder.text(), before);
    let other = ["--jobs", "kubelet", "--take-ownership"];
    folder.plan_for("https://other.example.com", &other).ok();
    let other = ["--jobs", "kubelet", "--name", "other"];
    folder.plan_for("https://other.example.com", &other).ok();
}

#[test]
fn a_text_that_cannot_be_edited_line_by_line_is_left_alone() {
    for (main, expected) in [
        (
            "scrape_configs: [{job_name: a}]\n",
            "FILE:1: scrape_configs is written in brackets; only a list of lines that begin with a dash can be edited",
        ),
        (
            "a: &a {scrape_configs: []}\n<<: *a\n",
            "FILE:2: scrape_configs may come through the merge key here, and would be replaced by one of its own",
        ),
        (
            "a: &jobs\n- job_name: a\nscrape_configs: *jobs\n",
            "FILE:3: scrape_configs is an alias of a list that stands elsewhere",
        ),
        ("- job_name: a\n", "FILE:1: the document is a list"),
        (
            "note: |\n  no line break",
            "FILE:2: this cannot be changed safely, and was left alone: something beside the list would change its meaning",
        ),
    ] {
        refused(main, &[], expected, "one item a line");
    }
    let twice = "FILE:2:1: the key \"global\" is given twice";
    refused(
        "global: {}\nglobal: {}\n",
        &[],
        twice,
        "fix it at that place",
    );
    let open = "FILE:1:4: unclosed bracket '['";
    refused("a: [\n", &[], open, "fix it at that place");
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = Folder::with("");
    fs::remove_file(folder.main()).unwrap();
    let run = folder.plan(&["--jobs", "kubelet"]).exit(1);
    assert!(run.stderr.contains("there is no file "), "{}", run.stderr);
    assert!(run.stderr.contains("hint: `touch "), "{}", run.stderr);
    assert!(
        run.stdout
            .contains("\nNo plan. Blocked: nothing was written.\nblocked: there is no file "),
        "{}",
        run.stdout
    );
    assert!(!folder.main().exists());
}

#[test]
fn what_prometheus_would_not_load_is_said_before() {
    let folder = Folder::with("scrape_config_files: ['jobs/*.yml']\n");
    fs::create_dir(folder.path("jobs")).unwrap();
    fs::write(
        folder.path("jobs/a.yml"),
        "scrape_configs:\n- job_name: a\n- job_name: kubernetes-nodes\n",
    )
    .unwrap();
    let run = folder.plan(&["--jobs", "kubelet"]).exit(1);
    assert!(
        run.stderr
            .contains("prometheus.yml: job kubernetes-nodes is also in ")
            && run.stderr.contains("jobs/a.yml:3\n"),
        "{}",
        run.stderr
    );

    let folder = Folder::with("scrape_configs:\n- job_name: kubernetes-nodes\n");
    let run = folder
        .plan(&["--jobs", "kubelet", "--drop-in", "k8s.yml"])
        .exit(1);
    assert!(
        run.stderr
            .contains("prometheus.yml: job kubernetes-nodes is also in ")
            && run.stderr.contains("prometheus.yml:2\n"),
        "{}",
        run.stderr
    );

    let folder = Folder::with("global:\n  scrape_interval: 5s\n");
    fs::write(
        folder.path("monconf.yaml"),
        "ownJobs:\n- name: shop\n  role: pod\n  timeout: 10s\n",
    )
    .unwrap();
    let run = folder.plan(&[]).exit(1);
    assert!(
        run.stderr
            .contains("the scrape timeout 10s of job shop is longer than its scrape interval 5s"),
        "{}",
        run.stderr
    );
}
