//! What a running Prometheus says of itself.

use promconf::Version;
use std::collections::BTreeSet;

use serde_json::Value;

use super::client::{Client, Failed, Options};
use super::metrics::Reloaded;
use crate::error::{Error, Result};

/// A Prometheus that can be asked.
pub struct Server {
    pub(super) client: Client,
}

/// What it runs at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    pub(super) reloaded: Reloaded,
    /// The names of all its scrape jobs, whichever file they come from.
    pub jobs: BTreeSet<String>,
}

impl Server {
    /// The Prometheus at `url`; nothing is sent yet.
    ///
    /// # Errors
    /// What no client can be made of.
    pub fn connect(url: &str, options: &Options) -> Result<Self> {
        let client = Client::new(url, options);
        Ok(Self {
            client: client.map_err(|failed| failed.error(task(url)))?,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.client.url
    }

    /// Its version; `None` where it was built without one.
    ///
    /// # Errors
    /// No answer, or one that is not Prometheus'.
    pub async fn version(&self) -> Result<Option<Version>> {
        let data = self.data("/api/v1/status/buildinfo").await;
        let data = data.map_err(|failed| failed.error(task(self.url())))?;
        Ok(data["version"].as_str().and_then(|text| text.parse().ok()))
    }

    /// What it runs now.
    ///
    /// # Errors
    /// No answer, or one that is not Prometheus'.
    pub async fn look(&self) -> Result<Look> {
        let look = self.try_look().await;
        look.map_err(|failed| failed.error(task(self.url())))
    }

    pub(super) async fn try_look(&self) -> Result<Look, Failed> {
        let (metrics, jobs) = tokio::join!(self.client.get("/metrics"), self.jobs());
        let reloaded = Reloaded::read(&metrics?).ok_or_else(|| {
            Failed::Strange("its /metrics say nothing of its last reload".to_owned())
        })?;
        Ok(Look {
            reloaded,
            jobs: jobs?,
        })
    }

    pub(super) async fn jobs(&self) -> Result<BTreeSet<String>, Failed> {
        match self.data("/api/v1/scrape_pools").await {
            Ok(data) => Ok(names(&data["scrapePools"], |pool| pool)),
            // Before 2.42, when there was one file only.
            Err(Failed::Status(404, _)) => {
                let config = self.config().await?;
                Ok(names(&config["scrape_configs"], |job| &job["job_name"]))
            }
            Err(failed) => Err(failed),
        }
    }

    /// The value of one of its command line's flags, where it tells.
    pub(super) async fn flag(&self, name: &str) -> Option<String> {
        let flags = self.data("/api/v1/status/flags").await.ok()?;
        Some(flags[name].as_str()?.to_owned())
    }

    /// The files that it reads, in words: those of its command line and of the configuration that it runs.
    pub(super) async fn files(&self) -> String {
        let (main, config) = tokio::join!(self.flag("config.file"), self.config());
        let main = main.unwrap_or_else(|| "a file that it does not tell".to_owned());
        let patterns = config.map(|config| names(&config["scrape_config_files"], |file| file));
        let patterns: Vec<String> = patterns.unwrap_or_default().into_iter().collect();
        if patterns.is_empty() {
            format!("it reads {main}, which has no scrape_config_files")
        } else {
            format!(
                "it reads {main} with the scrape_config_files {}",
                patterns.join(", ")
            )
        }
    }

    /// The main file as it was loaded last, without what it includes.
    async fn config(&self) -> Result<Value, Failed> {
        let data = self.data("/api/v1/status/config").await?;
        let text = data["yaml"].as_str().unwrap_or_default();
        let parsed = yaml::parse(text, "configuration");
        let documents = parsed.map_err(|error| Failed::Strange(error.to_string()))?;
        Ok(documents.into_iter().next().unwrap_or_default())
    }

    /// The `data` of an answer of its API.
    pub(super) async fn data(&self, path: &str) -> Result<Value, Failed> {
        let body = self.client.get(path).await?;
        let mut answer: Value = serde_json::from_str(&body).unwrap_or_default();
        if answer["status"] == "success" {
            Ok(answer["data"].take())
        } else {
            Err(Failed::Strange(format!(
                "its answer at {path} is not that of Prometheus' API"
            )))
        }
    }
}

impl Server {
    pub(super) fn error(&self, failed: &Failed) -> Error {
        failed.error(task(self.url()))
    }
}

fn task(url: &str) -> String {
    format!("ask Prometheus at {url}")
}

/// The texts in a list.
pub(super) fn names(list: &Value, text: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| Some(text(item).as_str()?.to_owned()))
        .collect()
}
