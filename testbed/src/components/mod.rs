//! The binaries: from `KUBEBUILDER_ASSETS`, from `PATH`, from the user's cache, else built from their Go modules.

mod build;
mod cargo;
mod find;
mod go;
mod operator_version;

use std::env;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use operator_version::OperatorVersion;

/// A pinned Go module of `testbed/components/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// `alloy-syntax`, a program of the testbed's own around the parser that Alloy publishes.
    AlloySyntax,
    /// `blackbox_exporter`.
    BlackboxExporter,
    /// `coredns`.
    CoreDns,
    /// `etcd`.
    Etcd,
    /// `grafana-agent`, `grafana-agent-operator`.
    GrafanaAgent,
    /// `helm` of the third major version.
    Helm3,
    /// `helm` of the fourth.
    Helm4,
    /// `kube-apiserver`, `kube-controller-manager`, `kubectl`.
    Kubernetes,
    /// `krew`, `validate-krew-manifest`.
    Krew,
    /// `node_exporter`.
    NodeExporter,
    /// `prometheus`, `promtool`.
    Prometheus,
    /// `operator`, `prometheus-config-reloader`.
    PrometheusOperator,
}

impl Component {
    /// Its folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlloySyntax => "alloy-syntax",
            Self::BlackboxExporter => "blackbox-exporter",
            Self::CoreDns => "coredns",
            Self::Etcd => "etcd",
            Self::GrafanaAgent => "grafana-agent",
            Self::Helm3 => "helm-3",
            Self::Helm4 => "helm-4",
            Self::Kubernetes => "kubernetes",
            Self::Krew => "krew",
            Self::NodeExporter => "node-exporter",
            Self::Prometheus => "prometheus",
            Self::PrometheusOperator => "prometheus-operator",
        }
    }

    /// The version that its programs report; that of the parser or the module for [`Component::AlloySyntax`] and
    /// [`Component::Krew`], which report none.
    pub fn version(self) -> &'static str {
        match self {
            Self::AlloySyntax => "0.1.0",
            Self::BlackboxExporter => "0.27.0",
            Self::CoreDns => "1.15.0",
            Self::Etcd => "3.6.16",
            Self::GrafanaAgent => "0.44.8",
            Self::Helm3 => "3.22.0",
            Self::Helm4 => "4.3.1",
            Self::Kubernetes => "1.35.4",
            Self::Krew => "0.4.3",
            Self::NodeExporter => "1.12.1",
            Self::Prometheus => "3.13.5",
            Self::PrometheusOperator => "0.93.0",
        }
    }

    /// The program `name`, built first when this machine has none of the pinned version.
    ///
    /// The order: `KUBEBUILDER_ASSETS`; `PATH`, but only a program that reports exactly [`Component::version`];
    /// the user's cache; a build, which takes minutes and says so on standard error.
    pub fn binary(self, name: &str) -> PathBuf {
        find::in_assets(name)
            .or_else(|| find::in_path(name, self.version()))
            .unwrap_or_else(|| {
                let cached = self.cache().join(name);
                if !cached.is_file() || !build::is_built(self) {
                    build::build(self);
                }
                assert!(cached.is_file(), "{} does not build {name}", self.name());
                cached
            })
    }

    /// The folder of Prometheus' sources.
    pub fn prometheus_source() -> PathBuf {
        let module = "github.com/prometheus/prometheus";
        go::source(&Self::Prometheus.folder(), module)
    }

    /// The folder of the operator's CRD files, one per kind; [`OperatorVersion::crds`] has those of other versions.
    pub fn crds() -> PathBuf {
        OperatorVersion::default().crds()
    }

    /// The folder of the Grafana Agent Operator's CRD files; three are kinds of an old Prometheus Operator.
    pub fn agent_crds() -> PathBuf {
        Self::agent_source().join("operations/agent-static-operator/crds")
    }

    fn agent_source() -> PathBuf {
        let module = "github.com/grafana/agent";
        go::source(&Self::GrafanaAgent.folder(), module)
    }

    /// The JSON Schema (draft 7) of SARIF 2.1.0, the one whose `$id` is in the repository of OASIS.
    pub fn sarif_schema() -> PathBuf {
        cargo::source(&folder("sarif-schema"), "serde-sarif").join("src/schema.json")
    }

    fn folder(self) -> PathBuf {
        folder(self.name())
    }

    fn cache(self) -> PathBuf {
        let absolute = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
        };
        absolute("XDG_CACHE_HOME")
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .expect("XDG_CACHE_HOME or HOME is set")
            .join("monconf-testbed")
            .join(format!("{}-{}", self.name(), self.version()))
    }

    /// Where it is built, and what: most are tools of the module that pins them.
    fn packages(self) -> (PathBuf, &'static [&'static str]) {
        match self {
            Self::AlloySyntax => (self.folder(), &["."]),
            // What it replaces holds only for the main module, and not all that it requires is published.
            Self::GrafanaAgent => (
                Self::agent_source(),
                &["./cmd/grafana-agent", "./cmd/grafana-agent-operator"],
            ),
            _ => (self.folder(), &["tool"]),
        }
    }

    /// What its version is stamped with; other flags would not change what the programs do.
    fn linker_flags(self) -> String {
        let stamps = match self {
            Self::Kubernetes => " -X k8s.io/component-base/version.gitVersion=v1.35.4 \
                 -X k8s.io/component-base/version.gitMajor=1 \
                 -X k8s.io/component-base/version.gitMinor=35"
                .to_owned(),
            // Without the cluster's version it takes whatever it is given for deprecated.
            Self::Helm3 => {
                let module = "helm.sh/helm/v3";
                let mut stamps =
                    format!(" -X {module}/internal/version.version=v{}", self.version());
                for package in ["pkg/chartutil", "pkg/lint/rules"] {
                    let variable = format!("{module}/{package}.k8sVersion");
                    let _ = write!(stamps, " -X {variable}Major=1 -X {variable}Minor=35");
                }
                stamps
            }
            Self::Helm4 => {
                let variable = "helm.sh/helm/v4/internal/version.version";
                format!(" -X {variable}=v{}", self.version())
            }
            Self::GrafanaAgent => {
                let variable = "github.com/grafana/agent/internal/build.Version";
                format!(" -X {variable}=v{}", self.version())
            }
            Self::BlackboxExporter | Self::NodeExporter | Self::PrometheusOperator => {
                let variable = "github.com/prometheus/common/version.Version";
                format!(" -X {variable}={}", self.version())
            }
            Self::AlloySyntax | Self::CoreDns | Self::Etcd | Self::Krew | Self::Prometheus => {
                String::new()
            }
        };
        format!("-s -w{stamps}")
    }

    /// What its build is told: without C, so that a program also runs in an image that holds nothing else.
    fn environment(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Kubernetes => &[],
            _ => &[("CGO_ENABLED", "0")],
        }
    }

    /// How long its first build takes on two cores.
    fn usual_build(self) -> Duration {
        Duration::from_secs(match self {
            Self::AlloySyntax => 5,
            Self::BlackboxExporter | Self::Etcd | Self::Krew | Self::NodeExporter => 30,
            Self::CoreDns => 120,
            Self::GrafanaAgent => 600,
            Self::Helm3 | Self::Helm4 | Self::PrometheusOperator => 100,
            Self::Kubernetes => 300,
            Self::Prometheus => 240,
        })
    }
}

/// The folder of the file that pins a module or a package.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("components")
        .join(name)
}
