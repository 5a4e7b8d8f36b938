//! A live token that is not where the flags say is not replaced: nothing is written, and the error says what is missing.

use std::fs;
use std::path::Path;

use testbed::{ControlPlane, Scope};

use super::support::{Instance, refused, writes};
use crate::support::{Monconf, token};

#[test]
fn a_healthy_token_in_a_file_that_is_not_named_stays() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "elsewhere-drop-in");
    let before = instance.token();
    for arguments in [
        &["--if-due"][..],
        &["--if-due", "--apply"],
        &["--apply"],
        &["--apply", "--yes", "--overlap", "0s"],
        &["--apply", "--wait", "--format", "raw"],
        &["--apply", "-o", "json", "--detailed-exitcode"],
    ] {
        let said = refused(&instance.scope, instance.lost("rotate", arguments));
        let names = (&instance.scope.namespace, &instance.scope.name);
        let bound = format!(
            "error: the token of instance {1} is not where these flags say: bound Secret {0}/{1}-k8s-token-a is live, issued ",
            names.0, names.1
        );
        for part in [
            bound.as_str(),
            ", valid until ",
            "d left), and Secret ",
            "-k8s-token holds no token. Nothing was written",
            "hint: add the flags that `monconf prometheus` was given",
            "--drop-in FILE, --config FILE, --token-dir DIR or --format",
            "if the token is lost, `monconf prometheus --name ",
        ] {
            assert!(said.contains(part), "{arguments:?}: {part}: {said}");
        }
        assert!(token::is_accepted(cp, &before), "{arguments:?}");
        assert!(cp.admin().is_absent(&token::secret_path(&instance.scope)));
        assert!(!instance.exists('b'));
    }
    // After a rotation the live one is in the other slot, and the one before it is not taken for it.
    instance.rotate(&[]).ok();
    let said = refused(&instance.scope, instance.lost("rotate", &["--apply"]));
    assert!(said.contains("-k8s-token-b is live, "), "{said}");
    assert!(token::is_accepted(cp, &before) && token::is_accepted(cp, &instance.token()));
    // With the flags it goes on.
    instance.end_overlap('a');
    instance.rotate(&[]).ok();
}

/// A destination of the token, and flags that name another.
struct Elsewhere {
    consumer: &'static str,
    applied: &'static [&'static str],
    rotated: &'static [&'static str],
    /// What the error says of the place where the token was looked for, and what the hint names.
    said: [&'static str; 2],
}

const CASES: [Elsewhere; 8] = [
    Elsewhere {
        consumer: "prometheus",
        applied: &[],
        rotated: &["--drop-in", "k8s.yml"],
        said: [
            "k8s-credentials/token does not exist",
            "its token is in Secret NAMESPACE/NAME-k8s-token: leave out ",
        ],
    },
    Elsewhere {
        consumer: "prometheus",
        applied: &["--format", "raw"],
        rotated: &["--config", "prometheus.yml"],
        said: [
            "credentials/token does not exist",
            "its token is in Secret NAMESPACE/NAME-k8s-token: leave out ",
        ],
    },
    Elsewhere {
        consumer: "prometheus",
        applied: &["--drop-in", "k8s.yml", "--token-dir", "secret"],
        rotated: &["--drop-in", "k8s.yml"],
        said: ["k8s-credentials/token does not exist", "--token-dir DIR"],
    },
    Elsewhere {
        consumer: "prometheus",
        applied: &["--drop-in", "k8s.yml"],
        rotated: &["--drop-in", "other.yml"],
        said: ["other-credentials/token does not exist", "--drop-in FILE"],
    },
    Elsewhere {
        consumer: "prometheus",
        applied: &["--config", "prometheus.yml"],
        rotated: &[],
        said: ["-k8s-token holds no token", "--config FILE"],
    },
    Elsewhere {
        consumer: "grafana-agent",
        applied: &["--config", "agent.yaml"],
        rotated: &["--format", "static"],
        said: [
            "-k8s-token holds no token",
            "(--config FILE, --token-dir DIR or --format)",
        ],
    },
    Elsewhere {
        consumer: "alloy",
        applied: &["--token-from", "secret"],
        rotated: &[],
        said: ["the token of the Pod itself", "add --token-from secret"],
    },
    Elsewhere {
        consumer: "alloy",
        applied: &["--config", "k8s.alloy"],
        rotated: &["--token-from", "secret"],
        said: ["-k8s-token holds no token", "--token-from, --config FILE"],
    },
];

