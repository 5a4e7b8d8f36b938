//! The testbed's own tests: what the tests of monconf rely on.

mod agent_operator;
mod alloy_syntax;
mod audit;
mod components;
mod control_plane;
mod control_plane_pods;
mod exporters;
mod grafana_agent;
mod helm;
mod node;
mod operator;
mod pod;
mod process;
mod prometheus;
mod pty;
mod relay;
