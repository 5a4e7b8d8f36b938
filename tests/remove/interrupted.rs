//! A removal that is cut off at any of its requests is finished by the next run.

use std::fs;
use std::thread;

use serde_json::Value;
use testbed::{ControlPlane, Fault, Scope};

use super::{remove, tree};
use crate::support::cut::{is_write, name, numbered, relay, wait_until_held};
use crate::support::{Monconf, state};

const MAIN: &str = "# mine\nscrape_configs: []  # none yet\n";

/// An instance with everything that one can have: objects, a Role, jobs in a file, token and CA beside it.
struct Case<'a> {
    scope: Scope<'a>,
    folder: tempfile::TempDir,
}

impl<'a> Case<'a> {
    fn new(cp: &'a ControlPlane, with_files: bool) -> Self {
        let scope = cp.scope("cut-off");
        scope.create_namespace();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prometheus.yml"), MAIN).unwrap();
        let case = Self { scope, folder };
        Monconf::prometheus(&case.scope, &["--apply"])
            .args(case.place(with_files))
            .current_dir(case.folder.path())
            .run()
            .ok();
        case
    }

    #[allow(clippy::unused_self, reason = "reads as what it is")]
    fn place(&self, with_files: bool) -> Vec<&'static str> {
        if with_files {
            vec!["--config", "prometheus.yml", "--drop-in", "jobs.yml"]
        } else {
            Vec::new()
        }
    }

    fn remove(&self, with_files: bool) -> Monconf {
        remove("prometheus", &self.scope, &["--apply"])
            .args(self.place(with_files))
            .current_dir(self.folder.path())
    }

    fn is_gone(&self, said: &str) {
        assert_eq!(state::of(&self.scope), [] as [Value; 0], "{said}");
        let files = tree(self.folder.path());
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["prometheus.yml"], "{said}");
        assert_eq!(files["prometheus.yml"], MAIN.as_bytes(), "{said}");
    }
}

fn killed_at_every_request(with_files: bool, least: usize) {
    let cp = ControlPlane::shared();
    let whole = Case::new(cp, with_files);
    let recorder = cp.relay(|_| Fault::Pass);
    let kubeconfig = whole.scope.user.via(&recorder.url());
    whole.remove(with_files).kubeconfig(&kubeconfig).run().ok();
    whole.is_gone("at once");
    let writes: Vec<String> = recorder
        .seen()
        .iter()
        .filter(|request| is_write(request))
        .map(|request| name(request, &whole.scope))
        .collect();
    assert!(writes.len() >= least, "{writes:?}");
    for few in numbered(&writes).chunks(4) {
        thread::scope(|threads| {
            for (write, occurrence) in few {
                threads.spawn(move || {
                    let case = Case::new(cp, with_files);
                    let relay = relay(&case.scope, write, *occurrence, Fault::Hold);
                    let kubeconfig = case.scope.user.via(&relay.url());
                    let mut child = case.remove(with_files).kubeconfig(&kubeconfig).spawn();
                    wait_until_held(&relay, &case.scope, write, *occurrence);
                    child.kill().unwrap();
                    child.wait().unwrap();
                    assert_ne!(
                        state::of(&case.scope),
                        [] as [Value; 0],
                        "something is left"
                    );
                    case.remove(with_files).run().ok();
                    case.is_gone(write);
                    let again = case.remove(with_files).run().ok();
                    assert!(
                        again.stdout.contains("Nothing to remove"),
                        "{}",
                        again.stdout
                    );
                });
            }
        });
    }
}

#[test]
fn sigkill_at_any_deletion_is_finished_by_the_next_run() {
    killed_at_every_request(false, 8);
}

#[test]
fn sigkill_at_any_deletion_is_finished_by_the_next_run_with_files() {
    killed_at_every_request(true, 6);
}

/// What a run has done to files when it is killed: each of its steps in turn.
#[test]
fn files_that_an_interrupted_run_has_left_go_with_the_next_one() {
    let cp = ControlPlane::shared();
    for done in 1..=4 {
        let case = Case::new(cp, true);
        let folder = case.folder.path();
        remove("prometheus", &case.scope, &["--apply"]).run().ok();
        // Configuration, token, CA, folder: in this order.
        fs::remove_file(folder.join("jobs.yml")).unwrap();
        if done > 1 {
            fs::write(folder.join("prometheus.yml"), MAIN).unwrap();
        }
        if done > 2 {
            fs::remove_file(folder.join("jobs-credentials/token")).unwrap();
        }
        if done > 3 {
            fs::remove_file(folder.join("jobs-credentials/ca.crt")).unwrap();
        }
        // And what a killed writer leaves.
        fs::write(
            folder.join("jobs-credentials/.token.monconf-0123456789ab"),
            "half",
        )
        .unwrap();
        case.remove(true).run().ok();
        case.is_gone(&format!("after {done}"));
    }
}

/// The answer to a deletion is lost: it is not there any more, and that is as wanted.
#[test]
fn a_lost_answer_does_no_harm() {
    let cp = ControlPlane::shared();
    let case = Case::new(cp, false);
    let wanted =
        "DELETE /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/NAME-clusterrole-binding";
    let relay = relay(&case.scope, wanted, 0, Fault::DropAfter);
    let kubeconfig = case.scope.user.via(&relay.url());
    case.remove(false).kubeconfig(&kubeconfig).run().ok();
    case.is_gone("after a lost answer");
}
