//! Child processes that cannot outlive the process that started them.
//!
//! Destructors do not run when a test runner is killed, nor for statics at a normal exit. So three things hold
//! together: the kernel kills every child when its runner ends (see [`Launch::attached`]), a janitor process
//! removes the run's directory (see [`run_directory`]), and the next run clears what a crash of the machine left.

pub(crate) mod cgroups;
mod identity;
mod launch;
mod on_text;
mod run_directory;
mod spawner;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

pub use identity::Identity;
pub use launch::Launch;
pub(crate) use launch::tied_to_this_process;
pub(crate) use on_text::run_on_text;
pub(crate) use run_directory::run_name;
pub use run_directory::{Directory, run_directory};
pub(crate) use spawner::spawn;

use crate::poll::poll;

/// A running program and its log.
#[derive(Debug)]
pub struct Process {
    child: Child,
    identity: Identity,
    log: PathBuf,
    attached: bool,
}

impl Process {
    /// Its process id and start time.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The file that holds its standard output and error.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines that it wrote, for messages about its failure.
    pub fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Whether it ended already.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal)
            .unwrap_or_else(|e| panic!("cannot signal {}: {e}", self.log.display()));
    }

    /// Kills it and waits until it is gone.
    pub fn kill(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Lets it end by itself after SIGTERM; kills it when it does not.
    pub fn terminate(&mut self) {
        if !self.has_ended() {
            self.signal(Signal::TERM);
        }
        if poll(|| self.has_ended().then_some(())).is_none() {
            self.kill();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.attached {
            self.kill();
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A port of the loopback interface that nobody listens on now. Somebody else may take it first: retry then.
pub fn free_port() -> u16 {
    free_port_of(Ipv4Addr::LOCALHOST.into())
}

/// [`free_port`] of another of this machine's addresses.
pub(crate) fn free_port_of(address: IpAddr) -> u16 {
    TcpListener::bind((address, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|e| panic!("{address} has no free port: {e}"))
        .port()
}

/// Runs `start` with free ports until one try does not end with "address already in use" in its log.
pub(crate) fn with_free_ports<T>(start: impl Fn() -> Result<T, String>) -> T {
    let mut last = String::new();
    for _ in 0..5 {
        match start() {
            Ok(started) => return started,
            Err(log) if log.contains("address already in use") => last = log,
            Err(log) => panic!("{log}"),
        }
    }
    panic!("no free port after five tries: {last}")
}
