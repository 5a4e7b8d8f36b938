//! From a pasted text, of whatever mixture, to the causes that it tells.

use std::sync::LazyLock;

use regex::Regex;

use super::answerer::{Address, is_kubelet_path};
use super::json::{Piece, pieces, walk};
use super::{Answerer, Cause, forbidden, unauthorized};
use crate::quoted::quoted;

/// A cause, and how often and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// Addresses that it was seen at, each once; a few of them.
    pub urls: Vec<String>,
    /// How often it was seen.
    pub count: usize,
}

/// No more addresses than this are kept of one cause.
const MOST_URLS: usize = 3;

/// No more different causes than this are told of one text.
const MOST_CAUSES: usize = 500;

/// Every cause that a text tells, in its order: lines of logs, JSON, what curl and kubectl print, Prometheus'
/// `lastError`. Empty where nothing is known.
#[must_use]
pub fn explain(text: &str) -> Vec<Finding> {
    let text = plain(text);
    let only = only_url(&text);
    let (values, rest) = pieces(&text);
    let mut findings = Vec::new();
    for value in &values {
        walk(value, only, &mut |piece, url| match piece {
            Piece::Status(status) => {
                let message = status["message"].as_str().unwrap_or_default();
                let mut causes = specific(message);
                if causes.is_empty() {
                    causes.extend(Cause::of_api_status(status).map(|cause| at_url(cause, url)));
                }
                for cause in causes {
                    add(&mut findings, cause, url);
                }
            }
            Piece::Text(text) => {
                for line in text.lines() {
                    of_line(&mut findings, line, url);
                }
            }
        });
    }
    for line in joined(&rest) {
        of_line(&mut findings, &line, only);
    }
    if findings.iter().all(|finding| finding.cause.is_bare()) {
        // A terminal may have broken a sentence into lines.
        for whole in [rest.replace('\n', ""), rest.replace('\n', " ")] {
            let causes = specific(&whole);
            if !causes.is_empty() {
                for cause in causes {
                    add(&mut findings, cause, only);
                }
                break;
            }
        }
    }
    without_echoes(findings)
}

/// The lines of a text; the rules that somebody would grant belong to the sentence before them.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_rule = ["{APIGroups:", "{NonResourceURLs:", "{Resources:"]
            .iter()
            .any(|begin| line.starts_with(begin));
        match lines.last_mut() {
            Some(last) if is_rule => *last = format!("{last}\n{line}"),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn of_line(findings: &mut Vec<Finding>, line: &str, beside: Option<&str>) {
    let url = first_url(line).or(beside);
    let mut causes = specific(line);
    if causes.is_empty() {
        causes.extend(bare(line).map(|cause| at_url(cause, url)));
    }
    for cause in causes {
        add(findings, cause, url);
    }
}

/// What more than a status tells, in a text that may be quoted within another one.
fn specific(text: &str) -> Vec<Cause> {
    let mut text = text.to_owned();
    // A sentence in a log's field in a JSON document is quoted twice.
    for _ in 0..3 {
        let mut causes = forbidden::of_text(&text);
        if causes.is_empty() {
            causes.extend(unauthorized::of_text(&text));
        }
        if causes.is_empty() {
            causes.extend(Cause::of_connection(&text));
        }
        if causes.is_empty() {
            causes.extend(other(&text));
        }
        if !causes.is_empty() || !text.contains('\\') {
            return causes;
        }
        text = unescaped(&text);
    }
    Vec::new()
}

/// What is said of an answer's content.
fn other(text: &str) -> Option<Cause> {
    let said = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if said(&[
        "too old resource version",
        "The provided continue parameter is too old",
        "resourceVersion for the provided watch is too old",
    ]) {
        return Some(Cause::ListExpired);
    }
    if let Some(content_type) = content_type(text) {
        let is_page = content_type.starts_with("text/html");
        let said = content_type;
        return Some(if is_page {
            Cause::NotMetrics
        } else {
            Cause::ContentType { said }
        });
    }
    let is_page = said(&[
        "expected a valid start token, got \"<\"",
        "expected text in COMMENT",
        "\"INVALID\" is not a valid start token",
        "<html",
    ]);
    is_page.then_some(Cause::NotMetrics)
}

/// The Content-Type that Prometheus refuses, empty where there is none (`extractMediaType` in
/// `model/textparse/interface.go`).
fn content_type(text: &str) -> Option<String> {
    if text.contains("non-compliant scrape target sending blank Content-Type and no") {
        return Some(String::new());
    }
    let begins = [
        "received unsupported Content-Type ",
        "cannot parse Content-Type ",
    ];
    let (_, rest) = begins.iter().find_map(|begin| text.split_once(begin))?;
    Some(quoted(rest)?.0)
}

/// What a status says, in one of the ways that programs write it.
fn bare(line: &str) -> Option<Cause> {
    let said = |words: &[&str]| words.iter().any(|words| line.contains(words));
    if said(&[
        "You must be logged in to the server",
        "the server has asked for the client to provide credentials",
    ]) {
        return Some(Cause::Unauthorized {
            who: Answerer::ApiServer,
        });
    }
    if said(&["Error from server (Forbidden)"]) {
        return Some(Cause::Forbidden {
            who: Answerer::ApiServer,
            right: None,
        });
    }
    if said(&[
        "the server could not find the requested resource",
        "Error from server (NotFound)",
    ]) {
        return Some(Cause::NotFound {
            who: Answerer::ApiServer,
        });
    }
    let status = match line.trim().trim_matches('"') {
        "Unauthorized" => Some(401),
        "Forbidden" => Some(403),
        "404 page not found" => Some(404),
        _ => status(line),
    };
    Cause::of_status(status?, Answerer::Other).filter(|cause| *cause != Cause::NotMetrics)
}

fn status(line: &str) -> Option<u16> {
    static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let before = r#"HTTP/[0-9.]+ |HTTP status(?: code)? |status(?: ?code)?["']?[:=]? ?|returned error: |resp=|"code": ?"#;
        let names = "401 Unauthorized|403 Forbidden|404 Not Found|429 Too Many Requests|500 Internal Server Error|502 Bad Gateway|503 Service Unavailable|504 Gateway Time";
        Regex::new(&format!(
            r"(?i)(?:{before})([45][0-9][0-9])(?:[^0-9.]|$)|({names})"
        ))
        .ok()
    });
    let found = STATUS.as_ref()?.captures(line)?;
    let digits = found.get(1).or_else(|| found.get(2))?.as_str();
    digits.get(..3)?.parse().ok()
}

