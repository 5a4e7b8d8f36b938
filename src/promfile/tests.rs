use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::draft::Draft;
use super::walk::Walk;
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
        home: Home::Existing,
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
    let missing = new.check().expect_err("no folder");
    assert!(
        missing.to_string().contains("there is no folder"),
        "{missing}"
    );
    fs::create_dir(dir.path().join("there")).expect("makes");
    new.check().expect("can be written");
    new.write().expect("writes");
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&path).expect("reads"), "1");
}

#[test]
fn what_a_killed_writer_left_is_removed_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("token");
    let left = dir.path().join(".token.monconf-0123456789ab");
    let others = [
        // Of another file, of another writer's making, and what is no file.
        ".ca.crt.monconf-0123456789ab",
        ".token.monconf-notes",
        ".token.monconf-0123456789abc",
        "token.monconf-0123456789ab",
    ]
    .map(|name| dir.path().join(name));
    for path in others.iter().chain([&left]) {
        fs::write(path, "half").expect("writes");
    }
    let link = dir.path().join(".token.monconf-aaaaaaaaaaaa");
    symlink(&others[0], &link).expect("links");
    let folder = dir.path().join(".token.monconf-bbbbbbbbbbbb");
    fs::create_dir(&folder).expect("makes");
    assert_eq!(left_drafts(&path, None), [left.as_path()]);

    let place = Walk::default().to(&path).ok().expect("a folder");
    let under_way = Draft::new(&place, None, None).expect("a draft");
    assert!(!left.exists());
    assert!(left_drafts(&path, None).is_empty());
    write(&path, None, "new", Mode::Secret).expect("writes");
    let kept = others.iter().chain([&link, &folder]);
    for kept in kept {
        assert!(kept.symlink_metadata().is_ok(), "{}", kept.display());
    }
    let count = || fs::read_dir(dir.path()).expect("lists").count();
    assert_eq!(count(), 8);
    drop(under_way);
    assert_eq!(count(), 7);
}

#[test]
fn folders_for_secrets_are_made_and_no_others_whoever_reads_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("missing/folder/file");
    let new = Write::new_file(&path, "");
    assert!(new.check().is_err());
    let own = |reader: Option<u32>| Write {
        home: Home::Own { reader },
        ..new
    };
    own(None).check().expect("makes the folders");
    for folder in path.ancestors().skip(1).take(2) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let theirs = dir.path().join("theirs/file");
    let write = Write {
        path: &theirs,
        ..own(Some(65_534))
    };
    write.check().expect("makes the folder");
    assert_eq!(mode(theirs.parent().expect("a folder")), 0o711);
}

#[test]
fn a_secret_is_not_written_where_others_can_change_anything() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).expect("makes");
    let path = folder.join("token");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("sets");
    };
    let why = |path: &Path| exposure(path, None);
    assert_eq!(why(&path), None);
    // In the folder itself not even files of their own are wanted; further up they do no harm.
    for (place, mode, is_refused) in [
        (folder.as_path(), 0o770, true),
        (&folder, 0o702, true),
        (&folder, 0o1777, true),
        (&folder, 0o755, false),
        (dir.path(), 0o720, true),
        (dir.path(), 0o1777, false),
    ] {
        set(place, mode);
        assert_eq!(
            why(&path).is_some(),
            is_refused,
            "{} {mode:o}",
            place.display()
        );
        let own = Write {
            mode: Mode::Secret,
            home: Home::Own { reader: None },
            ..Write::new_file(&path, "secret")
        };
        assert_eq!(own.check().is_err(), is_refused, "{mode:o}");
        set(place, 0o700);
    }
    // Nor through a link, even one to nothing; nor over anything that is no file.
    symlink("elsewhere", &path).expect("links");
    let (why_not, hint) = why(&path).expect("refused");
    let target = folder.join("elsewhere");
    assert!(
        why_not.starts_with(&format!("it is a symbolic link to {}", target.display())),
        "{why_not}"
    );
    assert!(
        hint.starts_with(&format!("`rm {}`", path.display())),
        "{hint}"
    );
    fs::remove_file(&path).expect("removes");
    fs::create_dir(&path).expect("makes");
    assert_eq!(why(&path).expect("refused").0, "it is a folder");
}

#[test]
fn a_folder_that_is_swapped_after_the_check_gets_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (folder, moved, trap) = (
        dir.path().join("folder"),
        dir.path().join("moved"),
        dir.path().join("trap"),
    );
    for folder in [&folder, &trap] {
        fs::create_dir(folder).expect("makes");
    }
    let path = folder.join("token");
    for home in [Home::Own { reader: None }, Home::Existing] {
        let new = Write {
            mode: Mode::Secret,
            home,
            ..Write::new_file(&path, "secret")
        };
        let checked = new.check().expect("can be written");
        fs::rename(&folder, &moved).expect("moves");
        symlink(&trap, &folder).expect("links");
        let refused = new.write_at(&checked).expect_err("swapped");
        assert!(
            refused.to_string().contains("changed since it was read"),
            "{refused}"
        );
        for folder in [&trap, &moved] {
            assert_eq!(fs::read_dir(folder).expect("lists").count(), 0);
        }
        fs::remove_file(&folder).expect("removes");
        fs::rename(&moved, &folder).expect("moves");
    }
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
        home: Home::Existing,
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
        home: Home::Existing,
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
