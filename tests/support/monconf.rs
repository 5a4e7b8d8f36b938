//! The program as a user calls it, in an environment that holds nothing of the machine's.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use testbed::Scope;

/// A call of the built program.
pub(crate) struct Monconf(Command);

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Monconf {
    /// `monconf ARGUMENTS…`, with no kubeconfig and no terminal.
    pub(crate) fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_monconf"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command)
    }

    /// `monconf prometheus ARGUMENTS…` with the names and the user of a test.
    pub(crate) fn prometheus(scope: &Scope, arguments: &[&str]) -> Self {
        Self::for_consumer("prometheus", scope, arguments)
    }

    /// The same for another consumer.
    pub(crate) fn for_consumer(consumer: &str, scope: &Scope, arguments: &[&str]) -> Self {
        Self::new([
            consumer,
            "--name",
            &scope.name,
            "--namespace",
            &scope.namespace,
        ])
        .args(arguments)
        .kubeconfig(scope.kubeconfig())
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn kubeconfig(self, path: &Path) -> Self {
        self.env("KUBECONFIG", path)
    }

    pub(crate) fn current_dir(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// The same call, started by another program that is given it as its last arguments.
    pub(crate) fn under(self, launcher: &[&str]) -> Self {
        let mut command = Command::new(launcher[0]);
        command
            .args(&launcher[1..])
            .arg(self.0.get_program())
            .args(self.0.get_args())
            .env_clear()
            .envs(
                self.0
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = self.0.get_current_dir() {
            command.current_dir(folder);
        }
        Self(command)
    }

    /// For what needs the command itself: a terminal, a signal. Started as it is, it has the terminal of the tests.
    pub(crate) fn command(self) -> Command {
        self.0
    }

    /// Starts it in a session without a terminal, and does not wait.
    pub(crate) fn spawn(self) -> Child {
        self.under(&["setsid"]).0.spawn().unwrap()
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        Run::of(self.spawn())
    }
}

impl Run {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The run, if it ended well; otherwise the test ends with what was printed.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exit(0)
    }

    #[track_caller]
    pub(crate) fn exit(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}
