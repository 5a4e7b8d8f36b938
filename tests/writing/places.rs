//! Where a file cannot be replaced, that is said before the cluster is changed, and what to do instead.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use testbed::{ControlPlane, Mounts, root};

use super::{NOBODY, POWERLESS, apply, files, refused};
use crate::support::Monconf;

const PRINTED: &str = "or -o config prints the file as it should be";

struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with an empty drop-in, which is anybody's.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.drop_in(), "").unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn drop_in(&self) -> PathBuf {
        self.path().join("k8s.yml")
    }
}

fn inside(mounts: &Mounts, monconf: Monconf) -> Monconf {
    let entrance = mounts.entrance();
    monconf.under(&entrance.each_ref().map(String::as_str))
}

#[test]
fn a_file_that_is_mounted_by_itself() {
    let Some(mounts) = Mounts::new() else { return };
    let scope = ControlPlane::shared().scope("mounted-file");
    let folder = Folder::new();
    let drop_in = folder.drop_in();
    mounts.mount(&["--bind", drop_in.to_str().unwrap()], &drop_in);
    refused(
        &scope,
        inside(&mounts, apply(&scope, &drop_in, &[])),
        &[
            &format!(
                "error: cannot write {}: it is mounted by itself",
                drop_in.display()
            ),
            "hint: mount its folder instead; ",
            PRINTED,
        ],
    );
    assert_eq!(files(folder.path()).len(), 1);
    // In a folder that is mounted there is nothing in the way.
    let folder = Folder::new();
    mounts.mount(&["--bind", folder.path().to_str().unwrap()], folder.path());
    inside(&mounts, apply(&scope, &folder.drop_in(), &[]))
        .run()
        .ok();
}

#[test]
fn a_file_system_that_is_mounted_read_only() {
    let Some(mounts) = Mounts::new() else { return };
    let scope = ControlPlane::shared().scope("read-only");
    let (folder, credentials) = (Folder::new(), tempfile::tempdir().unwrap());
    for read_only in [folder.path(), credentials.path()] {
        let itself = read_only.to_str().unwrap();
        mounts.mount(&["--bind", itself], read_only);
        mounts.mount(&["-o", "remount,ro,bind"], read_only);
    }
    refused(
        &scope,
        inside(&mounts, apply(&scope, &folder.drop_in(), &[])),
        &["k8s.yml: its file system is mounted read-only", PRINTED],
    );
    // The configuration can be written, the token cannot.
    let writable = Folder::new();
    let missing = credentials.path().join("k8s");
    for token_dir in [credentials.path(), &missing] {
        let arguments = ["--token-dir", token_dir.to_str().unwrap()];
        refused(
            &scope,
            inside(&mounts, apply(&scope, &writable.drop_in(), &arguments)),
            &[
                ": its file system is mounted read-only",
                "or --token-dir DIR puts token and CA into another folder",
            ],
        );
    }
}

