//! What is done about a difference between a job and its rendered form.

use std::path::Path;

use serde_json::Value;

use super::difference::differences;
use super::expected;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::render::Templates;
use crate::render::renderer::Renderer;

/// More differences of one job than these are counted.
const TOLD: usize = 4;

/// Holds what `template` rendered for `job` against it, and gives what there is to warn of. `found` is in the vocabulary
/// of [`expected`]; `api_server` as there.
///
/// # Errors
/// A difference where the template is a built-in one: the program contradicts itself. A replaced one may do what its
/// author wants; what differs is a warning.
pub(in crate::render) fn agree(
    templates: &Templates,
    template: &'static str,
    job: &Job,
    api_server: Option<&str>,
    found: &[Value],
) -> Result<Vec<String>> {
    let told = told(&expected(template, job, api_server), found);
    let wanted = format!("what the job {} says", job.name);
    let Some(file) = replacement(templates, template, &wanted, &told)? else {
        return Ok(Vec::new());
    };
    let of = format!("template {}: job {}", file.display(), job.name);
    let mut warnings: Vec<String> = told
        .iter()
        .take(TOLD)
        .map(|difference| format!("{of}: {difference}"))
        .collect();
    if told.len() > TOLD {
        warnings.push(format!("{of}: and {} more that differ", told.len() - TOLD));
    }
    Ok(warnings)
}

/// The file that replaces `template`, where what it rendered differs.
///
/// # Errors
/// A difference where the template is a built-in one.
fn replacement<'a>(
    templates: &'a Templates,
    template: &'static str,
    wanted: &str,
    told: &[String],
) -> Result<Option<&'a Path>> {
    let Some(first) = told.first() else {
        return Ok(None);
    };
    match templates.replacement(template) {
        Some(file) => Ok(Some(file)),
        None => Err(Error::Disagreement {
            template,
            wanted: wanted.to_owned(),
            difference: first.clone(),
        }),
    }
}

impl Renderer<'_> {
    /// The same for what is no job and what jobs need to be run, of which `lacking` is not there.
    pub(in crate::render) fn runs(
        &mut self,
        template: &'static str,
        lacking: &[String],
    ) -> Result<()> {
        let wanted = "what the jobs need to be run";
        if let Some(file) = replacement(self.templates, template, wanted, lacking)? {
            let told = lacking.iter();
            let told = told.map(|lacking| format!("template {}: {lacking}", file.display()));
            self.desired.warnings.extend(told);
        }
        Ok(())
    }

    /// [`agree`], with the warnings among those of the request.
    pub(in crate::render) fn agree(
        &mut self,
        template: &'static str,
        job: &Job,
        api_server: Option<&str>,
        found: &[Value],
    ) -> Result<()> {
        let warnings = agree(self.templates, template, job, api_server, found)?;
        self.desired.warnings.extend(warnings);
        Ok(())
    }
}

/// The differences of all of `found`, each once.
pub(super) fn told(expected: &Value, found: &[Value]) -> Vec<String> {
    if found.is_empty() {
        return vec!["there is no endpoint: nothing is scraped".to_owned()];
    }
    let mut told: Vec<String> = Vec::new();
    for difference in found.iter().flat_map(|found| differences(expected, found)) {
        if !told.contains(&difference) {
            told.push(difference);
        }
    }
    told
}
