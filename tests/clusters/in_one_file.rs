//! Every form of file that is written outside the cluster.

use std::fs;

use testbed::promtool_check;

use super::{Pair, account, uid};

const MAIN: &str =
    "# theirs\nscrape_configs:\n  - job_name: node   # mine\n    static_configs: []\n";
const AGENT: &str = "metrics:\n  configs:\n  - name: theirs\n    scrape_configs: []  # none yet\n";

/// The consumer, its flags, and whether what stays is a part of a file.
const FORMS: [(&str, &[&str]); 6] = [
    ("prometheus", &["--config", "main.yml"]),
    ("prometheus", &["--drop-in", "jobs.yml"]),
    (
        "prometheus",
        &["--drop-in", "jobs.yml", "--config", "main.yml"],
    ),
    (
        "prometheus",
        &["--drop-in", "jobs.yml", "--rules-file", "rules.yml"],
    ),
    ("grafana-agent", &["--config", "agent.yaml"]),
    ("alloy", &["--config", "k8s.alloy"]),
];

fn flags<'a>(consumer: &str, place: &[&'a str]) -> Vec<&'a str> {
    let mut flags = place.to_vec();
    flags.extend(["--jobs", "kubelet"]);
    if consumer == "alloy" {
        flags.extend(["--remote-write", "https://example.com/push"]);
    }
    flags
}

#[test]
fn what_one_cluster_wrote_is_neither_overwritten_nor_removed_nor_rotated_from_the_other() {
    for (consumer, place) in FORMS {
        let pair = Pair::new("forms");
        fs::write(pair.path("main.yml"), MAIN).unwrap();
        fs::write(pair.path("agent.yaml"), AGENT).unwrap();
        let by_hand = pair.files();
        let apply = [&[consumer, "--apply"][..], &flags(consumer, place)].concat();
        pair.run(&pair.here, &apply).run().ok();
        let written = pair.files();
        let text: String = written
            .values()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        assert!(text.contains(&format!(
            "by monconf, instance {}, cluster {}, ca ",
            pair.here.name,
            uid(&pair.here)
        )));

        // Refused before anything is written, in the cluster too.
        let refused = pair.run(&pair.there, &apply).run().exit(1);
        let elsewhere = format!(
            "belongs to instance {} of monconf on another cluster (UID of kube-system {})",
            pair.here.name,
            uid(&pair.here)
        );
        assert!(refused.stderr.contains(&elsewhere), "{}", refused.stderr);
        assert!(
            refused
                .stderr
                .contains("creates an instance with other names for this cluster"),
            "{}",
            refused.stderr
        );
        assert_eq!(pair.files(), written, "{consumer} {place:?}");
        assert!(pair.there.admin().is_absent(&account(&pair.there)));

        let rotate = [&["rotate", consumer][..], &flags(consumer, place)].concat();
        pair.run(&pair.there, &rotate).run().exit(1);
        assert_eq!(pair.files(), written, "{consumer} {place:?}");

        let remove = [&["remove", consumer][..], place, &["--apply", "--yes"]].concat();
        let kept = pair.run(&pair.there, &remove).run().ok();
        assert_eq!(pair.files(), written, "{consumer} {place:?}");
        assert!(
            kept.stdout.contains("on another cluster"),
            "{consumer} {place:?}: {}",
            kept.stdout
        );

        // Where they belong they are as wanted, and go.
        let plan = [
            &[consumer, "--detailed-exitcode"][..],
            &flags(consumer, place),
        ]
        .concat();
        pair.run(&pair.here, &plan).run().ok();
        pair.run(&pair.here, &remove).run().ok();
        assert_eq!(pair.files(), by_hand, "{consumer} {place:?}");
    }
}

