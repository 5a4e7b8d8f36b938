//! Faults at the system calls of a program, by strace.

use std::fs;
use std::path::PathBuf;

use crate::packages::{self, Package};
use crate::process::Directory;
use crate::root;

/// One run of a program under strace: which calls are recorded, and what goes wrong at which of them.
pub struct Strace {
    directory: Directory,
    arguments: Vec<String>,
}

/// A recorded call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its line in the record, which names the files of its arguments.
    pub line: String,
    /// How many calls of this name its thread had made by then, this one included.
    pub number: usize,
    /// Whether it was made to fail, or the program ended in it.
    pub is_hit: bool,
}

impl Strace {
    /// Records the calls of these names. `None`, with a word on standard error, where the user is not root, who can
    /// install strace; in CI that is a failure.
    pub fn new(calls: &[&str]) -> Option<Self> {
        if !root::is_available("strace") {
            return None;
        }
        packages::install(&[Package::Strace]);
        let trace = format!("trace={}", calls.join(","));
        Some(Self {
            directory: Directory::new("strace"),
            arguments: ["-f", "-y", "-e", &trace].map(str::to_owned).to_vec(),
        })
    }

    /// At each call `name`, or with `number` at that one of every thread alone: `error=EIO`, `signal=SIGKILL`,
    /// `delay_enter=1s`.
    #[must_use]
    pub fn inject(mut self, name: &str, number: Option<usize>, fault: &str) -> Self {
        let when = number.map_or(String::new(), |number| format!(":when={number}"));
        let fault = format!("inject={name}:{fault}{when}");
        self.arguments.extend(["-e".to_owned(), fault]);
        self
    }

    /// What to put before a command line.
    pub fn launcher(&self) -> Vec<String> {
        let mut launcher = vec!["strace".to_owned(), "-o".to_owned()];
        launcher.push(self.log().display().to_string());
        launcher.extend(self.arguments.iter().cloned());
        launcher
    }

    /// The calls of the program's first thread, in their order.
    pub fn calls(&self) -> Vec<Call> {
        let log = fs::read_to_string(self.log()).expect("strace wrote its record");
        let first = log.split(' ').next().unwrap_or_default();
        let mut calls: Vec<Call> = Vec::new();
        for line in log.lines() {
            let Some(line) = line.strip_prefix(first) else {
                continue;
            };
            let line = line.trim_start();
            if line.starts_with("+++ killed")
                && let Some(last) = calls.last_mut()
            {
                last.is_hit = true;
            }
            let Some((name, _)) = line
                .split_once('(')
                .filter(|_| !line.starts_with(['<', '-', '+']))
            else {
                continue;
            };
            calls.push(Call {
                name: name.to_owned(),
                line: line.to_owned(),
                number: 1 + calls.iter().filter(|call| call.name == name).count(),
                is_hit: line.ends_with("(INJECTED)"),
            });
        }
        calls
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("calls")
    }
}
