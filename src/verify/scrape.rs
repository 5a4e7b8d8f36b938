//! The metrics of each target.

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;

use super::diagnosis::{Answerer, Cause};
use super::discovery::Sampled;
use super::exposition::Exposition;
use super::format::Format;
use super::report::{Outcome, Row};
use super::scraping::Shown;
use super::verifier::Verifier;
use crate::client::Reply;

impl Verifier<'_> {
    /// Every target, some at a time: one that does not answer keeps no other waiting.
    pub(super) async fn scraped(&self, sampled: &[Sampled<'_>]) -> Vec<Row> {
        let asked = sampled.iter().enumerate();
        let asked = asked.map(|(index, one)| async move { (index, self.scrape(one).await) });
        let mut answers = stream::iter(asked).buffer_unordered(self.asking.at_once);
        let mut rows: Vec<(usize, Row)> = Vec::with_capacity(sampled.len());
        while let Some(row) = answers.next().await {
            rows.push(row);
            (self.asking.progress)(rows.len(), sampled.len());
        }
        rows.sort_by_key(|(index, _)| *index);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    async fn scrape(&self, sampled: &Sampled<'_>) -> Row {
        let Sampled { scraping, target } = sampled;
        let begun = Instant::now();
        let mut exposition = Exposition::default();
        let token = match &scraping.shown {
            Shown::Nothing => None,
            Shown::Verified => Some(self.asking.token),
            Shown::Other(token) => Some(token),
        };
        let piece = |piece: &[u8]| exposition.feed(piece);
        let scraper = &self.asking.scraper;
        let follows = scraping.follows_redirects;
        let answer = scraper.get(&target.url, &scraping.trust, token, follows, piece);
        let (outcome, result) = match answer.await {
            Err(no_answer) => {
                let cause = Cause::of_no_answer(&no_answer);
                (Outcome::Failed(cause), no_answer.to_string())
            }
            Ok(reply) if reply.status == 200 => metrics(exposition, &reply, scraping.fallback),
            Ok(Reply {
                redirect: Some(to),
                status,
                ..
            }) => {
                let to = match token {
                    Some(token) => to.replace(token.expose(), "(not shown)"),
                    None => to,
                };
                let result = match token {
                    Some(_) => "unknown: redirected".to_owned(),
                    None => status.to_string(),
                };
                (Outcome::Failed(Cause::Redirected { to, follows }), result)
            }
            Ok(reply) => {
                let known = scraping.answerer;
                let who = known.unwrap_or_else(|| Answerer::at(&target.url.to_string()));
                let cause = self.refused(&reply, who).await;
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

    async fn refused(&self, reply: &Reply, who: Answerer) -> Cause {
        match Cause::of_answer(reply.status, &reply.beginning, who) {
            // The API server has just accepted this token.
            Some(Cause::Unauthorized {
                who: Answerer::Kubelet,
            }) => Cause::KubeletWithoutWebhook,
            Some(Cause::MissingRight { who, denied }) => self.denied(denied, who).await,
            Some(cause) => cause,
            None => Cause::Unknown {
                said: format!("{who} answered {}", reply.status),
            },
        }
    }
}

/// What Prometheus makes of an answer. An empty one it takes whatever its Content-Type is.
fn metrics(exposition: Exposition, reply: &Reply, fallback: Option<Format>) -> (Outcome, String) {
    if reply.beginning.is_empty() {
        return (Outcome::Passed, "0 samples".to_owned());
    }
    let content_type = &reply.content_type;
    let format = Format::of_answer(content_type, fallback);
    if format == Some(Format::Protobuf) {
        let said = "the answer is in protocol buffers, which only Prometheus reads".to_owned();
        return (
            Outcome::Failed(Cause::Unknown { said }),
            "protocol buffers".to_owned(),
        );
    }
    match (
        format,
        exposition.finish(format == Some(Format::OpenMetrics)),
    ) {
        (Some(_), Ok(count)) => (Outcome::Passed, format!("{count} samples")),
        (None, Ok(_)) => {
            let result = match content_type.as_str() {
                "" => "no Content-Type".to_owned(),
                content_type => format!("Content-Type {content_type}"),
            };
            let cause = Cause::ContentType {
                said: content_type.clone(),
            };
            (Outcome::Failed(cause), result)
        }
        (_, Err(malformed)) => (
            Outcome::Failed(Cause::NotMetrics),
            format!("line {}: {}", malformed.line, malformed.why),
        ),
    }
}
