//! Files that exist are kept only where they are the instance's own; of others nothing is printed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use testbed::{ControlPlane, Options, root};

use super::{NOBODY, apply, files, refused};
use crate::support::{Monconf, token};

const PRECIOUS: &str = "precious: value\n";

#[test]
fn an_empty_token_of_another_user_gets_no_token() {
    if !root::is_available("a file of another user") {
        return;
    }
    let scope = ControlPlane::shared().scope("empty-token");
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("k8s-credentials");
    fs::create_dir(&credentials).unwrap();
    let path = credentials.join("token");
    let run = |more: &[&str]| apply(&scope, &folder.path().join("k8s.yml"), more);
    // Empty, and with what anybody can write who has seen a token: its account, or the account's UID too, unsigned.
    run(&[]).run().ok();
    let valid = fs::read_to_string(&path).unwrap();
    let (claims, _) = valid.rsplit_once('.').unwrap();
    for text in ["", "\n", &format!("{claims}.c2lnbmF0dXJl")] {
        fs::write(&path, text).unwrap();
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        for more in [&[][..], &["--take-ownership"]] {
            refused(
                &scope,
                run(more),
                &[
                    &format!(
                        "file {} belongs to user 65534 and does not hold a token of this instance: user 65534 could read the new one",
                        path.display()
                    ),
                    "--token-owner 65534` where Prometheus runs as that user",
                    &format!("hint: `rm {}`; or `monconf prometheus ", path.display()),
                ],
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        // Asked for, it is that user's; and a new file, so that whoever holds the old one open sees nothing.
        let old = fs::File::open(&path).unwrap();
        run(&["--token-owner", "65534"]).run().ok();
        let new = fs::metadata(&path).unwrap();
        assert_ne!(new.ino(), old.metadata().unwrap().ino());
        assert_eq!((new.uid(), new.mode() & 0o777), (NOBODY, 0o600));
    }
    // A valid one stays whose it is.
    chown(&path, Some(65_533), None).unwrap();
    run(&["--duration", "30d"]).run().ok();
    assert_eq!(fs::metadata(&path).unwrap().uid(), 65_533);
    // As soon as the account is another one, it is not valid any more.
    let account = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    scope.admin().delete(&account).unwrap();
    refused(
        &scope,
        run(&[]),
        &["belongs to user 65533 and does not hold a token of this instance"],
    );
    fs::remove_file(&path).unwrap();
    run(&[]).run().ok();
    assert_eq!(fs::metadata(&path).unwrap().uid(), 0);
}

#[test]
fn a_token_that_others_can_reach_is_replaced_and_said_to_have_been() {
    let scope = ControlPlane::shared().scope("reached-token");
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let drop_in = folder.path().join("k8s.yml");
        Monconf::prometheus(&scope, &["--drop-in", drop_in.to_str().unwrap()]).args(more)
    };
    run(&["--apply"]).run().ok();
    let path = folder.path().join("k8s-credentials/token");
    let first = fs::read_to_string(&path).unwrap();
    let inode = || fs::metadata(&path).unwrap().ino();
    for mode in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let before = inode();
        let planned = run(&["--detailed-exitcode"]).run().exit(2);
        let note = format!("; mode {mode:04o} becomes 0600");
        assert!(planned.stdout.contains(&note), "{}", planned.stdout);
        let warning = format!(
            "warning: other users could use file {} (mode {mode:04o}): a rotation with --overlap 0s revokes its token",
            path.display()
        );
        assert!(planned.stderr.contains(&warning), "{}", planned.stderr);
        run(&["--apply"]).run().ok();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o777, 0o600);
        assert_ne!(after.ino(), before);
    }
    let link = folder.path().join("kept");
    fs::hard_link(&path, &link).unwrap();
    let planned = run(&["--detailed-exitcode"]).run().exit(2);
    let note = "; a new file replaces it, without 1 hard link";
    assert!(planned.stdout.contains(note), "{}", planned.stdout);
    assert!(
        planned.stderr.contains(
            "has hard links, which keep its token: a rotation with --overlap 0s revokes it"
        ),
        "{}",
        planned.stderr
    );
    run(&["--apply"]).run().ok();
    assert_ne!(inode(), fs::metadata(&link).unwrap().ino());
    assert_eq!(fs::metadata(&path).unwrap().nlink(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    let again = run(&["--apply"]).run().ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
}

/// Drop-in, rules, CA and token: each is refused where it is somebody's, and nothing in it is printed.
#[test]
fn files_of_others_are_left_alone_and_not_shown() {
    let scope = ControlPlane::shared().scope("others-files");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rules = path("rules.yml");
    let run = |more: &[&str]| {
        let flags = ["--rules-file", rules.to_str().unwrap()];
        apply(&scope, &path("k8s.yml"), &flags).args(more)
    };
    fs::create_dir(path("k8s-credentials")).unwrap();
    for name in [
        "k8s.yml",
        "rules.yml",
        "k8s-credentials/ca.crt",
        "k8s-credentials/token",
    ] {
        fs::write(path(name), PRECIOUS).unwrap();
        for more in [&[][..], &["-o", "json"]] {
            let said = format!(
                "file {} exists and was not written by monconf",
                path(name).display()
            );
            let refused = refused(
                &scope,
                run(more),
                &[&said, "--take-ownership` overwrites it"],
            );
            for printed in [&refused.stdout, &refused.stderr] {
                assert!(!printed.contains("precious"), "{printed}");
            }
            if more.is_empty() {
                let shown = "-<not shown: 16 bytes of another owner>";
                assert!(refused.stdout.contains(shown), "{}", refused.stdout);
            }
        }
        assert_eq!(files(folder.path()).len(), 1);
        // Nor where it is taken over.
        let taken = run(&["--take-ownership"]).run().ok();
        assert!(!taken.stdout.contains("precious"), "{}", taken.stdout);
        assert_ne!(fs::read_to_string(path(name)).unwrap(), PRECIOUS);
        for name in files(folder.path()).keys() {
            fs::remove_file(path(name)).unwrap();
        }
    }
    run(&[]).run().ok();
    let issued = fs::read_to_string(path("k8s-credentials/token")).unwrap();
    assert!(token::is_accepted(scope.cp, &issued));
}

#[test]
fn an_empty_file_of_another_user_is_not_filled() {
    if !root::is_available("a file of another user") {
        return;
    }
    let scope = ControlPlane::shared().scope("others-empty");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    fs::write(&drop_in, "").unwrap();
    chown(&drop_in, Some(NOBODY), None).unwrap();
    let said = format!(
        "file {} is empty and belongs to user 65534",
        drop_in.display()
    );
    refused(
        &scope,
        apply(&scope, &drop_in, &[]),
        &[
            &said,
            &format!("hint: `rm {}`; or `monconf prometheus ", drop_in.display()),
            "--take-ownership` writes to it",
        ],
    );
    assert_eq!(fs::read_to_string(&drop_in).unwrap(), "");
    apply(&scope, &drop_in, &["--take-ownership"]).run().ok();
    assert_eq!(fs::metadata(&drop_in).unwrap().uid(), NOBODY);
}

/// As in `/etc`: the configuration may be a link, and the plan names what is written.
#[test]
fn a_configuration_that_is_a_link_is_written_where_it_leads() {
    let scope = ControlPlane::shared().scope("config-link");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("real")).unwrap();
    fs::write(path("real/prometheus.yml"), "global: {}\n").unwrap();
    symlink("real/prometheus.yml", path("prometheus.yml")).unwrap();
    // One that leads to nothing yet, as a drop-in.
    symlink("real/k8s.yml", path("k8s.yml")).unwrap();
    for (flag, name) in [("--config", "prometheus.yml"), ("--drop-in", "k8s.yml")] {
        let file = path(name);
        let arguments = ["--apply", flag, file.to_str().unwrap()];
        let run = Monconf::prometheus(&scope, &arguments).run().ok();
        let real = path("real").join(name);
        let note = format!("; written to {}", real.display());
        assert!(run.stdout.contains(&note), "{}", run.stdout);
        assert!(file.is_symlink());
        let text = fs::read_to_string(real).unwrap();
        assert!(text.contains("monconf"), "{text}");
        let again = Monconf::prometheus(&scope, &arguments).run().ok();
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    }
}

