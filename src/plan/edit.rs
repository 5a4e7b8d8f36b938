//! Jobs in a text that others write to: a file's, or that of a key.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::change::Planner;
use super::cluster::{desired_servers, servers};
use super::layout::holder;
use super::loading::{interval, unloadable};
use super::sharing::{bereft, sharing};
use super::{Action, Blocker, Change, Target};
use crate::access::Grants;
use crate::mark::{ClusterIdentity, Mark, Ownership};
use crate::mask::Text;
use crate::promfile::backup_of;
use crate::render::{Content, DesiredEdit, DesiredList, EditPlace, JOBS, Stage};
use crate::splice::{Splice, Spliced, splice};
use yaml::Step;

/// A text after a change, and where the secrets are in it and were before.
struct Edited {
    text: String,
    secrets_before: Vec<Range<usize>>,
    secrets_after: Vec<Range<usize>>,
}

impl Planner<'_> {
    /// The change of a text; `None` where it cannot be edited, and a blocker says why.
    pub(super) fn edit(&mut self, desired: &DesiredEdit, grants: &Grants) -> Option<Change> {
        let change = self.edited(desired, grants);
        let mut change = change
            .map_err(|blocker| self.plan.blockers.push(blocker))
            .ok()?;
        match &desired.place {
            EditPlace::File(path) => {
                let note = self.with_backup(change.note, change.action, path);
                change.note = self.with_target(note, change.action, path);
            }
            EditPlace::Key(place) if change.action != Action::Unchanged => {
                self.write(place, &mut change);
                if self.consent.removing {
                    self.empty(place, &mut change);
                }
            }
            EditPlace::Key(_) => {}
        }
        Some(change)
    }

    fn edited(&mut self, desired: &DesiredEdit, grants: &Grants) -> Result<Change, Blocker> {
        let existing = self.text(&desired.place)?;
        let before = existing.clone().unwrap_or_default();
        let (after, notes) = self.lists(&before, desired, grants)?;
        let action = match (&existing, &after) {
            (_, None) => Action::Unchanged,
            (None, _) => Action::Create,
            (Some(_), _) => Action::Update,
        };
        let (before, after) = match after {
            Some(edited) => (
                Text::with_secrets(before, edited.secrets_before),
                Some(Text::with_secrets(edited.text.into(), edited.secrets_after)),
            ),
            // What does not change is not shown.
            None => (Text::with_secrets(before, Vec::new()), None),
        };
        Ok(Change {
            target: desired.place.target(),
            action,
            stage: Stage::Configuration,
            note: notes.join("; "),
            after: Some(Content::Text(after.unwrap_or_else(|| before.clone()))),
            before: existing.map(|_| Content::Text(before)),
            rendered: None,
            apply: None,
            resource_version: None,
            uid: None,
        })
    }

    /// `note`, and where the old content is kept if it is.
    pub(super) fn with_backup(&self, note: String, action: Action, path: &Path) -> String {
        if action != Action::Update || !self.consent.backup {
            return note;
        }
        format!(
            "{note}; the old one is kept as {}",
            backup_of(path).display()
        )
    }

    /// The text as it is; `None` where it is to be made.
    fn text(&self, place: &EditPlace) -> Result<Option<Arc<str>>, Blocker> {
        match place {
            EditPlace::Key(place) => self.text_of(place),
            EditPlace::File(path) => match self.existing.files.get(path) {
                Some(file) => Ok(Some(file.text.clone())),
                None => Err(Blocker::NoFile { path: path.clone() }),
            },
        }
    }

    /// The text after the change of every list, `None` where nothing changes; and a note for each.
    fn lists(
        &mut self,
        text: &str,
        desired: &DesiredEdit,
        grants: &Grants,
    ) -> Result<(Option<Edited>, Vec<String>), Blocker> {
        let origin = desired.place.to_string();
        let holder = if desired.may_be_agents {
            holder(text, &desired.place, desired.config.as_deref())?
        } else {
            Vec::new()
        };
        let interval = interval(text, !holder.is_empty());
        let interval = interval.as_ref().unwrap_or(&desired.interval);
        let mark = self.mark_in(text, desired, &holder)?;
        let fresh = match &desired.place {
            EditPlace::File(_) => mark.clone(),
            // Its jobs find the cluster that the object is in, and hold in every cluster that it is copied to.
            EditPlace::Key(_) => Mark::new(&mark.instance, ClusterIdentity::default()),
        };
        let mut edited: Option<Edited> = None;
        let mut notes = Vec::new();
        for list in &desired.lists {
            let steps = [holder.as_slice(), &list.steps].concat();
            let wanted = Splice {
                steps: &steps,
                name_key: "job_name",
                mark: &mark,
                fresh: &fresh,
                entries: &list.entries,
                told: is_jobs(list).then_some(&desired.token_file),
            };
            let current = edited.as_ref().map_or(text, |edited| &edited.text);
            let spliced = splice(current, &origin, &wanted);
            let spliced = spliced.map_err(|refusal| Blocker::Unfit {
                refusal,
                is_file: desired.place.file().is_some(),
            })?;
            self.owned(&spliced, desired, &origin);
            if is_jobs(list) {
                let shared = if self.consent.removing {
                    bereft(&spliced.told, &origin)
                } else {
                    sharing(&spliced.told, &origin, &desired.token_file, grants)
                };
                self.plan.warnings.extend(shared);
            }
            notes.extend(note(&spliced, list));
            if self.consent.removing {
                notes.extend(kept(&spliced, list));
            }
            edited = match (spliced.text, edited) {
                (None, edited) => edited,
                (Some(text), before) => Some(Edited {
                    text,
                    secrets_before: before
                        .map_or(spliced.secrets_before, |before| before.secrets_before),
                    secrets_after: spliced.secrets_after,
                }),
            };
        }
        let refused = unloadable(&desired.jobs, interval, self.existing, &origin);
        self.plan.blockers.extend(refused);
        Ok((edited, notes))
    }

    /// Whether every job that would be replaced or removed is this instance's, and for this cluster.
    fn owned(&mut self, spliced: &Spliced, desired: &DesiredEdit, origin: &str) {
        let take = self.consent.take_ownership;
        for foreign in &spliced.foreign {
            let is_taken = take && !matches!(foreign.owner, Ownership::AnotherInstance(_));
            if !is_taken {
                self.plan.blockers.push(Blocker::ForeignJob {
                    place: format!("{origin}:{}", foreign.line),
                    job: foreign.name.clone(),
                    owner: foreign.owner.other(),
                    is_elsewhere: foreign.owner.is_elsewhere(),
                });
            }
        }
        let here = desired_servers(desired);
        let moved = spliced.unproven.iter().find_map(|own| {
            let before = servers(own.value.as_ref()?);
            Some((
                own.name.clone(),
                before.difference(&here).next()?.to_owned(),
            ))
        });
        if let Some((job, server)) = moved
            && !take
            && !here.is_empty()
        {
            self.plan.blockers.push(Blocker::OtherCluster {
                place: origin.to_owned(),
                job: Some(job),
                server,
            });
        }
    }
}