#[test]
fn jobs_of_other_names_share_a_file_and_each_cluster_changes_its_own() {
    let pair = Pair::new("shared");
    fs::write(pair.path("main.yml"), MAIN).unwrap();
    let place = ["--config", "main.yml"];
    let here = |verb: &[&str]| {
        let words = [
            verb,
            &place,
            &["--token-dir", "here", "--jobs", "kubelet,cadvisor"],
        ];
        pair.run(&pair.here, &words.concat())
    };
    let there = |verb: &[&str]| {
        let words = [
            verb,
            &place,
            &["--token-dir", "there", "--jobs", "apiserver"],
        ];
        pair.run(&pair.there, &words.concat())
    };
    here(&["prometheus", "--apply"]).run().ok();
    let first = pair.text("main.yml");
    there(&["prometheus", "--apply"]).run().ok();
    let both = pair.text("main.yml");
    promtool_check(&pair.path("main.yml"), false).unwrap();
    let of = |text: &str, uid: &str| text.matches(&format!(", cluster {uid}, ca ")).count();
    assert_eq!(of(&both, &uid(&pair.here)), 2, "{both}");
    assert_eq!(of(&both, &uid(&pair.there)), 1, "{both}");
    for run in [
        here(&["prometheus", "--detailed-exitcode"]),
        there(&["prometheus", "--detailed-exitcode"]),
    ] {
        run.run().ok();
    }

    // Without a cluster the address tells which jobs are meant, and neither marks nor jobs of the other one change.
    let offline = |server: &str, more: &[&str]| {
        let words = [
            &["prometheus", "--offline", "--detailed-exitcode"][..],
            &place,
            &["--api-server", server],
            more,
        ];
        pair.run(&pair.here, &words.concat()).run()
    };
    let server = pair.here.cp.url();
    let jobs = ["--token-dir", "here", "--jobs", "kubelet,cadvisor"];
    offline(server, &jobs).ok();
    let less = ["--token-dir", "here", "--jobs", "kubelet", "-o", "config"];
    let config = offline(server, &less).exit(2).stdout;
    assert_eq!(of(&config, &uid(&pair.here)), 1, "{config}");
    assert_eq!(of(&config, &uid(&pair.there)), 1, "{config}");
    offline(
        pair.there.cp.url(),
        &["--token-dir", "there", "--jobs", "apiserver"],
    )
    .ok();
    let refused = offline("https://third.example.com", &jobs).exit(1);
    assert!(
        refused.stderr.contains("on several clusters")
            && refused
                .stderr
                .contains("names the cluster that is meant; or leave out --offline")
            && refused.stderr.contains(pair.there.cp.url()),
        "{}",
        refused.stderr
    );
    assert_eq!(pair.text("main.yml"), both);

    let with_yes = ["remove", "prometheus", "--apply", "--yes"];
    let remove = |on, token: &str| {
        let words = [&with_yes[..], &place, &["--token-dir", token]].concat();
        pair.run(on, &words).run().ok()
    };
    let removed = remove(&pair.there, "there");
    assert!(
        removed
            .stdout
            .contains("keeps 2 jobs of the instance of this name on another cluster"),
        "{}",
        removed.stdout
    );
    assert_eq!(pair.text("main.yml"), first);
    remove(&pair.here, "here");
    assert_eq!(pair.text("main.yml"), MAIN);
}

#[test]
fn two_drop_ins_are_named_in_one_file() {
    let pair = Pair::new("drop-ins");
    let main = "scrape_config_files:\n  - mine.yml\n";
    fs::write(pair.path("main.yml"), main).unwrap();
    let words = |verb: &'static str, drop_in: &'static str, jobs: &'static str| {
        [
            verb,
            "--config",
            "main.yml",
            "--drop-in",
            drop_in,
            "--jobs",
            jobs,
        ]
    };
    let here = words("prometheus", "here.yml", "kubelet");
    let there = words("prometheus", "there.yml", "apiserver");
    pair.run(&pair.here, &here).args(["--apply"]).run().ok();
    let first = pair.text("main.yml");
    pair.run(&pair.there, &there).args(["--apply"]).run().ok();
    let both = pair.text("main.yml");
    for (on, words, uid_of) in [
        (&pair.here, &here, uid(&pair.here)),
        (&pair.there, &there, uid(&pair.there)),
    ] {
        let name = words[4];
        assert!(
            both.contains(&format!(
                "  - {name}  # by monconf, instance {}, cluster {uid_of}, ca ",
                on.name
            )),
            "{both}"
        );
        let again = ["--detailed-exitcode"];
        pair.run(on, words).args(again).run().ok();
        // The drop-in tells which cluster is meant.
        let offline = ["--offline", "--detailed-exitcode", "--api-server"];
        pair.run(on, words)
            .args(offline)
            .args([on.cp.url()])
            .run()
            .ok();
    }
    let remove = ["remove", "prometheus", "--apply", "--yes"];
    let of_there = ["--config", "main.yml", "--drop-in", "there.yml"];
    pair.run(&pair.there, &[&remove[..], &of_there].concat())
        .run()
        .ok();
    assert_eq!(pair.text("main.yml"), first);
    assert!(!pair.path("there.yml").exists());
    assert!(pair.path("here.yml").exists());
}

/// Who uses one folder for the tokens of two clusters would give each the token of the other.
#[test]
fn a_folder_of_one_cluster_s_token_takes_none_of_another() {
    let pair = Pair::new("token-dir");
    let words = |drop_in: &'static str| {
        [
            "prometheus",
            "--apply",
            "--drop-in",
            drop_in,
            "--token-dir",
            "token",
        ]
    };
    pair.run(&pair.here, &words("here.yml")).run().ok();
    let written = pair.files();
    let refused = pair.run(&pair.there, &words("there.yml")).run().exit(1);
    for what in ["ca.crt belongs to", "token belongs to"] {
        assert!(refused.stderr.contains(what), "{}", refused.stderr);
    }
    assert!(
        refused
            .stderr
            .contains("with files of its own by --drop-in and --token-dir"),
        "{}",
        refused.stderr
    );
    assert_eq!(pair.files(), written);
    // The mark of the CA tells even where the token's account is gone.
    for on in [&pair.here, &pair.there] {
        let remove = ["remove", "prometheus", "--apply", "--yes"];
        pair.run(on, &[&remove[..], &words("there.yml")[2..]].concat())
            .run()
            .ok();
        let is_there = pair.path("token/token").exists();
        assert!(!is_there || on.cp.url() == pair.there.cp.url());
        pair.run(&pair.here, &words("here.yml")).run().ok();
    }
}

