//! The rules by themselves.

use testbed::promtool_check_rules;

use super::rules_in;
use crate::support::Monconf;

#[test]
fn promtool_finds_nothing_to_say_against_them() {
    let folder = tempfile::tempdir().unwrap();
    promtool_check_rules(&rules_in(folder.path())).unwrap();
}

#[test]
fn a_template_that_renders_no_rules_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, said) in [
        (
            "groups:\n- name: x\n  rules:\n  - alert: A\n",
            "alerts.yaml: groups[0].rules[0].expr: Required value",
        ),
        ("grups: []\n", "alerts.yaml:1: grups: unknown field"),
        ("rules\n", "must be of type object"),
        ("{}\n", "groups must be a list of groups of rules"),
    ] {
        std::fs::write(folder.path().join("alerts.yaml"), text).unwrap();
        let run = Monconf::new([
            "prometheus",
            "--offline",
            "--with-alerts",
            "--format",
            "operator",
        ])
        .args(["--templates", folder.path().to_str().unwrap()])
        .run()
        .exit(1);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}
