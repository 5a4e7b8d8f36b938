//! Grafana's programs, outside the cluster: static mode with the file that monconf changed or with what the operator makes
//! of monitors, and flow mode, whose language and components Alloy kept.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::poll::poll;
use testbed::{GrafanaAgent, Scope};

use super::case::{Case, Form};
use super::consumer::Consumer;
use super::trial::{is_of, names};
use super::world::{SELECTS_ALL, World};
use crate::support::token;

/// Where samples go: nobody is there.
const NOWHERE: &str = "http://127.0.0.1:9/api/v1/write";
/// Where monitors reach the API server.
const IN_CLUSTER: &str = "kubernetes.default.svc:443";
/// The agent's own file.
const OWN: &str = "metrics:\n  configs:\n  - name: own\n";

/// The name of the configuration in its folder.
const fn file_name(form: Form) -> &'static str {
    match form {
        Form::Alloy => "k8s.alloy",
        _ => "agent.yaml",
    }
}

/// Prepares the folder that monconf writes to, and the flags that it is called with.
pub(super) fn flags(form: Form, scope: &Scope, folder: &Path) -> Vec<String> {
    let file = folder.join(file_name(form)).display().to_string();
    let folder_name = folder.display().to_string();
    let own = format!("{}/{}", scope.namespace, names(scope).agent());
    let of_form: Vec<&str> = match form {
        Form::Agent => {
            fs::write(&file, OWN).unwrap();
            vec!["--config", &file]
        }
        Form::AgentMonitors => {
            vec![
                "--format",
                "monitors",
                "--mount-dir",
                &folder_name,
                "--api-server",
                scope.cp.url(),
                "--selected-by",
                &own,
                "--selected-by",
                SELECTS_ALL,
            ]
        }
        _ => vec!["--config", &file, "--remote-write", NOWHERE],
    };
    let all = ["--interval", "2s"].into_iter().chain(of_form);
    all.map(str::to_owned).collect()
}

/// Starts what reads it.
pub(super) fn start(world: &World, scope: &Scope, case: &Case, folder: TempDir) -> Consumer {
    let file = folder.path().join(file_name(case.form));
    if case.form == Form::AgentMonitors {
        fs::write(&file, of_monitors(world, scope, case, folder.path())).unwrap();
    }
    let agent = match case.form {
        Form::Alloy => GrafanaAgent::start_flow(&file),
        _ => GrafanaAgent::start_static(&file, &["-enable-features=integrations-next"], &[]),
    };
    Consumer::Grafana {
        agent,
        _folder: folder,
    }
}

/// What the operator made of the instance's monitors, with addresses and files of this machine. In a Pod the token is that
/// of the Pod's account, which is the one that monconf's token is for.
fn of_monitors(world: &World, scope: &Scope, case: &Case, folder: &Path) -> String {
    let (token_file, ca_file) = (folder.join("token"), folder.join("ca.crt"));
    fs::write(&token_file, token::of_secret(scope)).unwrap();
    fs::write(&ca_file, scope.cp.ca_pem()).unwrap();
    let generated = poll(|| with_every_job(world, scope, case));
    let mut config =
        generated.unwrap_or_else(|| panic!("the operator leaves out a job of {}", scope.namespace));
    let jobs = config.pointer_mut("/metrics/configs/0/scrape_configs");
    for job in jobs.unwrap().as_array_mut().unwrap() {
        if let Some(file) = job.get_mut("bearer_token_file") {
            *file = json!(token_file);
        }
        if let Some(file) = job.pointer_mut("/tls_config/ca_file") {
            *file = json!(ca_file);
        }
        for discovery in job["kubernetes_sd_configs"].as_array_mut().unwrap() {
            discovery["api_server"] = json!(scope.cp.url());
            discovery["authorization"] = json!({"credentials_file": token_file});
            discovery["tls_config"] = json!({"ca_file": ca_file});
        }
    }
    let address = scope.cp.url().trim_start_matches("https://");
    config.to_string().replace(IN_CLUSTER, address)
}

/// The configuration; `None` before all jobs are there.
fn with_every_job(world: &World, scope: &Scope, case: &Case) -> Option<Value> {
    let name = names(scope).agent();
    let operator = &world.agent_operator;
    let text = operator.rendered_config(&scope.namespace, &name);
    let config = yaml::parse(&text, "the operator's").unwrap().remove(0);
    let jobs = config
        .pointer("/metrics/configs/0/scrape_configs")?
        .as_array()?;
    let is_there = |job| {
        let mut names = jobs.iter().filter_map(|job| job["job_name"].as_str());
        names.any(|name| is_of(scope, case.form, job, name))
    };
    case.model().iter().all(is_there).then_some(config)
}
