//! Making Prometheus take the files that were written, or putting the old ones back.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::restore::restore;
use super::server::{Look, Server};
use super::trigger::{Pulled, Trigger};
use super::wanted::Wanted;
use crate::error::{Error, Result};

/// How long Prometheus may take to read its files, and then to run them: new jobs appear with the next round of its
/// discovery and of its scraping, each of which it begins every 5 seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(250);

/// How Prometheus came to run what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It ran it before.
    Already,
    /// It was made to read its files again.
    Reloaded,
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prometheus is made to read its files.
    Reloading,
    /// It does not come to run them: the old files come back.
    PuttingBack,
}

/// What Prometheus should run, and what no longer.
struct Goal {
    present: BTreeSet<String>,
    absent: BTreeSet<String>,
}

/// Why Prometheus does not run what it should.
struct Missed {
    /// What it said, or what it did not do.
    said: String,
    /// Whether it may be another Prometheus, or read other files, than was thought.
    elsewhere: bool,
}

/// Makes Prometheus read its files and waits until it runs `wanted`. Where no file was changed, and it runs that already,
/// it is left alone. Where it does not come to run it, every file is put back and it is made to read those.
///
/// # Errors
/// [`Error::NotTaken`], once the old files are back.
pub async fn take(
    server: &Server,
    trigger: &Trigger,
    wanted: &Wanted,
    tell: &dyn Fn(Step),
) -> Result<Taken> {
    let before = server.look().await;
    if !wanted.is_changed() {
        let before = before.as_ref().ok();
        let runs = |before: &Look| {
            wanted.jobs.is_subset(&before.jobs) && !wanted.is_newer_than(before.reloaded.at)
        };
        if before.is_some_and(runs) {
            return Ok(Taken::Already);
        }
    }
    tell(Step::Reloading);
    let goal = Goal {
        present: wanted.jobs.clone(),
        absent: wanted.before.difference(&wanted.jobs).cloned().collect(),
    };
    let outcome = match &before {
        Ok(before) => reach(server, trigger, &goal, before).await,
        Err(error) => Err(Missed::refused(error.to_string())),
    };
    let Err(missed) = outcome else {
        return Ok(Taken::Reloaded);
    };
    let ran = before.map(|before| before.jobs).unwrap_or_default();
    let hint = hint(trigger, &missed, wanted, &ran);
    let left = if wanted.is_changed() {
        tell(Step::PuttingBack);
        back(server, trigger, wanted, &ran).await
    } else {
        "no file was changed by this run".to_owned()
    };
    let cluster = if wanted.cluster {
        "; what was written in the cluster stays"
    } else {
        ""
    };
    Err(Error::NotTaken {
        url: server.url().to_owned(),
        said: wanted.hide(&missed.said),
        left: wanted.hide(&format!("{left}{cluster}")),
        hint,
    })
}

/// Puts the files back and makes Prometheus, which `ran` these jobs, read them. Says how all is left.
async fn back(
    server: &Server,
    trigger: &Trigger,
    wanted: &Wanted,
    ran: &BTreeSet<String>,
) -> String {
    let files = restore(&wanted.files);
    let goal = Goal {
        present: wanted.before.intersection(ran).cloned().collect(),
        absent: wanted.jobs.difference(ran).cloned().collect(),
    };
    let outcome = match server.try_look().await {
        Ok(now) => reach(server, trigger, &goal, &now).await,
        Err(failed) => Err(Missed::refused(failed.reason())),
    };
    match outcome {
        Ok(()) => format!("{files}, and Prometheus runs what it ran before"),
        Err(missed) => format!(
            "{files}, but Prometheus did not load that either: {}",
            missed.said
        ),
    }
}

/// Pulls the trigger and waits until Prometheus, which looked like `before`, has loaded its files and runs `goal`.
///
/// # Errors
/// What it said, or what is missing.
async fn reach(
    server: &Server,
    trigger: &Trigger,
    goal: &Goal,
    before: &Look,
) -> Result<(), Missed> {
    let answered = match trigger.pull(PATIENCE).await {
        Pulled::Refused(said) => return Err(Missed::refused(said)),
        Pulled::Loaded => true,
        Pulled::Told => false,
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let look = server.try_look().await;
        let is_loaded = |now: &Look| now.reloaded.at > before.reloaded.at;
        match &look {
            Ok(now) if is_loaded(now) && now.reloaded.successful && goal.is_reached(now) => {
                return Ok(());
            }
            Ok(now) if answered && !is_loaded(now) => {
                return Err(Missed::elsewhere(
                    "the reload went well, but in another Prometheus".to_owned(),
                ));
            }
            // Where an earlier reload had failed it said so before as well: then only time tells.
            Ok(now) if before.reloaded.successful && !now.reloaded.successful => {
                return Err(Missed::refused(LOAD_FAILED));
            }
            _ => {}
        }
        if Instant::now() >= deadline {
            return Err(match look {
                Err(failed) => Missed::refused(failed.reason()),
                Ok(now) if !now.reloaded.successful => Missed::refused(LOAD_FAILED),
                Ok(now) if !is_loaded(&now) => Missed::elsewhere(format!(
                    "it has not loaded its configuration again within {} s",
                    PATIENCE.as_secs()
                )),
                Ok(now) => Missed::elsewhere(format!(
                    "it has loaded its configuration, and {}: {}",
                    goal.missed(&now),
                    server.files().await
                )),
            });
        }
        sleep(PAUSE).await;
    }
}

const LOAD_FAILED: &str = "it could not load its configuration";

impl Missed {
    fn refused(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            elsewhere: false,
        }
    }

    const fn elsewhere(said: String) -> Self {
        Self {
            said,
            elsewhere: true,
        }
    }
}

impl Goal {
    fn is_reached(&self, now: &Look) -> bool {
        self.present.is_subset(&now.jobs) && self.absent.is_disjoint(&now.jobs)
    }

    /// What keeps it from being reached.
    fn missed(&self, now: &Look) -> String {
        let lacking: Vec<&str> = self
            .present
            .difference(&now.jobs)
            .map(String::as_str)
            .collect();
        let left: Vec<&str> = self
            .absent
            .intersection(&now.jobs)
            .map(String::as_str)
            .collect();
        match (lacking.as_slice(), left.as_slice()) {
            ([], left) => format!("still runs {}", left.join(", ")),
            (lacking, _) => format!("does not run {}", lacking.join(", ")),
        }
    }
}

/// What to do about it. Prometheus says what is wrong with its main file, but not what is wrong with those that it
/// includes.
fn hint(trigger: &Trigger, missed: &Missed, wanted: &Wanted, ran: &BTreeSet<String>) -> String {
    let mut others = wanted.jobs.difference(&wanted.before);
    if let Some(job) = others.find(|job| ran.contains(*job)) {
        return format!(
            "a job of the name {job} ran in it before, from another file: names must differ; {}",
            trigger.explains()
        );
    }
    if missed.elsewhere {
        return "is this the Prometheus that reads the file, under that path? name the file that it reads, or its address with --prometheus-url".to_owned();
    }
    trigger.explains().to_owned()
}
