//! Prometheus' own configuration file, and what else is named by it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::mark::{ClusterIdentity, Mark, Ownership};
use crate::promfile::{self, ExistingFile, covers, glob};
use crate::render::{FILES, JOBS};
use crate::spec::{FilePlace, Form, Spec};
use crate::splice::{self, Named};
use yaml::Step;

/// What of Prometheus' own files concerns the jobs that are written to them.
#[derive(Default)]
pub(super) struct Configuration {
    /// Whether somebody else's pattern names the drop-in already.
    pub(super) is_named: bool,
    /// Where else there are jobs of the names that are wanted.
    pub(super) jobs_elsewhere: BTreeMap<String, String>,
    /// The main file, where there is one.
    pub(super) main: BTreeMap<PathBuf, ExistingFile>,
}

impl Configuration {
    /// Reads the main file, and the files that it names. What is wrong with any of them is said where it is edited, or
    /// by Prometheus.
    pub(super) fn read(spec: &Spec, form: &Form, cluster: &ClusterIdentity) -> Result<Self> {
        let mut configuration = Self::default();
        let own = Mark::new(&spec.names.instance, cluster.clone());
        let Form::Files { place, .. } = form else {
            return Ok(configuration);
        };
        let Some(main) = place.main() else {
            return Ok(configuration);
        };
        let Some(existing) = promfile::read(main)? else {
            return Ok(configuration);
        };
        let drop_in = match place {
            FilePlace::DropIn { file, .. } => {
                configuration.jobs_in(&existing.text, main, spec, &own);
                Some(file)
            }
            FilePlace::Main { .. } => None,
        };
        for (pattern, is_ours) in patterns(&existing.text, main, &own) {
            configuration.is_named |=
                !is_ours && drop_in.is_some_and(|drop_in| covers(&pattern, drop_in));
            // What ours names is the drop-in, or one that goes.
            let named = if is_ours { Vec::new() } else { glob(&pattern) };
            for file in named {
                if Some(&file) != drop_in
                    && let Ok(Some(existing)) = promfile::read(&file)
                {
                    configuration.jobs_in(&existing.text, &file, spec, &own);
                }
            }
        }
        configuration.main.insert(main.to_owned(), existing);
        Ok(configuration)
    }

    fn jobs_in(&mut self, text: &str, file: &Path, spec: &Spec, own: &Mark) {
        let origin = file.display().to_string();
        let jobs = splice::names(text, &origin, &[Step::Key(JOBS.to_owned())], "job_name");
        for job in jobs.unwrap_or_default() {
            let is_wanted = spec.jobs.iter().any(|wanted| wanted.job_name == job.name);
            // Ours that are on their way out of the main file.
            if is_wanted && !is_ours(own, &job) {
                let place = format!("{origin}:{}", job.line);
                self.jobs_elsewhere.insert(job.name, place);
            }
        }
    }
}

/// The patterns of `scrape_config_files`, and whether each is this instance's.
fn patterns(text: &str, main: &Path, own: &Mark) -> Vec<(PathBuf, bool)> {
    // Reading a large file takes time.
    if !text.contains(FILES) {
        return Vec::new();
    }
    let folder = main.parent().unwrap_or(Path::new("/"));
    let origin = main.display().to_string();
    let names = splice::names(text, &origin, &[Step::Key(FILES.to_owned())], "");
    let names = names.unwrap_or_default().into_iter();
    names
        .map(|pattern| {
            let is_ours = is_ours(own, &pattern);
            (folder.join(pattern.name), is_ours)
        })
        .collect()
}

fn is_ours(own: &Mark, item: &Named) -> bool {
    let owner = item.mark.clone().map(|found| own.judge(found));
    matches!(owner, Some(Ownership::Ours(_)))
}
