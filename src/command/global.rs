//! Flags of every command, and where a run tells how it went.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, ValueEnum};

use crate::ui::{ColorChoice, LogFormat};

/// Flags of every command.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Context of the kubeconfig to use
    #[arg(
        long,
        global = true,
        env = "MONCONF_CONTEXT",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub context: Option<String>,

    /// Kubeconfig file [default: $KUBECONFIG, else ~/.kube/config, else the Pod's own account]
    #[arg(
        long,
        global = true,
        env = "MONCONF_KUBECONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub kubeconfig: Option<PathBuf>,

    /// How long to wait for the answer to one request
    #[arg(
        long,
        global = true,
        env = "MONCONF_REQUEST_TIMEOUT",
        hide_env_values = true,
        value_name = "DURATION",
        default_value = "15s"
    )]
    request_timeout: promconf::Duration,

    /// How long the run may take; a question waits for its answer as long again
    #[arg(
        long,
        global = true,
        env = "MONCONF_TIMEOUT",
        hide_env_values = true,
        value_name = "DURATION",
        default_value = "5m"
    )]
    timeout: promconf::Duration,

    /// When to colour the output
    #[arg(
        long,
        global = true,
        env = "MONCONF_COLOR",
        hide_env_values = true,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: ColorChoice,

    /// What the lines on standard error are: sentences, or one JSON object each
    #[arg(
        long,
        global = true,
        env = LOG_FORMAT.variable,
        hide_env_values = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    pub log_format: LogFormat,

    /// Write to FILE, as one line of JSON, how the run ended; in a Pod /dev/termination-log
    #[arg(
        long,
        global = true,
        env = RESULT_FILE.variable,
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub result_file: Option<PathBuf>,

    /// Print every request to standard error
    #[arg(short, long, global = true, env = "MONCONF_VERBOSE", hide_env_values = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// What the program was called with, without its name.
    #[arg(skip)]
    pub arguments: Vec<String>,
}

impl Global {
    /// How long to wait for the answer to one request; at least a second.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout.as_secs().max(1))
    }

    /// How long the whole run may take; at least a second.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.as_secs().max(1))
    }
}

/// Where a run tells how it went: known also where the arguments are wrong.
pub struct Told {
    /// `--log-format`.
    pub format: LogFormat,
    /// `--result-file`.
    pub result_file: Option<PathBuf>,
}

impl Told {
    /// Of arguments that cannot be parsed.
    #[must_use]
    pub fn of(arguments: &[OsString]) -> Self {
        let format = LOG_FORMAT.among(arguments);
        let format = format.and_then(|value| LogFormat::from_str(value.to_str()?, false).ok());
        Self {
            format: format.unwrap_or_default(),
            result_file: RESULT_FILE.among(arguments).map(PathBuf::from),
        }
    }
}

/// A flag with a value.
struct Flag {
    name: &'static str,
    variable: &'static str,
}

const LOG_FORMAT: Flag = Flag {
    name: "--log-format",
    variable: "MONCONF_LOG_FORMAT",
};
const RESULT_FILE: Flag = Flag {
    name: "--result-file",
    variable: "MONCONF_RESULT_FILE",
};

impl Flag {
    /// Its value, from the flag or the environment, whatever is wrong with the other arguments.
    fn among(&self, arguments: &[OsString]) -> Option<OsString> {
        let given = arguments.iter().enumerate().find_map(|(index, argument)| {
            let rest = argument.to_str()?.strip_prefix(self.name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some(value.into()),
                None if rest.is_empty() => arguments.get(index + 1).cloned(),
                None => None,
            }
        });
        given
            .or_else(|| env::var_os(self.variable))
            .filter(|value| !value.is_empty())
    }
}
