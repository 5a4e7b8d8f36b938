//! The checks, each asked with the token that is verified: the token itself, its rights, and what follows from them.

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::diagnosis::{Answerer, Cause};
use super::report::{Outcome, Report, Row};
use super::scraping::Scraping;
use super::token_cause::token_cause;
use crate::access::Need;
use crate::client::{Cluster, Failure, Scraper};
use crate::rbac::Denied;
use crate::rbac::bindings::Roles;
use crate::token::{Claims, Token, rounded};

/// Who asks, and how much.
pub struct Asking<'a> {
    /// The API server, asked with the token.
    pub identity: &'a Cluster,
    /// The same one, asked with our own credentials, where there are any: only they may read roles.
    pub ours: Option<&'a Cluster>,
    /// The token.
    pub token: &'a Token,
    /// Whether the token finds the targets too; else the consumer's own account does, and we in its place.
    pub discovers: bool,
    /// Asks targets.
    pub scraper: Scraper,
    /// How many targets of each job are asked at most.
    pub sample: usize,
    /// How many are asked at the same time.
    pub at_once: usize,
    /// Is told how many targets have been asked, and of how many.
    pub progress: &'a dyn Fn(usize, usize),
}

/// Checks the token, then each of `needs`, then what each of `scrapings` finds, and the metrics of each target.
pub async fn verify(asking: &Asking<'_>, scrapings: &[Scraping], needs: &[Need]) -> Report {
    let verifier = Verifier {
        asking,
        roles: OnceCell::new(),
    };
    let (row, user) = verifier.identified().await;
    let is_accepted = user.is_some();
    let mut report = Report {
        rows: vec![row],
        user,
        remedy: None,
    };
    if !is_accepted {
        // Whatever else is asked with it fails for the same reason.
        return report;
    }
    report.rows.extend(verifier.rights(needs).await);
    let (rows, sampled) = verifier.discovered(scrapings).await;
    report.rows.extend(rows);
    report.rows.extend(verifier.scraped(&sampled).await);
    report
}

/// One run of it.
pub(super) struct Verifier<'a> {
    pub(super) asking: &'a Asking<'a>,
    /// Read when something is denied, and then once; `None` where we may not.
    roles: OnceCell<Option<Roles>>,
}

impl Verifier<'_> {
    /// Whether the API server accepts the token.
    async fn identified(&self) -> (Row, Option<String>) {
        let begun = Instant::now();
        let claims = Claims::of(self.asking.token);
        let answer = self.asking.identity.identify().await;
        let (outcome, result, user) = match answer {
            Ok((user, date)) => {
                let now = date.unwrap_or_else(Timestamp::now);
                (
                    Outcome::Passed,
                    life(&user, claims.as_ref(), now),
                    Some(user),
                )
            }
            Err(failure) => {
                // An empty token is none: whoever sends it is anonymous.
                let is_anonymous = failure
                    .denied()
                    .is_some_and(|denied| denied.user == "system:anonymous");
                let cause = match failure.status() {
                    Some(401) => self.token_cause().await,
                    Some(403) if is_anonymous => Cause::NoToken {
                        who: Answerer::ApiServer,
                    },
                    _ => of_failure(&failure),
                };
                (Outcome::Failed(cause), said(&failure), None)
            }
        };
        let row = Row {
            job: None,
            target: self.asking.identity.server().to_owned(),
            check: "accepts the token".to_owned(),
            outcome,
            result,
            took: begun.elapsed(),
        };
        (row, user)
    }

    async fn token_cause(&self) -> Cause {
        token_cause(self.asking.token, self.date().await, self.asking.ours).await
    }

    /// The API server's clock, which it tells whoever asks.
    async fn date(&self) -> Option<Timestamp> {
        let address = self.asking.identity.address();
        let url = format!("{}/healthz", address.url).parse().ok()?;
        let answer = self
            .asking
            .scraper
            .get(&url, &address.trust, None, true, |_| ())
            .await;
        answer.ok()?.date
    }

    async fn rights(&self, needs: &[Need]) -> Vec<Row> {
        let asked = needs.iter().map(|need| async move {
            let begun = Instant::now();
            let (outcome, result) = match self.asking.identity.may_i(&need.right, &need.scope).await
            {
                Ok(true) => (Outcome::Passed, "allowed".to_owned()),
                Ok(false) => {
                    let denied = Denied {
                        user: self.user(),
                        right: need.right.clone(),
                        scope: need.scope.clone(),
                    };
                    let cause = self.denied(denied, Answerer::ApiServer).await;
                    (Outcome::Failed(cause), "denied".to_owned())
                }
                Err(failure) => self.failed(&failure).await,
            };
            Row {
                job: Some(need.jobs.join(", ")),
                target: self.asking.identity.server().to_owned(),
                check: format!("may {need}"),
                outcome,
                result,
                took: begun.elapsed(),
            }
        });
        stream::iter(asked)
            .buffered(self.asking.at_once)
            .collect()
            .await
    }

    /// Why something is denied: the roles tell, if we may read them.
    pub(super) async fn denied(&self, denied: Denied, who: Answerer) -> Cause {
        let read = || async { self.asking.ours?.roles().await.ok() };
        let roles = self.roles.get_or_init(read).await.as_ref();
        let told = roles.and_then(|roles| Cause::of_roles(&denied, roles));
        told.unwrap_or(Cause::MissingRight { who, denied })
    }

    /// Why the API server did not do what was asked, and what it said in a few words.
    pub(super) async fn failed(&self, failure: &Failure) -> (Outcome, String) {
        let cause = match failure.denied() {
            Some(denied) => self.denied(denied.clone(), Answerer::ApiServer).await,
            None => of_failure(failure),
        };
        (Outcome::Failed(cause), said(failure))
    }

    fn user(&self) -> String {
        let claims = Claims::of(self.asking.token);
        claims.map_or_else(String::new, |claims| {
            let account = claims.service_account.replacen('/', ":", 1);
            format!("system:serviceaccount:{account}")
        })
    }
}

fn life(user: &str, claims: Option<&Claims>, now: Timestamp) -> String {
    match claims {
        Some(claims) => {
            let left = claims.expires_at.duration_since(now);
            format!("{user}, {} left", rounded(left))
        }
        None => user.to_owned(),
    }
}

fn of_failure(failure: &Failure) -> Cause {
    let said = failure.cause.to_string();
    Cause::of_connection(&said).unwrap_or(Cause::Unknown { said })
}

/// `401`, or that there was no answer.
fn said(failure: &Failure) -> String {
    let status = failure.status().map(|status| status.to_string());
    status.unwrap_or_else(|| "no answer".to_owned())
}
