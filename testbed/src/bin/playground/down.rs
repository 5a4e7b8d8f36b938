//! Ending the cluster.

use std::fs;
use std::io;

use testbed::poll::until;

use super::say::say;
use super::state;

pub(crate) fn down() -> io::Result<()> {
    if state::directory().exists() || !state::alive().is_empty() {
        end_and_remove()?;
        say("ended, and removed everything in it");
    } else {
        say("it does not run");
    }
    Ok(())
}

/// Ends exactly the playground's processes and removes its files.
pub(crate) fn end_and_remove() -> io::Result<()> {
    for process in state::alive() {
        process.kill();
        let what = format!("process {} is gone", process.pid);
        until(&what, || !process.is_alive());
    }
    match fs::remove_dir_all(state::directory()) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
