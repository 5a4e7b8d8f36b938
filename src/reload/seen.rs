//! Whether the running Prometheus has scraped again since something changed, and how that went.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::client::Failed;
use super::server::Server;
use crate::error::Result;

/// How the targets of some jobs fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many targets have been scraped again.
    pub again: usize,
    /// How many have not, in the time that was given.
    pub waiting: usize,
    /// What Prometheus says of those whose last scrape failed.
    pub errors: BTreeSet<String>,
}

/// A target's URL and when it was scraped last.
type Scrapes = BTreeMap<String, String>;

const PAUSE: Duration = Duration::from_millis(500);

impl Server {
    /// Waits until each target of `jobs` has been scraped twice: the first of the two may have been under way already.
    ///
    /// # Errors
    /// No answer, or one that is not Prometheus'.
    pub async fn scraped_again(&self, jobs: &BTreeSet<String>, patience: Duration) -> Result<Seen> {
        let begun = Instant::now();
        let mut left: BTreeMap<String, u8> = BTreeMap::new();
        let mut last = Scrapes::new();
        loop {
            let (now, errors) = self
                .scrapes(jobs)
                .await
                .map_err(|failed| self.error(&failed))?;
            for (url, at) in &now {
                let left = left.entry(url.clone()).or_insert(2);
                if last.get(url).is_some_and(|before| before != at) {
                    *left = left.saturating_sub(1);
                }
            }
            left.retain(|url, _| now.contains_key(url));
            last = now;
            let waiting = left.values().filter(|&&left| left > 0).count();
            if waiting == 0 || begun.elapsed() >= patience {
                return Ok(Seen {
                    again: left.len() - waiting,
                    waiting,
                    errors,
                });
            }
            sleep(PAUSE).await;
        }
    }

    async fn scrapes(
        &self,
        jobs: &BTreeSet<String>,
    ) -> Result<(Scrapes, BTreeSet<String>), Failed> {
        let data = self.data("/api/v1/targets?state=active").await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let targets = data["activeTargets"].as_array().into_iter().flatten();
        let ours = targets.filter(|target| jobs.contains(&text(&target["scrapePool"])));
        let mut scrapes = Scrapes::new();
        let mut errors = BTreeSet::new();
        for target in ours {
            scrapes.insert(text(&target["scrapeUrl"]), text(&target["lastScrape"]));
            let error = text(&target["lastError"]);
            if !error.is_empty() {
                errors.insert(error);
            }
        }
        Ok((scrapes, errors))
    }
}
