//! The configuration that is written, and where, once the cluster is known.

use std::path::{Path, PathBuf};

use super::{AlloyPlace, AlloyToken, Consumer, Format, KeyPlace, Spec};

/// The configuration that is written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// ServiceMonitor and ScrapeConfig.
    Operator,
    /// GrafanaAgent and MetricsInstance, and the jobs in a Secret that the agent's Pods mount the token Secret beside.
    Agent {
        /// Whether jobs that a ServiceMonitor or PodMonitor can carry are such objects.
        monitors: bool,
        /// As in [`Form::Mounted`].
        mount_dir: String,
    },
    /// `scrape_configs` on standard output for a Prometheus in the cluster that mounts the token Secret.
    Mounted {
        /// Where Prometheus finds the Secret's files.
        mount_dir: String,
    },
    /// `scrape_configs` in a key of a Secret or ConfigMap, for a Prometheus in the cluster that mounts the token Secret.
    Key {
        /// The key.
        place: KeyPlace,
        /// As in [`Form::Mounted`].
        mount_dir: String,
    },
    /// Alloy's own configuration.
    Alloy {
        /// Whose token it uses.
        token: AlloyToken,
        /// Where it goes.
        place: AlloyPlace,
    },
    /// `scrape_configs` in a file, with token and CA files, for a Prometheus outside the cluster.
    Files {
        /// The configuration.
        place: FilePlace,
        /// Where the files `token` and `ca.crt` lie.
        token_dir: PathBuf,
    },
}

/// The configuration file that jobs are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePlace {
    /// A file of its own, named by `scrape_config_files` in Prometheus' own.
    DropIn {
        /// That file.
        file: PathBuf,
        /// Prometheus' own, if it is to name the other one.
        main: Option<PathBuf>,
    },
    /// Prometheus' own, or an agent's, among the user's jobs.
    Main {
        /// That file.
        file: PathBuf,
        /// Which of an agent's `metrics.configs`, where it is named.
        config: Option<String>,
    },
}

impl FilePlace {
    /// Prometheus' own file, where it is known.
    #[must_use]
    pub fn main(&self) -> Option<&Path> {
        match self {
            Self::DropIn { main, .. } => main.as_deref(),
            Self::Main { file, .. } => Some(file),
        }
    }
}

/// Where the consumer reads the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// Nowhere: the consumer's Pod has one of its own.
    Pod,
    /// The key `token` of the token Secret.
    Secret,
    /// A file.
    File(PathBuf),
}

impl Form {
    /// Settles [`Format::Auto`]: operator objects where the cluster serves their kinds.
    #[must_use]
    pub fn of(spec: &Spec, serves_kinds: bool) -> Self {
        let mount_dir = match &spec.format {
            Format::Settled(form) => return form.clone(),
            Format::Auto { mount_dir } => mount_dir.clone(),
        };
        match spec.names.consumer {
            _ if !serves_kinds => Self::Mounted { mount_dir },
            Consumer::GrafanaAgent => Self::Agent {
                monitors: false,
                mount_dir,
            },
            _ => Self::Operator,
        }
    }

    /// Where the consumer reads the token.
    #[must_use]
    pub fn token_place(&self) -> TokenPlace {
        match self {
            Self::Operator | Self::Agent { .. } | Self::Mounted { .. } | Self::Key { .. } => {
                TokenPlace::Secret
            }
            Self::Files { token_dir, .. }
            | Self::Alloy {
                token: AlloyToken::Files { token_dir },
                ..
            } => TokenPlace::File(token_dir.join("token")),
            Self::Alloy {
                token: AlloyToken::Pod,
                ..
            } => TokenPlace::Pod,
            Self::Alloy { .. } => TokenPlace::Secret,
        }
    }

    /// Whether Pods that run as our ServiceAccount use its token themselves.
    #[must_use]
    pub const fn runs_as_account(&self) -> bool {
        matches!(
            self,
            Self::Agent { monitors: true, .. }
                | Self::Alloy {
                    token: AlloyToken::Pod | AlloyToken::Secret,
                    ..
                }
        )
    }

    /// The name of the format as `--format` has it.
    #[must_use]
    pub const fn name(&self, consumer: Consumer) -> &'static str {
        match self {
            Self::Operator
            | Self::Agent {
                monitors: false, ..
            } => "operator",
            Self::Agent { monitors: true, .. } => "monitors",
            Self::Mounted { .. } | Self::Key { .. } | Self::Files { .. } => consumer.text_format(),
            Self::Alloy { .. } => "alloy",
        }
    }
}
