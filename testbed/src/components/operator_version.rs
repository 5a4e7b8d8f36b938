//! The versions of the Prometheus Operator whose kinds a server can have.

use std::path::PathBuf;

use super::{folder, go};

/// A version of the Prometheus Operator, for its CRDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OperatorVersion {
    /// The one that the component `PrometheusOperator` builds.
    #[default]
    V0_93_0,
    /// An older one, as clusters have that are not updated often; only its sources.
    V0_77_2,
}

impl OperatorVersion {
    /// The folder of its CRD files, one per kind.
    pub fn crds(self) -> PathBuf {
        let name = match self {
            Self::V0_93_0 => "prometheus-operator",
            Self::V0_77_2 => "prometheus-operator-0.77",
        };
        let module = "github.com/prometheus-operator/prometheus-operator";
        go::source(&folder(name), module).join("example/prometheus-operator-crd")
    }
}
