//! What makes Prometheus read its files again.

use std::time::Duration;

use super::client::{Client, Failed, Options, said};
use super::process;
use super::server::Server;
use crate::error::{Error, Result};
use crate::spec::Reload;

/// Makes Prometheus read its files again.
pub struct Trigger(How);

enum How {
    Post(Box<Client>),
    Signal(i32),
}

/// What came of it.
pub(super) enum Pulled {
    /// It has read its files and takes them.
    Loaded,
    /// It was told to, and has not answered.
    Told,
    /// It has read them and does not take them, or does not let itself be told; with what it said.
    Refused(String),
}

const PATH: &str = "/-/reload";
const TASK: &str = "make Prometheus reload";
const START: &str = "start it with --web.enable-lifecycle, or name its process: --reload PID";

impl Trigger {
    /// What `reload` asks for; nothing is sent yet.
    ///
    /// # Errors
    /// What no client can be made of.
    pub fn new(reload: &Reload, options: &Options) -> Result<Self> {
        Ok(Self(match reload {
            Reload::Signal(pid) => How::Signal(*pid),
            Reload::Post(url) => {
                let client = Client::new(url, options);
                let client = client.map_err(|failed| failed.error(TASK.to_owned()))?;
                How::Post(Box::new(client))
            }
        }))
    }

    /// Whether it can work, as far as that is known without trying.
    ///
    /// # Errors
    /// No such process, no right to signal it, or a Prometheus without `--web.enable-lifecycle`.
    pub async fn check(&self, server: &Server) -> Result<()> {
        let (reason, hint) = match &self.0 {
            How::Signal(pid) => match process::check(*pid) {
                Ok(_) => return Ok(()),
                Err(reason) => (
                    reason,
                    "`pidof prometheus` prints its id; --reload URL needs no right to signal it",
                ),
            },
            How::Post(client) if client.url == server.url() => {
                let enabled = server.flag("web.enable-lifecycle").await;
                if enabled.as_deref() != Some("false") {
                    return Ok(());
                }
                (disabled(&client.url), START)
            }
            How::Post(_) => return Ok(()),
        };
        Err(Error::Prometheus {
            task: TASK.to_owned(),
            reason,
            hint: Some(hint.to_owned()),
            passing: false,
        })
    }

    /// Does it. Without an answer within `patience`, what Prometheus runs has to tell.
    pub(super) async fn pull(&self, patience: Duration) -> Pulled {
        match &self.0 {
            How::Signal(pid) => match process::signal(*pid) {
                Ok(()) => Pulled::Told,
                Err(reason) => Pulled::Refused(reason),
            },
            How::Post(client) => match client.post(PATH, patience).await {
                Ok(_) => Pulled::Loaded,
                Err(Failed::Silent(_)) => Pulled::Told,
                Err(Failed::Status(500, body)) => Pulled::Refused(said(&body)),
                Err(Failed::Status(403 | 405, body)) if body.contains("not enabled") => {
                    Pulled::Refused(disabled(&client.url))
                }
                Err(failed) => Pulled::Refused(failed.reason()),
            },
        }
    }

    /// Where a refusal is explained that came without words, or with few.
    pub(super) fn explains(&self) -> &'static str {
        match self.0 {
            How::Signal(_) => "Prometheus' log says why; --reload URL brings its answer here",
            How::Post(_) => "Prometheus' log says more",
        }
    }
}

fn disabled(url: &str) -> String {
    format!("{url} was started without --web.enable-lifecycle, so it takes no POST {PATH}")
}
