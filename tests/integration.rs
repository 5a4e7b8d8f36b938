//! monconf against real components. One file per command or behaviour.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "tests say by panicking what failed"
)]

mod additional_scrape_configs;
mod adoption;
mod agreement;
mod alerts;
mod alloy;
mod blocked;
mod canary;
mod catalogue;
mod chart;
mod client;
mod cluster_ca;
mod clusters;
mod config_file;
mod configmap;
mod consent;
mod core_dumps;
mod errors;
mod every_file_runs;
mod examples;
mod explain;
mod external_prometheus;
mod files;
mod grafana_agent;
mod image;
mod in_cluster;
mod interrupt;
mod kubeconfig;
mod kubectl_plugin;
mod least_access;
mod literal_values;
mod lying_server;
mod moves;
mod offline;
mod operator_objects;
mod output;
mod own_jobs;
mod ownership;
mod permissions;
mod preflight;
mod prometheus_apply;
mod rbac_audit;
mod rbac_diff;
mod rbac_explain;
mod readme;
mod reload;
mod remove;
mod rotate;
mod selection;
mod splice;
mod status;
mod support;
mod templates;
mod token;
mod verify;
mod waves;
mod writing;
