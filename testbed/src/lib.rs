//! The real components that monconf is tested against: etcd, the API server, the controller manager, a node,
//! Prometheus, its operator, Grafana Agent, its operator, exporters, Helm.
//!
//! Nothing here imitates what can be run. Every binary is built from a pinned Go module (see [`components`]),
//! every process dies with the process that started it (see [`process`]), and every directory lies below the
//! system's temporary folder and is removed again. The API is blocking; it needs Linux and util-linux.

#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test harness reports by panicking, with a sentence that says what failed"
)]

pub mod agent_operator;
pub mod alloy_syntax;
pub mod audit;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod components;
pub mod control_plane;
pub mod exporters;
pub mod grafana_agent;
pub mod helm;
pub mod kubeconfig;
pub mod listener;
pub mod mounts;
pub mod network;
pub mod node;
pub mod operator;
mod operator_process;
mod packages;
pub mod poll;
pub mod process;
pub mod prometheus;
pub mod promtool;
pub mod pty;
pub mod relay;
pub mod root;
pub mod scope;
pub mod signer;
pub mod stand_in;
pub mod strace;
pub mod user;
mod web;

pub use agent_operator::AgentOperator;
pub use audit::{Event, waves};
pub use client::{ApiFailure, Client, Response};
pub use cluster::{Cluster, Pod};
pub use components::{Component, OperatorVersion};
pub use control_plane::{ControlPlane, Crds, Options};
pub use exporters::{Certificate, Exporter};
pub use grafana_agent::GrafanaAgent;
pub use helm::Helm;
pub use listener::Listener;
pub use mounts::Mounts;
pub use network::Network;
pub use node::Node;
pub use operator::Operator;
pub use prometheus::Prometheus;
pub use promtool::{
    promtool_check, promtool_check_metrics, promtool_check_rules, promtool_test_rules,
};
pub use relay::{Fault, FaultRelay, LatencyRelay, Liar};
pub use scope::Scope;
pub use stand_in::StandIn;
pub use strace::Strace;
pub use user::User;
