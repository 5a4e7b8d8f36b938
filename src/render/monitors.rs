//! The operator format: one object for each job.

use std::collections::BTreeMap;

use super::context::{Context, JobContext, Spelling};
use super::desired::DesiredObject;
use super::renderer::Renderer;
use super::selection;
use crate::error::{Error, Result};
use crate::job::{Attachment, Job};
use crate::object::{Kind, ObjectRef};
use crate::plan::Stage;

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
        let template = match kind {
            Kind::ServiceMonitor => "servicemonitor.yaml",
            Kind::PodMonitor => "podmonitor.yaml",
            _ => "scrapeconfig.yaml",
        };
        let reference = ObjectRef::namespaced(kind, &names.namespace, &names.monitor(&job.name));
        let (mut labels, note) = match self.surroundings.prometheuses {
            Some(prometheuses) => {
                let selected = selection::select(
                    prometheuses,
                    kind,
                    &names.namespace,
                    self.surroundings.namespace_labels,
                );
                let note = selected.note();
                if selected.selected_by.is_empty() {
                    unselected.extend(selected.not_selected_by);
                }
                (selected.labels, note)
            }
            // What made a Prometheus select it must not get lost because this caller cannot see why.
            None => (self.live_labels(&reference), String::new()),
        };
        labels.extend(self.labels.clone());
        let context = Context {
            labels: &labels,
            name: Some(reference.name.clone()),
            job: Some(JobContext::new(&job, Spelling::Operator)),
            ..self.context()
        };
        let object = self.render(template, reference, &context, Stage::Configuration, note)?;
        self.fitted(object)
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
