//! What the kernel saw of the token's way into its file.

use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use testbed::process::Launch;
use testbed::{ControlPlane, Strace, root};

use super::{NOBODY, apply, files};

const TOKEN: &str = "k8s-credentials/token";

/// The descriptor, with its path, that a call names first: `renameat(7</tmp/x>, …` gives `7</tmp/x>`.
fn descriptor(line: &str) -> &str {
    let (_, arguments) = line.split_once('(').unwrap();
    arguments.split([',', ')']).next().unwrap()
}

#[test]
fn one_descriptor_of_the_folder_leads_from_the_check_to_the_rename() {
    let scope = ControlPlane::shared().scope("descriptor");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let calls = [
        "open",
        "openat",
        "openat2",
        "creat",
        "mkdir",
        "mkdirat",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "unlink",
        "unlinkat",
        "chmod",
        "fchmod",
        "fchmodat",
        "chown",
        "fchown",
        "fchownat",
        "lchown",
    ];
    for (more, replaces) in [(&[][..], false), (&["--duration", "30d"], true)] {
        let Some(strace) = Strace::new(&calls) else {
            return;
        };
        let launcher = strace.launcher();
        let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
        let owner = ["--token-owner", "65534"];
        let run = apply(&scope, &drop_in, &owner).args(more);
        run.under(&launcher).run().ok();
        let path = folder.path().join(TOKEN);
        let is_draft = |line: &str| line.contains("token.monconf-");
        let calls: Vec<_> = strace
            .calls()
            .into_iter()
            .filter(|call| is_draft(&call.line))
            .collect();
        // Twice a draft: one to try, one with the token. Both in the same folder, by one descriptor.
        let made = calls.iter().filter(|call| call.line.contains("O_CREAT"));
        let made: Vec<&str> = made.map(|call| call.line.as_str()).collect();
        assert_eq!(made.len(), 2, "{calls:#?}");
        let held = descriptor(made[0]);
        assert!(
            held.ends_with(&format!("<{}>", path.parent().unwrap().display())),
            "{held}"
        );
        for line in made {
            assert_eq!(descriptor(line), held);
            for flag in ["O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", ", 0600)"] {
                assert!(line.contains(flag), "no {flag}: {line}");
            }
        }
        let index = |name: &str| calls.iter().rposition(|call| call.name == name);
        let closed = index("fchmod").unwrap();
        assert!(
            calls[closed].line.contains(", 0600)"),
            "{:?}",
            calls[closed]
        );
        let renamed = index(if replaces { "renameat" } else { "renameat2" }).unwrap();
        let taken = &calls[renamed].line;
        assert_eq!(taken.matches(held).count(), 2, "{taken}");
        assert!(closed < renamed && index("fchown").is_none_or(|owner| owner < renamed));
        // By no path, and nothing is done to the file once it has its name.
        for call in &calls {
            let is_relative = [
                "openat",
                "unlinkat",
                "renameat",
                "renameat2",
                "fchmod",
                "fchown",
            ];
            assert!(is_relative.contains(&call.name.as_str()), "{call:?}");
            assert!(!call.line.contains("AT_FDCWD"), "{call:?}");
        }
        let all = strace.calls();
        let by_path = format!("\"{}", folder.path().display());
        for call in &all {
            let is_change = !call.name.starts_with("open") || call.line.contains("O_CREAT");
            assert!(!(is_change && call.line.contains(&by_path)), "{call:?}");
        }
    }
}

/// Everything that happens to the names in a folder while `during` runs, in its order.
fn events(folder: &Path, during: impl FnOnce()) -> Vec<(ReadFlags, String)> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, folder, WatchFlags::ALL_EVENTS).unwrap();
    during();
    let mut buffer = vec![MaybeUninit::uninit(); 1 << 16];
    let mut reader = inotify::Reader::new(&watch, &mut buffer);
    let mut events = Vec::new();
    while let Ok(event) = reader.next() {
        let name = event
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        events.push((event.events(), name.unwrap_or_default()));
    }
    events
}

