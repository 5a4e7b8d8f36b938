//! What Prometheus does not take: the old files are back, byte for byte, and it runs what it ran before.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use testbed::Prometheus;

use super::{MAIN, Setup, says};
use crate::support::{Monconf, Run, token};

/// A folder of templates whose jobs have a field that no Prometheus knows.
fn templates(setup: &Setup) -> PathBuf {
    let folder = setup.path("templates");
    let run = Monconf::new(["template", "show", "scrape-configs.yaml"])
        .run()
        .ok();
    let spoilt = run
        .stdout
        .replacen("  scheme:", "  no_such_field: 1\n  scheme:", 1);
    assert_ne!(spoilt, run.stdout);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("scrape-configs.yaml"), spoilt).unwrap();
    folder
}

#[test]
fn a_file_that_it_does_not_know_a_field_of_is_put_back() {
    let setup = Setup::new("refused-field");
    setup.reload(&["--jobs", "apiserver"]).ok();
    let file = setup.path("k8s.yml");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    let before = setup.text("k8s.yml");
    let templates = templates(&setup);
    let spoilt = ["--templates", templates.to_str().unwrap()];
    for run in [setup.reload(&spoilt), setup.signal(&spoilt)] {
        let run = run.exit(1);
        says(&run, "error: Prometheus http://127.0.0.1:");
        says(&run, "does not run the new configuration: ");
        says(
            &run,
            &format!(
                "file {} is as it was, and Prometheus runs what it ran before",
                file.display()
            ),
        );
        says(&run, "hint: Prometheus' log says ");
        assert_eq!(setup.text("k8s.yml"), before);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(setup.jobs(), [setup.job("kubernetes-apiservers")]);
        assert!(setup.last_reload_succeeded());
    }
    let run = setup.reload(&[]).ok();
    says(&run, "runs the new configuration (3 jobs)");
}

#[test]
fn a_new_file_is_removed_again_and_the_token_stays() {
    let setup = Setup::new("refused-new");
    let templates = templates(&setup);
    let run = setup
        .reload(&["--templates", templates.to_str().unwrap()])
        .exit(1);
    says(&run, "failed to reload config: ");
    says(
        &run,
        "k8s.yml is removed again, and Prometheus runs what it ran before; what was written in the cluster stays",
    );
    assert!(!setup.path("k8s.yml").exists());
    assert!(setup.path("k8s-credentials/token").exists());
    assert!(setup.jobs().is_empty() && setup.last_reload_succeeded());
}

#[test]
fn its_own_file_is_put_back_and_what_it_says_is_told() {
    let setup = Setup::new("refused-main");
    let file = setup.path("prometheus.yml");
    let templates = templates(&setup);
    let arguments = [
        "--apply",
        "--config",
        file.to_str().unwrap(),
        "--templates",
        templates.to_str().unwrap(),
        "--reload",
        setup.prometheus.url(),
    ];
    let run = Monconf::prometheus(&setup.scope, &arguments).run().exit(1);
    says(
        &run,
        "field no_such_field not found in type config.ScrapeConfig",
    );
    assert_eq!(setup.text("prometheus.yml"), MAIN);
    assert!(setup.jobs().is_empty() && setup.last_reload_succeeded());
}

#[test]
fn a_name_that_another_file_has_is_named() {
    let setup = Setup::new("refused-twice");
    let job = setup.job("kubernetes-apiservers");
    let main = format!("{MAIN}- job_name: {job}\n");
    fs::write(setup.path("prometheus.yml"), &main).unwrap();
    setup.prometheus.reload().unwrap();
    testbed::poll::until("the job", || setup.jobs() == [job.clone()]);
    let run = setup.reload(&[]).exit(1);
    says(
        &run,
        "k8s.yml is removed again, and Prometheus runs what it ran before",
    );
    says(
        &run,
        &format!("hint: a job of the name {job} ran in it before"),
    );
    assert!(setup.last_reload_succeeded());
    assert_eq!(setup.jobs(), [job]);
}

