//! What an answer of HTTP says.

use serde_json::Value;

use super::{Answerer, Cause, text};
use crate::verify::exposition::Exposition;

impl Cause {
    /// Why an answer of `who` to a scrape is no metrics. `None` where it is.
    #[must_use]
    pub fn of_answer(status: u16, body: &str, who: Answerer) -> Option<Self> {
        if (200..300).contains(&status) {
            return (!is_exposition(body)).then_some(Self::NotMetrics);
        }
        let said = text::explain(body).into_iter().map(|finding| finding.cause);
        let known = said.into_iter().find(|cause| !cause.is_bare());
        Some(match known {
            Some(Self::MissingRight { denied, .. }) if who != Answerer::Other => {
                Self::MissingRight { who, denied }
            }
            // A page says less than the status it comes with.
            Some(cause) if !matches!(cause, Self::NotFound { .. } | Self::NotMetrics) => cause,
            _ => Self::of_status(status, who).unwrap_or_else(|| Self::Unknown {
                said: format!("{who} answered {status}"),
            }),
        })
    }

    /// What the status alone says.
    pub(super) fn of_status(status: u16, who: Answerer) -> Option<Self> {
        Some(match status {
            // To a login, as a rule.
            300..=399 => Self::NotMetrics,
            401 => Self::Unauthorized { who },
            403 => Self::Forbidden { who, right: None },
            404 => Self::NotFound { who },
            410 => Self::ListExpired,
            429 => Self::TooManyRequests,
            500..=599 => Self::ServerError { status },
            _ => return None,
        })
    }

    /// What a Status of the API server says; `None` for one of success.
    pub(super) fn of_api_status(status: &Value) -> Option<Self> {
        let text = |key: &str| status[key].as_str().unwrap_or_default();
        let code = status["code"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok());
        let code = code.unwrap_or(match text("reason") {
            "Unauthorized" => 401,
            "Forbidden" => 403,
            "NotFound" => 404,
            "Expired" | "Gone" => 410,
            "TooManyRequests" => 429,
            "InternalError" => 500,
            "ServiceUnavailable" => 503,
            "Timeout" | "ServerTimeout" => 504,
            _ => 0,
        });
        Self::of_status(code, Answerer::ApiServer)
    }
}

/// Whether a text is metrics; nothing at all is no error for Prometheus.
fn is_exposition(body: &str) -> bool {
    let mut exposition = Exposition::default();
    exposition.feed(body.as_bytes());
    exposition.finish(false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_it_is() {
        for (status, body, who, code) in [
            (200, "# HELP up x\nup 1\n", Answerer::Kubelet, ""),
            (200, "up{job=\"x\"} 1\n", Answerer::Kubelet, ""),
            (200, "", Answerer::Kubelet, ""),
            (200, "<!DOCTYPE html>", Answerer::Other, "not-metrics"),
            (200, "ok", Answerer::Other, "not-metrics"),
            (
                200,
                "{\"kind\":\"NodeList\"}",
                Answerer::ApiServer,
                "not-metrics",
            ),
            (302, "", Answerer::Other, "not-metrics"),
            (401, "Unauthorized", Answerer::Kubelet, "unauthorized"),
            (403, "", Answerer::Other, "forbidden"),
            (
                403,
                "Forbidden (user=u, verb=get, resource=nodes, subresource=metrics)",
                Answerer::Kubelet,
                "missing-right",
            ),
            (404, "404 page not found", Answerer::Kubelet, "not-found"),
            (
                400,
                "Client sent an HTTP request to an HTTPS server.\n",
                Answerer::Kubelet,
                "wrong-scheme",
            ),
            (
                500,
                "Authorization error (user=u, verb=get, resource=nodes, subresource=metrics)",
                Answerer::Kubelet,
                "cannot-authorize",
            ),
            (503, "<html>busy", Answerer::Other, "server-error"),
            (418, "", Answerer::Other, "unknown"),
        ] {
            let cause = Cause::of_answer(status, body, who);
            assert_eq!(
                cause.map_or("", |cause| cause.code()),
                code,
                "{status} {body}"
            );
        }
    }
}
