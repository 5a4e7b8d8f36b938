//! Whether the running Prometheus has the jobs, and how their targets fare there.

use std::time::{Duration, Instant};

use serde_json::json;

use super::diagnosis::{Cause, explain};
use super::report::{Outcome, Row};
use crate::reload::{Scraped, Server};

/// What Prometheus calls the scrape pools of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pools {
    /// The job.
    pub job: String,
    /// Its pools.
    pub names: Vec<String>,
}

/// Looks each pool up, and shows as many of the targets that are down as `sample` says.
pub async fn running(server: &Server, jobs: &[Pools], sample: usize) -> Vec<Row> {
    let begun = Instant::now();
    let pools = match server.pools().await {
        Ok(pools) => pools,
        Err(error) => {
            let said = error.to_string();
            let cause = Cause::of_connection(&said).unwrap_or(Cause::Unknown { said });
            let asked = Row {
                job: None,
                target: server.url().to_owned(),
                check: "is a Prometheus".to_owned(),
                outcome: Outcome::Failed(cause),
                result: "no answer".to_owned(),
                took: begun.elapsed(),
            };
            return vec![asked];
        }
    };
    let took = begun.elapsed();
    let mut rows = Vec::new();
    for Pools { job, names } in jobs {
        for name in names {
            let targets = pools.get(name).map(Vec::as_slice);
            let (outcome, result) = counted(server, name, targets);
            rows.push(row(
                job,
                server.url(),
                format!("runs {name}"),
                took,
                outcome,
                result,
            ));
            let down = targets
                .unwrap_or_default()
                .iter()
                .filter(|target| target.health == "down");
            rows.extend(down.take(sample).map(|target| {
                let outcome = Outcome::Failed(why(target));
                row(
                    job,
                    &target.url,
                    "is up in Prometheus".to_owned(),
                    took,
                    outcome,
                    "down".to_owned(),
                )
            }));
        }
    }
    rows
}

fn row(
    job: &str,
    target: &str,
    check: String,
    took: Duration,
    outcome: Outcome,
    result: String,
) -> Row {
    Row {
        job: Some(job.to_owned()),
        target: target.to_owned(),
        check,
        outcome,
        result,
        took,
    }
}

/// `3 targets, 2 of them up`.
fn counted(server: &Server, pool: &str, targets: Option<&[Scraped]>) -> (Outcome, String) {
    let Some(targets) = targets else {
        let cause = Cause::NotLoaded {
            pool: pool.to_owned(),
            url: server.url().to_owned(),
        };
        return (Outcome::Failed(cause), "no such job".to_owned());
    };
    let number = |health: &str| {
        let targets = targets.iter();
        targets.filter(|target| target.health == health).count()
    };
    match (targets.len(), number("up"), number("down")) {
        (0, ..) => (Outcome::Nothing, "no target".to_owned()),
        (_, 0, 0) => (Outcome::Nothing, "not scraped yet".to_owned()),
        (1, 1, _) => (Outcome::Passed, "1 target".to_owned()),
        (1, ..) => (Outcome::Passed, "1 target, which is down".to_owned()),
        (all, up, _) if up == all => (Outcome::Passed, format!("{all} targets")),
        (all, up, _) => (Outcome::Passed, format!("{all} targets, {up} of them up")),
    }
}

/// Why a target is down, of what Prometheus says of it and of its address.
fn why(target: &Scraped) -> Cause {
    let said = json!({"scrapeUrl": target.url, "lastError": target.last_error});
    let found = explain(&said.to_string()).into_iter().next();
    found.map_or_else(
        || Cause::Unknown {
            said: target.last_error.clone(),
        },
        |finding| finding.cause,
    )
}
