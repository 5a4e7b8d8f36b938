//! Alert rules about the instance's token and its jobs: an object of prometheus-operator, or a file.

use std::path::Path;

use super::check;
use super::context::{AlertsContext, Context};
use super::desired::DesiredFile;
use super::renderer::Renderer;
use crate::error::Result;
use crate::job::Job;
use crate::mark::Comment;
use crate::object::{Kind, ObjectRef};
use crate::render::{Content, Stage};
use crate::words::counted;

const RULES: &str = "alerts.yaml";

impl Renderer<'_> {
    /// The PrometheusRule, with the labels that the cluster's `Prometheus` objects select rules by.
    pub(super) fn prometheus_rule(&mut self) -> Result<()> {
        let names = &self.spec.names;
        let name = names.alerts();
        let reference = ObjectRef::namespaced(Kind::PrometheusRule, &names.namespace, &name);
        let (rules, count) = self.alert_rules()?;
        let mut unselected = Vec::new();
        let (labels, note) = self.selected_labels(&reference, &mut unselected);
        self.desired.warnings.extend(unselected);
        let context = Context {
            labels: &labels,
            name: Some(name),
            alert_rules: Some(rules),
            ..self.context()
        };
        let note = match note.as_str() {
            "" => counted(count, "alert"),
            note => format!("{}, {note}", counted(count, "alert")),
        };
        let stage = Stage::Configuration;
        let object = self.render("prometheusrule.yaml", reference, &context, stage, note)?;
        let object = self.fitted(object)?;
        self.desired.objects.push(object);
        Ok(())
    }

    /// The same rules as a file, for `rule_files` of prometheus.yml.
    pub(super) fn rules_file(&mut self, path: &Path) -> Result<()> {
        let (rules, count) = self.alert_rules()?;
        self.desired.files.push(DesiredFile {
            path: path.to_owned(),
            content: Content::Text(rules.into()),
            comment: Some(Comment::Hash),
            stage: Stage::Configuration,
            note: format!("{}, for rule_files", counted(count, "alert")),
        });
        Ok(())
    }

    /// The rules, and how many there are.
    fn alert_rules(&self) -> Result<(String, usize)> {
        let account = self.spec.names.account();
        let alerts = AlertsContext {
            // What a name of an object may hold needs no escapes.
            selector: format!("{{service_account=\"{account}\"}}"),
            account: &account,
            jobs: pattern(&self.spec.jobs),
        };
        let context = Context {
            alerts: Some(alerts),
            ..self.context()
        };
        let rendered = self.text(RULES, &context)?;
        let groups = check::rules(&rendered)?;
        let count = groups
            .iter()
            .map(|group| group["rules"].as_array().map_or(0, Vec::len));
        let count = count.sum();
        Ok((rendered.text, count))
    }
}

/// A regular expression that matches the `job` label of the jobs whose targets are shown our token; empty where there
/// is none.
fn pattern(jobs: &[Job]) -> String {
    let jobs = jobs.iter().filter(|job| job.authority.wants_token());
    let names: Vec<String> = jobs.map(|job| quoted(&job.job_name)).collect();
    names.join("|")
}

/// As a regular expression of RE2 that matches the text alone.
fn quoted(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
