//! A run that is cut off at any request leaves what the next run completes.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::thread;

use testbed::relay::Request;
use testbed::{ControlPlane, Event, Fault, FaultRelay, Scope};

use crate::support::{Monconf, Run, state};

/// A cold apply's writes, as `METHOD PATH`, in the order in which they arrived; a path can occur twice.
fn writes_of_a_cold_apply(cp: &ControlPlane) -> (Vec<String>, Vec<serde_json::Value>) {
    let scope = cp.scope("whole");
    let relay = cp.relay(|_| Fault::Pass);
    apply_through(&scope, &relay).run().ok();
    let writes = relay
        .seen()
        .iter()
        .filter(|request| is_write(request))
        .map(|request| name(request, &scope))
        .collect();
    (writes, state::of(&scope))
}

fn apply_through(scope: &Scope, relay: &FaultRelay) -> Monconf {
    Monconf::prometheus(scope, &["--apply"]).kubeconfig(&scope.user.via(&relay.url()))
}

fn is_write(request: &Request) -> bool {
    request.method != "GET" && !request.path.contains("selfsubject")
}

fn name(request: &Request, scope: &Scope) -> String {
    let path = request
        .path
        .replace(&scope.namespace, "NAMESPACE")
        .replace(&scope.name, "NAME");
    format!("{} {path}", request.method)
}

/// A relay that does `fault` to the `occurrence`th request called `wanted`.
fn relay(scope: &Scope, wanted: &str, occurrence: usize, fault: Fault) -> FaultRelay {
    let wanted = wanted.to_owned();
    let (namespace, instance) = (scope.namespace.clone(), scope.name.clone());
    let seen = std::sync::atomic::AtomicUsize::new(0);
    scope.cp.relay(move |request| {
        let path = request
            .path
            .replace(&namespace, "NAMESPACE")
            .replace(&instance, "NAME");
        let this = format!("{} {path}", request.method) == wanted;
        if this && seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == occurrence {
            fault.clone()
        } else {
            Fault::Pass
        }
    })
}

