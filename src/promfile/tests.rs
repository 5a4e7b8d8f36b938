use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::draft::Draft;
use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("exists").mode() & 0o777
}

fn write(path: &Path, before: Option<&str>, text: &str, mode: Mode) -> crate::error::Result<()> {
    Write {
        path,
        text,
        before,
        mode,
        owner: None,
        backup: false,
    }
    .write()
}

#[test]
fn a_secret_is_its_owners_alone_even_where_the_old_file_was_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("token");
    fs::write(&path, "old").expect("writes");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("sets");
    write(&path, Some("old"), "new", Mode::Secret).expect("writes");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_to_string(&path).expect("reads"), "new");
}

#[test]
fn a_public_file_keeps_its_mode_and_a_link_stays_a_link() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, link) = (dir.path().join("real.yml"), dir.path().join("link.yml"));
    write(&path, None, "1", Mode::Public).expect("writes");
    assert_eq!(mode(&path), 0o644);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("sets");
    symlink(&path, &link).expect("links");
    write(&link, Some("1"), "2", Mode::Public).expect("writes");
    assert_eq!(mode(&path), 0o640);
    assert_eq!(fs::read_to_string(&path).expect("reads"), "2");
    assert!(link.is_symlink());
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
}

#[test]
fn a_link_to_nothing_yet_leads_to_the_new_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, link) = (
        dir.path().join("there/real.yml"),
        dir.path().join("link.yml"),
    );
    symlink("there/real.yml", &link).expect("links");
    let new = Write::new_file(&link, "1");
    let missing = new.check(Home::Existing).expect_err("no folder");
    assert!(
        missing.to_string().contains("there is no folder"),
        "{missing}"
    );
    fs::create_dir(dir.path().join("there")).expect("makes");
    new.check(Home::Existing).expect("can be written");
    new.write().expect("writes");
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&path).expect("reads"), "1");
}

#[test]
fn what_a_killed_writer_left_is_removed_and_what_somebody_still_writes_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("token");
    let left = dir.path().join(".token.monconf-abc123");
    let others = dir.path().join(".ca.crt.monconf-abc123");
    for path in [&left, &others] {
        fs::write(path, "half").expect("writes");
    }
    let under_way = Draft::beside(&path).expect("a draft");
    assert!(!left.exists());
    write(&path, None, "new", Mode::Secret).expect("writes");
    assert!(others.exists());
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 3);
    drop(under_way);
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
}

#[test]
fn a_missing_folder_is_made_for_secrets_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("missing/file");
    let new = Write::new_file(&path, "");
    assert!(new.check(Home::Existing).is_err());
    new.check(Home::Own).expect("makes the folder");
    assert!(path.parent().expect("a folder").is_dir());
}

#[test]
fn a_file_that_changed_since_it_was_read_is_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("prometheus.yml");
    fs::write(&path, "theirs").expect("writes");
    for before in [None, Some("read")] {
        let refused = write(&path, before, "ours", Mode::Public).expect_err("changed");
        assert!(
            refused.to_string().contains("changed since it was read"),
            "{refused}"
        );
    }
    assert_eq!(fs::read_to_string(&path).expect("reads"), "theirs");
    fs::remove_file(&path).expect("removes");
    write(&path, Some("read"), "ours", Mode::Public).expect_err("gone");
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 0);
}

#[test]
fn the_old_content_is_kept_beside_where_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("prometheus.yml");
    fs::write(&path, "old").expect("writes");
    fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("sets");
    Write {
        path: &path,
        text: "new",
        before: Some("old"),
        mode: Mode::Public,
        owner: None,
        backup: true,
    }
    .write()
    .expect("writes");
    let backup = backup_of(&path);
    assert_eq!(backup, dir.path().join("prometheus.yml.bak"));
    assert_eq!(fs::read_to_string(&backup).expect("reads"), "old");
    assert_eq!(mode(&backup), 0o640);

    // Where nothing is replaced, what was kept stays.
    Write {
        path: &path,
        text: "newer",
        before: Some("what it never held"),
        mode: Mode::Public,
        owner: None,
        backup: true,
    }
    .write()
    .expect_err("changed");
    assert_eq!(fs::read_to_string(&backup).expect("reads"), "old");
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
}

/// Whoever reads the token in the meantime reads one or the other, whole, and nobody else ever may.
#[test]
fn a_token_is_swapped_under_its_readers() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("token");
    let token = |number: usize| number.to_string().repeat(2_000);
    write(&path, None, &token(0), Mode::Secret).expect("writes");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    while !done.load(Ordering::Relaxed) {
                        let text = fs::read_to_string(&path).expect("always there");
                        let number = &text[..text.len() / 2_000];
                        assert_eq!(text, number.repeat(2_000));
                        for entry in fs::read_dir(dir.path()).expect("lists").flatten() {
                            let open = entry.metadata().is_ok_and(|file| file.mode() & 0o077 != 0);
                            assert!(!open, "others may read {}", entry.path().display());
                        }
                        seen += 1;
                    }
                    seen
                })
            })
            .collect();
        for number in 1..=200 {
            write(
                &path,
                Some(&token(number - 1)),
                &token(number),
                Mode::Secret,
            )
            .expect("writes");
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().expect("reads to the end") > 0);
        }
    });
}