/// A status alone says more where the address is known.
fn at_url(cause: Cause, url: Option<&str>) -> Cause {
    let Some(address) = url.and_then(Address::of) else {
        return cause;
    };
    let known = |who| {
        if who == Answerer::Other {
            address.answerer()
        } else {
            who
        }
    };
    match cause {
        Cause::Unauthorized { who } => Cause::Unauthorized { who: known(who) },
        Cause::NotFound { who } => Cause::NotFound { who: known(who) },
        Cause::Forbidden { who, .. } if address.is_through_node() => Cause::NodesProxy {
            who: known(who),
            user: None,
        },
        Cause::Forbidden { who, .. }
            if known(who) == Answerer::ApiServer && is_kubelet_path(address.path) =>
        {
            Cause::KubeletPath {
                path: address.path.to_owned(),
            }
        }
        Cause::Forbidden { who, .. } => Cause::Forbidden {
            who: known(who),
            right: address.right(),
        },
        other => other,
    }
}

fn add(findings: &mut Vec<Finding>, cause: Cause, url: Option<&str>) {
    let index = findings.iter().position(|finding| finding.cause == cause);
    if index.is_none() && findings.len() == MOST_CAUSES {
        return;
    }
    let index = index.unwrap_or_else(|| {
        findings.push(Finding {
            cause,
            urls: Vec::new(),
            count: 0,
        });
        findings.len() - 1
    });
    let finding = &mut findings[index];
    finding.count += 1;
    if let Some(url) = url
        && finding.urls.len() < MOST_URLS
        && !finding.urls.iter().any(|known| known == url)
    {
        finding.urls.push(url.to_owned());
    }
}

/// The status line of an answer says nothing beside its body.
fn without_echoes(mut findings: Vec<Finding>) -> Vec<Finding> {
    let told: Vec<Finding> = findings
        .iter()
        .filter(|finding| !finding.cause.is_bare())
        .cloned()
        .collect();
    findings.retain(|finding| {
        let same_place = |other: &Finding| finding.urls.is_empty() || finding.urls == other.urls;
        !finding.cause.is_bare() || !told.iter().any(same_place)
    });
    let named = findings.iter().any(|finding| {
        finding
            .cause
            .who()
            .is_some_and(|who| who != Answerer::Other)
    });
    let status_only = |cause: &Cause| cause.is_bare() && cause.who() == Some(Answerer::Other);
    let codes: Vec<&str> = findings
        .iter()
        .filter(|finding| !status_only(&finding.cause))
        .map(|finding| finding.cause.code())
        .collect();
    findings.retain(|finding| {
        !named || !status_only(&finding.cause) || !codes.contains(&finding.cause.code())
    });
    findings
}

/// Without colours, and with the quotes that programs write.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        rest = rest.strip_prefix(['m', 'K']).unwrap_or(rest);
    }
    out.push_str(rest);
    out.replace(['\u{201c}', '\u{201d}'], "\"")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace('\r', "")
}

/// `\"` and `\\` as what they stand for.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            character => out.push(character),
        }
    }
    out
}

fn urls(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, _)| {
        let start = ["https", "http"]
            .iter()
            .find(|scheme| text[..at].ends_with(*scheme))?
            .len();
        let end = text[at + 3..].find(|character: char| {
            character.is_whitespace()
                || "\"'\\,|<>()[]{}`".contains(character)
                || character.is_control()
        });
        let end = end.map_or(text.len(), |end| at + 3 + end);
        Some(text[at - start..end].trim_end_matches([':', '.', ';']))
    })
}

fn first_url(line: &str) -> Option<&str> {
    urls(line).next()
}

/// The one address that the whole text is about.
fn only_url(text: &str) -> Option<&str> {
    let mut all = urls(text);
    let first = all.next()?;
    all.all(|url| url == first).then_some(first)
}
