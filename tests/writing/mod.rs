//! Files are written whole or not at all, whatever goes wrong; what cannot be written is said before anything is done.

mod drafts;
mod exposed;
mod faults;
mod kept;
mod meanwhile;
mod owned;
mod owner;
mod places;
mod witness;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use testbed::Scope;

use crate::support::{Monconf, Run};

/// Somebody who is not root; no user of this number needs to exist.
const NOBODY: u32 = 65534;

/// What takes every right of root from a program: it is the owner of root's files and nothing more.
const POWERLESS: [&str; 3] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/// A file as far as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    text: String,
    mode: u32,
    owner: u32,
}

type Files = BTreeMap<String, State>;

/// Everything below a folder, by its path from there.
fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            let below = files(&entry.path()).into_iter();
            found.extend(below.map(|(path, state)| (format!("{name}/{path}"), state)));
        } else if metadata.is_file() {
            let state = State {
                text: fs::read_to_string(entry.path()).unwrap(),
                mode: metadata.mode() & 0o7777,
                owner: metadata.uid(),
            };
            found.insert(name, state);
        }
    }
    found
}

fn apply(scope: &Scope, drop_in: &Path, arguments: &[&str]) -> Monconf {
    let drop_in = drop_in.to_str().unwrap();
    Monconf::prometheus(scope, &["--apply", "--drop-in", drop_in]).args(arguments)
}

/// That a run ends with these words and has asked the cluster for nothing but to read.
#[track_caller]
fn refused(scope: &Scope, monconf: Monconf, said: &[&str]) -> Run {
    let writes = || {
        let events = scope.cp.audit(&scope.user.name);
        events.iter().filter(|event| event.is_write()).count()
    };
    let before = writes();
    let run = monconf.run().exit(1);
    for said in said {
        assert!(run.stderr.contains(said), "no {said:?} in:\n{}", run.stderr);
    }
    assert_eq!(writes(), before, "{}", run.stderr);
    run
}