#[test]
fn nothing_happens_to_a_token_between_its_name_and_its_next_one() {
    let scope = ControlPlane::shared().scope("events");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let owner: &[&str] = if root::is_available("another user") {
        &["--token-owner", "65534"]
    } else {
        &[]
    };
    apply(&scope, &drop_in, owner).run().ok();
    let credentials = folder.path().join("k8s-credentials");
    let before = fs::read_to_string(folder.path().join(TOKEN)).unwrap();
    let events = events(&credentials, || {
        apply(&scope, &drop_in, owner)
            .args(["--duration", "30d"])
            .run()
            .ok();
    });
    assert_ne!(
        fs::read_to_string(folder.path().join(TOKEN)).unwrap(),
        before
    );
    let changes = ReadFlags::CREATE
        | ReadFlags::MODIFY
        | ReadFlags::ATTRIB
        | ReadFlags::CLOSE_WRITE
        | ReadFlags::DELETE
        | ReadFlags::MOVED_FROM
        | ReadFlags::MOVED_TO;
    let of_token = events.iter().filter(|(_, name)| name == "token");
    let of_token: Vec<ReadFlags> = of_token.map(|(event, _)| *event & changes).collect();
    let of_token: Vec<ReadFlags> = of_token
        .into_iter()
        .filter(|event| !event.is_empty())
        .collect();
    assert_eq!(of_token[0], ReadFlags::MOVED_TO, "{events:?}");
    // Its writer still had it open when it took its name, and changed nothing any more.
    assert!(
        of_token[1..]
            .iter()
            .all(|event| *event == ReadFlags::CLOSE_WRITE),
        "{events:?}"
    );
    let position = |wanted: ReadFlags| {
        let is_draft = |name: &str| name.starts_with(".token.monconf-");
        let found = events
            .iter()
            .rposition(|(event, name)| event.contains(wanted) && is_draft(name));
        found.unwrap_or_else(|| panic!("no {wanted:?}: {events:?}"))
    };
    // Mode and owner, then the token, then the name.
    let order = [
        ReadFlags::CREATE,
        ReadFlags::ATTRIB,
        ReadFlags::MODIFY,
        ReadFlags::MOVED_FROM,
    ];
    assert!(order.map(position).is_sorted(), "{events:?}");
}

/// Somebody who may write in the folder of a configuration swaps names for links as fast as possible: what is behind the
/// links stays, whatever else becomes of the run.
#[test]
fn links_that_come_and_go_lead_nowhere() {
    if !root::is_available("another user") {
        return;
    }
    let scope = ControlPlane::shared().scope("race");
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(NOBODY), None).unwrap();
    let secret = tempfile::tempdir().unwrap();
    let precious = secret.path().join("precious");
    fs::write(&precious, "global: {}\n").unwrap();
    let before = fs::metadata(&precious).unwrap();
    let credentials = folder.path().join("k8s-credentials");
    fs::create_dir(&credentials).unwrap();
    chown(&credentials, Some(NOBODY), None).unwrap();
    let log = tempfile::tempdir().unwrap();
    let [user, group] = ["uid", "gid"].map(|id| format!("--re{id}={NOBODY}"));
    let script = r#"cd "$1" || exit; while :; do mv credentials away; ln -s "$2" credentials; rm -f credentials; mv away credentials; done"#;
    let script = script.replace("credentials", "k8s-credentials");
    let attacker = Launch::new("setpriv", log.path().join("log"))
        .args([&user, &group, "--clear-groups", "sh", "-c", &script, "sh"])
        .args([folder.path(), secret.path()])
        .attached()
        .unwrap();
    for _ in 0..5 {
        let run = apply(&scope, &folder.path().join("k8s.yml"), &[]).run();
        assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    }
    // Who reads the token may change the way to it: what comes of that is in that user's folder.
    for _ in 0..5 {
        let run = apply(
            &scope,
            &folder.path().join("k8s.yml"),
            &["--token-owner", "65534"],
        );
        run.run();
    }
    drop(attacker);
    let found = files(secret.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found["precious"].text, "global: {}\n");
    assert_eq!(fs::metadata(&precious).unwrap().ino(), before.ino());
}
