//! Every call that writes fails once, and is once the last one: each file is then the old or the new one, complete.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use testbed::strace::Call;
use testbed::{ControlPlane, Scope, Strace};

use super::{Files, NOBODY, apply, files};
use crate::support::{Monconf, Run};

const CONFIGURATION: &str = "k8s.yml";
const BACKUP: &str = "k8s.yml.bak";
const TOKEN: &str = "k8s-credentials/token";
const CA: &str = "k8s-credentials/ca.crt";

/// A change of every file, the cluster being as wanted: the configuration has another interval and its old content is
/// kept, others may read the token, the CA is missing. All but the CA belong to another user.
struct Case<'a> {
    scope: Scope<'a>,
    folder: tempfile::TempDir,
    old: Files,
    new: Files,
}

impl<'a> Case<'a> {
    fn new(test: &str) -> Case<'a> {
        let scope = ControlPlane::shared().scope(test);
        let folder = tempfile::tempdir().unwrap();
        let mut case = Case {
            scope,
            folder,
            old: Files::new(),
            new: Files::new(),
        };
        case.monconf().run().ok();
        let mut new = files(case.folder.path());
        for name in [CONFIGURATION, TOKEN] {
            new.get_mut(name).unwrap().owner = NOBODY;
        }
        new.get_mut(CONFIGURATION).unwrap().mode = 0o640;
        let mut old = new.clone();
        old.remove(CA);
        old.get_mut(TOKEN).unwrap().mode = 0o644;
        let configuration = old.get_mut(CONFIGURATION).unwrap();
        configuration.text = configuration.text.replace("45s", "30s");
        new.insert(BACKUP.to_owned(), configuration.clone());
        assert_ne!(new[CONFIGURATION].text, new[BACKUP].text);
        (case.old, case.new) = (old, new);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn monconf(&self) -> Monconf {
        let drop_in = self.path(CONFIGURATION);
        apply(&self.scope, &drop_in, &["--interval", "45s", "--backup"])
    }

    fn files(&self) -> Files {
        files(self.folder.path())
    }

    fn reset(&self) {
        for name in self.files().keys() {
            fs::remove_file(self.path(name)).unwrap();
        }
        for (name, state) in &self.old {
            let path = self.path(name);
            fs::write(&path, &state.text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(state.mode)).unwrap();
            chown(&path, Some(state.owner), None).unwrap();
        }
    }

    /// Starts from the old files and runs under strace, with a fault or without.
    fn run(&self, call: &str, number: Option<usize>, fault: Option<&str>) -> Option<Traced> {
        self.reset();
        let mut strace = Strace::new(&[call])?;
        if let Some(fault) = fault {
            strace = strace.inject(call, number, fault);
        }
        let launcher = strace.launcher();
        let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
        let run = self.monconf().under(&launcher).run();
        let calls = strace.calls();
        let calls = calls.into_iter().filter(|call| self.concerns(call));
        Some(Traced {
            run,
            calls: calls.collect(),
        })
    }

    /// A call that changes something in the folder, or makes sure that it is on disk.
    fn concerns(&self, call: &Call) -> bool {
        let is_change = match call.name.as_str() {
            "openat" => call.line.contains("O_CREAT"),
            // What is said about a file is written too.
            "write" => call.line.contains(".monconf-"),
            _ => true,
        };
        is_change && call.line.contains(self.folder.path().to_str().unwrap())
    }

    /// Every call `name` in turn: with the error, and as the last thing that the program does.
    fn every(&self, name: &str, error: &str, drafts: &[&str]) {
        let Some(whole) = self.run(name, None, None) else {
            return;
        };
        whole.run.ok();
        assert_eq!(self.files(), self.new);
        for file in drafts {
            let is_written = whole.calls.iter().any(|call| is_draft_of(file, &call.line));
            assert!(is_written, "no {name} for {file}: {:?}", whole.calls);
        }
        for (index, call) in whole.calls.iter().enumerate() {
            for fault in [&format!("error={error}"), "signal=SIGKILL"] {
                let traced = self.run(name, Some(call.number), Some(fault)).unwrap();
                let hit = traced.calls.get(index).filter(|call| call.is_hit);
                let hit =
                    hit.unwrap_or_else(|| panic!("{fault} missed {call:?}: {:?}", traced.calls));
                if fault.starts_with("error") {
                    self.failed(hit, &traced.run);
                } else {
                    self.killed(hit, &traced.run);
                }
                self.monconf().run().ok();
                assert_eq!(self.files(), self.new, "after {fault} at {}", hit.line);
            }
        }
    }

