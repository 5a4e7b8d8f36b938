//! Grafana Agent under its operator: the agent, what it runs, and the jobs in a Secret.

use serde_json::{Value, json};

use super::agreement::Running;
use super::context::{AgentContext, Context};
use super::desired::{DesiredEdit, DesiredList, EditPlace, IN_CLUSTER};
use super::renderer::Renderer;
use super::selection::{self, Selector};
use crate::error::{Error, Result};
use crate::job::{Attachment, Job, Role};
use crate::object::{Kind, ObjectKey, ObjectRef};
use crate::render::Stage;
use crate::spec::{KeyPlace, RemoteAuth, Spec};
use crate::splice::Entry;

/// The key of the jobs' Secret.
const JOBS_KEY: &str = "jobs.yaml";

/// The jobs as the agent discovers them: those of ServiceMonitors by Endpoints.
#[must_use]
pub(super) fn discovered(spec: &Spec) -> Vec<Job> {
    let jobs = spec.jobs.iter().cloned();
    jobs.map(|job| as_discovered(spec, job)).collect()
}

pub(super) fn as_discovered(spec: &Spec, mut job: Job) -> Job {
    if spec.monitor_kind(&job) == Some(Kind::ServiceMonitor) {
        job.discovery.role = Role::Endpoints;
    }
    job
}

/// The Secrets that the agent's Pods mount.
#[must_use]
pub fn mounted(spec: &Spec) -> Vec<String> {
    let mut secrets = vec![spec.names.token_secret()];
    let remote_write = spec.agent.remote_write.as_ref();
    if let Some(RemoteAuth::Bearer { secret, .. }) =
        remote_write.and_then(|remote_write| remote_write.auth.as_ref())
    {
        secrets.push(secret.clone());
    }
    secrets
}

impl Renderer<'_> {
    pub(super) fn agent(&mut self, monitors: bool, mount_dir: &str) -> Result<()> {
        let names = &self.spec.names;
        let is_monitor = |job: &&Job| self.spec.monitor_kind(job).is_some();
        let (as_monitors, as_text): (Vec<&Job>, Vec<&Job>) =
            self.spec.jobs.iter().partition(is_monitor);
        let as_text: Vec<Job> = as_text.into_iter().cloned().collect();
        for job in &as_text {
            check_attachments(job)?;
        }
        if !as_text.is_empty() {
            let server = self.spec.api_server.as_deref().unwrap_or(IN_CLUSTER);
            let jobs = self.scrape_configs(&as_text, server, mount_dir)?;
            let entries = jobs.entries.into_iter().map(for_operator);
            let entries = entries.collect::<Result<_>>()?;
            self.agent_jobs(entries, mount_dir);
        }
        let (labels, note) = self.selected();
        let agent = AgentContext {
            shards: self.spec.agent.shards,
            secrets: mounted(self.spec),
            remote_write: self.remote_write(),
            jobs_key: (!as_text.is_empty()).then_some(JOBS_KEY),
            monitors: monitors && !as_monitors.is_empty(),
            selector: self.labels.clone(),
        };
        let is_written =
            |selected: Kind| as_monitors.iter().any(|job| job.monitor_kind() == selected);
        let selectors = [
            (Kind::ServiceMonitor, "serviceMonitorSelector"),
            (Kind::PodMonitor, "podMonitorSelector"),
        ];
        let selectors = selectors.into_iter().filter(|(kind, _)| is_written(*kind));
        let selectors: Vec<&str> = selectors.map(|(_, field)| field).collect();
        let monitor_labels = self.labels.clone();
        let jobs_secret = names.agent_jobs();
        let running = Running {
            account: &names.service_account(),
            secrets: &agent.secrets,
            labels: &labels,
            jobs: agent.jobs_key.map(|key| (jobs_secret.as_str(), key)),
            selectors: &selectors,
            monitors: &monitor_labels,
            url: self
                .spec
                .agent
                .remote_write
                .as_ref()
                .map(|remote_write| remote_write.url.as_str()),
        };
        let reference = |kind| ObjectRef::namespaced(kind, &names.namespace, &names.agent());
        if self.spec.agent.attach.is_none() {
            let context = Context {
                agent: Some(&agent),
                ..self.context()
            };
            let object = self.render(
                "grafanaagent.yaml",
                reference(Kind::GrafanaAgent),
                &context,
                Stage::Configuration,
                String::new(),
            )?;
            self.runs(
                "grafanaagent.yaml",
                &running.lacking_of_agent(&object.value),
            )?;
            self.desired.objects.push(object);
        }
        let context = Context {
            labels: &labels,
            agent: Some(&agent),
            ..self.context()
        };
        let object = self.render(
            "metricsinstance.yaml",
            reference(Kind::MetricsInstance),
            &context,
            Stage::Configuration,
            note,
        )?;
        self.runs(
            "metricsinstance.yaml",
            &running.lacking_of_instance(&object.value),
        )?;
        self.desired.objects.push(object);
        for job in as_monitors {
            let object = self.agent_monitor(job)?;
            self.desired.objects.push(object);
        }
        Ok(())
    }

    fn agent_jobs(&mut self, entries: Vec<Entry>, mount_dir: &str) {
        let names = &self.spec.names;
        let object = ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.agent_jobs());
        self.desired.edits.push(DesiredEdit {
            place: EditPlace::Key(KeyPlace {
                at: ObjectKey {
                    object,
                    key: JOBS_KEY.to_owned(),
                },
                config: None,
            }),
            lists: vec![DesiredList {
                steps: Vec::new(),
                entries: entries.clone(),
            }],
            config: None,
            drop_in: None,
            may_be_agents: false,
            jobs: entries,
            token_file: format!("{mount_dir}/token"),
            interval: "1m".to_owned(),
        });
    }

    /// Labels of the MetricsInstance, and a few words on which GrafanaAgent they make run it.
    fn selected(&mut self) -> (std::collections::BTreeMap<String, String>, String) {
        let names = &self.spec.names;
        let mut labels = self.labels.clone();
        let Some(attach) = &self.spec.agent.attach else {
            return (
                labels,
                format!("run by GrafanaAgent {}/{}", names.namespace, names.agent()),
            );
        };
        let who = format!("GrafanaAgent {}/{attach}", names.namespace);
        let Some(agents) = &self.surroundings.operators.grafana_agents else {
            return (labels, String::new());
        };
        let found = agents.iter().find(|agent| {
            agent["metadata"]["name"] == attach.as_str()
                && agent["metadata"]["namespace"] == names.namespace.as_str()
        });
        let Some(found) = found else {
            self.desired.warnings.push(format!(
                "there is no {who}: nobody runs the MetricsInstance"
            ));
            return (labels, format!("for {who}, which does not exist"));
        };
        let selected = selection::select(
            &[Selector::of_agent(found)],
            &self.labels,
            &names.namespace,
            self.surroundings.namespace_labels,
        );
        self.desired
            .warnings
            .extend(selected.not_selected_by.iter().cloned());
        let note = selected.note("run", "GrafanaAgent");
        labels.extend(selected.labels);
        (labels, note)
    }

    /// In the words of a MetricsInstance.
    fn remote_write(&self) -> Option<Value> {
        let remote_write = self.spec.agent.remote_write.as_ref()?;
        let mut written = json!({"url": remote_write.url});
        match &remote_write.auth {
            Some(RemoteAuth::Basic { secret }) => {
                let key = |key: &str| json!({"name": secret, "key": key});
                written["basicAuth"] =
                    json!({"username": key("username"), "password": key("password")});
            }
            Some(RemoteAuth::Bearer { secret, key }) => {
                let root = self.spec.names.consumer.mount_root();
                written["bearerTokenFile"] = format!("{root}/{secret}/{key}").into();
            }
            None => {}
        }
        Some(written)
    }
}

