//! From prometheus-operator's objects to files.

use std::fs;
use std::path::Path;

use serde_json::json;
use testbed::{ControlPlane, Fault, Scope};

use super::{is_in_order, monconf, names, report};
use crate::support::{Monconf, token};

const MONITORS: [(&str, &str); 2] = [
    ("/apis/monitoring.coreos.com/v1", "servicemonitors"),
    ("/apis/monitoring.coreos.com/v1alpha1", "scrapeconfigs"),
];

fn monitors(scope: &Scope) -> Vec<String> {
    let each = MONITORS.iter();
    each.flat_map(|(api, plural)| names(scope, api, plural))
        .collect()
}

/// No monitor names a Secret that does not exist.
fn nothing_dangles(scope: &Scope) {
    if scope.admin().is_absent(&token::secret_path(scope)) {
        assert_eq!(monitors(scope), Vec::<String>::new());
    }
}

fn token_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("jobs-credentials/token")).unwrap()
}

#[test]
fn the_monitors_go_with_the_secret_that_they_name_and_before_it() {
    let cp = ControlPlane::shared();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let main = file("prometheus.yml");
    for (place, number) in [
        (vec!["--drop-in".to_owned(), file("jobs.yml")], 2),
        (vec!["--config".to_owned(), main.clone()], 2),
        (
            vec![
                "--config".to_owned(),
                main.clone(),
                "--drop-in".to_owned(),
                file("both.yml"),
            ],
            2,
        ),
    ] {
        let scope = cp.scope("moved");
        fs::write(&main, "scrape_configs: []\n").unwrap();
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        monconf(&scope, &["--apply", "--jobs", "apiserver,kubelet"]).ok();
        assert_eq!(monitors(&scope).len(), number);
        let before = token::of_secret(&scope);

        let place = [&["--jobs", "apiserver,kubelet"], &place[..]].concat();
        let plan = monconf(&scope, &[&place[..], &["-o", "json"]].concat()).ok();
        assert_eq!(report(&plan)["moves"], true);
        monconf(&scope, &[&["--apply", "--yes"], &place[..]].concat()).ok();
        assert_eq!(monitors(&scope), Vec::<String>::new());
        assert!(cp.admin().is_absent(&token::secret_path(&scope)));
        is_in_order(&scope);
        // The former token is revoked, the new one is not.
        token::wait_until_refused(cp, &before);
        let again = monconf(&scope, &[&["--apply", "--yes"], &place[..]].concat()).ok();
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
        let plan = monconf(&scope, &[&place[..], &["-o", "json"]].concat()).ok();
        assert_eq!(report(&plan)["moves"], false);
        if place.contains(&"--drop-in") && !place.contains(&"--config") {
            assert!(token::is_accepted(cp, &token_of(folder.path())));
        }
    }
}

/// Whichever of its deletions is the last one, no monitor is left that names a Secret that is gone.
#[test]
fn a_move_that_is_cut_off_leaves_nothing_dangling_and_the_next_run_completes_it() {
    let cp = ControlPlane::shared();
    for passed in 0..5 {
        let scope = cp.scope("cut-move");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jobs.yml").display().to_string();
        let place = ["--apply", "--yes", "--drop-in", &file];
        monconf(&scope, &["--apply"]).ok();
        let before = token::of_secret(&scope);
        let count = std::sync::atomic::AtomicUsize::new(0);
        let relay = cp.relay(move |request| {
            if request.method != "DELETE" {
                return Fault::Pass;
            }
            let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            if number < passed {
                return Fault::Pass;
            }
            Fault::Respond {
                status: 403,
                headers: Vec::new(),
                body: json!({
                    "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
                    "code": 403, "message": "not now",
                })
                .to_string(),
            }
        });
        let cut = Monconf::prometheus(&scope, &place)
            .kubeconfig(&scope.user.via(&relay.url()))
            .run()
            .exit(1);
        nothing_dangles(&scope);
        assert!(token::is_accepted(cp, &token_of(folder.path())), "{cut:?}");
        monconf(&scope, &place).ok();
        assert_eq!(monitors(&scope), Vec::<String>::new());
        assert!(cp.admin().is_absent(&token::secret_path(&scope)));
        token::wait_until_refused(cp, &before);
        assert!(token::is_accepted(cp, &token_of(folder.path())));
        assert!(monconf(&scope, &place).ok().stdout.contains("No changes"));
    }
}

/// From files nothing is known but the Secret that their token is bound to.
#[test]
fn back_from_files_it_is_told_that_another_destination_may_hold_a_token() {
    let scope = ControlPlane::shared().scope("back");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.yml").display().to_string();
    monconf(&scope, &["--apply", "--drop-in", &file]).ok();
    let run = monconf(&scope, &["--apply"]).ok();
    let said = format!(
        "hint: Secret {}/{}-k8s-token-a is bound to a live token that is not in Secret {}/{}-k8s-token",
        scope.namespace, scope.name, scope.namespace, scope.name
    );
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    let other = folder.path().join("other.yml").display().to_string();
    let run = Monconf::prometheus(
        &ControlPlane::shared().scope("fresh"),
        &["--drop-in", &other],
    )
    .run()
    .ok();
    assert!(!run.stderr.contains("live token"), "{}", run.stderr);
}
