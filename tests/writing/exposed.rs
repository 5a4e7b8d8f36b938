//! Token and CA are written only to where no other user can read or replace them, whatever the umask.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use testbed::{ControlPlane, Scope, root};

use super::{NOBODY, apply, files, refused};
use crate::support::Monconf;

struct World {
    scope: Scope<'static>,
    folder: tempfile::TempDir,
}

impl World {
    fn new(test: &str) -> Self {
        Self {
            scope: ControlPlane::shared().scope(test),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder of that mode.
    fn folder(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A run that would write token and CA into this folder.
    fn writing_to(&self, folder: &Path) -> Monconf {
        let folder = folder.to_str().unwrap();
        apply(&self.scope, &self.path("k8s.yml"), &["--token-dir", folder])
    }

    #[track_caller]
    fn is_refused(&self, folder: &Path, said: &[&str]) {
        let run = refused(&self.scope, self.writing_to(folder), said);
        let names = files(self.folder.path());
        let names = names.keys().filter(|name| name.ends_with("token"));
        assert!(
            names.count() == 0 || fs::read(folder.join("token")).is_ok_and(|text| text.is_empty()),
            "{}",
            run.stderr
        );
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_umask_changes_no_mode() {
    for (umask, test) in [("000", "umask-open"), ("777", "umask-closed")] {
        if umask == "777" && !root::is_available("files without permissions") {
            return;
        }
        let world = World::new(test);
        let under = ["sh", "-c", &format!("umask {umask}; exec \"$@\""), "sh"];
        let deep = world.path("new/folder");
        world.writing_to(&deep).under(&under).run().ok();
        for (name, expected) in [
            ("new", 0o700),
            ("new/folder", 0o700),
            ("new/folder/token", 0o600),
            ("new/folder/ca.crt", 0o644),
            ("k8s.yml", 0o644),
        ] {
            assert_eq!(mode(&world.path(name)), expected, "{name}, umask {umask}");
        }
        let ejected = world.path("templates/mine");
        let result = world.path("result");
        Monconf::new(["template", "eject", "--templates"])
            .args([&ejected])
            .args(["--result-file".as_ref(), result.as_os_str()])
            .under(&under)
            .run()
            .ok();
        assert_eq!(mode(&ejected), 0o755);
        assert_eq!(mode(ejected.parent().unwrap()), 0o755);
        assert_eq!(mode(&result), 0o644);
        for entry in fs::read_dir(&ejected).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o644);
        }
    }
}

/// Prometheus runs as another user, who comes through the folder and reads both files.
#[test]
fn the_owner_of_the_token_reads_it_and_others_do_not() {
    if !root::is_available("another user") {
        return;
    }
    let world = World::new("reader");
    fs::set_permissions(world.folder.path(), Permissions::from_mode(0o755)).unwrap();
    let folder = world.path("new");
    world
        .writing_to(&folder)
        .args(["--token-owner", "65534"])
        .run()
        .ok();
    assert_eq!(mode(&folder), 0o711);
    let reads = |user: u32, name: &str| {
        let user = [format!("--reuid={user}"), format!("--regid={user}")];
        let mut command = Command::new("setpriv");
        command.args(user).args(["--clear-groups", "cat"]);
        command
            .arg(folder.join(name))
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(reads(NOBODY, "token") && reads(NOBODY, "ca.crt"));
    assert!(!reads(65_533, "token"));
}

#[test]
fn folders_that_others_can_write_to() {
    let world = World::new("open-folder");
    // The folder itself, one above it, and one that is yet to be made.
    let open = world.folder("open", 0o770);
    let below = world.folder("open/below", 0o700);
    for folder in [&open, &below, &open.join("new")] {
        world.is_refused(
            folder,
            &[
                &format!(
                    "token: other users can replace files in folder {} (mode 0770, owner user {})",
                    open.display(),
                    rustix::process::geteuid().as_raw(),
                ),
                &format!("hint: `chmod go-w {}`; ", open.display()),
            ],
        );
        assert!(!open.join("new").exists());
    }
    world.folder("open", 0o702);
    world.is_refused(&below, &["(mode 0702, owner user "]);
    // In a folder for everybody's files one of one's own is safe, a file is not.
    let shared = world.folder("shared", 0o1777);
    world.is_refused(
        &shared,
        &[
            "(mode 1777, owner user ",
            &format!("hint: --token-dir {}", shared.join("monconf").display()),
        ],
    );
    world.folder("open", 0o755);
    for folder in [shared.join("monconf"), below] {
        world.writing_to(&folder).run().ok();
        assert_eq!(mode(&folder.join("token")), 0o600);
    }
}

#[test]
fn a_token_that_is_there_stays_and_a_warning_says_that_it_is_not_safe() {
    let world = World::new("open-later");
    let folder = world.path("new");
    world.writing_to(&folder).run().ok();
    fs::set_permissions(&folder, Permissions::from_mode(0o770)).unwrap();
    let before = files(world.folder.path());
    let again = world.writing_to(&folder).run().ok();
    let warning = format!(
        "warning: file {} is not safe: other users can replace files in folder {} (mode 0770",
        folder.join("token").display(),
        folder.display()
    );
    assert!(again.stderr.contains(&warning), "{}", again.stderr);
    assert_eq!(files(world.folder.path()), before);
    let new = world.writing_to(&folder).args(["--duration", "30d"]);
    refused(&world.scope, new, &["other users can replace files"]);
    assert_eq!(files(world.folder.path()), before);
}

#[test]
fn folders_of_other_users() {
    if !root::is_available("a folder of another user") {
        return;
    }
    let world = World::new("others-folder");
    let theirs = world.folder("theirs", 0o755);
    let below = world.folder("theirs/below", 0o755);
    chown(&theirs, Some(NOBODY), None).unwrap();
    for folder in [&theirs, &below] {
        world.is_refused(
            folder,
            &[
                &format!(
                    "token: user 65534 can replace files in folder {} (mode 0755, owner user 65534)",
                    theirs.display()
                ),
                "hint: --token-owner 65534 where Prometheus runs as that user; ",
            ],
        );
    }
    let another = world.writing_to(&below).args(["--token-owner", "65533"]);
    refused(&world.scope, another, &["user 65534 can replace files"]);
    // To whom it is given it may belong; and to whom it was given, later without the flag.
    let given = || world.writing_to(&below);
    given().args(["--token-owner", "65534"]).run().ok();
    given().args(["--duration", "30d"]).run().ok();
    let token = fs::metadata(below.join("token")).unwrap();
    assert_eq!((token.uid(), token.mode() & 0o777), (NOBODY, 0o600));
}

#[test]
fn symbolic_links() {
    let world = World::new("links");
    let (real, folder) = (world.folder("real", 0o700), world.folder("folder", 0o700));
    for name in ["token", "ca.crt"] {
        // To a file of somebody, to an empty one, and to none.
        for content in [Some("precious\n"), Some(""), None] {
            let target = real.join("target");
            let _ = fs::remove_file(&target);
            if let Some(content) = content {
                fs::write(&target, content).unwrap();
            }
            symlink(&target, folder.join(name)).unwrap();
            let link = folder.join(name);
            let run = refused(
                &world.scope,
                world.writing_to(&folder),
                &[
                    &format!(
                        "{name}: it is a symbolic link to {}, and token and CA are not written through links",
                        target.display()
                    ),
                    &format!("`rm {}`", link.display()),
                ],
            );
            for printed in [&run.stdout, &run.stderr] {
                assert!(!printed.contains("precious"), "{printed}");
            }
            assert_eq!(fs::read_to_string(&target).ok().as_deref(), content);
            fs::remove_file(link).unwrap();
        }
    }
    // A link to the folder that nobody else can change is as good as the folder.
    let link = world.path("link");
    symlink(&folder, &link).unwrap();
    let run = world.writing_to(&link).run().ok();
    let note = format!("written to {}", folder.join("token").display());
    assert!(run.stdout.contains(&note), "{}", run.stdout);
    assert!(folder.join("token").is_file());
}

#[test]
fn a_link_to_the_folder_that_another_user_made() {
    if !root::is_available("a link of another user") {
        return;
    }
    let world = World::new("others-link");
    let shared = world.folder("shared", 0o1777);
    let folder = world.folder("folder", 0o700);
    let link = shared.join("link");
    symlink(&folder, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(NOBODY), None).unwrap();
    let said = format!("user 65534 can change the symbolic link {}", link.display());
    world.is_refused(&link, &[&said]);
    assert!(files(&folder).is_empty());
}

#[test]
fn what_is_no_file_at_all() {
    let world = World::new("no-token");
    let folder = world.folder("folder", 0o700);
    let token = folder.join("token");
    let run = |said: &str| {
        let monconf = world.writing_to(&folder);
        refused(&world.scope, monconf, &[said]);
    };
    let pipe = Command::new("mkfifo").arg(&token).status().unwrap();
    assert!(pipe.success());
    run("token: it is a named pipe");
    fs::remove_file(&token).unwrap();
    let socket = UnixListener::bind(&token).unwrap();
    run("token: it is a socket");
    drop(socket);
    fs::remove_file(&token).unwrap();
    fs::create_dir(&token).unwrap();
    run("token: it is a folder");
    fs::remove_dir(&token).unwrap();
    if root::is_available("a device") {
        let mut command = Command::new("mknod");
        let device = command.arg(&token).args(["c", "1", "3"]).status().unwrap();
        assert!(device.success());
        run("token: it is a device");
    }
}