/// Waits until the request is held.
fn wait_until_held(relay: &FaultRelay, scope: &Scope, wanted: &str, occurrence: usize) {
    let found = || {
        relay
            .seen()
            .iter()
            .filter(|request| name(request, scope) == wanted)
            .count()
    };
    testbed::poll::until(wanted, std::time::Duration::from_secs(30), || {
        found() > occurrence
    });
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Each write with how many of the same name came before it.
fn numbered(writes: &[String]) -> Vec<(String, usize)> {
    let earlier = |index: usize| {
        writes[..index]
            .iter()
            .filter(|other| **other == writes[index])
            .count()
    };
    (0..writes.len())
        .map(|index| (writes[index].clone(), earlier(index)))
        .collect()
}

/// Runs `case` for every write, a few at a time.
fn for_every_write(case: impl Fn(&ControlPlane, &str, usize, &[serde_json::Value]) + Sync) {
    let cp = ControlPlane::shared();
    let (writes, whole) = writes_of_a_cold_apply(cp);
    assert!(writes.len() >= 11, "{writes:?}");
    let cases = numbered(&writes);
    let (case, whole) = (&case, &whole);
    for few in cases.chunks(4) {
        thread::scope(|scope| {
            for (write, occurrence) in few {
                scope.spawn(move || case(cp, write, *occurrence, whole));
            }
        });
    }
}

fn written(scope: &Scope) -> Vec<Event> {
    let events = scope.cp.audit(&scope.user.name);
    events
        .into_iter()
        .filter(|event| event.is_write() && event.code < 300)
        .collect()
}

fn tokens(scope: &Scope) -> usize {
    written(scope)
        .iter()
        .filter(|event| event.subresource == "token")
        .count()
}

/// The targets that a line of the account names.
fn listed(run: &Run, words: &str) -> BTreeSet<String> {
    let lines = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix(words)?.strip_prefix(": "));
    lines
        .flat_map(|line| line.split(", "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn sigint_at_any_write_says_what_was_done_and_the_next_run_completes_it() {
    for_every_write(|cp, write, occurrence, whole| {
        let scope = cp.scope("sigint");
        let relay = relay(&scope, write, occurrence, Fault::Hold);
        let child = apply_through(&scope, &relay).spawn();
        wait_until_held(&relay, &scope, write, occurrence);
        // What was sent together with the held request is answered.
        testbed::poll::until("the others", std::time::Duration::from_secs(10), || {
            let sent = relay
                .seen()
                .iter()
                .filter(|request| is_write(request))
                .count();
            written(&scope).len() + 1 >= sent
        });
        signal(&child, "INT");
        let run = Run::of(child).exit(130);
        assert!(
            run.stderr.contains("error: interrupted by SIGINT"),
            "{}",
            run.stderr
        );

        let really: BTreeSet<String> = written(&scope)
            .iter()
            .filter(|event| event.subresource.is_empty())
            .map(state::target)
            .collect();
        let done = listed(&run, "written");
        let pending = listed(&run, "not written");
        assert!(
            done.is_subset(&really),
            "{write}: said {done:?}, written are {really:?}"
        );
        assert!(
            pending.is_disjoint(&really),
            "{write}: said {pending:?}, written are {really:?}"
        );
        if really.is_empty() {
            assert!(
                run.stderr.contains("may have been written")
                    || run.stderr.contains("Nothing was written"),
                "{}",
                run.stderr
            );
        }

        Monconf::prometheus(&scope, &["--apply"]).run().ok();
        assert_eq!(state::of(&scope), whole, "after {write}");
        assert!(tokens(&scope) <= 2, "at most one token more");
        let again = Monconf::prometheus(&scope, &["--apply"]).run().ok();
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    });
}

#[test]
fn sigkill_at_any_write_is_completed_by_the_next_run() {
    for_every_write(|cp, write, occurrence, whole| {
        let scope = cp.scope("sigkill");
        let relay = relay(&scope, write, occurrence, Fault::Hold);
        let mut child = apply_through(&scope, &relay).spawn();
        wait_until_held(&relay, &scope, write, occurrence);
        child.kill().unwrap();
        child.wait().unwrap();
        Monconf::prometheus(&scope, &["--apply"]).run().ok();
        assert_eq!(state::of(&scope), whole, "after {write}");
        assert!(tokens(&scope) <= 2, "at most one token more");
    });
}

#[test]
fn an_answer_that_is_lost_after_the_server_has_written_does_no_harm() {
    for_every_write(|cp, write, occurrence, whole| {
        let scope = cp.scope("dropped");
        let relay = relay(&scope, write, occurrence, Fault::DropAfter);
        let run = apply_through(&scope, &relay).run();
        if write.ends_with("/token") {
            // Asking again might leave a token that nobody knows of.
            let run = run.exit(1);
            assert!(
                run.stderr.contains("a token was asked for and not stored"),
                "{}",
                run.stderr
            );
            assert_eq!(tokens(&scope), 1, "a lost token is not asked for again");
            Monconf::prometheus(&scope, &["--apply"]).run().ok();
        } else {
            run.ok();
        }
        assert_eq!(state::of(&scope), whole, "after {write}");
        assert!(tokens(&scope) <= 2, "at most one token more");
    });
}

#[test]
fn a_signal_while_reading_ends_the_run_and_nothing_is_written() {
    let cp = ControlPlane::shared();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let scope = cp.scope("reading");
        let relay = relay(&scope, "GET /api/v1/namespaces/NAMESPACE", 0, Fault::Hold);
        let child = apply_through(&scope, &relay).spawn();
        wait_until_held(&relay, &scope, "GET /api/v1/namespaces/NAMESPACE", 0);
        signal(&child, name);
        let run = Run::of(child).exit(code);
        assert!(
            run.stderr.contains(&format!("interrupted by SIG{name}")),
            "{}",
            run.stderr
        );
        assert_eq!(written(&scope), []);
    }
}