#[test]
fn every_destination_is_told_from_every_other() {
    let cp = ControlPlane::shared();
    for case in CASES {
        let scope = cp.scope("elsewhere");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prometheus.yml"), "scrape_configs: []\n").unwrap();
        let agent = "metrics:\n  configs:\n  - name: a\n    scrape_configs: []\n";
        fs::write(folder.path().join("agent.yaml"), agent).unwrap();
        let called = format!("{} {:?} {:?}", case.consumer, case.applied, case.rotated);
        let call = |verb: &[&str], flags: &[&str]| {
            let names = ["--name", &scope.name, "--namespace", &scope.namespace];
            let mut flags = flags.to_vec();
            if case.consumer != "prometheus" {
                flags.extend(["--remote-write", "http://127.0.0.1:9/write"]);
            }
            Monconf::new(verb)
                .args(names)
                .args(["--jobs", "apiserver", "--apply"])
                .args(flags)
                .current_dir(folder.path())
                .kubeconfig(scope.kubeconfig())
        };
        call(&[case.consumer], case.applied).run().ok();
        let token = only_token(&scope, folder.path());
        let said = refused(&scope, call(&["rotate", case.consumer], case.rotated));
        assert!(said.contains("-k8s-token-a is live, "), "{called}: {said}");
        for part in case.said {
            let part = part
                .replace("NAMESPACE", &scope.namespace)
                .replace("NAME", &scope.name);
            assert!(said.contains(&part), "{called}: {part}: {said}");
        }
        assert!(token::is_accepted(cp, &token), "{called}");
        assert_eq!(only_token(&scope, folder.path()), token, "{called}");
        // With the flags that it was made with it is replaced.
        call(&["rotate", case.consumer], case.applied).run().ok();
        assert_ne!(only_token(&scope, folder.path()), token, "{called}");
    }
}

/// The token of an instance, wherever it is; it is in one place.
fn only_token(scope: &Scope, folder: &Path) -> String {
    let mut found = Vec::new();
    if !scope.admin().is_absent(&token::secret_path(scope)) {
        found.push(token::of_secret(scope));
    }
    for entry in fs::read_dir(folder).unwrap() {
        found.extend(fs::read_to_string(entry.unwrap().path().join("token")));
    }
    assert_eq!(found.len(), 1, "tokens of {}", scope.name);
    found.remove(0)
}

#[test]
fn the_wrong_instance_consumer_and_namespace_are_told() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "elsewhere-names");
    let before = instance.token();
    let (name, namespace) = (&instance.scope.name, &instance.scope.namespace);
    let drop_in = instance.drop_in();
    let drop_in = drop_in.to_str().unwrap();
    let rotate = |consumer: &str, name: &str, namespace: &str| {
        let files = if consumer == "prometheus" {
            ["--drop-in", drop_in]
        } else {
            ["--config", drop_in]
        };
        let call = Monconf::new(["rotate", consumer, "--apply", "--jobs", "apiserver"])
            .args(["--name", name, "--namespace", namespace])
            .args(files)
            .kubeconfig(instance.scope.kubeconfig());
        let said = refused(&instance.scope, call);
        assert!(token::is_accepted(cp, &before), "{said}");
        said
    };
    let said = rotate("alloy", name, namespace);
    let expected = format!(
        "ServiceAccount {namespace}/{name}-sa belongs to instance {name} of prometheus, not to instance {name} of alloy"
    );
    assert!(said.contains(&expected), "{said}");
    let line = format!("`monconf rotate prometheus --name {name} --namespace {namespace}`");
    assert!(said.contains(&line), "{said}");

    let listed = format!("\n    prometheus {namespace}/{name}\n");
    let other = format!("{name}-other");
    let said = rotate("prometheus", &other, namespace);
    assert!(said.contains(&format!("no instance {other} of prometheus in namespace {namespace}: ServiceAccount {namespace}/{other}-sa does not exist. Nothing was written")), "{said}");
    assert!(said.contains(&listed) && said.contains(&line), "{said}");

    let said = rotate("prometheus", name, "default");
    assert!(said.contains(&listed) && said.contains(&line), "{said}");
    assert_eq!(instance.token(), before);
}