    fn failed(&self, call: &Call, run: &Run) {
        let at = format!("{}\n{}", call.line, run.stderr);
        assert_eq!(run.code, 1, "{at}");
        let named = self.new.keys().find(|name| is_draft_of(name, &call.line));
        let named = named.map_or(self.folder.path().to_owned(), |name| self.path(name));
        let said = format!("error: cannot write {}", named.display());
        assert!(run.stderr.contains(&said), "no {said:?} in {at}");
        let strays = self.not_whole();
        assert!(strays.is_empty(), "{strays:?} after {at}");
    }

    fn killed(&self, call: &Call, run: &Run) {
        let at = format!("{}\n{}", call.line, run.stderr);
        assert_eq!(run.code, -1, "{at}");
        for stray in self.not_whole() {
            let names = [CONFIGURATION, BACKUP, TOKEN, CA];
            assert!(
                names.iter().any(|name| is_draft_of(name, &stray)),
                "{stray} after {at}"
            );
            let is_open = self.files()[&stray].mode & 0o077 != 0;
            assert!(
                !is_open || !is_draft_of(TOKEN, &stray),
                "{stray} after {at}"
            );
        }
    }

    /// What is neither as it was nor as it should be.
    fn not_whole(&self) -> Vec<String> {
        let files = self.files();
        let missing = self.old.keys().filter(|name| !files.contains_key(*name));
        let torn = files.iter().filter(|(name, state)| {
            ![self.old.get(*name), self.new.get(*name)].contains(&Some(state))
        });
        missing.chain(torn.map(|(name, _)| name)).cloned().collect()
    }
}

struct Traced {
    run: Run,
    calls: Vec<Call>,
}

/// Whether `text` names a file under way to become `name`.
fn is_draft_of(name: &str, text: &str) -> bool {
    let name = Path::new(name).file_name().unwrap().to_str().unwrap();
    text.contains(&format!(".{name}.monconf-"))
}

#[test]
fn a_file_that_cannot_be_made() {
    Case::new("fault-open").every("openat", "ENOSPC", &[CONFIGURATION, BACKUP, TOKEN, CA]);
}

#[test]
fn content_that_cannot_be_written() {
    Case::new("fault-write").every("write", "EIO", &[CONFIGURATION, BACKUP, TOKEN, CA]);
}

#[test]
fn content_and_names_that_do_not_reach_the_disk() {
    Case::new("fault-fsync").every("fsync", "EIO", &[CONFIGURATION, BACKUP, TOKEN, CA]);
}

#[test]
fn a_name_that_cannot_be_taken() {
    Case::new("fault-rename").every("renameat", "EIO", &[CONFIGURATION, BACKUP, TOKEN]);
    Case::new("fault-create").every("renameat2", "EIO", &[CA]);
}

#[test]
fn an_owner_and_a_mode_that_cannot_be_set() {
    Case::new("fault-owner").every("fchown", "EPERM", &[CONFIGURATION, BACKUP, TOKEN]);
    Case::new("fault-mode").every("fchmod", "EPERM", &[CONFIGURATION, BACKUP, CA]);
}

/// Otherwise a crash of the machine could leave a name without content, or none at all.
#[test]
fn content_is_on_disk_before_it_takes_its_name_and_the_name_after() {
    let case = Case::new("order");
    case.reset();
    let Some(strace) = Strace::new(&["fsync", "renameat", "renameat2"]) else {
        return;
    };
    let launcher = strace.launcher();
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    case.monconf().under(&launcher).run().ok();
    let calls = strace.calls();
    let first = |name: &str, of: &dyn Fn(&str) -> bool| {
        let found = calls
            .iter()
            .position(|call| call.name.starts_with(name) && of(&call.line));
        found.unwrap_or_else(|| panic!("no {name}: {calls:?}"))
    };
    for name in [CONFIGURATION, BACKUP, TOKEN, CA] {
        let is_draft = |line: &str| is_draft_of(name, line);
        let (content, taken) = (first("fsync", &is_draft), first("rename", &is_draft));
        let path = case.path(name);
        let folder = format!("<{}>", path.parent().unwrap().display());
        let after = calls[taken..]
            .iter()
            .find(|call| call.name == "fsync")
            .unwrap_or_else(|| panic!("no fsync after {:?}", calls[taken]));
        assert!(content < taken, "{calls:?}");
        assert!(after.line.contains(&folder), "{name}: {calls:?}");
    }
}

/// As on file systems that know neither a rename that replaces nothing nor links.
#[test]
fn a_file_system_that_can_only_rename() {
    let case = Case::new("fault-link");
    case.reset();
    let Some(strace) = Strace::new(&["renameat2", "linkat"]) else {
        return;
    };
    let strace =
        strace
            .inject("renameat2", None, "error=EINVAL")
            .inject("linkat", None, "error=EPERM");
    let launcher = strace.launcher();
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    case.monconf().under(&launcher).run().ok();
    let hits = strace.calls().iter().filter(|call| call.is_hit).count();
    assert!(hits >= 2, "{:?}", strace.calls());
    assert_eq!(case.files(), case.new);
}
