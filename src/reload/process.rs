//! The process that a signal goes to.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Whether SIGHUP to `pid` can make it reload. A process that does not wait for SIGHUP is ended by it.
///
/// # Errors
/// Why not.
pub(super) fn check(pid: i32) -> Result<Pid, String> {
    let process = Pid::from_raw(pid).ok_or("that is no id of a process")?;
    test_kill_process(process).map_err(|error| refused(pid, error))?;
    match listens(pid) {
        Some(false) => Err(format!(
            "process {pid}{} does not wait for SIGHUP, which would end it",
            name(pid)
        )),
        _ => Ok(process),
    }
}

/// Sends SIGHUP to `pid`, after another look at it.
pub(super) fn signal(pid: i32) -> Result<(), String> {
    kill_process(check(pid)?, Signal::HUP).map_err(|error| refused(pid, error))
}

fn refused(pid: i32, error: Errno) -> String {
    match error {
        Errno::SRCH => format!("there is no process {pid}"),
        Errno::PERM => format!(
            "process {pid}{} belongs to another user, whose processes you may not signal",
            name(pid)
        ),
        error => format!("process {pid} cannot be signalled: {error}"),
    }
}

/// Whether the process has a handler for SIGHUP; `None` where the system does not tell.
fn listens(pid: i32) -> Option<bool> {
    const SIGHUP: u64 = 1;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))?;
    let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
    Some(caught & SIGHUP != 0)
}

fn name(pid: i32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm"));
    name.map(|name| format!(" ({})", name.trim()))
        .unwrap_or_default()
}
