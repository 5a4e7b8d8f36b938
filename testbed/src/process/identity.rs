//! What names a process for longer than its id does.

use std::fmt::{self, Display};
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use rustix::process::{Pid, Signal, kill_process};

/// A process id with the time at which its process started, so that a reused id is not taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The process id.
    pub pid: u32,
    started: u64,
}

impl Identity {
    /// The identity of the live process `pid`.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field, the program's name in parentheses, may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    /// Whether that very process still runs.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Kills it if it is still the same process.
    pub fn kill(self) {
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            // It may end by itself in between.
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// The program that it runs.
    pub fn program(self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/exe", self.pid)).ok()
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.started)
    }
}

impl FromStr for Identity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (pid, started) = text.trim().split_once(' ')?;
            Some(Self {
                pid: pid.parse().ok()?,
                started: started.parse().ok()?,
            })
        };
        parse().ok_or_else(|| format!("{text:?} is not a process id and a start time"))
    }
}
