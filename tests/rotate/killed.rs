//! A rotation that is killed at any request leaves a token that works, and the next one completes it.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use testbed::relay::Request;
use testbed::{ControlPlane, Fault, FaultRelay, Scope};

use crate::support::cut::{is_write, name, numbered, relay, wait_until_held};
use crate::support::{Monconf, token};

/// Where the token is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Secret,
    File,
}

/// One instance with a token.
struct Case<'a> {
    scope: Scope<'a>,
    folder: TempDir,
    form: Form,
}

impl<'a> Case<'a> {
    fn applied(cp: &'a ControlPlane, form: Form) -> Self {
        let case = Self {
            scope: cp.scope("rotate-killed"),
            folder: tempfile::tempdir().unwrap(),
            form,
        };
        case.call("prometheus", &["--apply"]).run().ok();
        case
    }

    fn call(&self, verb: &str, arguments: &[&str]) -> Monconf {
        let monconf = Monconf::for_consumer(verb, &self.scope, &["--jobs", "apiserver"])
            .current_dir(self.folder.path())
            .args(arguments);
        match self.form {
            Form::Secret => monconf,
            // Whichever way a run takes to the API server, the new token is proved there.
            Form::File => {
                monconf.args(["--drop-in", "k8s.yml", "--api-server", self.scope.cp.url()])
            }
        }
    }

    fn rotate_through(&self, relay: &FaultRelay) -> Monconf {
        self.call("rotate", &["--apply", "--overlap", "0s"])
            .kubeconfig(&self.scope.user.via(&relay.url()))
    }

    fn token(&self) -> String {
        match self.form {
            Form::Secret => token::of_secret(&self.scope),
            Form::File => {
                fs::read_to_string(self.folder.path().join("k8s-credentials/token")).unwrap()
            }
        }
    }

    #[track_caller]
    fn works(&self, when: &str) -> String {
        let token = self.token();
        assert!(token::is_accepted(self.scope.cp, &token), "{when}");
        token
    }

    fn handles(&self) -> usize {
        let is_there = |slot: &char| {
            let path = token::handle_path(&self.scope, *slot);
            !self.scope.admin().is_absent(&path)
        };
        ['a', 'b'].iter().filter(|slot| is_there(slot)).count()
    }

    /// A way to the API server by which every handle looks eleven minutes older: then nobody is taken to work on it still.
    fn later(&self) -> FaultRelay {
        let admin = self.scope.admin().clone();
        let handles = ['a', 'b'].map(|slot| token::handle_path(&self.scope, slot));
        self.scope.cp.relay(move |request| {
            if request.method != "GET" || !handles.contains(&request.path) {
                return Fault::Pass;
            }
            let Ok(mut handle) = admin.get(&request.path) else {
                return Fault::Pass;
            };
            let made = handle["metadata"]["creationTimestamp"].as_str().unwrap();
            let made: Timestamp = made.parse().unwrap();
            let earlier = made - SignedDuration::from_mins(11);
            handle["metadata"]["creationTimestamp"] = earlier.to_string().into();
            Fault::Respond {
                status: 200,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: handle.to_string(),
            }
        })
    }
}

/// The requests of a rotation from its first write on: its own writes, and what the new token is proved with, each with
/// how many of the same name came before it.
fn requests_of_a_rotation(cp: &ControlPlane, form: Form) -> Vec<(String, usize)> {
    let case = Case::applied(cp, form);
    let relay = cp.relay(|_| Fault::Pass);
    case.rotate_through(&relay).run().ok();
    let seen = relay.seen();
    let is_own_write = |request: &&Request| request.user.is_some() && is_write(request);
    let names = |request: &Request| name(request, &case.scope);
    let writes: Vec<String> = seen.iter().filter(is_own_write).map(names).collect();
    // The proof is repeated where an API server does not know the token yet.
    let proof: BTreeSet<String> = seen
        .iter()
        .filter(|request| request.user.is_none())
        .map(names)
        .collect();
    let proof = proof.into_iter().map(|name| (name, 0));
    numbered(&writes).into_iter().chain(proof).collect()
}

fn sigkill(form: Form, least: usize) {
    let cp = ControlPlane::shared();
    let requests = requests_of_a_rotation(cp, form);
    assert!(requests.len() >= least, "{requests:?}");
    for few in requests.chunks(4) {
        thread::scope(|threads| {
            for (request, occurrence) in few {
                threads.spawn(move || killed_at(cp, form, request, *occurrence));
            }
        });
    }
}

fn killed_at(cp: &ControlPlane, form: Form, request: &str, occurrence: usize) {
    let case = Case::applied(cp, form);
    let before = case.token();
    let relay = relay(&case.scope, request, occurrence, Fault::Hold);
    let mut child = case.rotate_through(&relay).spawn();
    wait_until_held(&relay, &case.scope, request, occurrence);
    child.kill().unwrap();
    child.wait().unwrap();
    let between = case.works(request);

    // As a CronJob that comes too soon.
    case.call("rotate", &["--if-due", "--apply"]).run().ok();
    assert_eq!(case.works(request), between, "{request}");
    let later = case.later();
    case.rotate_through(&later).run().ok();
    let after = case.works(request);
    assert!(![before.as_str(), &between].contains(&after.as_str()));
    testbed::poll::until(request, || case.handles() == 1);
    for old in [&before, &between] {
        token::wait_until_refused(cp, old);
    }
    let plan = case.call("prometheus", &[]).run().ok();
    assert!(
        plan.stdout.contains("No changes"),
        "{request}: {}",
        plan.stdout
    );
    case.works(request);
}

#[test]
fn sigkill_at_any_request_leaves_a_token_that_works_in_the_secret() {
    sigkill(Form::Secret, 7);
}

#[test]
fn sigkill_at_any_request_leaves_a_token_that_works_in_the_file() {
    sigkill(Form::File, 4);
}