#[test]
fn an_account_that_was_made_again_keeps_its_files() {
    let pair = Pair::new("again");
    let words = ["prometheus", "--apply", "--drop-in", "jobs.yml"];
    pair.run(&pair.here, &words).run().ok();
    let before = pair.text("jobs-credentials/token");
    pair.here.admin().delete(&account(&pair.here)).unwrap();
    pair.run(&pair.here, &words).run().ok();
    assert_ne!(pair.text("jobs-credentials/token"), before);
    // Without the CA nothing tells whose account it was.
    pair.here.admin().delete(&account(&pair.here)).unwrap();
    fs::remove_file(pair.path("jobs-credentials/ca.crt")).unwrap();
    let refused = pair.run(&pair.here, &words).run().exit(1);
    assert!(
        refused
            .stderr
            .contains("of another cluster, or to an earlier one"),
        "{}",
        refused.stderr
    );
    pair.run(&pair.here, &words)
        .args(["--take-ownership"])
        .run()
        .ok();
}

#[test]
fn a_ca_of_somebody_else_stays() {
    let pair = Pair::new("their-ca");
    let words = [
        "prometheus",
        "--apply",
        "--drop-in",
        "jobs.yml",
        "--token-dir",
        "pki",
    ];
    fs::create_dir(pair.path("pki")).unwrap();
    let theirs = pair.here.cp.ca_pem().to_owned();
    fs::write(pair.path("pki/ca.crt"), &theirs).unwrap();
    let refused = pair.run(&pair.here, &words).run().exit(1);
    assert!(
        refused
            .stderr
            .contains("pki/ca.crt exists and was not written by monconf"),
        "{}",
        refused.stderr
    );
    assert_eq!(pair.text("pki/ca.crt"), theirs);
    // What is there and what would replace it are shown by their fingerprints.
    assert!(
        refused
            .stdout
            .contains("\n+# Written by monconf, instance ")
            && refused.stdout.contains("<certificate, sha256:")
            && !refused.stdout.contains("BEGIN CERTIFICATE"),
        "{}",
        refused.stdout
    );
    pair.run(&pair.here, &words)
        .args(["--take-ownership"])
        .run()
        .ok();
    let ours = pair.text("pki/ca.crt");
    assert!(
        ours.starts_with("# Written by monconf, instance "),
        "{ours}"
    );
    assert!(ours.trim_end().ends_with(theirs.trim_end()), "{ours}");
    pair.run(
        &pair.here,
        &[
            "remove",
            "prometheus",
            "--apply",
            "--yes",
            "--drop-in",
            "jobs.yml",
            "--token-dir",
            "pki",
        ],
    )
    .run()
    .ok();
    assert!(!pair.path("pki/ca.crt").exists());
}

#[test]
fn jobs_of_a_cluster_that_is_gone_are_taken_where_that_is_asked_for() {
    let pair = Pair::new("rebuilt");
    fs::write(pair.path("main.yml"), MAIN).unwrap();
    let words = [
        "prometheus",
        "--apply",
        "--config",
        "main.yml",
        "--jobs",
        "kubelet",
    ];
    pair.run(&pair.here, &words).run().ok();
    pair.run(&pair.there, &words)
        .args(["--take-ownership"])
        .run()
        .ok();
    let text = pair.text("main.yml");
    assert!(text.contains(&uid(&pair.there)), "{text}");
    assert!(!text.contains(&uid(&pair.here)), "{text}");
    assert!(text.contains(pair.there.cp.url()), "{text}");
}

#[test]
fn status_says_that_a_file_is_another_cluster_s() {
    let pair = Pair::new("status");
    let place = ["--drop-in", "jobs.yml"];
    pair.run(
        &pair.here,
        &[&["prometheus", "--apply"][..], &place].concat(),
    )
    .run()
    .ok();
    let words = [&["status", "prometheus", "-o", "json"][..], &place].concat();
    let shown = pair.run(&pair.there, &words).run().ok().stdout;
    assert!(shown.contains("of monconf on another cluster"), "{shown}");
    let shown = pair.run(&pair.here, &words).run().ok().stdout;
    assert!(!shown.contains("another cluster"), "{shown}");
}
