//! The configuration that is written, and where.

use std::path::PathBuf;

use crate::spec::{AlloyPlace, AlloyToken, Consumer, FilePlace, Format, KeyPlace, Spec};

/// The configuration that is written, once the cluster is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// ServiceMonitor and ScrapeConfig.
    Operator,
    /// GrafanaAgent, MetricsInstance and a Secret of jobs.
    Agent {
        /// Whether jobs that a ServiceMonitor or PodMonitor can carry are such objects.
        monitors: bool,
        /// Where the agent finds the token Secret's files.
        mount_dir: String,
    },
    /// `scrape_configs` on standard output.
    Mounted {
        /// Where Prometheus finds the Secret's files.
        mount_dir: String,
    },
    /// `scrape_configs` in a key of a Secret or ConfigMap.
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
    /// `scrape_configs` in a file, token and CA beside it.
    Files {
        /// The configuration.
        place: FilePlace,
        /// The folder of `token` and `ca.crt`.
        token_dir: PathBuf,
    },
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
        match &spec.format {
            Format::Operator => Self::Operator,
            Format::Auto { mount_dir } if serves_kinds => match spec.names.consumer {
                Consumer::GrafanaAgent => Self::Agent {
                    monitors: false,
                    mount_dir: mount_dir.clone(),
                },
                _ => Self::Operator,
            },
            Format::AgentOperator {
                monitors,
                mount_dir,
            } => Self::Agent {
                monitors: *monitors,
                mount_dir: mount_dir.clone(),
            },
            Format::Auto { mount_dir } | Format::Mounted { mount_dir } => Self::Mounted {
                mount_dir: mount_dir.clone(),
            },
            Format::Key { place, mount_dir } => Self::Key {
                place: place.clone(),
                mount_dir: mount_dir.clone(),
            },
            Format::Alloy { token, place } => Self::Alloy {
                token: token.clone(),
                place: place.clone(),
            },
            Format::Files { place, token_dir } => Self::Files {
                place: place.clone(),
                token_dir: token_dir.clone(),
            },
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