#[test]
fn the_file_of_an_overview_is_replaced_only_where_it_is_one() {
    let scope = ControlPlane::shared().scope("others-output");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let precious = path("precious");
    fs::write(&precious, PRECIOUS).unwrap();
    let link = path("link.prom");
    symlink(&precious, &link).unwrap();
    let metrics = path("metrics.prom");
    fs::write(&metrics, "# HELP up Whether it is.\nup 1\n").unwrap();
    let status = |file: &std::path::Path, format: &str| {
        let arguments = [
            "status",
            "--name",
            &scope.name,
            "--namespace",
            &scope.namespace,
        ];
        Monconf::new(arguments)
            .args(["-o", format, "--output-file"])
            .args([file])
            .kubeconfig(scope.kubeconfig())
    };
    for file in [&precious, &link, &metrics] {
        for format in ["prometheus", "json"] {
            let before = fs::read_to_string(file).unwrap();
            let run = status(file, format).run().exit(1);
            let said = format!(
                "file {} was not written by `monconf status`; nothing was written",
                file.display()
            );
            assert!(run.stderr.contains(&said), "{}", run.stderr);
            assert!(!run.stderr.contains("precious: "), "{}", run.stderr);
            assert_eq!(fs::read_to_string(file).unwrap(), before);
        }
    }
    // Its own, in either format, and an empty one.
    let own = path("own.prom");
    fs::write(&own, "").unwrap();
    for format in ["prometheus", "json", "json", "prometheus"] {
        status(&own, format).run().ok();
    }
    let text = fs::read_to_string(&own).unwrap();
    testbed::promtool_check_metrics(&text).unwrap();
    let other = ControlPlane::start(Options::bare());
    let user = other.user("output-user", &["system:masters"]);
    let elsewhere = status(&own, "prometheus").kubeconfig(&user.kubeconfig);
    let elsewhere = elsewhere.run().exit(1);
    assert!(
        elsewhere.stderr.contains("is about another cluster ("),
        "{}",
        elsewhere.stderr
    );
    assert_eq!(fs::read_to_string(&own).unwrap(), text);
}

