//! Helm, of both major versions that are in use.

use std::path::Path;
use std::process::{Command, Output};

use crate::components::Component;

/// A major version of Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helm {
    /// The third, which compares with the release before on the client.
    V3,
    /// The fourth, which applies on the server.
    V4,
}

impl Helm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V3, Self::V4];

    /// `helm`, whose caches, settings and plugins are in `home`, and which knows nothing of the user's.
    pub fn command(self, home: &Path) -> Command {
        let component = match self {
            Self::V3 => Component::Helm3,
            Self::V4 => Component::Helm4,
        };
        let mut command = Command::new(component.binary("helm"));
        for variable in [
            "HELM_CACHE_HOME",
            "HELM_CONFIG_HOME",
            "HELM_DATA_HOME",
            "HOME",
        ] {
            command.env(variable, home);
        }
        command.env_remove("KUBECONFIG");
        command
    }

    /// What it prints for `arguments` that need no cluster; panics where it fails.
    pub fn output(self, home: &Path, arguments: &[&str]) -> String {
        let output = self.run(home, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("helm prints UTF-8")
    }

    /// Runs it with `arguments` to its end.
    pub fn run(self, home: &Path, arguments: &[&str]) -> Output {
        let mut command = self.command(home);
        command
            .args(arguments)
            .output()
            .expect("helm can be started")
    }
}
