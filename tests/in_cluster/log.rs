//! `--log-format json`: whatever is said is one object a line.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use testbed::ControlPlane;

use super::lines;
use crate::support::{Monconf, token};

fn levels(lines: &[Value]) -> BTreeSet<&str> {
    let levels = lines.iter().map(|line| line["level"].as_str());
    levels.map(Option::unwrap).collect()
}

#[test]
fn an_apply_says_what_it_asks_and_writes() {
    let scope = ControlPlane::shared().scope("log-apply");
    let run = Monconf::prometheus(&scope, &["--apply", "-v", "--log-format", "json"])
        .run()
        .ok();
    let lines = lines(&run);
    for line in &lines {
        let time: Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        assert!(time > Timestamp::UNIX_EPOCH);
        assert!(!line["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(levels(&lines), BTreeSet::from(["debug", "info"]));
    let says = |found: &dyn Fn(&Value) -> bool| lines.iter().any(found);
    assert!(says(&|line| {
        let message = line["message"].as_str().unwrap();
        line["level"] == "debug" && message.starts_with("PATCH /") && message.contains(" 201 in ")
    }));
    let account = format!("ServiceAccount {}/{}-sa", scope.namespace, scope.name);
    assert!(says(
        &|line| line["action"] == "created" && line["target"] == account.as_str()
    ));
    assert!(says(&|line| line["message"]
        .as_str()
        .unwrap()
        .starts_with("Applied: 9 created")));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["result"], &last["created"]),
        (&"applied".into(), &9.into())
    );
    // Standard output is what it is without: the plan.
    assert!(run.stdout.starts_with("Cluster "), "{}", run.stdout);
    let token = token::of_secret(&scope);
    let signature = token.rsplit('.').next().unwrap();
    assert!(
        !run.stderr.contains(signature) && !run.stderr.contains("eyJ"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_error_has_its_hint_beside_it_and_so_has_a_usage_error() {
    for (arguments, message, hint) in [
        (
            &["prometheus", "--name", "Not_A_Name", "--offline"][..],
            "--name",
            true,
        ),
        (
            &["prometheus", "--no-such-flag"],
            "unexpected argument '--no-such-flag' found",
            false,
        ),
        (
            &["no-such-verb"],
            "unrecognized subcommand 'no-such-verb'",
            false,
        ),
        (
            &["verify", "--nodes", "few"],
            "neither a number above 0 nor all",
            false,
        ),
    ] {
        for call in [
            Monconf::new(arguments).env("MONCONF_LOG_FORMAT", "json"),
            Monconf::new(["--log-format=json"]).args(arguments),
            Monconf::new(arguments).args(["--log-format", "json"]),
        ] {
            let run = call.run().exit(1);
            let lines = lines(&run);
            let [error, result] = lines.as_slice() else {
                panic!("{}", run.stderr);
            };
            assert_eq!(
                (&error["level"], &result["level"]),
                (&"error".into(), &"error".into())
            );
            assert!(
                error["message"].as_str().unwrap().contains(message),
                "{error}"
            );
            assert_eq!(error.get("hint").is_some(), hint, "{error}");
            assert_eq!(error["message"], result["error"]);
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn a_format_that_does_not_exist_is_said_in_words() {
    let run = Monconf::new(["jobs"])
        .env("MONCONF_LOG_FORMAT", "xml")
        .run()
        .exit(1);
    assert!(
        run.stderr
            .starts_with("error: invalid value 'xml' for '--log-format <FORMAT>'"),
        "{}",
        run.stderr
    );
}

#[test]
fn help_and_version_stay_what_they_are() {
    for flag in ["--help", "--version"] {
        let plain = Monconf::new([flag]).run().ok();
        let json = Monconf::new([flag])
            .env("MONCONF_LOG_FORMAT", "json")
            .run()
            .ok();
        assert_eq!((json.stdout, json.stderr), (plain.stdout, String::new()));
    }
}

#[test]
fn a_configuration_alone_is_on_standard_output() {
    let plain = Monconf::new(["prometheus", "--offline"]).run().ok();
    let json = Monconf::new(["prometheus", "--offline", "--log-format", "json"])
        .run()
        .ok();
    assert_eq!(json.stdout, plain.stdout);
    let lines = lines(&json);
    let shown = lines[0]["message"].as_str().unwrap();
    assert_eq!(shown, plain.stderr.trim());
}
