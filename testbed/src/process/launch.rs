//! How a process is started: tied to this one, or left to live on.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};

use super::{Identity, Process, spawner};

/// Ends at once when the runner died before the kernel was told to watch it, else becomes the program.
const GUARD: &str = r#"[ "$PPID" = "$0" ] || exit 125; exec "$@""#;

/// A program, its arguments and the file for its output.
#[derive(Debug)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    log: PathBuf,
}

impl Launch {
    /// A program that writes into the file `log`; its process id goes into the file of the same name with `.pid`.
    pub fn new(program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            log: log.into(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it so that the kernel kills it as soon as this process ends, however that happens.
    pub fn attached(self) -> io::Result<Process> {
        let mut command = tied_to_this_process();
        command.arg(&self.program).args(&self.arguments);
        self.start(command, true)
    }

    /// Starts it in a session of its own, so that it lives on when this process and its terminal are gone.
    pub fn detached(self) -> io::Result<Process> {
        let mut command = Command::new("setsid");
        command.arg(&self.program).args(&self.arguments);
        self.start(command, false)
    }

    fn start(self, mut command: Command, attached: bool) -> io::Result<Process> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        command
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = spawner::spawn(command)?;
        let identity = Identity::of(child.id())
            .ok_or_else(|| io::Error::other(format!("{} ended at once", self.program.display())))?;
        fs::write(self.log.with_extension("pid"), identity.to_string())?;
        Ok(Process {
            child,
            identity,
            log: self.log,
            attached,
        })
    }
}

/// The beginning of a command line that is killed with this process; add a program and its arguments.
///
/// The kernel's watch fires when the *thread* that started the child ends, so hand the command to the spawner.
pub(crate) fn tied_to_this_process() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "sh", "-c", GUARD]);
    command.arg(process::id().to_string());
    command
}
