//! What a plan's files are to make of the running configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::server::names;
use crate::mask::{Text, hide};
use crate::plan::{Action, Change, Plan, Target};
use crate::render::{Content, Stage};

/// What Prometheus should run once the files are written.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Every job that the files have.
    pub jobs: BTreeSet<String>,
    /// The jobs that they had.
    pub(super) before: BTreeSet<String>,
    pub(super) files: Vec<Edit>,
    /// Whether anything in the cluster is changed too.
    pub(super) cluster: bool,
}

/// One configuration file.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub path: PathBuf,
    /// `None` where there was no such file.
    pub before: Option<Text>,
    /// `None` where the file goes.
    pub after: Option<Text>,
}

impl Wanted {
    /// What the configuration files of `plan` hold.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut wanted = Self {
            cluster: plan.changes.iter().any(|change| {
                change.action != Action::Unchanged && change.target.object().is_some()
            }),
            ..Self::default()
        };
        for edit in plan.changes.iter().filter_map(Edit::of) {
            let after = edit.after.as_ref().map(|after| jobs(after.as_str()));
            wanted.jobs.extend(after.unwrap_or_default());
            let before = edit.before.as_ref().map(|before| jobs(before.as_str()));
            wanted.before.extend(before.unwrap_or_default());
            wanted.files.push(edit);
        }
        wanted
    }

    /// Whether a configuration file is written.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.files.iter().any(Edit::is_changed)
    }

    /// `said` without what the files hold of secrets.
    pub(super) fn hide(&self, said: &str) -> String {
        let texts = self
            .files
            .iter()
            .flat_map(|edit| [edit.after.as_ref(), edit.before.as_ref()]);
        let secrets: Vec<&str> = texts
            .flatten()
            .flat_map(|text| text.secrets().iter().map(|at| &text.as_str()[at.clone()]))
            .collect();
        hide(said, &secrets)
    }

    /// Whether a file is newer than what was loaded at `seconds` after 1970.
    pub(super) fn is_newer_than(&self, seconds: f64) -> bool {
        let modified = |edit: &Edit| edit.path.metadata().and_then(|file| file.modified()).ok();
        let mut times = self.files.iter().filter_map(modified);
        times.any(|time| {
            let since = time.duration_since(UNIX_EPOCH);
            since.is_ok_and(|since| since.as_secs_f64() > seconds)
        })
    }
}

impl Edit {
    /// `None` for what is no configuration file.
    fn of(change: &Change) -> Option<Self> {
        let (Target::File(path), Stage::Configuration) = (&change.target, change.stage) else {
            return None;
        };
        let text = |content: &Option<Content>| match content {
            Some(Content::Text(text)) => Some(text.clone()),
            // What was taken over from another owner is put back too.
            Some(Content::Foreign(text)) => Some(text.clone().into()),
            _ => None,
        };
        Some(Self {
            path: path.clone(),
            before: text(&change.before),
            after: text(&change.after),
        })
    }

    pub(super) fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// The names of the jobs in a file for Prometheus; none in one that it could not read either.
fn jobs(text: &str) -> BTreeSet<String> {
    let documents = yaml::parse(text, "configuration").unwrap_or_default();
    let main = documents.first();
    main.map(|main| names(&main["scrape_configs"], |job| &job["job_name"]))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prometheus_says_is_told_without_what_the_files_keep_secret() {
        let text = |secret: &str| {
            format!("scrape_configs:\n- job_name: a\n  basic_auth: {{password: {secret}}}\n").into()
        };
        let wanted = Wanted {
            files: vec![Edit {
                path: "prometheus.yml".into(),
                before: Some(text("hunter2hunter2")),
                after: Some(text("correct-horse")),
            }],
            ..Wanted::default()
        };
        assert_eq!(
            wanted.hide("line 3: `correct-horse`, was hunter2hunter2, of job a"),
            "line 3: `<not shown>`, was <not shown>, of job a"
        );
    }
}