#[test]
fn a_lost_token_is_issued_again_by_the_line_that_the_hint_gives() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("elsewhere-lost");
    let call = |verb: &str, flags: &[&str]| {
        Monconf::for_consumer(verb, &scope, &["--jobs", "apiserver"]).args(flags)
    };
    call("prometheus", &["--apply"]).run().ok();
    let lost = token::of_secret(&scope);
    scope.admin().delete(&token::secret_path(&scope)).unwrap();
    let said = refused(&scope, call("rotate", &["--if-due", "--apply"]));
    assert!(
        said.contains("-k8s-token holds no token. Nothing was written"),
        "{said}"
    );
    assert!(token::is_accepted(cp, &lost), "{said}");
    let line = format!(
        "`monconf prometheus --name {} --namespace {} --jobs apiserver --apply` issues another",
        scope.name, scope.namespace
    );
    assert!(said.contains(&line), "{said}");
    call("prometheus", &["--apply"]).run().ok();
    let issued = token::of_secret(&scope);
    assert_ne!(issued, lost);
    // Then it is rotated as any other.
    call("rotate", &["--apply", "--overlap", "0s"]).run().ok();
    let rotated = token::of_secret(&scope);
    assert!(token::is_accepted(cp, &rotated));
    token::wait_until_refused(cp, &issued);
    token::wait_until_refused(cp, &lost);

    // The same of a file.
    let instance = Instance::applied(cp, "elsewhere-lost-file");
    let lost = instance.token();
    for damage in ["", "not a token"] {
        fs::write(instance.token_file(), damage).unwrap();
        let call = instance.call("rotate", &["--if-due", "--apply"]);
        let said = refused(&instance.scope, call);
        assert!(said.contains("k8s-credentials/token"), "{damage}: {said}");
        assert!(token::is_accepted(cp, &lost), "{damage}");
        assert_eq!(instance.token(), damage);
    }
    fs::remove_file(instance.token_file()).unwrap();
    let call = instance.call("rotate", &["--if-due", "--apply"]);
    let said = refused(&instance.scope, call);
    assert!(
        said.contains("k8s-credentials/token does not exist"),
        "{said}"
    );
    instance.call("prometheus", &["--apply"]).run().ok();
    assert!(token::is_accepted(cp, &instance.token()));
}

/// What is broken is replaced all the same, where the token is the instance's and no other is live.
#[test]
fn a_token_that_was_revoked_is_replaced() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "elsewhere-revoked");
    let revoked = instance.token();
    let path = token::handle_path(&instance.scope, 'a');
    instance.scope.admin().delete(&path).unwrap();
    token::wait_until_refused(cp, &revoked);
    instance.rotate(&["--if-due"]).ok();
    let second = instance.token();
    assert!(token::is_accepted(cp, &second));

    // Also while the token before it is still valid.
    instance.rotate(&[]).ok();
    let third = instance.token();
    let bound = token::claims(&third)["kubernetes.io"]["secret"]["name"].clone();
    let (used, before) = if bound.as_str().unwrap().ends_with("-a") {
        ('a', 'b')
    } else {
        ('b', 'a')
    };
    let path = token::handle_path(&instance.scope, used);
    instance.scope.admin().delete(&path).unwrap();
    token::wait_until_refused(cp, &third);
    instance.rotate(&["--if-due"]).ok();
    assert!(token::is_accepted(cp, &instance.token()));
    assert!(instance.exists(before) && token::is_accepted(cp, &second));

    // And where its file is damaged: it is the instance's token that is there, and nobody can log in with it.
    let fourth = instance.token();
    fs::write(instance.token_file(), fourth.rsplit_once('.').unwrap().0).unwrap();
    instance.rotate(&["--if-due", "--overlap", "0s"]).ok();
    assert!(token::is_accepted(cp, &instance.token()));
    token::wait_until_refused(cp, &fourth);
}

/// A token of another cluster, or of another account, is not this instance's.
#[test]
fn a_token_of_another_instance_in_the_file_is_not_replaced() {
    let cp = ControlPlane::shared();
    let (one, other) = (
        Instance::applied(cp, "elsewhere-mine"),
        Instance::applied(cp, "elsewhere-yours"),
    );
    let (mine, yours) = (one.token(), other.token());
    fs::write(one.token_file(), &yours).unwrap();
    let before = writes(&other.scope);
    let said = refused(&one.scope, one.call("rotate", &["--apply"]));
    assert!(
        said.contains("holds another token. Nothing was written"),
        "{said}"
    );
    assert!(token::is_accepted(cp, &mine) && token::is_accepted(cp, &yours));
    assert_eq!((one.token(), writes(&other.scope)), (yours, before));
}
