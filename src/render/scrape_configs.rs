//! The raw format: one text for all jobs.

use super::agreement::{References, of_scrape_config};
use super::check;
use super::context::{Context, JobContext, Spelling};
use super::renderer::Renderer;
use crate::error::Result;
use crate::job::Job;
use crate::splice::Entry;

/// The jobs, as text and as values.
pub(super) struct ScrapeConfigs {
    /// A complete file of Prometheus, with its comments, without a mark.
    pub(super) text: String,
    /// Each job.
    pub(super) entries: Vec<Entry>,
}

impl Renderer<'_> {
    pub(super) fn scrape_configs(
        &mut self,
        jobs: &[Job],
        server: &str,
        credentials: &str,
    ) -> Result<ScrapeConfigs> {
        let template = "scrape-configs.yaml";
        let (token, ca) = (
            format!("{credentials}/token"),
            format!("{credentials}/ca.crt"),
        );
        let references = References::files(&token, &ca);
        let jobs = jobs.iter().cloned();
        let jobs: Vec<Job> = jobs.map(|job| job.through_api_server(server)).collect();
        let contexts = jobs
            .iter()
            .map(|job| JobContext::new(job, Spelling::Prometheus));
        let context = Context {
            jobs: Some(contexts.collect()),
            api_server: Some(server),
            token_file: Some(token),
            ca_file: Some(ca),
            ..self.context()
        };
        let rendered = self.text(template, &context)?;
        let job_names: Vec<&str> = jobs.iter().map(|job| job.job_name.as_str()).collect();
        let values = check::scrape_configs(&rendered, &job_names)?;
        for (job, value) in jobs.iter().zip(&values) {
            let found = of_scrape_config(value, &references);
            self.agree(template, job, Some(server), &[found])?;
        }
        let names = job_names.iter().map(ToString::to_string);
        let entries = names.zip(values);
        Ok(ScrapeConfigs {
            text: rendered.text,
            entries: entries.map(|(name, value)| Entry { name, value }).collect(),
        })
    }
}
