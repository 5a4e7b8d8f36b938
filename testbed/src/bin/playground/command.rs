//! The subcommands.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process;

use clap::Subcommand;
use testbed::Component;

use super::{down, state, up};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Starts the cluster; does nothing when it runs. The first time builds it from source: about 6 minutes, once
    Up,
    /// Runs monconf from this workspace against the cluster, which it starts first if need be
    #[command(disable_help_flag = true)]
    Monconf {
        /// monconf's own arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs kubectl against the cluster, which it starts first if need be
    #[command(disable_help_flag = true)]
    Kubectl {
        /// kubectl's own arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs the real Prometheus in the foreground until Ctrl-C. The first time builds it: about 4 minutes, once
    Prometheus {
        /// Its configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Where it serves its page
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
        listen: String,
    },
    /// Prints the path of the cluster's kubeconfig
    Kubeconfig,
    /// Ends the cluster and removes everything in it
    Down,
}

impl Command {
    pub(crate) fn run(self) -> io::Result<()> {
        match self {
            Self::Up => up::up(true),
            Self::Monconf { arguments } => {
                up::up(false)?;
                let manifest = state::workspace().join("Cargo.toml");
                let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let mut command = process::Command::new(cargo);
                command.args(["run", "--quiet", "--package", "monconf", "--manifest-path"]);
                command.arg(manifest).arg("--").args(arguments);
                Err(become_with_kubeconfig(command))
            }
            Self::Kubectl { arguments } => {
                up::up(false)?;
                let kubectl = Component::Kubernetes.binary("kubectl");
                let mut command = process::Command::new(kubectl);
                command.args(arguments);
                Err(become_with_kubeconfig(command))
            }
            Self::Prometheus { config, listen } => Err(prometheus(&config, &listen)),
            Self::Kubeconfig => {
                println!("{}", state::kubeconfig().display());
                Ok(())
            }
            Self::Down => down::down(),
        }
    }
}

/// Replaces this process, so that the terminal, signals and the exit code are the program's own.
fn become_with_kubeconfig(mut command: process::Command) -> io::Error {
    command.env("KUBECONFIG", state::kubeconfig()).exec()
}

fn prometheus(config: &Path, listen: &str) -> io::Error {
    let data = state::workspace().join("target/playground-prometheus");
    process::Command::new(Component::Prometheus.binary("prometheus"))
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address={listen}"))
        .exec()
}
