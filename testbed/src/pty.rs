//! A terminal for programs that ask questions.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::poll::poll;
use crate::process::{spawn, tied_to_this_process};

/// Longer than the programs of a busy machine take.
const PATIENCE: Duration = Duration::from_mins(5);

/// A program that runs in a pseudo-terminal.
pub struct Session {
    child: Child,
    master: File,
    output: Receiver<Vec<u8>>,
    transcript: String,
    read: usize,
    undecoded: VecDeque<u8>,
}

/// Runs `command` in a terminal of 200 columns, lets `talk` speak with it, and waits for its end.
///
/// Gives its exit code (128 plus the signal that ended it) and everything that appeared on the terminal.
pub fn run(command: &Command, talk: impl FnOnce(&mut Session)) -> (i32, String) {
    let mut session =
        Session::start(command).unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    talk(&mut session);
    session.wait()
}

impl Session {
    fn start(command: &Command) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let path = ptsname(&master, Vec::new())?;
        let terminal = open(
            &path,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        tcsetwinsize(
            &terminal,
            Winsize {
                ws_row: 50,
                ws_col: 200,
                ws_xpixel: 0,
                ws_ypixel: 0,
            },
        )?;
        let child = spawn(in_terminal(command, &terminal)?)?;
        drop(terminal); // so that reading ends with the child
        let master = File::from(master);
        let mut reader = master.try_clone()?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The kernel answers EIO when the last holder of the terminal is gone.
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            master,
            output,
            transcript: String::new(),
            read: 0,
            undecoded: VecDeque::new(),
        })
    }

    /// Waits until `text` appears after what earlier calls waited for; gives everything up to its end.
    pub fn expect(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.transcript[self.read..].find(text) {
                let from = self.read;
                self.read += at + text.len();
                return self.transcript[from..self.read].to_owned();
            }
            let ended = self.receive(end);
            assert!(
                !ended,
                "{text:?} does not appear on the terminal:\n{}",
                self.transcript
            );
        }
    }

    /// Types a line and Enter.
    pub fn send_line(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes());
    }

    /// Types Ctrl-D: the end of the input at the beginning of a line.
    pub fn send_eof(&mut self) {
        self.send(&[4]);
    }

    /// Types Ctrl-C: SIGINT for the program in the foreground.
    pub fn send_interrupt(&mut self) {
        self.send(&[3]);
    }

    /// Types these bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.master
            .write_all(bytes)
            .expect("the terminal takes input");
    }

    /// The program's process id, for signals.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that has appeared so far.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }

    fn wait(mut self) -> (i32, String) {
        let end = Instant::now() + PATIENCE;
        while !self.receive(end) {}
        let status = poll(PATIENCE, || self.child.try_wait().ok().flatten());
        let status =
            status.unwrap_or_else(|| panic!("the program does not end:\n{}", self.transcript));
        (exit_code(status), std::mem::take(&mut self.transcript))
    }

    /// Takes the next output into the transcript; true when no more will come before `end`.
    fn receive(&mut self, end: Instant) -> bool {
        match self
            .output
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            Ok(chunk) => {
                self.undecoded.extend(chunk);
                self.decode();
                false
            }
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => true,
        }
    }

    /// Moves whole characters into the transcript; a chunk may end in the middle of one.
    fn decode(&mut self) {
        let bytes = self.undecoded.make_contiguous();
        let whole = match str::from_utf8(bytes) {
            Err(e) if e.error_len().is_none() => e.valid_up_to(),
            _ => bytes.len(),
        };
        let text: Vec<u8> = self.undecoded.drain(..whole).collect();
        self.transcript
            .push_str(&String::from_utf8_lossy(&text).replace('\r', ""));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .expect("it ended")
}

/// The same program in a session of its own with `terminal` as its controlling terminal.
fn in_terminal(command: &Command, terminal: &OwnedFd) -> io::Result<Command> {
    let mut inside = tied_to_this_process();
    inside.args(["setsid", "--ctty", "env"]);
    if clears_environment(command) {
        inside.arg("-i");
    }
    // Its options come before its assignments.
    for (name, _) in command.get_envs().filter(|(_, value)| value.is_none()) {
        inside.arg("-u").arg(name);
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            inside.arg([name, value].join(OsStr::new("=")));
        }
    }
    inside.arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        inside.current_dir(directory);
    }
    inside
        .stdin(terminal.try_clone()?)
        .stdout(terminal.try_clone()?)
        .stderr(terminal.try_clone()?);
    Ok(inside)
}

/// Only the command's description as a shell line tells that `env_clear` was called.
fn clears_environment(command: &Command) -> bool {
    let line = format!("{command:?}");
    let line = match command.get_current_dir() {
        Some(_) => line.split_once(" && ").map_or("", |(_, rest)| rest),
        None => &line,
    };
    line.starts_with("env -i ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_a_cleared_environment() {
        assert!(!clears_environment(
            Command::new("true").arg("env -i ").env("A", "b")
        ));
        assert!(clears_environment(
            Command::new("true").env("A", "b").env_clear()
        ));
        assert!(clears_environment(
            Command::new("true")
                .env_clear()
                .env("A", "b")
                .current_dir("/")
        ));
    }
}