/// Grafana Agent knows an older `kubernetes_sd_configs`.
fn check_attachments(job: &Job) -> Result<()> {
    let attached = job.discovery.attach_metadata.iter();
    match attached
        .copied()
        .find(|attachment| *attachment != Attachment::Node)
    {
        None => Ok(()),
        Some(attachment) => Err(Error::usage_hint(
            format!(
                "job {}: Grafana Agent attaches metadata of the node only, not of the {}",
                job.name,
                attachment.name()
            ),
            "take it out of the job's attachMetadata",
        )),
    }
}

/// A job as the operator passes it on: its targets divided among shards, and nothing in it taken for a variable.
fn for_operator(entry: Entry) -> Result<Entry> {
    let mut value = literal(entry.value).map_err(|text| variable(&entry.name, &text))?;
    // The operator sets both for every agent (`static/operator/resources_metrics.go` of grafana/agent).
    let steps = json!([
        {"action": "hashmod", "source_labels": ["__address__"], "target_label": "__tmp_hash", "modulus": "$(SHARDS)"},
        {"action": "keep", "source_labels": ["__tmp_hash"], "regex": "$(SHARD)"},
    ]);
    let before = value["relabel_configs"].take();
    let steps = [before, steps].into_iter().filter_map(|steps| match steps {
        Value::Array(steps) => Some(steps),
        _ => None,
    });
    value["relabel_configs"] = steps.flatten().collect();
    let name = value["job_name"].as_str().unwrap_or(&entry.name).to_owned();
    Ok(Entry { name, value })
}

/// What is read as `value` after both substitutions that an operator's agent makes: its reloader puts in variables for
/// `$(NAME)` (`pkg/reloader` of thanos), and the agent itself for `${NAME}`, where `$$` stands for one dollar.
///
/// # Errors
/// A text that the reloader would take for a variable: it knows no other way to write it.
pub(super) fn literal(value: Value) -> std::result::Result<Value, String> {
    Ok(match value {
        Value::String(text) if names_variable(&text) => return Err(text),
        Value::String(text) => text.replace('$', "$$").into(),
        Value::Array(items) => items
            .into_iter()
            .map(literal)
            .collect::<std::result::Result<_, _>>()?,
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| Ok((key, literal(value)?)))
            .collect::<std::result::Result<_, String>>()?,
        other => other,
    })
}

fn names_variable(text: &str) -> bool {
    text.match_indices("$(").any(|(index, _)| {
        let name = &text[index + 2..];
        let end =
            name.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        end.is_some_and(|end| end > 0 && name[end..].starts_with(')'))
    })
}

pub(super) fn variable(job: &str, text: &str) -> Error {
    Error::usage_hint(
        format!(
            "job {job}: Grafana Agent's operator would take {text:?} for a variable of the agent's Pods"
        ),
        "write it in another way, or write the agent's configuration yourself: --format static",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_survive_both_substitutions() {
        let read = |text: &str| literal(json!({"replacement": text}));
        assert_eq!(
            read("$1 ${2} $$ ${X}"),
            Ok(json!({"replacement": "$$1 $${2} $$$$ $${X}"}))
        );
        assert_eq!(
            read("a$(b c)$()$(ä)"),
            Ok(json!({"replacement": "a$$(b c)$$()$$(ä)"}))
        );
        for variable in ["$(POD)", "a$$(x_1)"] {
            assert_eq!(read(variable), Err(variable.to_owned()));
        }
    }
}
