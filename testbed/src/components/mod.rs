//! The binaries: from `KUBEBUILDER_ASSETS`, from `PATH`, from the user's cache, else built from their Go modules.

mod build;
mod find;
mod go;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A pinned Go module of `testbed/components/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// `etcd`.
    Etcd,
    /// `kube-apiserver`, `kube-controller-manager`, `kubectl`.
    Kubernetes,
    /// `prometheus`, `promtool`.
    Prometheus,
    /// Only its sources, for the CRDs.
    PrometheusOperator,
}

impl Component {
    /// Its folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Kubernetes => "kubernetes",
            Self::Prometheus => "prometheus",
            Self::PrometheusOperator => "prometheus-operator",
        }
    }

    /// The version that its programs report.
    pub fn version(self) -> &'static str {
        match self {
            Self::Etcd => "3.6.16",
            Self::Kubernetes => "1.35.4",
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
                if !cached.is_file() {
                    build::build(self);
                }
                assert!(cached.is_file(), "{} does not build {name}", self.name());
                cached
            })
    }

    /// The operator's CRD files, one per kind.
    pub fn crds() -> PathBuf {
        let module = "github.com/prometheus-operator/prometheus-operator";
        go::source(&Self::PrometheusOperator.folder(), module)
            .join("example/prometheus-operator-crd")
    }

    fn folder(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("components")
            .join(self.name())
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

    /// What its version is stamped with; other flags would not change what the programs do.
    fn linker_flags(self) -> &'static str {
        match self {
            Self::Kubernetes => {
                "-s -w -X k8s.io/component-base/version.gitVersion=v1.35.4 \
                 -X k8s.io/component-base/version.gitMajor=1 \
                 -X k8s.io/component-base/version.gitMinor=35"
            }
            Self::Etcd | Self::Prometheus | Self::PrometheusOperator => "-s -w",
        }
    }

    /// How long its first build takes on two cores.
    fn usual_build(self) -> Duration {
        Duration::from_secs(match self {
            Self::Etcd => 30,
            Self::Kubernetes => 300,
            Self::Prometheus => 240,
            Self::PrometheusOperator => 100,
        })
    }
}