/// As the kubelet lays a volume out: the names that are used are links through `..data`, which is all that changes.
#[test]
fn a_volume_of_a_config_map() {
    let scope = ControlPlane::shared().scope("volume");
    let volume = tempfile::tempdir().unwrap();
    let current = volume.path().join("..2026_01_31_12_00_00.123456789");
    fs::create_dir(&current).unwrap();
    fs::write(current.join("k8s.yml"), "").unwrap();
    symlink(current.file_name().unwrap(), volume.path().join("..data")).unwrap();
    symlink("..data/k8s.yml", volume.path().join("k8s.yml")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    symlink(
        volume.path().join("k8s.yml"),
        outside.path().join("link.yml"),
    )
    .unwrap();
    for path in [
        volume.path().join("k8s.yml"),
        volume.path().join("new.yml"),
        outside.path().join("link.yml"),
    ] {
        refused(
            &scope,
            apply(&scope, &path, &[]),
            &[
                ": it is in a volume of a ConfigMap or Secret, which the kubelet writes",
                "hint: change the ConfigMap itself: --configmap NAMESPACE/NAME:KEY; ",
                PRINTED,
            ],
        );
    }
    // A folder whose name only looks so is a folder like any other.
    let alike = outside.path().join("..2026");
    fs::create_dir(&alike).unwrap();
    apply(&scope, &alike.join("k8s.yml"), &[]).run().ok();
}

#[test]
fn what_is_no_plain_file() {
    let scope = ControlPlane::shared().scope("no-file");
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (path, what) in [
        (pipe.as_path(), "it is a named pipe"),
        (folder.path(), "it is a folder"),
        (Path::new("/dev/null"), "it is a device"),
    ] {
        refused(&scope, apply(&scope, path, &[]), &[what]);
    }
    // What is to be kept has no place.
    let main = folder.path().join("prometheus.yml");
    fs::write(&main, "global: {}\n").unwrap();
    fs::create_dir(folder.path().join("prometheus.yml.bak")).unwrap();
    let main = main.to_str().unwrap();
    let arguments = ["--apply", "--backup", "--config", main];
    refused(
        &scope,
        Monconf::prometheus(&scope, &arguments),
        &["cannot write", "prometheus.yml.bak: it is a folder"],
    );
}

#[test]
fn what_this_user_may_not_write() {
    if !root::is_available("a folder of another user") {
        return;
    }
    let scope = ControlPlane::shared().scope("denied");
    let folder = Folder::new();
    // A token is kept out of such folders anyway.
    let credentials = tempfile::tempdir().unwrap();
    let denied = |said: &[&str]| {
        let credentials = ["--token-dir", credentials.path().to_str().unwrap()];
        let monconf = apply(&scope, &folder.drop_in(), &credentials).under(&POWERLESS);
        refused(&scope, monconf, said);
    };
    let belongs_to = |owner: u32| chown(folder.drop_in(), Some(owner), Some(owner)).unwrap();
    let mode = |mode: u32| {
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
    };

    // Nobody else may change it, not even its folder's owner may leave it to whom it belongs.
    belongs_to(NOBODY);
    let monconf = apply(&scope, &folder.drop_in(), &["--take-ownership"]).under(&POWERLESS);
    refused(
        &scope,
        monconf,
        &[
            "k8s.yml: it belongs to user 65534, to whom user 0 may not leave it (Operation not permitted",
            "hint: run as root, or as that user; ",
        ],
    );
    belongs_to(0);
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    mode(0o755);
    denied(&[
        &format!(
            "k8s.yml: user 0 may not write files in its folder {}",
            folder.path().display()
        ),
        PRINTED,
    ]);
    assert_eq!(files(folder.path()).len(), 1);
    // Whose files are replaced in a folder, its owner decides, and nobody else is to have a token.
    mode(0o1777);
    let arguments = ["--token-dir", folder.path().to_str().unwrap()];
    let monconf = apply(&scope, &folder.drop_in(), &arguments).args(["--token-owner", "0"]);
    refused(
        &scope,
        monconf.under(&POWERLESS),
        &["token: user 65534 can replace files in folder "],
    );
}

#[test]
fn what_nobody_may_change() {
    if !root::is_available("an immutable file") {
        return;
    }
    let scope = ControlPlane::shared().scope("immutable");
    for (flag, is_file) in [("i", true), ("i", false), ("a", true), ("a", false)] {
        let folder = Folder::new();
        let frozen = if is_file {
            folder.drop_in()
        } else {
            folder.path().to_owned()
        };
        let frozen = Frozen::new(&frozen, flag);
        let path = frozen.path.display();
        refused(
            &scope,
            apply(&scope, &folder.drop_in(), &[]),
            &[
                &format!("k8s.yml: {path} is immutable or append-only"),
                &format!("hint: `chattr -i -a {path}`; "),
                PRINTED,
            ],
        );
        drop(frozen);
        assert_eq!(files(folder.path()).len(), 1);
    }
}

/// Frozen until it is dropped, so that it can be removed.
struct Frozen {
    path: PathBuf,
}

impl Frozen {
    fn new(path: &Path, flag: &str) -> Self {
        let path = path.to_owned();
        chattr(&format!("+{flag}"), &path);
        Self { path }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        chattr("-ia", &self.path);
    }
}

fn chattr(flags: &str, path: &Path) {
    let status = Command::new("chattr").arg(flags).arg(path).status();
    assert!(
        status.unwrap().success(),
        "chattr {flags} {}",
        path.display()
    );
}

/// A token that finds no room is not stored, and the one in use stays; the next run brings everything together.
#[test]
fn a_file_system_that_is_full() {
    let Some(mounts) = Mounts::new() else { return };
    let scope = ControlPlane::shared().scope("full");
    let folder = tempfile::tempdir().unwrap();
    mounts.mount(&["-t", "tmpfs", "-o", "size=256k", "none"], folder.path());
    let drop_in = folder.path().join("k8s.yml");
    let run = |arguments: &[&str]| inside(&mounts, apply(&scope, &drop_in, arguments)).run();
    run(&[]).ok();
    let outside = mounts.path(folder.path());
    let before = files(&outside);

    let filler = outside.join("filler");
    let mut size = 256 << 10;
    while fs::write(&filler, "x".repeat(size)).is_err() {
        size -= 1 << 10;
    }
    for (arguments, name) in [
        (["--duration", "30d"], "k8s-credentials/token"),
        (["--interval", "45s"], "k8s.yml"),
    ] {
        let full = run(&arguments).exit(1);
        let said = format!(
            "error: cannot write {}: No space left on device",
            folder.path().join(name).display()
        );
        assert!(full.stderr.contains(&said), "{}", full.stderr);
        let mut after = files(&outside);
        after.remove("filler");
        assert_eq!(after, before);
    }
    fs::remove_file(&filler).unwrap();
    let arguments = ["--duration", "30d", "--interval", "45s"];
    run(&arguments).ok();
    let again = run(&arguments).ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    let after = files(&outside);
    assert!(after.keys().eq(before.keys()), "{:?}", after.keys());
    assert_ne!(
        after["k8s-credentials/token"].text,
        before["k8s-credentials/token"].text
    );
}
