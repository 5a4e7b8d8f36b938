//! What was checked, and what came of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::diagnosis::Cause;
use crate::mask::scrub_all;
use crate::rbac::Denied;

/// One check.
#[derive(Clone, Debug)]
pub struct Row {
    /// The job that it is about; `None` for what all jobs share.
    pub job: Option<String>,
    /// Who was asked: a target, or the API server.
    pub target: String,
    /// What was asked for.
    pub check: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What is said of it in a few words: `1312 samples`, `403`.
    pub result: String,
    /// How long it took.
    pub took: Duration,
}

impl Row {
    /// Whether it is about the metrics of a target.
    #[must_use]
    pub fn is_scrape(&self) -> bool {
        self.check.starts_with("GET ")
    }

    /// Whether it is about a permission of the token's account.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        self.check.starts_with("may ")
    }

    /// Whether it is as it should be.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }

    /// Whether metrics came of it.
    #[must_use]
    pub fn is_scraped(&self) -> bool {
        self.is_scrape() && self.has_passed()
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most that are kept for long are failures"
)]
pub enum Outcome {
    /// It is as it should be.
    Passed,
    /// There was nothing to check.
    Nothing,
    /// It failed, for this reason.
    Failed(Cause),
}

/// Every check of one run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the jobs.
    pub rows: Vec<Row>,
    /// Whom the token stands for, where it is accepted.
    pub user: Option<String>,
    /// The command that makes anew what the token and its rights are made of, where they are monconf's own.
    pub remedy: Option<String>,
}

/// A cause, and what it is the cause of.
#[derive(Clone, Debug)]
pub struct Diagnosis<'a> {
    /// The cause, where there are several of its kin the first one.
    pub cause: &'a Cause,
    /// The rights that are denied for it, each once; none where it is not about rights.
    pub denied: Vec<&'a Denied>,
    /// Lines to paste.
    pub fix: Option<String>,
    /// The jobs that it keeps from being scraped, each once.
    pub jobs: Vec<&'a str>,
    /// How many checks failed of it.
    pub checks: usize,
}

impl Report {
    /// Whether nothing failed, and metrics came of at least one target: without any, nothing is proved.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failed() == 0 && self.rows.iter().any(Row::is_scraped)
    }

    /// Whether making anew what monconf makes mends one of the causes.
    #[must_use]
    pub fn is_mended_by_apply(&self) -> bool {
        self.rows.iter().any(|row| match &row.outcome {
            Outcome::Failed(cause) => cause.is_mended_by_apply(),
            Outcome::Passed | Outcome::Nothing => false,
        })
    }

    /// How many checks failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |row: &&Row| matches!(row.outcome, Outcome::Failed(_));
        self.rows.iter().filter(failed).count()
    }

    /// Every cause once, in the order in which they were met.
    #[must_use]
    pub fn diagnoses(&self) -> Vec<Diagnosis<'_>> {
        let mut diagnoses: Vec<Diagnosis<'_>> = Vec::new();
        for row in &self.rows {
            let Outcome::Failed(cause) = &row.outcome else {
                continue;
            };
            let mut known = diagnoses.iter();
            let index = known.position(|known| known.cause.is_kin(cause));
            let index = index.unwrap_or_else(|| {
                diagnoses.push(Diagnosis {
                    cause,
                    denied: Vec::new(),
                    fix: self.fix(cause),
                    jobs: Vec::new(),
                    checks: 0,
                });
                diagnoses.len() - 1
            });
            let found = &mut diagnoses[index];
            found.checks += 1;
            if let Some(denied) = cause.denied()
                && !found.denied.contains(&denied)
            {
                found.denied.push(denied);
            }
            for job in row.job.iter().flat_map(|jobs| jobs.split(", ")) {
                if !found.jobs.contains(&job) {
                    found.jobs.push(job);
                }
            }
        }
        diagnoses
    }

    fn fix(&self, cause: &Cause) -> Option<String> {
        let remedy = self.remedy.as_ref().filter(|_| cause.is_mended_by_apply());
        remedy
            .map(|line| format!("{line}\n"))
            .or_else(|| cause.fix())
    }

    /// As data.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let (outcome, cause) = match &row.outcome {
                Outcome::Passed => ("passed", None),
                Outcome::Nothing => ("nothing", None),
                Outcome::Failed(cause) => ("failed", Some(cause.code())),
            };
            json!({
                "job": row.job, "target": row.target, "check": row.check, "outcome": outcome,
                "result": row.result, "cause": cause, "milliseconds": milliseconds(row.took),
            })
        });
        let causes = self.diagnoses().into_iter().map(|diagnosis| {
            json!({
                "code": diagnosis.cause.code(),
                "cause": diagnosis.cause.sentence(),
                "denied": diagnosis.denied.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "fix": diagnosis.fix,
                "jobs": diagnosis.jobs,
                "checks": diagnosis.checks,
            })
        });
        let mut report = json!({
            "user": self.user,
            "good": self.is_good(),
            "checks": rows.collect::<Vec<_>>(),
            "causes": causes.collect::<Vec<_>>(),
        });
        scrub_all(&mut report);
        report
    }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
