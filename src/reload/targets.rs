//! What a running Prometheus scrapes at the moment, and how that goes.

use std::collections::BTreeMap;

use super::server::Server;
use crate::error::Result;

/// A target of a running Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scraped {
    /// Where it is scraped.
    pub url: String,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// What the last scrape failed of; empty where it did not.
    pub last_error: String,
}

impl Server {
    /// The targets of each scrape pool; a pool without any is there too.
    ///
    /// # Errors
    /// No answer, or one that is not Prometheus'.
    pub async fn pools(&self) -> Result<BTreeMap<String, Vec<Scraped>>> {
        let (names, targets) = tokio::join!(self.jobs(), self.data("/api/v1/targets?state=active"));
        let names = names.map_err(|failed| self.error(&failed))?;
        let targets = targets.map_err(|failed| self.error(&failed))?;
        let mut pools: BTreeMap<String, Vec<Scraped>> =
            names.into_iter().map(|name| (name, Vec::new())).collect();
        for target in targets["activeTargets"].as_array().into_iter().flatten() {
            let text = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
            let pool = pools.entry(text("scrapePool")).or_default();
            pool.push(Scraped {
                url: text("scrapeUrl"),
                health: text("health"),
                last_error: text("lastError"),
            });
        }
        Ok(pools)
    }
}
