//! The requests of one run, in an order that does not depend on which of them arrived first.

use std::collections::BTreeMap;
use std::fmt::Write;

use testbed::Event;

use super::order::Purpose;
use super::target::target;

/// The name of the administrator, whose kubeconfig is the default one.
pub(crate) const ADMINISTRATOR: &str = "admin";

/// A line for each request. Requests are sent in waves, and those of one wave arrive in any order: so what came before a
/// token was issued, the request that issued it, and what came after it stand together, each sorted, reads first.
pub(crate) fn text(events: &[Event], purpose: Purpose) -> String {
    let mut text = String::new();
    let issues = |event: &Event| event.subresource == "token" && event.is_write();
    let (refused, events) = refused(events);
    text.push_str(&refused);
    for events in events.chunk_by(|one, next| issues(one) == issues(next)) {
        let (writes, reads): (Vec<&Event>, Vec<&Event>) =
            events.iter().partition(|event| event.is_write());
        text.push_str(&sorted(&reads));
        text.push_str(&sorted(&writes));
    }
    for violation in purpose.violations(&events) {
        let _ = writeln!(text, "out of order: {violation}");
    }
    text
}

/// Takes out what was not let in, where that is several requests: monconf ends with the first 401, and how many of the
/// same wave have arrived by then is chance.
fn refused(events: &[Event]) -> (String, Vec<Event>) {
    let is_refused = |event: &Event| event.code == 401;
    if events.iter().filter(|event| is_refused(event)).count() < 2 {
        return (String::new(), events.to_vec());
    }
    let others = events.iter().filter(|event| !is_refused(event)).cloned();
    let line = "requests of a user who is not known, until the first answer  401\n";
    (line.to_owned(), others.collect())
}

/// One line for requests that look the same, with their number.
fn sorted(events: &[&Event]) -> String {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(line(event)).or_insert(0) += 1;
    }
    let mut text = String::new();
    for (line, count) in counts {
        let times = if count > 1 {
            format!("  {count} times")
        } else {
            String::new()
        };
        let _ = writeln!(text, "{line}{times}");
    }
    text
}

/// Verb, object, parameters and status; and who sent it, but for the administrator.
fn line(event: &Event) -> String {
    let mut line = format!("{:6} {}", event.verb, target(event));
    if let Some((_, query)) = event.uri.split_once('?') {
        let mut parameters: Vec<&str> = query.split('&').collect();
        parameters.sort_unstable();
        let _ = write!(line, "  ?{}", parameters.join("&"));
    }
    let _ = write!(line, "  {}", event.code);
    match event.user.as_str() {
        ADMINISTRATOR => {}
        "" => line.push_str("  as a user who is not known"),
        user => {
            let _ = write!(line, "  as {user}");
        }
    }
    if let Some(other) = &event.impersonated {
        let _ = write!(line, "  impersonating {other}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn how_many_were_not_let_in_is_not_told() {
        let secret = json!({"resource": "secrets", "name": "b"});
        let mut events = vec![
            event("get", "/x", &secret, ""),
            event("get", "/x", &secret, "admin"),
        ];
        events[0].code = 401;
        assert_eq!(
            text(&events, Purpose::Apply),
            "get    secrets b  200\nget    secrets b  401  as a user who is not known\n"
        );
        events.push(events[0].clone());
        assert_eq!(
            text(&events, Purpose::Apply),
            "requests of a user who is not known, until the first answer  401\nget    secrets b  200\n"
        );
    }

    fn event(verb: &str, uri: &str, object: &Value, user: &str) -> Event {
        let at = "2026-01-01T00:00:00.000000Z";
        let json = json!({
            "verb": verb, "requestURI": uri, "objectRef": object, "user": {"username": user},
            "responseStatus": {"code": 200}, "requestReceivedTimestamp": at, "stageTimestamp": at,
        });
        Event::parse(&json).expect("an event")
    }

    #[test]
    fn reads_are_sorted_before_writes_and_a_token_parts_them() {
        let secret = json!({"resource": "secrets", "namespace": "a", "name": "b"});
        let token = json!({"resource": "serviceaccounts", "subresource": "token", "namespace": "a", "name": "c"});
        let role = json!({"resource": "clusterroles", "apiGroup": "rbac", "name": "d"});
        let events = [
            event("patch", "/x?force=true&fieldManager=m", &secret, "admin"),
            event("get", "/x", &secret, "admin"),
            event("get", "/x", &role, "admin"),
            event("get", "/x", &secret, "admin"),
            event("create", "/x", &token, "admin"),
            event("get", "/openid/v1/jwks?a=b", &Value::Null, "jane"),
        ];
        assert_eq!(
            text(&events, Purpose::Apply),
            "get    clusterroles.rbac d  200\nget    secrets a/b  200  2 times\n\
             patch  secrets a/b  ?fieldManager=m&force=true  200\n\
             create serviceaccounts/token a/c  200\nget    /openid/v1/jwks  ?a=b  200  as jane\n\
             out of order: patch secrets a/b before create serviceaccounts/token a/c\n"
        );
    }
}
