//! `--token-owner`: the token is that user's alone, from the moment that it has its name.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use monconf::promfile::{FileOwner, Home, Mode, Write};
use testbed::{ControlPlane, root};

use super::{NOBODY, POWERLESS, apply, files, refused};

const TOKEN: &str = "k8s-credentials/token";

#[test]
fn the_token_is_given_to_its_reader_once() {
    if !root::is_available("giving a file to another user") {
        return;
    }
    let scope = ControlPlane::shared().scope("owner");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let run = |owner: &[&str]| apply(&scope, &drop_in, owner).run().ok().stdout;
    let token = || {
        let metadata = fs::metadata(folder.path().join(TOKEN)).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o777)
    };

    run(&["--token-owner", "65534:65533"]);
    assert_eq!(token(), (65534, 65533, 0o600));
    let issued = files(folder.path());
    assert_eq!(issued["k8s-credentials/ca.crt"].owner, 0);
    // Whose it is then stays, with the flag and without.
    for owner in [&["--token-owner", "65534"] as &[&str], &[]] {
        let again = run(owner);
        assert!(again.contains("No changes"), "{again}");
    }
    // Another user: the same token, in a new file.
    let given = run(&["--token-owner", "65532"]);
    assert!(given.contains("; owner 65534 becomes 65532"), "{given}");
    assert_eq!(token(), (65532, 65533, 0o600));
    assert_eq!(files(folder.path())[TOKEN].text, issued[TOKEN].text);
    // A new token stays that user's.
    run(&["--duration", "30d"]);
    assert_eq!(token(), (65532, 65533, 0o600));
    assert_ne!(files(folder.path())[TOKEN].text, issued[TOKEN].text);
}

#[test]
fn who_may_not_give_a_file_away_is_told_first() {
    if !root::is_available("taking rights away") {
        return;
    }
    let scope = ControlPlane::shared().scope("owner-denied");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let owner = |owner: &str| apply(&scope, &drop_in, &["--token-owner", owner]);
    refused(
        &scope,
        owner("65534").under(&POWERLESS),
        &[
            "token: user 0 may not give it to user 65534 (Operation not permitted",
            "hint: run as root, or as that user without --token-owner; ",
        ],
    );
    refused(
        &scope,
        owner("no-such-user-here"),
        &[r#"error: --token-owner: this machine knows no user "no-such-user-here""#],
    );
    assert!(files(folder.path()).is_empty());
    // Oneself is always possible.
    owner("0").under(&POWERLESS).run().ok();
}

/// Whoever opens the token at any moment of many changes has a whole one that is that user's alone.
#[test]
fn a_token_has_its_owner_from_the_first_moment() {
    if !root::is_available("giving a file to another user") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let token = |number: usize| format!("{number:03}").repeat(1_000);
    let write = |before: Option<&str>, text: &str| {
        let write = Write {
            path: &path,
            text,
            before,
            mode: Mode::Secret,
            owner: Some(FileOwner {
                user: NOBODY,
                group: None,
            }),
            backup: false,
            home: Home::Own {
                reader: Some(NOBODY),
            },
        };
        write.write().unwrap();
    };
    write(None, &token(0));
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !is_done.load(Ordering::Relaxed) {
                let mut file = File::open(&path).unwrap();
                let metadata = file.metadata().unwrap();
                assert_eq!((metadata.uid(), metadata.mode() & 0o777), (NOBODY, 0o600));
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                assert_eq!(text, text[..3].repeat(1_000));
                seen += 1;
            }
            seen
        });
        for number in 1..=200 {
            write(Some(&token(number - 1)), &token(number));
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 200, "the reader was there");
    });
}
