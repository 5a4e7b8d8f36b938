//! Objects of other namespaces: none of them gets the token unless it is named.

use std::fs;

use serde_json::json;
use testbed::{ControlPlane, Crds, Options, Scope};

use super::{
    MONITORING, create_namespace, everywhere, in_own_namespace, labels, monconf, prometheus,
    prometheus_agent, release, report, writes,
};
use crate::support::Monconf;

/// A control plane of its own: a plan looks at every object of the cluster.
fn control_plane() -> ControlPlane {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    create_namespace(&cp, "team-a");
    create_namespace(&cp, "team-b");
    cp
}

fn is_refused(scope: &Scope, arguments: &[&str], said: &[&str]) {
    let before = writes(scope);
    for apply in [&[][..], &["--apply"]] {
        let run = monconf(scope, &[apply, arguments].concat()).exit(1);
        for words in said {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    assert_eq!(writes(scope), before);
}

#[test]
fn one_elsewhere_that_could_select_is_a_candidate_and_gets_nothing_until_it_is_named() {
    let cp = control_plane();
    let scope = cp.scope("candidate");
    prometheus(&cp, "team-a", "evil", &everywhere(&release("evil")));
    is_refused(
        &scope,
        &[],
        &[
            "candidates elsewhere: Prometheus team-a/evil.",
            "hint: --selected-by team-a/evil\n",
        ],
    );
    assert!(
        cp.admin()
            .is_absent(&format!("/api/v1/namespaces/{}", scope.namespace))
    );

    // The first by name has no precedence.
    prometheus_agent(&cp, "team-b", "light", &everywhere(&json!({})));
    is_refused(
        &scope,
        &[],
        &[
            "candidates elsewhere: Prometheus team-a/evil, PrometheusAgent team-b/light.",
            "hint: --selected-by team-a/evil or --selected-by team-b/light\n",
        ],
    );

    // The hint, given as it is. What selects everything has to be named too.
    is_refused(
        &scope,
        &["--selected-by", "team-a/evil"],
        &["hint: --selected-by team-a/evil --selected-by team-b/light; or"],
    );
    let both = [
        "--apply",
        "--selected-by",
        "team-a/evil",
        "--selected-by",
        "team-b/light",
    ];
    let run = monconf(&scope, &both).ok();
    assert!(
        run.stdout.contains(
            "selected by Prometheus team-a/evil, PrometheusAgent team-b/light (label release=evil)"
        ),
        "{}",
        run.stdout
    );
    assert_eq!(labels(&scope)["release"], "evil");
}

#[test]
fn what_lies_beside_the_instance_selects_and_others_do_not_steer() {
    let cp = control_plane();
    let scope = cp.scope("beside");
    scope.create_namespace();
    prometheus(&cp, "team-a", "aaa", &everywhere(&release("aaa")));
    prometheus(
        &cp,
        &scope.namespace,
        "main",
        &in_own_namespace(&release("main")),
    );
    let run = monconf(&scope, &["--apply"]).ok();
    let who = format!("Prometheus {}/main", scope.namespace);
    assert!(
        run.stdout
            .contains(&format!("selected by {who} (label release=main)")),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains(&format!(
            "Namespaces that receive the token: {} ({who})\n",
            scope.namespace
        )),
        "{}",
        run.stdout
    );
    assert_eq!(labels(&scope)["release"], "main");
    let again = report(&monconf(&scope, &["-o", "json"]).ok());
    let expected = json!([{"namespace": scope.namespace, "selectedBy": [who]}]);
    assert_eq!(again["receivers"], expected);
    assert_eq!(again["moves"], false);
}

#[test]
fn a_prometheus_agent_beside_the_instance_selects_as_well() {
    let cp = control_plane();
    let scope = cp.scope("agent");
    scope.create_namespace();
    prometheus_agent(
        &cp,
        &scope.namespace,
        "light",
        &in_own_namespace(&release("light")),
    );
    let run = monconf(&scope, &["--apply"]).ok();
    let who = format!("selected by PrometheusAgent {}/light", scope.namespace);
    assert!(run.stdout.contains(&who), "{}", run.stdout);
    assert_eq!(labels(&scope)["release"], "light");
}

/// What selects everything, everywhere, needs no label of ours.
#[test]
fn one_that_selects_everything_is_refused_before_it_receives_and_a_warning_after() {
    let cp = control_plane();
    let scope = cp.scope("uninvited");
    scope.create_namespace();
    let own = format!("{}/main", scope.namespace);
    prometheus(&cp, &scope.namespace, "main", &in_own_namespace(&json!({})));
    prometheus(&cp, "team-a", "all", &everywhere(&json!({})));
    let hint = format!("hint: --selected-by {own} --selected-by team-a/all; or have");
    is_refused(
        &scope,
        &[],
        &["Prometheus team-a/all would select the monitors too", &hint],
    );
    let named = ["--selected-by", &own, "--selected-by", "team-a/all"];
    let run = monconf(&scope, &[&["--apply"][..], &named].concat()).ok();
    assert!(
        run.stdout.contains(&format!(
            "Namespaces that receive the token: {} (Prometheus {own}), team-a (Prometheus team-a/all)\n",
            scope.namespace
        )),
        "{}",
        run.stdout
    );

    // It has the token: not to write changes nothing any more.
    let run = monconf(&scope, &["--apply", "--detailed-exitcode"]).ok();
    assert!(
        run.stderr.contains(
            "warning: Prometheus team-a/all selects the monitors and is not meant to: its operator copies the token into namespace team-a"
        ),
        "{}",
        run.stderr
    );
    // A monitor more shows it the same token.
    monconf(&scope, &["--jobs", "apiserver"]).ok();
    // One that came after the monitors has received them already, and is no way to stop the owner's runs.
    prometheus(&cp, "team-b", "late", &everywhere(&json!({})));
    let run = monconf(&scope, &["--apply"]).ok();
    assert!(run.stderr.contains("Prometheus team-b/late selects"));
}

/// Also where nobody lies beside the instance.
#[test]
fn the_labels_of_one_that_is_not_named_are_taken_off() {
    let cp = control_plane();
    let scope = cp.scope("taken-off");
    prometheus(&cp, "team-a", "a", &everywhere(&release("a")));
    prometheus(&cp, "team-b", "b", &everywhere(&release("b")));
    monconf(&scope, &["--apply", "--selected-by", "team-a/a"]).ok();
    assert_eq!(labels(&scope)["release"], "a");
    monconf(&scope, &["--apply", "--selected-by", "team-b/b"]).ok();
    assert_eq!(labels(&scope)["release"], "b");
    is_refused(
        &scope,
        &[],
        &["candidates elsewhere: Prometheus team-a/a, Prometheus team-b/b."],
    );
}

#[test]
fn without_any_prometheus_nothing_is_refused_and_with_one_that_looks_elsewhere_its_reason_is_told()
{
    let cp = control_plane();
    let scope = cp.scope("nobody");
    let run = monconf(&scope, &["--apply"]).ok();
    assert!(
        run.stdout.contains("selected by no Prometheus"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("receive the token"), "{}", run.stdout);
    prometheus(&cp, "team-a", "own", &in_own_namespace(&json!({})));
    let run = monconf(&scope, &[]).ok();
    let why = format!(
        "warning: Prometheus team-a/own: it does not look into namespace {}",
        scope.namespace
    );
    assert!(run.stderr.contains(&why), "{}", run.stderr);
}

#[test]
fn a_name_that_does_not_exist_is_refused_with_the_candidates() {
    let cp = control_plane();
    let scope = cp.scope("absent");
    let named = ["--selected-by", "team-a/mian"];
    is_refused(
        &scope,
        &named,
        &[
            "--selected-by team-a/mian: no such Prometheus, PrometheusAgent or GrafanaAgent\n",
            "hint: create it first, or leave out --selected-by",
        ],
    );
    prometheus(&cp, "team-a", "main", &everywhere(&json!({})));
    is_refused(
        &scope,
        &named,
        &[
            "candidates: Prometheus team-a/main",
            "hint: --selected-by team-a/main\n",
        ],
    );
}

#[test]
fn the_setting_is_a_flag_a_variable_and_a_key_of_the_settings() {
    let cp = control_plane();
    let scope = cp.scope("setting");
    prometheus(&cp, "team-a", "a", &everywhere(&release("a")));
    prometheus(&cp, "team-b", "b", &everywhere(&release("a")));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monconf.yaml");
    fs::write(&file, "selectedBy: [team-a/a, team-b/b]\n").unwrap();
    let settings = ["-f", file.to_str().unwrap()];
    for run in [
        monconf(&scope, &["--selected-by", "team-a/a,team-b/b"]),
        monconf(&scope, &settings),
        Monconf::prometheus(&scope, &[])
            .env("MONCONF_SELECTED_BY", "team-a/a,team-b/b")
            .run(),
    ] {
        let who = "selected by Prometheus team-a/a, Prometheus team-b/b (label release=a)";
        let run = run.ok();
        assert!(run.stdout.contains(who), "{}", run.stdout);
    }
    for (arguments, said) in [
        (&["--selected-by", "main"][..], "use NAMESPACE/NAME"),
        (&["--selected-by", "a/b/c"], "use NAMESPACE/NAME"),
        (
            &["--selected-by", "a/b", "--format", "raw"],
            "--selected-by has no effect",
        ),
        (
            &["--selected-by", "a/b", "--drop-in", "/tmp/x.yml"],
            "--selected-by has no effect",
        ),
    ] {
        let run = monconf(&scope, arguments).exit(1);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let run = Monconf::for_consumer("alloy", &scope, &["--selected-by", "a/b"])
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("--selected-by is not for"),
        "{}",
        run.stderr
    );
    let path = format!(
        "{MONITORING}/v1/namespaces/{}/servicemonitors",
        scope.namespace
    );
    let exists = cp.admin().get(&path).unwrap();
    assert_eq!(exists["items"], json!([]));
}
