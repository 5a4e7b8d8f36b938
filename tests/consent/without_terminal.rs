//! Without a controlling terminal `--apply` is consent for what can be done again, and `--yes` for the rest.

use std::path::Path;
use std::process::{Command, Stdio};

use testbed::{ControlPlane, Scope};

use super::{apply, in_shell, pasted, remove, writes};
use crate::support::{Monconf, Run, state};

/// A line that was printed to be pasted, in a shell without a terminal.
fn paste(scope: &Scope, line: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_monconf"));
    let system = std::env::var_os("PATH").unwrap();
    let folders = std::env::split_paths(&system);
    let path = [program.parent().unwrap().to_owned()]
        .into_iter()
        .chain(folders);
    let child = Command::new("setsid")
        .args(["sh", "-ec", line])
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("KUBECONFIG", scope.kubeconfig())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Run::of(child.unwrap())
}

#[test]
fn creating_changing_and_pruning_need_no_yes() {
    let scope = ControlPlane::shared().scope("alone");
    for (arguments, said) in [
        (&[][..], "Applied: 9 created, 0 changed, 0 deleted"),
        (
            &["--interval", "45s"],
            "Applied: 0 created, 3 changed, 0 deleted",
        ),
        (&["--jobs", "apiserver", "--interval", "45s"], "2 deleted"),
    ] {
        let run = apply(&scope).args(arguments).run().ok();
        assert!(!run.stderr.contains("[y/N]"), "{}", run.stderr);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn a_removal_needs_yes_and_says_how() {
    let scope = ControlPlane::shared().scope("alone-remove");
    remove(&scope).run().ok();
    apply(&scope).run().ok();
    let before = writes(&scope);
    let calls = [
        remove(&scope),
        in_shell(remove(&scope), "yes | \"$@\""),
        remove(&scope).args(["--log-format", "text", "-o", "json"]),
        remove(&scope).args(["--delete-namespace"]),
    ];
    let mut line = String::new();
    for call in calls {
        let run = call.run().exit(1);
        assert!(!run.stderr.contains("[y/N]"), "{}", run.stderr);
        assert!(
            run.stderr.contains("there is no controlling terminal; nothing was written\nhint: `monconf remove --name "),
            "{}",
            run.stderr
        );
        let hint = run.stderr.trim_end().strip_suffix(" does not ask").unwrap();
        line = pasted(hint);
        assert!(line.ends_with(" --yes"), "{line}");
        assert_eq!(writes(&scope), before, "{}", run.stderr);
    }
    paste(&scope, &line).ok();
    assert!(writes(&scope) > before);
    assert_eq!(state::of(&scope), [] as [serde_json::Value; 0]);
}

#[test]
fn leaving_a_destination_needs_yes() {
    let scope = ControlPlane::shared().scope("alone-move");
    scope.create_namespace();
    let more = |arguments: &[&str]| {
        Monconf::for_consumer("prometheus", &scope, arguments).args(["--apply"])
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    for place in [
        &["--additional-scrape-configs", "more:jobs.yaml"][..],
        &["--drop-in", file.to_str().unwrap()],
    ] {
        apply(&scope).run().ok();
        let before = writes(&scope);
        let run = more(place).run().exit(1);
        let hint = run.stderr.trim_end().strip_suffix(" does not ask");
        let line = pasted(hint.unwrap_or_else(|| panic!("{}", run.stderr)));
        assert_eq!(writes(&scope), before, "{place:?}");
        assert!(!file.exists(), "{place:?}");
        paste(&scope, &line).ok();
        assert!(writes(&scope) > before, "{place:?}");
    }
}
