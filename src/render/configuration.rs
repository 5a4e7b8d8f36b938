//! Jobs in files and in keys of objects: by themselves, or among those of others.

use std::path::Path;

use super::desired::{DesiredEdit, DesiredFile, DesiredList, EditPlace};
use super::readers::interval;
use super::renderer::Renderer;
use super::scrape_configs::ScrapeConfigs;
use super::unplaced;
use crate::mark::Comment;
use crate::object::Kind;
use crate::render::{Content, Stage};
use crate::spec::{Consumer, FilePlace, KeyPlace};
use crate::splice::Entry;
use crate::words::counted;
use yaml::Step;

/// The list of jobs in Prometheus' own file.
pub const JOBS: &str = "scrape_configs";
/// The list of patterns of files that hold more of them.
pub const FILES: &str = "scrape_config_files";

/// Prometheus' own scrape interval, where its configuration has none (`DefaultGlobalConfig` in its `config/config.go`);
/// an agent's too.
const INTERVAL: &str = "1m";

impl Renderer<'_> {
    pub(super) fn configuration(&mut self, place: &FilePlace, token: &Path, jobs: ScrapeConfigs) {
        let (main, here, named) = match place {
            FilePlace::DropIn { file, main } => {
                let mut note = counted(self.spec.jobs.len(), "job");
                if main.is_none() {
                    note.push_str(", for scrape_config_files");
                }
                self.desired.files.push(DesiredFile {
                    path: file.clone(),
                    content: Content::Text(jobs.text.into()),
                    comment: Some(Comment::Hash),
                    stage: Stage::Configuration,
                    note,
                });
                let Some(main) = main else { return };
                (main, Vec::new(), self.name_of(file, main))
            }
            FilePlace::Main { file, .. } => (file, jobs.entries.clone(), Vec::new()),
        };
        let (config, drop_in) = match place {
            FilePlace::Main { config, .. } => (config.clone(), None),
            FilePlace::DropIn { file, .. } => (None, Some(file.clone())),
        };
        let is_agents = self.spec.names.consumer == Consumer::GrafanaAgent;
        // Both lists, whichever is used: what the other way has left there is no longer wanted. An agent knows one.
        let lists = [(JOBS, here), (FILES, named)]
            .into_iter()
            .filter(|(list, _)| *list == JOBS || !is_agents)
            .map(|(list, entries)| DesiredList {
                steps: vec![Step::Key(list.to_owned())],
                entries,
            });
        self.desired.edits.push(DesiredEdit {
            place: EditPlace::File(main.clone()),
            lists: lists.collect(),
            config,
            drop_in,
            may_be_agents: is_agents,
            jobs: jobs.entries,
            token_file: token.join("token").display().to_string(),
            interval: INTERVAL.to_owned(),
        });
    }

    /// A Secret holds the list itself.
    pub(super) fn key(&mut self, place: &KeyPlace, mount_dir: &str, jobs: ScrapeConfigs) {
        let is_bare = place.at.object.kind == Kind::Secret;
        let steps = (!is_bare).then(|| Step::Key(JOBS.to_owned()));
        let interval = if is_bare {
            {
                let prometheuses = self.surroundings.operators.prometheuses.as_deref();
                interval(place, prometheuses.unwrap_or_default())
            }
        } else {
            INTERVAL.to_owned()
        };
        self.desired.edits.push(DesiredEdit {
            place: EditPlace::Key(place.clone()),
            lists: vec![DesiredList {
                steps: steps.into_iter().collect(),
                entries: jobs.entries.clone(),
            }],
            config: place.config.clone(),
            drop_in: None,
            may_be_agents: !is_bare,
            jobs: jobs.entries,
            token_file: format!("{mount_dir}/token"),
            interval,
        });
    }

    /// All of the consumer's configuration that there is to say.
    pub(super) fn whole_file(&self, jobs: &str) -> String {
        let mark = unplaced(&self.spec.names).header(Comment::Hash);
        if self.spec.names.consumer != Consumer::GrafanaAgent {
            return mark + jobs;
        }
        let name = yaml::flow(&self.spec.names.instance.clone().into());
        let mut text = format!("{mark}metrics:\n  configs:\n  - name: {name}\n");
        for line in jobs.lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            text.extend([indent, line, "\n"]);
        }
        if let Some(remote_write) = &self.spec.agent.remote_write {
            let url = yaml::flow(&remote_write.url.clone().into());
            text.extend(["    remote_write:\n    - url: ", &url, "\n"]);
        }
        text
    }

    /// What `main` calls the drop-in, relative to itself where that is possible, so that both can be moved together.
    fn name_of(&self, drop_in: &Path, main: &Path) -> Vec<Entry> {
        if self.surroundings.is_named {
            return Vec::new();
        }
        let folder = main.parent().unwrap_or(Path::new("/"));
        let name = drop_in.strip_prefix(folder).unwrap_or(drop_in);
        let name = escaped(&name.display().to_string());
        let value = name.clone().into();
        vec![Entry { name, value }]
    }
}

/// A name as a pattern that matches it alone.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for character in name.chars() {
        if "*?[\\".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
