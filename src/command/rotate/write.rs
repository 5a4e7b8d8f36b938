//! A rotation that is written, and what is said of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::Rotation;
use super::proof::{Prover, Verified};
use crate::apply::{Progress, apply};
use crate::cluster::Issued;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::mask::Masker;
use crate::outcome::Outcome;
use crate::plan::{self, Change};
use crate::prepare::Prepared;
use crate::reload::{Options, Server};
use crate::token::{Token, due_at, utc};

/// How long Prometheus may take to scrape everything again.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a rotation wrote.
pub(super) struct Written {
    issued: Option<Issued>,
    verified: Option<Verified>,
    pub(super) took: Duration,
}

impl Rotation<'_> {
    pub(super) async fn write(
        &self,
        prepared: &Prepared,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
    ) -> Result<Written> {
        let begun = Instant::now();
        let report = |change: &Change| self.ui.written(change);
        let progress = Progress::new(&report);
        let prover = Prover {
            spec: self.spec,
            cluster: &self.cluster,
            global: self.global,
            ui: self.ui,
            verified: RefCell::new(None),
        };
        let proof = |token: &Token| prover.prove(token.clone()).boxed_local();
        let applying = apply(
            &prepared.plan,
            self.spec,
            &prepared.handle,
            &self.cluster,
            &progress,
            Some(&proof),
        );
        let issued = interrupt.or(Box::pin(applying)).await;
        outcome.wrote(&prepared.plan, &progress);
        Ok(Written {
            issued: issued?,
            verified: prover.verified.take(),
            took: begun.elapsed(),
        })
    }

    /// What was verified, what the server granted, and how often a run has to come.
    pub(super) fn tell(&self, prepared: &Prepared, written: &Written, outcome: &mut Outcome) {
        if let Some(verified) = &written.verified {
            self.ui.note(&verified.sentence());
        }
        let Some(issued) = &written.issued else {
            return;
        };
        outcome.issued(&issued.grant);
        self.ui.note(&format!(
            "Token issued for {}: {}.",
            prepared.service_account,
            issued.grant.sentence()
        ));
        let due = due_at(issued.grant.issued_at, issued.grant.expires_at);
        if self.spec.renewal.overlap.after(issued.now()) > due {
            self.ui.warn(&format!(
                "the overlap of {} is longer than the new token serves before it is due, at {}",
                self.spec.renewal.overlap.0,
                utc(due)
            ));
        }
        self.ui.hint(&format!(
            "a CronJob with the schedule {:?} runs `monconf rotate --if-due --apply` often enough",
            issued.grant.schedule()
        ));
    }

    /// Waits until the running Prometheus, where one is named, has scraped with the new token.
    pub(super) async fn see(&self) -> Result<()> {
        let Some(running) = &self.spec.running else {
            return Ok(());
        };
        let options = Options {
            request_timeout: self.global.request_timeout(),
            trace: self.ui.tracer(),
        };
        let server = Server::connect(&running.url, &options)?;
        let jobs: BTreeSet<String> = self
            .spec
            .jobs
            .iter()
            .map(|job| job.job_name.clone())
            .collect();
        let seen = server.scraped_again(&jobs, PATIENCE).await?;
        let url = server.url();
        if !seen.errors.is_empty() {
            let errors: Vec<String> = seen.errors.into_iter().collect();
            self.ui.warn(&format!(
                "Prometheus {url} fails to scrape: {}",
                errors.join("; ")
            ));
        } else if seen.waiting > 0 {
            self.ui.warn(&format!(
                "Prometheus {url} has not scraped {} targets again within 2m",
                seen.waiting
            ));
        } else {
            self.ui.note(&format!(
                "Prometheus {url} has scraped {} targets with the new token.",
                seen.again
            ));
        }
        Ok(())
    }
}

/// The plan, and what came of it, as data.
pub(super) fn report(prepared: &Prepared, written: Option<&Written>) -> String {
    let mut report = plan::report(&prepared.plan, &prepared.head, &mut Masker::default());
    report["applied"] = written.is_some().into();
    if let Some(written) = written {
        report["token"] = written
            .issued
            .as_ref()
            .map(|issued| issued.grant.report())
            .into();
        report["verified"] = written.verified.as_ref().map(Verified::report).into();
    }
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
