//! Files of others are not overwritten, and a file that cannot be written is found out before the cluster is changed.

use std::fs;

use testbed::ControlPlane;

use crate::support::Monconf;

#[test]
fn a_file_that_monconf_did_not_write_is_taken_over_only_where_it_is_asked_to() {
    let scope = ControlPlane::shared().scope("foreign-file");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let by_hand = "# mine\nscrape_configs: []\n";
    fs::write(&file, by_hand).unwrap();
    let path = file.to_str().unwrap();

    let run = Monconf::prometheus(&scope, &["--apply", "--drop-in", path])
        .run()
        .exit(1);
    assert!(
        run.stderr
            .contains("k8s.yml exists and was not written by monconf"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(" --take-ownership` overwrites it"),
        "{}",
        run.stderr
    );
    let shown = "-<not shown: 26 bytes of another owner>";
    assert!(run.stdout.contains(shown), "{}", run.stdout);
    assert!(!run.stdout.contains("mine"), "{}", run.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), by_hand);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(
        scope
            .admin()
            .is_absent(&format!("/api/v1/namespaces/{}", scope.namespace))
    );

    Monconf::prometheus(&scope, &["--apply", "--drop-in", path, "--take-ownership"])
        .run()
        .ok();
    Monconf::prometheus(&scope, &["--apply", "--drop-in", path])
        .run()
        .ok();
}

#[test]
fn a_file_and_a_token_of_another_instance_are_refused() {
    let cp = ControlPlane::shared();
    let (first, second) = (cp.scope("first-file"), cp.scope("second-file"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k8s.yml");
    let path = path.to_str().unwrap();
    Monconf::prometheus(&first, &["--apply", "--drop-in", path])
        .run()
        .ok();

    let run = Monconf::prometheus(&second, &["--apply", "--drop-in", path])
        .run()
        .exit(1);
    let instance = format!("k8s.yml belongs to instance {} of monconf", first.name);
    let account = format!(
        "token belongs to ServiceAccount {}/{}-sa",
        first.namespace, first.name
    );
    assert!(run.stderr.contains(&instance), "{}", run.stderr);
    assert!(run.stderr.contains(&account), "{}", run.stderr);
}

#[test]
fn a_missing_folder_is_found_out_before_anything_is_written() {
    let scope = ControlPlane::shared().scope("missing-folder");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/k8s.yml");
    let path = path.to_str().unwrap();
    let run = Monconf::prometheus(&scope, &["--apply", "--drop-in", path])
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("k8s.yml: there is no folder"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let writes = scope
        .cp
        .audit(&scope.user.name)
        .iter()
        .filter(|event| event.is_write())
        .count();
    assert_eq!(writes, 0);
}
