//! The control plane, the folder and the users that the command lines are run with.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use testbed::process::{Directory, run_directory};
use testbed::{Component, ControlPlane, Crds, Options};

use super::files::Files;
use super::lines::Operator;
use super::normalise::Normaliser;
use super::objects;
use super::order::Purpose;
use super::recording::Recording;
use super::requests::{self, ADMINISTRATOR};

/// How monconf calls itself, unlike the testbed.
const USER_AGENT: &str = "monconf/";

/// Users without any permission but those that the table gives them.
const USERS: [&str; 2] = ["viewer", "nobody"];

/// Everything that the command lines are run in and against.
pub(crate) struct World {
    // Dropped first: the rest is in use until then.
    cp: ControlPlane,
    directory: Directory,
    normaliser: Normaliser,
}

impl World {
    /// Starts the control plane, without the kinds of any operator. `monconf` in a command line is `program`.
    pub(crate) fn new(program: &Path) -> Result<Self, String> {
        let cp = ControlPlane::start(Options {
            crds: Crds::None,
            ..Options::default()
        });
        cp.wait_for_namespace("default");
        let directory = Directory::new("record");
        let work = directory.path().join("work");
        let normaliser = Normaliser::new(&[
            (work.display().to_string(), "/WORK"),
            (run_directory().display().to_string(), "/RUN"),
            (format!(":{}", cp.port()), ":PORT"),
        ]);
        let world = Self {
            cp,
            directory,
            normaliser,
        };
        world.furnish(program).map_err(|e| e.to_string())?;
        Ok(world)
    }

    /// Programs, kubeconfigs and the files of `files/`.
    fn furnish(&self, program: &Path) -> io::Result<()> {
        let (programs, work) = (self.path("programs"), self.work());
        for folder in [&programs, &work, &self.path("cache")] {
            fs::create_dir(folder)?;
        }
        symlink(program, programs.join("monconf"))?;
        symlink(program, programs.join("kubectl-monconf"))?;
        let kubectl = Component::Kubernetes.binary("kubectl");
        symlink(kubectl, programs.join("kubectl"))?;
        for folder in ["home", "tmp", "kubeconfigs"] {
            fs::create_dir(work.join(folder))?;
        }
        let administrator = self.cp.user(ADMINISTRATOR, &["system:masters"]);
        let others = USERS.map(|name| self.cp.user(name, &[]));
        for user in others.iter().chain([&administrator]) {
            let file = work.join("kubeconfigs").join(&user.name);
            fs::copy(&user.kubeconfig, file)?;
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/record/files");
        for entry in source.read_dir()? {
            let entry = entry?;
            let file = work.join(entry.file_name());
            fs::copy(entry.path(), &file)?;
            fs::set_permissions(&file, Permissions::from_mode(0o644))?;
        }
        Ok(())
    }

    /// Has the kinds of an operator served.
    pub(crate) fn install(&self, operator: Operator) {
        match operator {
            Operator::Prometheus => self.cp.install_crds(Crds::All),
            Operator::GrafanaAgent => self.cp.install_agent_crds(Crds::All),
        }
    }

    /// Runs a command that has to succeed.
    pub(crate) fn prepare(&self, command: &str) -> Result<(), String> {
        let output = self.run(command)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{command}` failed: {said}"))
    }

    /// Runs a command and tells everything that it did.
    pub(crate) fn record(&self, command: &str) -> Result<String, String> {
        let before = Files::read(&self.work());
        let position = self.cp.audit_position();
        let output = self.run(command)?;
        let events = self.cp.audit_since(position, USER_AGENT);
        let after = Files::read(&self.work());
        let recording = Recording {
            command,
            code: output.status.code(),
            stdout: &String::from_utf8_lossy(&output.stdout),
            stderr: &String::from_utf8_lossy(&output.stderr),
            requests: &requests::text(&events, Purpose::of(command)),
            files: &after.since(&before),
            objects: &objects::text(self.cp.admin(), &events),
        };
        Ok(self.normaliser.normalise(&recording.text()))
    }

    /// Without a terminal, and in an environment that holds nothing of the machine's.
    fn run(&self, command: &str) -> Result<Output, String> {
        let work = self.work();
        Command::new("setsid")
            // It ends with this program, whatever happens to that.
            .args(["setpriv", "--pdeathsig", "KILL", "sh", "-c", command])
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", work.join("home"))
            .env("TMPDIR", work.join("tmp"))
            .env("KUBECONFIG", work.join("kubeconfigs").join(ADMINISTRATOR))
            .env("KUBECACHEDIR", self.path("cache"))
            // On a busy machine a run takes its time, and does the same.
            .env("MONCONF_REQUEST_TIMEOUT", "2m")
            .env("MONCONF_TIMEOUT", "20m")
            .current_dir(&work)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("cannot run `{command}`: {e}"))
    }

    fn search_path(&self) -> OsString {
        let mut path = self.path("programs").into_os_string();
        if let Some(system) = std::env::var_os("PATH") {
            path.push(":");
            path.push(system);
        }
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn work(&self) -> PathBuf {
        self.path("work")
    }
}
