//! With `--backup` the old content of a configuration stays beside the new one, and of nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use testbed::ControlPlane;

use super::{apply, files};
use crate::support::Monconf;

#[test]
fn the_old_configuration_is_kept_and_the_plan_says_so() {
    let scope = ControlPlane::shared().scope("kept");
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("prometheus.yml");
    let by_hand = "global: {}  # mine\n";
    fs::write(&main, by_hand).unwrap();
    fs::set_permissions(&main, Permissions::from_mode(0o640)).unwrap();
    // A link: the file is elsewhere, what is kept is where the plan says.
    let link = folder.path().join("link.yml");
    symlink(&main, &link).unwrap();
    let kept = folder.path().join("link.yml.bak");
    let run = |arguments: &[&str]| {
        let link = link.to_str().unwrap();
        Monconf::prometheus(&scope, &["--config", link, "--backup"])
            .args(arguments)
            .run()
            .ok()
    };

    let note = format!("; the old one is kept as {}", kept.display());
    let planned = run(&[]).stdout;
    assert!(planned.contains(&note), "{planned}");
    assert!(!kept.exists());
    let applied = run(&["--apply"]).stdout;
    assert!(applied.contains(&note), "{applied}");
    let after = files(folder.path());
    assert_eq!(after["link.yml.bak"].text, by_hand);
    assert_eq!(after["link.yml.bak"].mode, 0o640);

    // Nothing changes: nothing is kept, and what was kept stays.
    let again = run(&["--apply"]).stdout;
    assert!(!again.contains("is kept as"), "{again}");
    assert_eq!(files(folder.path()), after);
    let credentials = ["ca.crt", "token"].map(|name| format!("{}-credentials/{name}", scope.name));
    let mut expected = vec!["link.yml.bak".to_owned(), "prometheus.yml".to_owned()];
    expected.extend(credentials);
    expected.sort();
    assert!(after.keys().eq(&expected), "{:?}", after.keys());
}

#[test]
fn a_new_token_leaves_no_old_one_beside_it_and_a_new_file_nothing() {
    let scope = ControlPlane::shared().scope("kept-no-token");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    fs::write(folder.path().join("monconf.yaml"), "backup: true\n").unwrap();
    let run = |arguments: &[&str]| {
        let run = apply(&scope, &drop_in, arguments).current_dir(folder.path());
        run.run().ok();
        let mut names: Vec<String> = files(folder.path()).into_keys().collect();
        names.retain(|name| name != "monconf.yaml");
        names
    };
    let new = ["k8s-credentials/ca.crt", "k8s-credentials/token", "k8s.yml"];
    assert_eq!(run(&[]), new);
    assert_eq!(run(&["--duration", "30d"]), new);
    let names = run(&["--duration", "30d", "--interval", "45s"]);
    assert_eq!(names, [new[0], new[1], new[2], "k8s.yml.bak"]);
}

#[test]
fn what_only_files_have_needs_one() {
    for flag in ["--backup", "--token-owner=root"] {
        let run = Monconf::new(["prometheus", "--offline", flag])
            .run()
            .exit(1);
        let flag = flag.split('=').next().unwrap();
        let said = format!("error: {flag} needs --config or --drop-in");
        assert!(run.stderr.contains(&said), "{}", run.stderr);
        assert!(
            run.stderr
                .contains("hint: add --config FILE or --drop-in FILE")
        );
    }
}
