//! The operator format: one object for each job.

use std::collections::BTreeMap;

use super::agent;
use super::agreement::{References, of_monitor};
use super::context::{Context, JobContext, Spelling};
use super::desired::{DesiredObject, Surroundings};
use super::renderer::Renderer;
use crate::error::{Error, Result};
use crate::job::{Attachment, Job};
use crate::object::{Kind, ObjectRef};
use crate::render::Stage;
use crate::spec::Names;

/// Where the API server is, seen from any pod.
const IN_CLUSTER: &str = "https://kubernetes.default.svc:443";

impl Renderer<'_> {
    pub(super) fn monitors(&mut self) -> Result<()> {
        let mut unselected: Vec<String> = Vec::new();
        for job in &self.spec.jobs {
            let object = self.monitor(job, &mut unselected)?;
            self.desired.objects.push(object);
        }
        // In the order of kinds, as the plan lists them.
        self.desired.objects.sort_by_key(|object| {
            Kind::ALL
                .iter()
                .position(|&kind| kind == object.reference.kind)
        });
        unselected.sort();
        unselected.dedup();
        self.desired.warnings.extend(unselected);
        Ok(())
    }

    fn monitor(&mut self, job: &Job, unselected: &mut Vec<String>) -> Result<DesiredObject> {
        let names = &self.spec.names;
        check_attachments(job)?;
        let job = job.clone().through_api_server(IN_CLUSTER);
        let kind = job.monitor_kind();
        let (labels, note) = self.selected_labels(&monitor_of(&job, names), unselected);
        let context = JobContext::new(&job, Spelling::Operator);
        let object = self.carrier(&job, context, &labels, note)?;
        let secret = References::secret(&names.token_secret());
        let found = of_monitor(&object.value, &secret);
        self.agree(template(kind), &job, None, &found)?;
        self.fitted(object)
    }

    /// The ServiceMonitor or PodMonitor of a job for Grafana Agent's operator. That does not read `authorization`
    /// (`static/operator/config/templates/component/metrics` of grafana/agent).
    pub(super) fn agent_monitor(&mut self, job: &Job) -> Result<DesiredObject> {
        let job = job.clone().through_api_server(IN_CLUSTER);
        let mut context = JobContext::new(&job, Spelling::Operator);
        context.bearer_token_secret = true;
        let mut object = self.carrier(&job, context, &self.labels, String::new())?;
        let secret = References::bearer_token_secret(&self.spec.names.token_secret());
        let found = of_monitor(&object.value, &secret);
        let discovered = agent::as_discovered(self.spec, job.clone());
        self.agree(template(object.reference.kind), &discovered, None, &found)?;
        let wanted = agent::literal(object.value["spec"].take());
        object.value["spec"] = wanted.map_err(|text| agent::variable(&job.name, &text))?;
        if object.text.contains('$') {
            object.text = yaml::emit(&object.value);
        }
        Ok(object)
    }

    fn carrier(
        &self,
        job: &Job,
        context: JobContext<'_>,
        labels: &BTreeMap<String, String>,
        note: String,
    ) -> Result<DesiredObject> {
        let reference = monitor_of(job, &self.spec.names);
        let template = template(reference.kind);
        let context = Context {
            labels,
            name: Some(reference.name.clone()),
            job: Some(context),
            ..self.context()
        };
        self.render(template, reference, &context, Stage::Configuration, note)
    }

    /// The labels of a monitor or of rules, and who then selects them.
    pub(super) fn selected_labels(
        &self,
        reference: &ObjectRef,
        unselected: &mut Vec<String>,
    ) -> (BTreeMap<String, String>, String) {
        let Surroundings {
            operators,
            namespace_labels,
            ..
        } = *self.surroundings;
        let knows_all = operators.knows_selectors();
        let mut labels = if knows_all {
            BTreeMap::new()
        } else {
            // What made a Prometheus select it must not get lost because this caller cannot see why.
            self.live_labels(reference)
        };
        let kind = reference.kind;
        let selected = operators.selection(kind, self.spec, namespace_labels);
        let note = if knows_all || !selected.selected_by.is_empty() {
            selected.note("selected", "Prometheus")
        } else {
            String::new()
        };
        if selected.selected_by.is_empty() {
            let elsewhere = operators.elsewhere(kind, self.spec, namespace_labels);
            let elsewhere = elsewhere.into_iter();
            unselected.extend(elsewhere.flat_map(|(_, selection)| selection.not_selected_by));
        }
        if selected.selected_by.is_empty() || !self.spec.selected_by.is_empty() {
            unselected.extend(selected.not_selected_by);
        }
        labels.extend(selected.labels);
        labels.extend(self.labels.clone());
        (labels, note)
    }

    fn live_labels(&self, reference: &ObjectRef) -> BTreeMap<String, String> {
        let live = self.surroundings.objects.get(reference);
        let labels = live.and_then(|live| live["metadata"]["labels"].as_object());
        let labels = labels.into_iter().flatten();
        labels
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    }
}

fn monitor_of(job: &Job, names: &Names) -> ObjectRef {
    ObjectRef::namespaced(
        job.monitor_kind(),
        &names.namespace,
        &names.monitor(&job.name),
    )
}

const fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::ServiceMonitor => "servicemonitor.yaml",
        Kind::PodMonitor => "podmonitor.yaml",
        _ => "scrapeconfig.yaml",
    }
}

/// The operator's objects know fewer attachments than Prometheus' own configuration.
fn check_attachments(job: &Job) -> Result<()> {
    let attached = job.discovery.attach_metadata.iter();
    let unknown = attached
        .copied()
        .find(|attachment| *attachment != Attachment::Node);
    match unknown {
        None => Ok(()),
        Some(attachment) => Err(Error::usage_hint(
            format!(
                "job {}: objects of prometheus-operator attach metadata of the node only, not of the {}",
                job.name,
                attachment.name()
            ),
            "write a scrape configuration instead: --format raw",
        )),
    }
}
