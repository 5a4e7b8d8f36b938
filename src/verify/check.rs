//! The checks themselves, each asked with the token that is verified.

use std::collections::BTreeSet;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::diagnosis::{Answerer, Cause};
use super::exposition::Exposition;
use super::report::{Outcome, Report, Row};
use super::scraping::{Scraping, Target};
use super::targets::{Beside, targets};
use super::token_cause::token_cause;
use crate::access::bindings::Roles;
use crate::access::{Denied, Need, looked_at};
use crate::cluster::{Cluster, Failure, Scraper};
use crate::job::{Discovery, Labels, Role};
use crate::token::{Claims, Token};

/// Who asks, and how much.
pub struct Verifier<'a> {
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

/// A target of one of the jobs.
struct Sampled<'a> {
    scraping: &'a Scraping,
    target: Target,
}

impl Verifier<'_> {
    /// Checks the token, then each of `needs`, then what each of `scrapings` finds, and the metrics of each target.
    pub async fn verify(&self, scrapings: &[Scraping], needs: &[Need]) -> Report {
        let (row, user) = self.identified().await;
        let accepted = user.is_some();
        let mut report = Report {
            rows: vec![row],
            user,
            remedy: None,
        };
        if !accepted {
            // Whatever else is asked with it fails for the same reason.
            return report;
        }
        let roles = OnceCell::new();
        report.rows.extend(self.rights(needs, &roles).await);
        let (rows, sampled) = self.discovered(scrapings, &roles).await;
        report.rows.extend(rows);
        report.rows.extend(self.scraped(&sampled, &roles).await);
        report
    }

    /// Whether the API server accepts the token.
    async fn identified(&self) -> (Row, Option<String>) {
        let begun = Instant::now();
        let claims = Claims::of(self.token);
        let answer = self.identity.identify().await;
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
                let result = failure
                    .status()
                    .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                (Outcome::Failed(cause), result, None)
            }
        };
        let row = Row {
            job: None,
            target: self.identity.server().to_owned(),
            check: "accepts the token".to_owned(),
            outcome,
            result,
            took: begun.elapsed(),
        };
        (row, user)
    }

    async fn token_cause(&self) -> Cause {
        token_cause(self.token, self.date().await, self.ours).await
    }

    /// The API server's clock, which it tells whoever asks.
    async fn date(&self) -> Option<Timestamp> {
        let address = self.identity.address();
        let url = format!("{}/healthz", address.url).parse().ok()?;
        let answer = self.scraper.get(&url, &address.trust, None, |_| ()).await;
        answer.ok()?.date
    }

    async fn rights(&self, needs: &[Need], roles: &OnceCell<Option<Roles>>) -> Vec<Row> {
        let asked = needs.iter().map(|need| async move {
            let begun = Instant::now();
            let (outcome, result) = match self.identity.may_i(&need.right, &need.scope).await {
                Ok(answer) if answer.allowed => (Outcome::Passed, "allowed".to_owned()),
                Ok(_) => {
                    let denied = Denied {
                        user: self.user(),
                        right: need.right.clone(),
                        scope: need.scope.clone(),
                    };
                    let cause = self.denied(denied, Answerer::ApiServer, roles).await;
                    (Outcome::Failed(cause), "denied".to_owned())
                }
                Err(failure) => (
                    Outcome::Failed(of_failure(&failure)),
                    "no answer".to_owned(),
                ),
            };
            Row {
                job: Some(need.jobs.join(", ")),
                target: self.identity.server().to_owned(),
                check: format!("may {need}"),
                outcome,
                result,
                took: begun.elapsed(),
            }
        });
        stream::iter(asked).buffered(self.at_once).collect().await
    }

    /// What each job finds. Jobs that look for the same share the answer.
    async fn discovered<'s>(
        &self,
        scrapings: &'s [Scraping],
        roles: &OnceCell<Option<Roles>>,
    ) -> (Vec<Row>, Vec<Sampled<'s>>) {
        let mut rows = Vec::new();
        let mut sampled = Vec::new();
        let mut found: Vec<(&Discovery, Result<Vec<Labels>, Box<Failure>>)> = Vec::new();
        for scraping in scrapings {
            let begun = Instant::now();
            let known = found
                .iter()
                .position(|(known, _)| **known == scraping.discovery);
            let index = match known {
                Some(index) => index,
                None => {
                    found.push((&scraping.discovery, self.find(&scraping.discovery).await));
                    found.len() - 1
                }
            };
            let (outcome, result) = match &found[index].1 {
                Ok(labels) => {
                    let targets = wanted(scraping, labels);
                    let result = counted(
                        scraping.discovery.role,
                        targets.len(),
                        labels.len(),
                        self.sample,
                    );
                    let none = targets.is_empty();
                    let asked = targets.into_iter().take(self.sample);
                    sampled.extend(asked.map(|target| Sampled { scraping, target }));
                    (
                        if none {
                            Outcome::Nothing
                        } else {
                            Outcome::Passed
                        },
                        result,
                    )
                }
                Err(failure) => {
                    let cause = match failure.denied() {
                        Some(denied) => {
                            self.denied(denied.clone(), Answerer::ApiServer, roles)
                                .await
                        }
                        None => of_failure(failure),
                    };
                    let status = failure.status().map(|status| status.to_string());
                    (
                        Outcome::Failed(cause),
                        status.unwrap_or_else(|| "no answer".to_owned()),
                    )
                }
            };
            let (_, resource) = scraping.discovery.role.resource();
            rows.push(Row {
                job: Some(scraping.job.clone()),
                target: self.identity.server().to_owned(),
                check: format!("list {resource}"),
                outcome,
                result,
                took: begun.elapsed(),
            });
        }
        (rows, sampled)
    }

    async fn find(&self, discovery: &Discovery) -> Result<Vec<Labels>, Box<Failure>> {
        let cluster = match self.ours {
            Some(ours) if !self.discovers => ours,
            _ => self.identity,
        };
        let looked_at = looked_at(discovery.role);
        let mut beside = Beside::default();
        for &role in &looked_at[1..] {
            let mut take = |object| match role {
                Role::Service => beside.service(&object),
                _ => beside.pod(object),
            };
            cluster.each(discovery, role, &mut take).await?;
        }
        let mut found = Vec::new();
        let mut take = |object| found.extend(targets(discovery.role, &object, &beside));
        cluster.each(discovery, discovery.role, &mut take).await?;
        Ok(found)
    }

    /// Every target, some at a time: one that does not answer keeps no other waiting.
    async fn scraped(&self, sampled: &[Sampled<'_>], roles: &OnceCell<Option<Roles>>) -> Vec<Row> {
        let asked = sampled.iter().enumerate();
        let asked =
            asked.map(|(index, sampled)| async move { (index, self.scrape(sampled, roles).await) });
        let mut answers = stream::iter(asked).buffer_unordered(self.at_once);
        let mut rows: Vec<(usize, Row)> = Vec::with_capacity(sampled.len());
        while let Some(row) = answers.next().await {
            rows.push(row);
            (self.progress)(rows.len(), sampled.len());
        }
        rows.sort_by_key(|(index, _)| *index);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    async fn scrape(&self, sampled: &Sampled<'_>, roles: &OnceCell<Option<Roles>>) -> Row {
        let Sampled { scraping, target } = sampled;
        let begun = Instant::now();
        let mut exposition = Exposition::default();
        let token = scraping.shows_token.then_some(self.token);
        let answer = self
            .scraper
            .get(&target.url, &scraping.trust, token, |piece| {
                exposition.feed(piece)
            })
            .await;
        let (outcome, result) = match answer {
            Err(no_answer) => {
                let said = no_answer.to_string();
                let cause = Cause::of_no_answer(&no_answer);
                (Outcome::Failed(cause), said)
            }
            Ok(reply) if reply.status == 200 => {
                let is_open_metrics = reply
                    .content_type
                    .starts_with("application/openmetrics-text");
                match exposition.finish(is_open_metrics) {
                    Ok(samples) => (Outcome::Passed, format!("{samples} samples")),
                    Err(malformed) => (
                        Outcome::Failed(Cause::NotMetrics),
                        format!("line {}: {}", malformed.line, malformed.why),
                    ),
                }
            }
            Ok(reply) => {
                let cause =
                    match Cause::of_answer(reply.status, &reply.beginning, scraping.answerer) {
                        // The API server has just accepted this token.
                        Some(Cause::Unauthorized {
                            who: Answerer::Kubelet,
                        }) => Cause::KubeletWithoutWebhook,
                        Some(Cause::MissingRight { who, denied }) => {
                            self.denied(denied, who, roles).await
                        }
                        Some(cause) => cause,
                        None => Cause::Unknown {
                            said: format!("HTTP {}", reply.status),
                        },
                    };
                (Outcome::Failed(cause), reply.status.to_string())
            }
        };
        Row {
            job: Some(scraping.job.clone()),
            target: target.instance.clone(),
            check: format!("GET {}", target.url),
            outcome,
            result,
            took: begun.elapsed(),
        }
    }

    /// Why something is denied: the roles tell, if we may read them.
    async fn denied(
        &self,
        denied: Denied,
        who: Answerer,
        roles: &OnceCell<Option<Roles>>,
    ) -> Cause {
        let read = || async {
            match self.ours {
                Some(ours) => ours.roles().await.ok(),
                None => None,
            }
        };
        let roles = roles.get_or_init(read).await;
        let told = roles
            .as_ref()
            .and_then(|roles| Cause::of_roles(&denied, roles));
        told.unwrap_or(Cause::MissingRight { who, denied })
    }

    fn user(&self) -> String {
        let claims = Claims::of(self.token);
        claims.map_or_else(String::new, |claims| {
            let account = claims.service_account.replacen('/', ":", 1);
            format!("system:serviceaccount:{account}")
        })
    }
}

/// The targets that are left after relabelling, equal ones once.
fn wanted(scraping: &Scraping, found: &[Labels]) -> Vec<Target> {
    let mut seen = BTreeSet::new();
    let targets = found
        .iter()
        .filter_map(|labels| scraping.target(labels.clone()));
    targets
        .filter(|(labels, _)| seen.insert(labels.clone()))
        .map(|(_, target)| target)
        .collect()
}

/// `3 targets`, `10 of 500 targets`, `no target: relabelling drops all 12`.
fn counted(role: Role, wanted: usize, found: usize, sample: usize) -> String {
    let (_, resource) = role.resource();
    match (wanted, found) {
        (0, 0) => format!("no target: there are no {resource}"),
        (0, found) => format!("no target: relabelling drops all {found}"),
        (1, _) => "1 target".to_owned(),
        (wanted, _) if wanted > sample => format!("{wanted} targets, {sample} of them asked"),
        (wanted, _) => format!("{wanted} targets"),
    }
}

fn life(user: &str, claims: Option<&Claims>, now: Timestamp) -> String {
    match claims {
        Some(claims) => {
            let left = claims.expires_at.duration_since(now);
            format!("{user}, {} left", crate::token::rounded(left))
        }
        None => user.to_owned(),
    }
}

fn of_failure(failure: &Failure) -> Cause {
    let said = failure.cause.to_string();
    Cause::of_connection(&said).unwrap_or(Cause::Unknown { said })
}
