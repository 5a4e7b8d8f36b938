//! Tokens in files.

use std::fs;

use serde_json::json;
use testbed::ControlPlane;

use super::{row, rows, status};
use crate::support::{Monconf, token};

#[test]
fn a_token_file_is_told_beside_its_instance_and_never_printed() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-file");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let dir = folder.path().join("k8s-credentials");
    let files = ["--drop-in", drop_in.to_str().unwrap()];
    Monconf::prometheus(&scope, &["--apply"])
        .args(files)
        .run()
        .ok();
    let issued = fs::read_to_string(dir.join("token")).unwrap();

    // Named by its folder, or by the settings.
    let dirs = ["--token-dir", dir.to_str().unwrap()];
    for arguments in [&dirs[..], &files[..]] {
        let found = row(&scope, arguments);
        assert_eq!(found["token"]["state"], "ok");
        assert_eq!(found["file"], dir.join("token").to_str().unwrap());
        assert_eq!(found["token"]["requested"], "90d");
    }
    assert_eq!(row(&scope, &[])["file"], json!(null));
    assert_eq!(row(&scope, &files)["drift"]["change"], 0);

    // A copy that another Prometheus still reads has the old token.
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(dir.join("token"), copy.join("token")).unwrap();
    Monconf::prometheus(&scope, &["--apply", "--duration", "30d"])
        .args(files)
        .run()
        .ok();
    let both = [&dirs[..], &["--token-dir", copy.to_str().unwrap()]].concat();
    let found = rows(&scope, &both);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[1]["file"], copy.join("token").to_str().unwrap());
    assert_eq!(found[1]["token"]["state"], "ok");
    assert!(
        found[1]["remarks"]
            .to_string()
            .contains("there is a newer token")
    );
    cp.admin().delete(&token::handle_path(&scope, 'a')).unwrap();
    assert_eq!(rows(&scope, &both)[1]["token"]["state"], "revoked");

    let text = status(&scope, &both);
    assert!(
        text.stdout
            .contains(&format!("token in {}", copy.display()))
    );
    for part in issued.trim().split('.') {
        assert!(!text.stdout.contains(part) && !text.stderr.contains(part));
    }
}

#[test]
fn what_is_no_token_is_told_and_is_due() {
    let scope = ControlPlane::shared().scope("status-no-file");
    let folder = tempfile::tempdir().unwrap();
    let run = |dir: &std::path::Path| {
        Monconf::new(["status", "--detailed-exitcode", "--token-dir"])
            .args([dir])
            .kubeconfig(scope.kubeconfig())
            .run()
            .exit(2)
    };
    let missing = run(&folder.path().join("missing")).stdout;
    assert!(
        missing.contains("broken: there is no such file"),
        "{missing}"
    );
    fs::write(folder.path().join("token"), "hunter2\n").unwrap();
    let wrong = run(folder.path()).stdout;
    assert!(
        wrong.contains("broken: what is there is not a token of a ServiceAccount"),
        "{wrong}"
    );
    assert!(!wrong.contains("hunter2"), "{wrong}");
}