#[test]
fn templates_and_results_take_the_place_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // A link to nothing is something.
    symlink(path("elsewhere"), path("service-monitor.yaml")).unwrap();
    let run = Monconf::new(["template", "list"]).run().ok();
    let name = run.stdout.split_whitespace().next().unwrap().to_owned();
    symlink(path("elsewhere"), path(&name)).unwrap();
    let eject = Monconf::new(["template", "eject", "--templates"]).args([folder.path()]);
    let run = eject.run().exit(1);
    assert!(run.stderr.contains("exists already"), "{}", run.stderr);
    assert!(!path("elsewhere").exists());

    for text in ["{\"exitCode\": 1}\n", "\u{0}\u{1}", "[]", "x"] {
        let result = path("result");
        fs::write(&result, text).unwrap();
        let run = Monconf::new(["jobs", "--result-file"])
            .args([&result])
            .run()
            .ok();
        assert!(
            run.stderr.contains("it holds something else"),
            "{}",
            run.stderr
        );
        assert_eq!(fs::read_to_string(&result).unwrap(), text);
    }
    // Without somebody who reads from it, a pipe is not waited for.
    let pipe = path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let run = Monconf::new(["jobs", "--result-file"])
        .args([&pipe])
        .run()
        .ok();
    assert!(run.stderr.contains("is not recorded"), "{}", run.stderr);
}
