//! What each job finds.

use promconf::TargetLabels;
use std::collections::BTreeSet;
use std::time::Instant;

use super::report::{Outcome, Row};
use super::scraping::{Scraping, Target};
use super::targets::{Beside, targets};
use super::verifier::Verifier;
use crate::access::looked_at;
use crate::client::Failure;
use crate::job::{Discovery, Role};

/// A target of one of the jobs.
pub(super) struct Sampled<'a> {
    pub(super) scraping: &'a Scraping,
    pub(super) target: Target,
}

type Found = Result<Vec<TargetLabels>, Box<Failure>>;

impl Verifier<'_> {
    /// What each job finds. Jobs that look for the same share the answer.
    pub(super) async fn discovered<'s>(
        &self,
        scrapings: &'s [Scraping],
    ) -> (Vec<Row>, Vec<Sampled<'s>>) {
        let mut rows = Vec::new();
        let mut sampled = Vec::new();
        let mut answers: Vec<(&Discovery, Found)> = Vec::new();
        for scraping in scrapings {
            let begun = Instant::now();
            let discovery = &scraping.discovery;
            if answers.iter().all(|(asked, _)| *asked != discovery) {
                answers.push((discovery, self.find(discovery).await));
            }
            let mut known = answers.iter();
            let found = known.find_map(|(asked, found)| (*asked == discovery).then_some(found));
            let (outcome, result) = match found {
                Some(Ok(labels)) => {
                    let mut targets = wanted(scraping, labels);
                    let result = self.counted(discovery.role, targets.len(), labels.len());
                    let outcome = if targets.is_empty() {
                        Outcome::Nothing
                    } else {
                        Outcome::Passed
                    };
                    targets.truncate(self.asking.sample);
                    let targets = targets.into_iter();
                    sampled.extend(targets.map(|target| Sampled { scraping, target }));
                    (outcome, result)
                }
                Some(Err(failure)) => self.failed(failure).await,
                None => continue,
            };
            let (_, resource) = discovery.role.resource();
            rows.push(Row {
                job: Some(scraping.job.clone()),
                target: self.asking.identity.server().to_owned(),
                check: format!("list {resource}"),
                outcome,
                result,
                took: begun.elapsed(),
            });
        }
        (rows, sampled)
    }

    async fn find(&self, discovery: &Discovery) -> Result<Vec<TargetLabels>, Box<Failure>> {
        let cluster = match self.asking.ours {
            Some(ours) if !self.asking.discovers => ours,
            _ => self.asking.identity,
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

    /// `3 targets`, `500 targets, 10 of them asked`, `no target: relabelling drops all 12`.
    fn counted(&self, role: Role, wanted: usize, found: usize) -> String {
        let (_, resource) = role.resource();
        let sample = self.asking.sample;
        match (wanted, found) {
            (0, 0) => format!("no target: there are no {resource}"),
            (0, found) => format!("no target: relabelling drops all {found}"),
            (1, _) => "1 target".to_owned(),
            (wanted, _) if wanted > sample => format!("{wanted} targets, {sample} of them asked"),
            (wanted, _) => format!("{wanted} targets"),
        }
    }
}

/// The targets that are left after relabelling, equal ones once.
fn wanted(scraping: &Scraping, found: &[TargetLabels]) -> Vec<Target> {
    let mut seen = BTreeSet::new();
    let targets = found
        .iter()
        .filter_map(|labels| scraping.target(labels.clone()));
    targets
        .filter(|(labels, _)| seen.insert(labels.clone()))
        .map(|(_, target)| target)
        .collect()
}