#[test]
fn where_somebody_broke_the_main_file_both_are_said() {
    let setup = Setup::new("refused-broken");
    setup.reload(&["--jobs", "apiserver"]).ok();
    let before = setup.text("k8s.yml");
    let broken = format!("{MAIN}nonsense: true\n");
    fs::write(setup.path("prometheus.yml"), &broken).unwrap();
    for _ in 0..2 {
        let run = setup.reload(&[]).exit(1);
        says(&run, "field nonsense not found in type config.plain");
        says(
            &run,
            "k8s.yml is as it was, but Prometheus did not load that either: failed to reload config",
        );
        assert_eq!(setup.text("k8s.yml"), before);
        assert_eq!(setup.text("prometheus.yml"), broken);
        assert_eq!(setup.jobs(), [setup.job("kubernetes-apiservers")]);
    }
    fs::write(setup.path("prometheus.yml"), MAIN).unwrap();
    setup.reload(&[]).ok();
    assert!(setup.last_reload_succeeded());
}

#[test]
fn a_prometheus_that_reads_another_file_is_found_out() {
    let main = MAIN.replace("k8s.yml", "other-*.yml");
    let setup = Setup::with("refused-elsewhere", &main, &[]);
    let run = setup.reload(&[]).exit(1);
    says(&run, "it has loaded its configuration, and does not run ");
    says(
        &run,
        &format!(
            "it reads {} with the scrape_config_files ",
            setup.path("prometheus.yml").display()
        ),
    );
    says(&run, "other-*.yml");
    says(&run, "hint: is this the Prometheus that reads the file");
    assert!(!setup.path("k8s.yml").exists());
    assert!(setup.last_reload_succeeded());
}

#[test]
fn a_prometheus_that_is_not_the_one_at_the_address_is_found_out() {
    let setup = Setup::new("refused-other");
    let other = Prometheus::start(&setup.path("prometheus.yml"), &[]);
    let arguments = [
        "--reload",
        other.url(),
        "--prometheus-url",
        setup.prometheus.url(),
    ];
    let loaded_at = setup.loaded_at();
    let run = setup.drop_in(&arguments).run().exit(1);
    says(
        &run,
        "does not run the new configuration: the reload went well, but in another Prometheus",
    );
    assert!(!setup.path("k8s.yml").exists());
    super::assert_same(setup.loaded_at(), loaded_at);
}

#[test]
fn a_run_that_is_interrupted_while_it_waits_says_what_is_not_known() {
    let main = MAIN.replace("k8s.yml", "other-*.yml");
    let setup = Setup::with("refused-interrupted", &main, &[]);
    let loaded_at = setup.loaded_at();
    let child = setup.drop_in(&["--reload", setup.prometheus.url()]).spawn();
    testbed::poll::until("the reload", || setup.loaded_at() > loaded_at);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    let run = Run::of(child).exit(128 + 15);
    says(&run, "the files are written; whether Prometheus ");
    says(&run, "hint: running the same command again finds out");
    assert!(setup.path("k8s.yml").exists());
}

/// The destination before is deleted once Prometheus runs the new one, and not before.
#[test]
fn a_move_that_it_does_not_take_leaves_what_the_destination_before_held() {
    let setup = Setup::new("refused-move");
    let scope = &setup.scope;
    Monconf::prometheus(scope, &["--apply"]).run().ok();
    let before = token::of_secret(scope);
    let monitor = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors/{}-k8s",
        scope.namespace, scope.name
    );
    let templates = templates(&setup);
    let spoilt = ["--yes", "--templates", templates.to_str().unwrap()];
    let run = setup.reload(&spoilt).exit(1);
    says(&run, "failed to reload config: ");
    assert_eq!(token::of_secret(scope), before);
    assert!(token::is_accepted(scope.cp, &before));
    assert!(!scope.admin().is_absent(&monitor));

    let run = setup.reload(&["--yes"]).ok();
    says(&run, "runs the new configuration (3 jobs)");
    let deleted = run.stdout.matches("@@ deleted @@").count();
    assert_eq!(deleted, 5, "{}", run.stdout);
    assert!(scope.admin().is_absent(&monitor));
    assert!(scope.admin().is_absent(&token::secret_path(scope)));
    token::wait_until_refused(scope.cp, &before);
}
