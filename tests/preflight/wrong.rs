//! Wrong input, and questions that may not be asked.

use testbed::ControlPlane;

use super::{preflight, report};
use crate::support::Monconf;

#[test]
fn wrong_input_is_told_in_words() {
    for (arguments, words) in [
        (
            &["--for", "deploy"][..],
            "invalid value 'deploy' for '--for <COMMAND>'",
        ),
        (&["--as-group", "ops"], "--as <USER>"),
        (&["thanos"], "invalid value 'thanos'"),
        (
            &["--name", "Not_A_Name", "--offline"],
            "--name \"Not_A_Name\" is not a valid name",
        ),
        (
            &["alloy", "--offline"],
            "it is not said where samples are sent",
        ),
    ] {
        let run = Monconf::new(["preflight"]).args(arguments).run().exit(1);
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn whoever_may_not_ask_about_others_is_told_so() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-others");
    let nobody = cp.user("nobody-asks", &[]);
    let run = preflight(&scope, &nobody, &["--as", "jane"]).exit(1);
    assert!(
        run.stderr.contains("it is not known what others may do"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("leave out --as"), "{}", run.stderr);
    // About themselves everybody may ask, and nothing is written.
    let found = report(&preflight(&scope, &nobody, &["-o", "json"]).exit(1));
    assert_eq!(found["identity"]["name"], "nobody-asks");
    let events = cp.audit(&nobody.name);
    assert!(events.iter().all(|event| !event.is_write()));
}

/// A group's rights are those of its members; a service account is in its own groups.
#[test]
fn groups_count() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-groups");
    let masters = ["--as", "jane", "--as-group", "system:masters", "-o", "json"];
    let found = report(&preflight(&scope, &scope.user, &masters).ok());
    assert_eq!(found["missing"], 0);
    let account = ["--as", "system:serviceaccount:ci:deployer", "-o", "json"];
    let found = report(&preflight(&scope, &scope.user, &account).exit(1));
    let keys = found["needs"].as_array().unwrap().iter();
    let keys: Vec<_> = keys
        .filter(|need| need["nonResourceURL"] == "/openid/v1/jwks")
        .collect();
    // Only service accounts may, by default.
    assert_eq!(keys[0]["held"], true);
}
