//! Flags that do not go together, or are for somebody else.

use crate::support::Monconf;

#[test]
fn wrong_flags_are_refused_with_what_to_do() {
    for (arguments, expected) in [
        (
            &["grafana-agent", "--offline", "--drop-in", "x"][..],
            "--drop-in is not for Grafana Agent\nhint: it is for `monconf prometheus`",
        ),
        (
            &["prometheus", "--offline", "--remote-write", "http://x"],
            "--remote-write is not for Prometheus\nhint: it is for `monconf grafana-agent` and `monconf alloy`",
        ),
        (
            &["grafana-agent", "--offline", "--format", "raw"],
            "there is no format \"raw\" for Grafana Agent\nhint: --format is auto, operator, monitors or static",
        ),
        (
            &["grafana-agent", "--offline", "--remote-write", "ftp://x"],
            "--remote-write \"ftp://x\" is not an address",
        ),
        (
            &[
                "grafana-agent",
                "--offline",
                "--remote-write",
                "https://user:pass@x/",
            ],
            "what is to be shown there lies in a Secret",
        ),
        (
            &["grafana-agent", "--offline", "--remote-write-token", "a:b"],
            "it is not said where samples are sent",
        ),
        (
            &[
                "grafana-agent",
                "--offline",
                "--remote-write",
                "http://x",
                "--remote-write-token",
                "a",
            ],
            "--remote-write-token \"a\" names no key of a Secret",
        ),
        (
            &[
                "grafana-agent",
                "--offline",
                "--remote-write",
                "http://x",
                "--remote-write-token",
                "a:b",
                "--remote-write-basic-auth",
                "c",
            ],
            "two ways to log in at one place",
        ),
        (
            &["grafana-agent", "--offline", "--shards", "0"],
            "--shards 0: nobody would scrape anything",
        ),
        (
            &[
                "grafana-agent",
                "--offline",
                "--shards",
                "2",
                "--attach",
                "x",
            ],
            "--shards is a matter of the GrafanaAgent",
        ),
        (
            &["grafana-agent", "--offline", "--attach", "X_"],
            "--attach \"X_\" is no name of a GrafanaAgent",
        ),
        (
            &[
                "grafana-agent",
                "--offline",
                "--format",
                "operator",
                "--config",
                "agent.yaml",
                "--api-server",
                "https://x",
            ],
            "--config is for a text of the static format; --format operator writes objects",
        ),
    ] {
        let run = Monconf::new(arguments).run().exit(1);
        assert!(
            run.stderr.contains(expected),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn help_shows_the_flags_of_the_consumer() {
    let help = |command: &str| Monconf::new([command, "--help"]).run().ok().stdout;
    let (prometheus, agent) = (help("prometheus"), help("grafana-agent"));
    assert!(prometheus.contains("--drop-in") && !prometheus.contains("--attach"));
    assert!(!agent.contains("--drop-in") && agent.contains("--attach"));
}
