//! A real Prometheus, outside the cluster or in a Pod of it, or a real Grafana Agent.

use tempfile::TempDir;
use testbed::prometheus::Target;
use testbed::{GrafanaAgent, Prometheus, Scope};

use super::world::World;
use crate::support::PrometheusPod;

/// A main configuration that reads a drop-in.
pub(super) const MAIN: &str =
    "global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_config_files: [k8s.yml]\n";

/// A running Prometheus, or Grafana Agent.
pub(super) enum Consumer {
    /// On this machine, with the folder of its configuration.
    Host {
        prometheus: Prometheus,
        _folder: TempDir,
    },
    /// In a Pod.
    Pod(PrometheusPod),
    /// Static mode or flow mode on this machine, with the folder of its configuration.
    Grafana {
        agent: GrafanaAgent,
        _folder: TempDir,
    },
}

impl Consumer {
    /// Starts one on this machine with `prometheus.yml` of a folder.
    pub(super) fn on_host(folder: TempDir, environment: &[(&str, &str)]) -> Self {
        Self::Host {
            prometheus: Prometheus::start_with(folder.path(), &[], environment),
            _folder: folder,
        }
    }

    /// Starts one in a Pod of the instance's namespace with `configs` as its drop-in.
    pub(super) fn in_pod(
        world: &World,
        scope: &Scope,
        configs: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let prometheus = PrometheusPod::start(&world.cluster, scope, (MAIN, configs), environment);
        Self::Pod(prometheus)
    }

    /// Everything that it scrapes now.
    pub(super) fn targets(&self) -> Vec<Target> {
        match self {
            Self::Host { prometheus, .. } => prometheus.targets(),
            Self::Grafana { agent, .. } => agent.targets(),
            Self::Pod(prometheus) => prometheus.targets(),
        }
    }
}
