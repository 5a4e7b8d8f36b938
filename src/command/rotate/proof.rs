//! A new token is proved with what the consumer will ask, before it is written where the consumer reads it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Cluster, Scraper};
use crate::command::Global;
use crate::error::{Error, Result};
use crate::prepare::issued;
use crate::spec::Spec;
use crate::token::Token;
use crate::ui::Ui;
use crate::verify::diagnosis::Cause;
use crate::verify::{Asking, Diagnosis, Report, verify};
use crate::words::counted;

/// How long a new token may take until every API server knows of it.
const SETTLING: Duration = Duration::from_secs(10);
/// Of each job as many targets are asked with a new token.
const SAMPLE: usize = 3;

/// What a new token was tried with, successfully.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verified {
    permissions: usize,
    targets: usize,
    jobs: usize,
}

impl Verified {
    fn of(report: &Report) -> Self {
        let passed = || report.rows.iter().filter(|row| row.has_passed());
        let scraped = || passed().filter(|row| row.is_scrape());
        let jobs: BTreeSet<&str> = scraped().filter_map(|row| row.job.as_deref()).collect();
        Self {
            permissions: passed().filter(|row| row.is_permission()).count(),
            targets: scraped().count(),
            jobs: jobs.len(),
        }
    }

    pub(super) fn sentence(&self) -> String {
        format!(
            "Verified with the new token: the API server accepts it, {} granted, {} of {} scraped.",
            counted(self.permissions, "permission"),
            counted(self.targets, "target"),
            counted(self.jobs, "job"),
        )
    }

    pub(super) fn report(&self) -> Value {
        json!({"permissions": self.permissions, "targets": self.targets, "jobs": self.jobs})
    }
}

/// Proves new tokens, and keeps what was proved.
pub(super) struct Prover<'a> {
    pub(super) spec: &'a Spec,
    pub(super) cluster: &'a Cluster,
    pub(super) global: &'a Global,
    pub(super) ui: &'a Ui,
    pub(super) verified: RefCell<Option<Verified>>,
}

impl Prover<'_> {
    /// Asks with the new token what the consumer will ask; a target that does not answer any client is no fault of it.
    pub(super) async fn prove(&self, token: Token) -> Result<()> {
        let mut issued = issued(self.spec, self.cluster, Some(token)).await?;
        if self.spec.existing_access && !issued.discovers {
            // Who may not look for targets in the consumer's place proves the token and its rights alone.
            issued.scrapings.clear();
        }
        let patience = self.global.request_timeout();
        let identity =
            Cluster::with_token(&issued.address, &issued.token, patience, self.ui.tracer())?;
        let asking = Asking {
            identity: &identity,
            ours: Some(self.cluster),
            token: &issued.token,
            discovers: issued.discovers,
            scraper: Scraper::new(patience),
            sample: SAMPLE,
            at_once: 16,
            progress: &|_, _| (),
        };
        let begun = tokio::time::Instant::now();
        loop {
            let report = verify(&asking, &issued.scrapings, &issued.needs).await;
            let diagnoses = report.diagnoses();
            let (ours, its): (Vec<_>, Vec<_>) = diagnoses
                .iter()
                .filter(|found| found.cause.is_mended_by_apply())
                .partition(|found| is_about_another(found.cause, report.user.as_deref()));
            let Some(fault) = its.first() else {
                for found in ours {
                    self.ui.warn(&format!(
                        "the new token is not tried at every target: {}",
                        found.cause.sentence()
                    ));
                }
                self.verified.replace(Some(Verified::of(&report)));
                return Ok(());
            };
            if begun.elapsed() >= SETTLING {
                return Err(unproven(fault));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Whether an account other than the token's was denied something: the current user's, who finds the targets where it is
/// not the token that does.
fn is_about_another(cause: &Cause, account: Option<&str>) -> bool {
    let denied = cause.denied().map(|denied| denied.user.as_str());
    denied.is_some() && account.is_some() && denied != account
}

fn unproven(fault: &Diagnosis) -> Error {
    Error::Unproven {
        cause: fault.cause.sentence(),
        fix: fault.fix.clone(),
    }
}
