//! The part of a run that concerns the running Prometheus: asked before anything is written, told afterwards.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::command::Global;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::plan::Plan;
use crate::reload::{Options, Server, Step, Taken, Trigger, Wanted, take};
use crate::spec::Spec;
use crate::ui::Ui;
use crate::words::counted;

/// The Prometheus that reads the files.
pub(super) struct Reload {
    server: Server,
    trigger: Option<Trigger>,
}

/// What it runs in the end.
pub(super) struct Runs {
    url: String,
    jobs: usize,
    taken: Taken,
}

impl Runs {
    pub(super) fn sentence(&self) -> String {
        let what = match self.taken {
            Taken::Already => "runs this configuration already",
            Taken::Reloaded => "runs the new configuration",
        };
        let jobs = counted(self.jobs, "job");
        format!("Prometheus {} {what} ({jobs}).", self.url)
    }

    pub(super) fn json(&self) -> Value {
        json!({"url": self.url, "jobs": self.jobs, "reloaded": self.taken == Taken::Reloaded})
    }
}

impl Reload {
    /// Asks whether it will understand what is written, and, before `applying`, whether it can be made to read it.
    /// `None` where none is to be asked.
    pub(super) async fn ask(
        spec: &Spec,
        applying: bool,
        global: &Global,
        ui: &Ui,
    ) -> Result<Option<Self>> {
        let Some(running) = &spec.running else {
            return Ok(None);
        };
        let options = Options {
            request_timeout: global.request_timeout(),
            trace: ui.tracer(),
        };
        let server = Server::connect(&running.url, &options)?;
        let trigger = running.reload.as_ref();
        let trigger = trigger.map(|reload| Trigger::new(reload, &options));
        let reload = Self {
            server,
            trigger: trigger.transpose()?,
        };
        if let Some(version) = reload.server.version().await? {
            spec.check_version(version)?;
        }
        reload.server.look().await?;
        if let Some(trigger) = reload.trigger.as_ref().filter(|_| applying) {
            trigger.check(&reload.server).await?;
        }
        Ok(Some(reload))
    }

    /// Makes it take what `plan` has written, if that is asked for.
    pub(super) async fn take(
        &self,
        plan: &Plan,
        interrupt: &mut Interrupt,
        ui: &Ui,
    ) -> Result<Option<Runs>> {
        let wanted = Wanted::of(plan);
        let url = self.server.url();
        let Some(trigger) = &self.trigger else {
            if wanted.is_changed() {
                ui.hint(&format!("Prometheus {url} runs what it ran before until it is reloaded; --reload URL|PID does that and sees that it takes the files"));
            } else {
                interrupt.or(self.compare(plan, ui)).await?;
            }
            return Ok(None);
        };
        let put_back = Cell::new(false);
        let tell = |step: Step| match step {
            Step::Reloading => ui.note(&format!("Reloading Prometheus {url}")),
            Step::PuttingBack => {
                put_back.set(true);
                ui.note("It does not take the new files: putting the old ones back");
            }
        };
        let taking = take(&self.server, trigger, &wanted, &tell);
        let taken = interrupt.or(taking).await.inspect_err(|error| {
            if matches!(error, Error::Interrupted { .. } | Error::OutOfTime { .. }) {
                let files = if put_back.get() {
                    "the old files are back"
                } else {
                    "the files are written"
                };
                ui.note(&format!(
                    "{files}; whether Prometheus {url} runs them is not known"
                ));
                ui.hint("running the same command again finds out");
            }
        })?;
        Ok(Some(Runs {
            url: url.to_owned(),
            jobs: wanted.jobs.len(),
            taken,
        }))
    }

    /// Says what it does not run, where nothing is done about it in this run. A file that is still to be written, or
    /// has just been, is no surprise.
    pub(super) async fn compare(&self, plan: &Plan, ui: &Ui) -> Result<()> {
        let wanted = Wanted::of(plan);
        let look = self.server.look().await?;
        let lacking: Vec<&str> = wanted
            .jobs
            .difference(&look.jobs)
            .map(String::as_str)
            .collect();
        if !wanted.is_changed() && !lacking.is_empty() {
            ui.warn(&format!(
                "Prometheus {} does not run {}, which the files have",
                self.server.url(),
                lacking.join(", ")
            ));
            ui.hint("--apply with --reload URL|PID makes it read them and sees that it does");
        }
        Ok(())
    }
}