impl EditPlace {
    /// The flags that name it, with one of an agent's `metrics.configs` where there is one.
    pub(super) fn flag(&self, config: Option<&str>) -> String {
        match (self, config) {
            (Self::File(_), Some(config)) => format!("--agent-config {config}"),
            (Self::File(_), None) => "no --agent-config".to_owned(),
            (Self::Key(place), config) => {
                let config = config
                    .map(|config| format!("#{config}"))
                    .unwrap_or_default();
                let (object, key) = (place.at.object.location(), &place.at.key);
                format!("{} {object}:{key}{config}", place.flag())
            }
        }
    }

    fn target(&self) -> Target {
        match self {
            Self::File(path) => Target::File(path.clone()),
            Self::Key(place) => Target::Key(place.at.clone()),
        }
    }
}

/// As messages name it.
impl fmt::Display for EditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Key(place) => place.at.fmt(f),
        }
    }
}

fn is_jobs(list: &DesiredList) -> bool {
    list.steps.is_empty() || list.steps.last() == Some(&Step::Key(JOBS.to_owned()))
}

/// `adds 2 jobs, changes 1`, or how many there are; nothing for a list that has nothing of ours.
fn note(spliced: &Spliced, desired: &DesiredList) -> Option<String> {
    let counts = [
        ("adds", spliced.added.len()),
        ("changes", spliced.replaced.len()),
        ("removes", spliced.removed.len()),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = counts
        .map(|(verb, count)| format!("{verb} {count} {}", noun(desired, *count)))
        .collect();
    match desired.entries.len() {
        _ if !parts.is_empty() => Some(parts.join(", ")),
        0 => None,
        count => Some(format!("{count} {}", noun(desired, count))),
    }
}

/// What a removal leaves to the same instance on another cluster.
fn kept(spliced: &Spliced, desired: &DesiredList) -> Option<String> {
    let count = spliced.elsewhere.len();
    (count > 0).then(|| {
        let noun = noun(desired, count);
        format!("keeps {count} {noun} of the instance of this name on another cluster")
    })
}

fn noun(desired: &DesiredList, count: usize) -> &'static str {
    match (is_jobs(desired), count) {
        (true, 1) => "job",
        (true, _) => "jobs",
        (false, 1) => "entry",
        (false, _) => "entries",
    }
}
